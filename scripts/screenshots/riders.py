"""What riders see: list, station, map and door screen.

All of the demo's Taiyuan, 2,080 stations, and the five weeks before for the stations that are opened.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Page, expect

from scripts.screenshots.shot import NOON_MS, Shot, Site, as_it_comes
from server.demo import past
from server.demo.folder import Folder
from server.demo.networks import NETWORKS
from server.demo.stations import build, fleet
from server.forecasts.forecasts import Forecasts
from server.pipeline import Pipeline
from server.registry import Registry
from server.rollups import Rollups
from server.settings import Settings
from server.store.sqlite import Store
from server.web.build import build_web
from tests.support.city import city
from tests.support.noon import LIVE, NETWORK
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableLive

HERE: Final = {"latitude": 37.7343, "longitude": 112.4600}
"""Where the rider stands, in Jinyuan."""
STATION: Final = "taiyuan-jiajie"
FULL: Final = "taiyuan-1272"
SCREEN: Final = {"width": 1280, "height": 800}
"""A tablet beside a door."""


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
def served() -> Iterator[Site]:
    """The city's pages."""
    with ExitStack() as stack:
        folder = Folder(Path(stack.enter_context(TemporaryDirectory())))
        remember(folder)
        live = TableLive(network for network in NETWORKS if network.id == NETWORK)
        live.put(*(state for state in city(LIVE, NOON_MS) if state.station.network == NETWORK))
        store = stack.enter_context(closing(Store.open(folder.readings)))
        forecasts = Forecasts(live, Rollups.open_reader(folder.rollups), clock)
        forecasts.start()
        stack.callback(forecasts.stop)
        until(lambda: all(forecasts.day(each, NOON_MS) for each in (STATION, FULL)), 30, "forecasts are made")
        front = build_web(
            live, store, Settings(), Pipeline(connected=True, alive=True), forecasts=forecasts, now_ms=clock
        )
        yield Site(f"http://127.0.0.1:{stack.enter_context(serving(front, dated=False))}")


def remember(folder: Folder) -> None:
    """The five weeks before, of the stations that are opened; committed as the demo's are."""
    opened = [each for each in build(LIVE) if each.station.id in (STATION, FULL)]
    with closing(Registry.open(folder.registry)) as registry:
        registry.put_networks(NETWORKS)
        registry.put_stations([each.station for each in opened])
    folder.fleet.write_text(json.dumps(fleet(opened)), encoding="utf-8")
    past.fill(folder, [each.station.id for each in opened], lambda _: None, clock)
