"""The map in a real Chromium: fetched late, words and clusters, tiles or none, and who learns of a rider."""

import json
import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server import geo
from server.config import Settings
from server.model import Comfort, Crowding, Network, SocketCounts, Station, StationState
from server.pipeline import Pipeline
from server.web.build import build_web
from tests.support.browser import phone
from tests.support.serving import serving
from tests.support.web import TableLive, TableStore, open_state, static_state, station

FEEDS = Path(__file__).parents[2] / "docs" / "feeds.md"
MAP_FILES = [
    "crowd.js",
    "geo.js",
    "ground.js",
    "leaflet.css",
    "leaflet.js",
    "map.css",
    "map.js",
    "pins.js",
    "station_map.js",
    "supercluster.js",
]
HOSTILE = "<img src=x onerror=document.title='hacked'>\"' & 驿站"
CITY = 2_080
TILE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path fill="#dde8dd" d="M0 0h1v1H0z"/></svg>'
)
AWAY = {"latitude": 37.6, "longitude": 112.3}
"""A place of a rider 25 km from the stations."""


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


@pytest.fixture
def few(now_ms: int) -> TableLive:
    live = TableLive()
    live.put(*(open_state(named(number), now_ms) for number in (1, 2, 3)), static_state(named(4)))
    return live


def test_nothing_of_the_map_is_loaded_before_it_is_opened(browser: Browser, few: TableLive) -> None:
    with page_of(few) as address, phone(browser) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        files = {url.rpartition("/")[2] for url in asked}
        assert not files & set(MAP_FILES)
        assert "leaflet" not in page.content()
        before = len(asked)
        opened(page, address)
        page.locator("button[data-view=list]").click()
        page.locator("button[data-view=map]").click()
        expect(page.locator("#map .pin").first).to_be_visible()
        late = [url.rpartition("/")[2] for url in asked[before:]]
        assert sorted(name for name in late if name in MAP_FILES) == MAP_FILES, "each once"
        origin = address.removesuffix("/n/taiyuan")
        assert all(url.startswith(origin) for url in asked), "nobody else is asked"


def test_a_city_is_clusters_that_open_up(browser: Browser, now_ms: int) -> None:
    live = TableLive()
    live.put(*many(CITY, now_ms))
    with page_of(live) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        expect(page.locator("#map .cluster").first).to_be_visible()
        counts = page.locator("#map .cluster strong").all_text_contents()
        alone = page.locator("#map .pin:not(.cluster)").count()
        assert sum(map(int, counts)) + alone == CITY, "nobody is left out"
        assert len(counts) + alone < 60, "few elements, however many stations"
        biggest = page.locator("#map .cluster").nth(max(range(len(counts)), key=lambda n: int(counts[n])))
        expect(biggest).to_have_attribute("aria-label", re.compile(r"^\d+ 个驿站，\d+ 个不挤$"))
        biggest.click()
        scale = page.locator(".leaflet-control-scale-line")
        expect(scale).not_to_have_text("10 km")
        expect(page.locator("#map .cluster").first).to_be_visible()


def test_a_pin_says_it_in_words_and_a_popup_says_the_rest(browser: Browser, few: TableLive) -> None:
    with page_of(few) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        one, static = pin(page, "taiyuan-0001", few), pin(page, "taiyuan-0004", few)
        expect(one).to_have_attribute("aria-label", "1号驿站，开放，不挤，凉快")
        expect(one.locator(".word")).to_have_text("不挤")
        expect(one.locator("use")).to_have_attribute("href", "#i-people-1")
        expect(static).to_have_attribute("aria-label", "4号驿站，开放，没有实时数据")
        expect(static.locator(".chip")).to_have_class("chip unknown")
        one.click()
        balloon = page.locator(".balloon")
        expect(balloon.locator("h2 a")).to_have_text("1号驿站")
        expect(balloon.locator("h2 a")).to_have_attribute("href", "/s/taiyuan-0001")
        expect(balloon.locator(".fact .word")).to_have_text(["开放", "不挤", "凉快"])
        expect(balloon.locator(".resource")).to_have_text(["空插座2/8", "满电电池1 块"])
        expect(balloon.locator(".place")).to_have_text("刚刚")
        page.get_by_role("button", name="看全部").click()
        static.click()
        expect(page.locator(".balloon")).to_have_count(1)
        expect(page.locator(".balloon .place")).to_have_text("没有实时数据")
        expect(page.locator(".balloon .resources")).to_have_count(0)


def test_a_change_is_seen_without_opening_anew(browser: Browser, few: TableLive, now_ms: int) -> None:
    with page_of(few) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        pin(page, "taiyuan-0001", few).click()
        full = Crowding("full", 17, 16, False, now_ms, "places")
        hot = Comfort("hot", 31, 60, now_ms, reason="temperature")
        few.put(
            replace(open_state(named(1), now_ms), crowding=full, comfort=hot, sockets=SocketCounts(8, 0, 8))
        )
        expect(page.locator(".balloon .fact .word")).to_have_text(["开放", "满了", "热"])
        expect(page.locator(".balloon .amount").first).to_have_text("0/8")
        expect(pin(page, "taiyuan-0001", few).locator(".chip")).to_have_class("chip bad")


def test_the_keyboard_opens_a_pin_and_comes_back_to_it(browser: Browser, few: TableLive) -> None:
    with page_of(few) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        for key in ("Enter", " "):
            pin(page, "taiyuan-0002", few).focus()
            page.keyboard.press(key)
            expect(page.locator(".balloon h2 a")).to_be_focused()
            page.keyboard.press("Escape")
            expect(page.locator(".balloon")).to_have_count(0)
            expect(pin(page, "taiyuan-0002", few)).to_be_focused()


def test_the_keyboard_opens_a_cluster_and_goes_on_inside(browser: Browser, now_ms: int) -> None:
    live = TableLive()
    live.put(*many(200, now_ms))
    with page_of(live) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        page.locator("#map .cluster").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".leaflet-control-scale-line")).not_to_have_text("10 km")
        expect(page.locator("#map .pin:focus")).to_have_count(1)


def test_stations_on_one_spot_are_all_reached(browser: Browser, now_ms: int) -> None:
    live = TableLive()
    here: dict[str, Any] = {"lat": 37.8, "lon": 112.5, "region": ("小店区",)}
    live.put(*(open_state(replace(named(number), **here), now_ms) for number in (1, 2, 3)))
    with page_of(live) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        page.locator("#map .cluster").click()
        links = page.locator(".spot a")
        expect(links).to_have_text(["1号驿站不挤", "2号驿站不挤", "3号驿站不挤"])
        links.nth(1).click()
        expect(page).to_have_url(re.compile(r"/s/taiyuan-0002$"))


def test_without_tiles_there_is_plain_ground_with_names_and_a_scale(browser: Browser, few: TableLive) -> None:
    nowhere = replace(named(5), lat=None, lon=None)
    few.put(static_state(nowhere))
    with page_of(few) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        assert page.locator("#map img").count() == 0
        expect(page.locator("#map .district").first).to_be_visible()
        expect(page.locator("#map .leaflet-control-scale-line")).to_have_text(re.compile(r"^\d+ k?m$"))
        expect(page.locator("#map .hint")).to_have_text(
            "没有底图，只标出驿站的位置。 1 个驿站没有坐标，只在列表里。"
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


@pytest.fixture
def tiles() -> Iterator[Tiles]:
    tiles = Tiles()
    thread = threading.Thread(target=tiles.server.serve_forever, name="tiles")
    thread.start()
    yield tiles
    tiles.server.shutdown()
    tiles.server.server_close()
    thread.join(5)


def tile_of(lat: float, lon: float, zoom: int) -> tuple[int, int, int]:
    """The tile that a place is on."""
    across = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return zoom, int((lon + 180) / 360 * across), int(y * across)


def test_tiles_come_from_the_server_that_is_set(browser: Browser, few: TableLive, tiles: Tiles) -> None:
    settings = {
        "map_tiles": tiles.origin + "/{z}/{x}/{y}.svg",
        "map_attribution": "© <b>图</b> https://example.org/about",
    }
    with page_of(few, **settings) as address, phone(browser) as context:
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        opened(page, address)
        expect(page.locator("#map img.leaflet-tile-loaded").first).to_be_visible()
        assert tiles.referrers == {None}, "the tile server does not learn the page"
        expect(page.locator("#map .credit a")).to_have_text("© <b>图</b>")
        expect(page.locator("#map .credit a")).to_have_attribute("href", "https://example.org/about")
        expect(page.locator("#map .hint")).to_contain_text(tiles.origin.removeprefix("http://"))
        expect(page.locator("#map .district")).to_have_count(0)
        assert problems == []


def test_tiles_that_do_not_come_leave_a_usable_map(browser: Browser, few: TableLive, tiles: Tiles) -> None:
    tiles.broken = True
    with page_of(few, map_tiles=tiles.origin + "/{z}/{x}/{y}.svg") as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        expect(page.locator("#map .hint")).to_have_text("底图没有载入，驿站的位置不受影响。")
        expect(page.locator("#map .district").first).to_be_visible()
        assert page.locator("#map img:visible").count() == 0, "no broken images"


def test_the_tile_server_learns_where_a_rider_is_only_when_asked_to(
    browser: Browser, few: TableLive, tiles: Tiles
) -> None:
    options = {"geolocation": AWAY, "permissions": ["geolocation"]}
    with (
        page_of(few, map_tiles=tiles.origin + "/{z}/{x}/{y}.svg") as address,
        phone(browser, **options) as context,
    ):
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".near")).to_have_attribute("aria-pressed", "true")
        opened(page, address)
        expect(page.locator("#map .me")).to_have_text("我在这里")
        expect(page.locator("#map img.leaflet-tile-loaded").first).to_be_visible()
        zoom = {z for z, _, _ in tiles.asked}
        here = {tile_of(AWAY["latitude"], AWAY["longitude"], z) for z in zoom}
        assert not here & set(tiles.asked)
        around = {tile_of(AWAY["latitude"], AWAY["longitude"], z) for z in range(19)}
        wanted = {f"{tiles.origin}/{z}/{x}/{y}.svg" for z, x, y in around}
        with page.expect_request(lambda request: request.url in wanted):
            page.get_by_role("button", name="看我附近").click()
        expect(page.locator("#map .me")).to_be_in_viewport()


def test_without_tiles_the_map_begins_where_the_rider_is(browser: Browser, now_ms: int) -> None:
    live = TableLive()
    live.put(*many(CITY, now_ms))
    options = {"geolocation": {"latitude": 37.86, "longitude": 112.55}, "permissions": ["geolocation"]}
    with page_of(live) as address, phone(browser, **options) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".near")).to_have_attribute("aria-pressed", "true")
        opened(page, address)
        expect(page.locator("#map .me")).to_be_in_viewport()
        expect(page.locator(".leaflet-control-scale-line")).to_have_text(re.compile(r"^\d{2,3} m$"))


@pytest.mark.parametrize(
    ("settings", "images"),
    [
        ({}, "'self'"),
        ({"map_tiles": "/tiles/{z}/{x}/{y}.png"}, "'self'"),
        ({"map_tiles": "https://t.example.org:8443/a/{z}/{x}/{y}.png"}, "'self' https://t.example.org:8443"),
    ],
)
def test_a_page_may_show_images_of_that_server_alone(
    browser: Browser, few: TableLive, settings: dict[str, Any], images: str
) -> None:
    with page_of(few, **settings) as address, phone(browser) as context:
        answer = context.request.get(address)
        assert f"; img-src {images}; " in answer.headers["content-security-policy"]


def test_a_hostile_name_is_text(browser: Browser, now_ms: int) -> None:
    live = TableLive()
    live.put(open_state(replace(named(1), name_zh=HOSTILE, region=(HOSTILE,)), now_ms))
    with page_of(live) as address, phone(browser) as context:
        page = opened(context.new_page(), address)
        title = page.title()
        expect(page.locator("#map .district")).to_have_text(HOSTILE)
        page.locator("#map .pin").click()
        expect(page.locator(".balloon h2")).to_have_text(HOSTILE)
        expect(page.locator("#map .pin .name")).to_have_text(HOSTILE)
        assert page.locator("#map img").count() == 0
        assert page.title() == title


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en-US", "dark")])
def test_the_open_map_is_accessible_in_both_languages(
    browser: Browser, few: TableLive, language: str, scheme: str
) -> None:
    options = {"locale": language, "color_scheme": scheme, "reduced_motion": "reduce"}
    with page_of(few) as address, phone(browser, **options) as context:
        page = opened(context.new_page(), address)
        page.locator("#map .pin").first.click()
        expect(page.locator(".balloon")).to_be_visible()
        zoom, close = ("放大", "关闭") if language == "zh-CN" else ("Zoom in", "Close")
        expect(page.get_by_role("button", name=zoom)).to_be_visible()
        expect(page.get_by_role("button", name=close)).to_be_visible()
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
        assert page.evaluate("axe.run('#map').then(({ violations }) => violations)") == []
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wider) == 0


SHOWN = """async ([path, places, datum]) => {
  const { shown } = await import(path);
  return places.map(([lat, lon]) => shown(lat, lon, datum));
}"""


def test_places_are_shown_where_chinese_tiles_show_them(browser: Browser, few: TableLive) -> None:
    dice = Random(11)  # noqa: S311 # places
    places = [(dice.uniform(-60, 70), dice.uniform(-170, 179)) for _ in range(200)]
    places += [(dice.uniform(18, 53), dice.uniform(75, 134)) for _ in range(400)]
    with page_of(few) as address, phone(browser) as context:
        page = context.new_page()
        page.goto(address)
        path = static(page) + "/js/geo.js"
        shifted = page.evaluate(SHOWN, [path, places, "gcj02"])
        assert page.evaluate(SHOWN, [path, places, "wgs84"]) == [list(place) for place in places]
    expected = [geo.wgs84_to_gcj02(*place) if geo.in_china(*place) else place for place in places]
    worst = max(max(abs(a[0] - b[0]), abs(a[1] - b[1])) for a, b in zip(shifted, expected, strict=True))
    assert worst < 1e-9, "a tenth of a millimetre"
    assert sum(geo.in_china(*place) for place in places) > 400


def static(page: Page) -> str:
    """Where the page's scripts are."""
    return str(page.locator("link[rel=stylesheet]").first.get_attribute("href")).rpartition("/css/")[0]


STOOD = """async ([path, row, datum]) => {
  const { open } = await import(path);
  await import(path.replace("js/map.js", "vendor/leaflet/leaflet.js"));
  const stood = [];
  L.Marker.addInitHook(function () { stood.push(this); });
  const setup = JSON.parse(document.getElementById("setup").textContent);
  setup.map.datum = datum;
  const box = document.getElementById("map");
  box.hidden = false;
  open(box, { rows: () => [row], place: () => null, setup, link: (id) => id });
  while (!box.querySelector(".pin")) await new Promise((done) => setTimeout(done, 20));
  const pin = stood.find((marker) => marker.options.icon.options.className.startsWith("pin"));
  return [pin.getLatLng().lat, pin.getLatLng().lng];
}"""


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_the_setting_moves_the_pins(browser: Browser, few: TableLive, datum: str) -> None:
    with page_of(few) as address, phone(browser) as context:
        page = context.new_page()
        page.goto(address)
        row = context.request.get(address.replace("/n/taiyuan", "/api/v1/stations/taiyuan-0001")).json()
        stood = page.evaluate(STOOD, [static(page) + "/js/map.js", row, datum])
    place = (row["lat"], row["lon"])
    expected = geo.wgs84_to_gcj02(*place) if datum == "gcj02" else place
    assert stood == pytest.approx(expected, abs=1e-9)


def test_a_network_without_any_place_says_so(browser: Browser, now_ms: int) -> None:
    live = TableLive((Network("taiyuan", "太原市", "Taiyuan"),))
    live.put(open_state(replace(named(1), lat=None, lon=None), now_ms))
    with page_of(live) as address, phone(browser) as context:
        page = context.new_page()
        page.goto(address)
        page.locator("button[data-view=map]").click()
        expect(page.locator("#map .hint")).to_contain_text("1 个驿站没有坐标，只在列表里。")


def test_pages_of_other_sites_may_read_the_feeds_and_nothing_else(
    browser: Browser, few: TableLive, tiles: Tiles
) -> None:
    locked = replace(open_state(named(1)), freshness="offline")
    few.put(locked)
    (example,) = re.findall(r"^```js\n(.*?)^```", FEEDS.read_text(encoding="utf-8"), re.M | re.S)
    with page_of(few) as address, phone(browser) as context:
        origin = address.removesuffix("/n/taiyuan")
        page = context.new_page()
        page.goto(f"{tiles.origin}/0/0/0.svg")
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.evaluate(f"(async () => {{ {example.replace('http://127.0.0.1:8080', origin)} }})()")
        assert any("Jiajie Community 1 (迎泽区): device offline, no live data" in line for line in said), said
        refused = "url => fetch(url).then(() => 'read', () => 'refused')"
        assert page.evaluate(refused, f"{origin}/feeds/v1/stations.geojson") == "read"
        assert page.evaluate(refused, f"{origin}/api/v1/stations") == "refused"
        assert json.loads(context.request.get(f"{origin}/feeds/v1/alerts.json").body())["version"] == "1.0"
