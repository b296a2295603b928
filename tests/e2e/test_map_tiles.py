"""Where the ground of the map comes from, who learns of it, and where Chinese tiles show a place."""

import math
import re
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server import geo
from tests.support.browser import phone
from tests.support.maps import CITY, Tiles, many, opened, page_of
from tests.support.web import TableLive

AWAY = {"latitude": 37.6, "longitude": 112.3}
"""A place of a rider 25 km from the stations."""


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
