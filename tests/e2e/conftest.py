"""Fixtures for tests in a real Chromium: the browser, and four stations behind a real server."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Access
from server.web.build import build_web
from tests.support.browser import chromium
from tests.support.journey import Journey
from tests.support.maps import Tiles, named
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess, register, settings_for
from tests.support.serving import serving
from tests.support.web import HOUR_MS, TableLive, TableStore, open_state, static_state, station

# Playwright waits for five seconds; so long a page of the console alone rests between two looks.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def journey(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Journey]:
    """One server for all tests of a file, with the ``STATIONS`` that it names."""
    folder = tmp_path_factory.mktemp("journey")
    with Broker(folder / "mosquitto") as broker:
        register(folder / "data", request.module.STATIONS)
        server = ServerProcess(settings_for(broker, folder / "data"))
        server.start()
        try:
            yield Journey(folder, broker, server, browser)
        finally:
            server.stop()


@pytest.fixture
def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def live(now_ms: int) -> TableLive:
    table = TableLive()
    static = replace(static_state(station(4)), access=Access("open", "timetable", now_ms + 9 * HOUR_MS))
    table.put(*(open_state(station(number), now_ms) for number in (1, 2, 3)), static)
    return table


@pytest.fixture
def url(live: TableLive) -> Iterator[str]:
    with serving(build_web(live, TableStore(), Settings(), Pipeline(connected=True, alive=True))) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def few(now_ms: int) -> TableLive:
    live = TableLive()
    live.put(*(open_state(named(number), now_ms) for number in (1, 2, 3)), static_state(named(4)))
    return live


@pytest.fixture
def tiles() -> Iterator[Tiles]:
    tiles = Tiles()
    thread = threading.Thread(target=tiles.server.serve_forever, name="tiles")
    thread.start()
    yield tiles
    tiles.server.shutdown()
    tiles.server.server_close()
    thread.join(5)
