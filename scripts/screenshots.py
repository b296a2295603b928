"""Pictures of the rider's page for the docs: list, station, map and door screen, in both languages.

    python -m scripts.screenshots              all of docs/images anew
    python -m scripts.screenshots list-zh …    some of them

What they show is simulated: the demo's Taiyuan with its 2,080 stations, at 13:20 on a hot July day, and the
five weeks before it for the stations that are opened. Clocks stand still, so the same code draws the same
pictures, byte by byte; another Chromium, or other fonts, draw slightly different ones.
"""

import argparse
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from server.config import Settings
from server.demo import past
from server.demo.folder import Folder
from server.demo.networks import NETWORKS
from server.demo.stations import build, fleet
from server.forecasts import Forecasts
from server.pipeline import Pipeline
from server.registry import Registry
from server.store.sqlite import Store
from server.web.build import build_web
from tests.support.browser import chromium, phone
from tests.support.city import city
from tests.support.noon import LIVE, NETWORK
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableLive

IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"
NOON: Final = datetime(2026, 7, 28, 13, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
NOON_MS: Final = int(NOON.timestamp() * 1000)
HERE: Final = {"latitude": 37.7343, "longitude": 112.4600}
"""Where the rider stands, in Jinyuan."""
STATION: Final = "taiyuan-jiajie"
FULL: Final = "taiyuan-1272"
SCREEN: Final = {"width": 1280, "height": 800}
"""A tablet beside a door."""
WEBP_QUALITY: Final = 80
"""At which text is crisp; a half of what the same picture takes as PNG."""


LANGUAGES: Final = {"zh": "zh-CN", "en": "en-US"}


@dataclass(frozen=True, slots=True)
class Shot:
    """What is to be seen: ``act`` brings the page at ``path`` to show it.

    ``options`` are of the browser's context.
    """

    path: str
    act: Callable[[Page], None]
    options: dict[str, Any]


# --- what is shown ----------------------------------------------------------------------------------------


def near(page: Page) -> None:
    """The list as a rider has it who has allowed this site to know the place."""
    page.locator(".near").click()
    expect(page.locator(".near")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#list .card .way").first).to_be_visible()


def on_the_map(page: Page) -> None:
    """The stations around that rider."""
    near(page)
    page.locator("button[data-view=map]").click()
    expect(page.locator("#map .pin").first).to_be_visible()
    page.locator(".views").evaluate("views => views.scrollIntoView()")


def as_it_comes(page: Page) -> None:
    """The page itself."""
    page.evaluate("scrollTo(0, 0)")


def forecast(page: Page) -> None:
    """A station's day, further down on its page."""
    page.locator("[data-part=forecast]").evaluate("part => part.scrollIntoView()")


LOCATED: Final = {"geolocation": HERE, "permissions": ["geolocation"]}
SHOTS: Final = {
    "list": Shot(f"/n/{NETWORK}", near, LOCATED),
    "wishes": Shot(f"/n/{NETWORK}?want=socket,battery", near, LOCATED | {"color_scheme": "dark"}),
    "station": Shot(f"/s/{STATION}", as_it_comes, {}),
    "forecast": Shot(f"/s/{FULL}", forecast, {}),
    "map": Shot(f"/n/{NETWORK}", on_the_map, LOCATED),
    "door": Shot(f"/door/{FULL}", as_it_comes, {"viewport": SCREEN, "device_scale_factor": 1}),
}


# --- the city ---------------------------------------------------------------------------------------------


def clock() -> int:
    """Of the server, in milliseconds: it stands still."""
    return NOON_MS


@contextmanager
def served() -> Iterator[str]:
    """The address of the city's pages."""
    with ExitStack() as stack:
        folder = Folder(Path(stack.enter_context(TemporaryDirectory())))
        remember(folder)
        live = TableLive(network for network in NETWORKS if network.id == NETWORK)
        live.put(*(state for state in city(LIVE, NOON_MS) if state.station.network == NETWORK))
        store = stack.enter_context(closing(Store.open(folder.readings)))
        forecasts = Forecasts(live, store, folder.quarters, clock)
        forecasts.start()
        stack.callback(forecasts.stop)
        until(lambda: all(forecasts.day(each, NOON_MS) for each in (STATION, FULL)), 30, "forecasts are made")
        front = build_web(
            live, store, Settings(), Pipeline(connected=True, alive=True), forecasts=forecasts, now_ms=clock
        )
        yield f"http://127.0.0.1:{stack.enter_context(serving(front, dated=False))}"


def remember(folder: Folder) -> None:
    """The five weeks before, of the stations that are opened; committed as the demo's are."""
    opened = [each for each in build(LIVE) if each.station.id in (STATION, FULL)]
    with closing(Registry.open(folder.registry)) as registry:
        registry.put_networks(NETWORKS)
        registry.put_stations([each.station for each in opened])
    folder.fleet.write_text(json.dumps(fleet(opened)), encoding="utf-8")
    past.fill(folder, [each.station.id for each in opened], lambda _: None, clock)


# --- the pictures -----------------------------------------------------------------------------------------


def shoot(browser: Browser, address: str, shot: Shot, language: str) -> bytes:
    """One picture, WebP."""
    options = {"reduced_motion": "reduce", "locale": LANGUAGES[language]} | shot.options
    with phone(browser, **options) as context:
        context.clock.set_fixed_time(NOON)
        page = context.new_page()
        page.goto(address + shot.path)
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        shot.act(page)
        page.wait_for_load_state("networkidle")
        session = context.new_cdp_session(page)
        picture = session.send("Page.captureScreenshot", {"format": "webp", "quality": WEBP_QUALITY})
        return base64.b64decode(picture["data"])


def main() -> None:
    """The command."""
    names = [f"{name}-{language}" for name in SHOTS for language in LANGUAGES]
    parser = argparse.ArgumentParser(
        prog="python -m scripts.screenshots", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    wanted = parser.parse_args().names or names
    IMAGES.mkdir(exist_ok=True)
    with served() as address, chromium() as browser:
        for name in wanted:
            shown, _, language = name.rpartition("-")
            path = IMAGES / f"{name}.webp"
            path.write_bytes(shoot(browser, address, SHOTS[shown], language))
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
