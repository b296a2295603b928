"""``python -m scripts.screenshots``: draw the pictures of docs/images."""

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

import scripts.screenshots as package
from scripts.screenshots import console, counts, riders, wall
from scripts.screenshots.shot import LANGUAGES, shoot
from tests.support.browser import chromium

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
PARTS: Final = (riders, console, counts, wall)


def draw(browser: Browser, wanted: Collection[str]) -> None:
    """The pictures of these names, each into its file."""
    for part in PARTS:
        names = {f"{name}-{language}": (name, language) for name in part.SHOTS for language in LANGUAGES}
        chosen = [name for name in names if name in wanted]
        if not chosen:
            continue
        with part.served() as site:
            for name in chosen:
                shown, language = names[name]
                path = IMAGES / f"{name}.webp"
                path.write_bytes(shoot(browser, site, part.SHOTS[shown], language))
                print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    """The command."""
    names = [f"{name}-{language}" for part in PARTS for name in part.SHOTS for language in LANGUAGES]
    parser = argparse.ArgumentParser(
        prog="python -m scripts.screenshots", description=(package.__doc__ or "").splitlines()[0]
    )
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    IMAGES.mkdir(exist_ok=True)
    with chromium() as browser:
        draw(browser, parser.parse_args().names or names)


if __name__ == "__main__":
    main()
