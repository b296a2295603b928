"""What hangs on a wall: figures of the city that the alerts' engine has watched, its map, what is wrong."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Page, expect

from scripts.screenshots.morning import NETWORK, Morning
from scripts.screenshots.shot import Shot, Site
from server.walls import Walls
from server.web.build import build_web
from tests.support.serving import serving

SCREEN: Final = {
    "viewport": {"width": 960, "height": 540},
    "device_scale_factor": 1,
    "is_mobile": False,
    "has_touch": False,
}


def panel(name: str) -> Callable[[Page], None]:
    """Turn to the first panel of that name, and stop there."""

    def act(page: Page) -> None:
        page.keyboard.press(" ")
        wanted = page.locator(f".panel.{name}").first
        for _ in range(page.locator(".panel").count()):
            if wanted.is_visible():
                break
            page.keyboard.press("ArrowRight")
        expect(wanted).to_be_visible()

    return act


_PATH: Final = f"/wall/{NETWORK}/{{secret}}?lang={{language}}"
SHOTS: Final = {
    "wall": Shot(_PATH, panel("network"), SCREEN),
    "wall-map": Shot(_PATH, panel("map"), SCREEN),
    "wall-wrong": Shot(_PATH, panel("troubles"), SCREEN),
}


@contextmanager
def served() -> Iterator[Site]:
    """The wall after a morning."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        morning = stack.enter_context(closing(Morning(folder)))
        morning.live_through()
        secret = Walls(morning.staff.desk).make(NETWORK, "一楼大厅", "max", morning.now_ms)
        front = build_web(
            morning.live, morning.store, morning.settings, morning.pipeline,
            reports=morning.reports, staff=morning.staff, now_ms=morning.clock,
        )  # fmt: skip
        port = stack.enter_context(serving(front, dated=False))
        yield Site(f"http://localhost:{port}", blanks={"secret": secret})
