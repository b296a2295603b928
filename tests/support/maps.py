"""Pages with a map, open in a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from playwright.sync_api import Page, expect

from server.model import Station
from server.pipeline import Pipeline
from server.settings import Settings
from server.state import StationState
from server.web.build import build_web
from tests.support.serving import serving
from tests.support.web import TableLive, TableStore, open_state, static_state, station

CITY = 2_080
TILE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path fill="#dde8dd" d="M0 0h1v1H0z"/></svg>'
)


@contextmanager
def page_of(live: TableLive, **settings: Any) -> Iterator[str]:
    """The address of a network's list with these settings."""
    app = build_web(live, TableStore(), Settings(**settings), Pipeline(connected=True, alive=True))
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}/n/taiyuan"


def opened(page: Page, address: str) -> Page:
    """The page with its map open."""
    page.goto(address)
    page.locator("button[data-view=map]").click()
    expect(page.locator("#map .leaflet-control-scale-line")).to_be_visible()
    expect(page.locator("#map .pin").first).to_be_visible()
    return page


def many(count: int, now_ms: int) -> list[StationState]:
    """Stations all over a city; half of them without sensors."""
    dice = Random(7)  # noqa: S311 # positions on a map
    places = [(37.86 + dice.gauss(0, 0.05), 112.55 + dice.gauss(0, 0.05)) for _ in range(count)]
    rooms = [replace(station(n), lat=lat, lon=lon) for n, (lat, lon) in enumerate(places, 1)]
    return [open_state(room, now_ms) if n % 2 else static_state(room) for n, room in enumerate(rooms)]


def town(seed: int, now_ms: int) -> list[StationState]:
    """Seven stations of five districts within a kilometre or two; two without sensors."""
    dice = Random(seed)  # noqa: S311 # positions on a map
    names = (
        "高新区总工会户外劳动者驿站",
        "外卖骑手之家",
        "集里驿站",
        "荷花街道新就业群体驿站",
        "道吾山驿站",
        "河畔红色驿站",
        "淮川驿站",
    )
    districts = ("关口街道", "集里街道", "荷花街道", "淮川街道", "高新区", "集里街道", "关口街道")
    rooms = [
        replace(
            station(n, name=name), region=(district,),
            lat=28.15 + dice.gauss(0, 0.004), lon=113.63 + dice.gauss(0, 0.004),
        )
        for n, (name, district) in enumerate(zip(names, districts, strict=True), 1)
    ]  # fmt: skip
    return [open_state(room, now_ms) if n % 3 else static_state(room) for n, room in enumerate(rooms, 1)]


def pin(page: Page, station_id: str, live: TableLive) -> Any:
    """The marker of a station, by what it is called for those who listen."""
    state = live.state(station_id)
    assert state is not None
    return page.locator(f'.pin[aria-label*="{state.station.name_zh}"]')


def named(number: int, **changes: Any) -> Station:
    """A station with a name of its own, apart from the others on the map."""
    return replace(
        station(number, name=f"{number}号驿站"), lat=37.8 + number / 50, lon=112.5 + number / 50, **changes
    )


class Tiles:
    """A tile server on this machine that writes down who asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.referrers: set[str | None] = set()
        self.broken = False
        tiles = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if match := re.fullmatch(r"/(\d+)/(\d+)/(\d+)\.svg", self.path):
                    tiles.asked.append((int(match[1]), int(match[2]), int(match[3])))
                    tiles.referrers.add(self.headers.get("referer"))
                self.send_response(503 if tiles.broken else 200)
                self.send_header("content-type", "image/svg+xml")
                self.end_headers()
                self.wfile.write(b"" if tiles.broken else TILE)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
