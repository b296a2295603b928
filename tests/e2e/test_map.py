"""The map in a real Chromium: fetched late, words and clusters, tiles or none, and who learns of a rider."""

import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from server.model import Network
from server.state import Comfort, Crowding, SocketCounts
from tests.support.browser import phone
from tests.support.maps import CITY, Tiles, many, named, opened, page_of, pin, town
from tests.support.web import TableLive, crowd, open_state, static_state, station

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
    "room.js",
    "station_map.js",
    "supercluster.js",
]
DESK = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1, "is_mobile": False}
HOSTILE = "<img src=x onerror=document.title='hacked'>\"' & 驿站"


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


LAPPED = """() => {
    const box = (element) => element.getBoundingClientRect();
    const letters = (element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        return range.getBoundingClientRect();
    };
    const seen = (selector) => [...document.querySelectorAll(selector)]
        .filter((each) => each.checkVisibility({ checkVisibilityCSS: true }));
    const chips = seen("#map .chip").map((each) => [each.innerText, box(each)]);
    const words = seen("#map .pin .name, #map .district bdi").map((each) => [each.innerText, letters(each)]);
    const lapped = words.flatMap(([one, a], index) => [...chips, ...words.slice(index + 1)]
        .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        .map(([other]) => `${one} on ${other}`));
    return { lapped, words: words.length };
}"""
"""What lies on something else, of names that are seen, and how many those are."""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [{}, DESK], ids=["phone", "desk"])
def test_no_name_lies_on_a_pin_or_on_another(
    browser: Browser, now_ms: int, shape: dict[str, Any], seed: int
) -> None:
    live = TableLive()
    live.put(*town(seed, now_ms))
    with page_of(live) as address, phone(browser, reduced_motion="reduce", **shape) as context:
        page = opened(context.new_page(), address)
        seen = page.evaluate(LAPPED)
        assert seen["lapped"] == []
        assert seen["words"] >= 5, "most have room"
        for turn in ("in", "in", "out", "out", "out"):
            scale = page.locator(".leaflet-control-scale").inner_html()
            page.locator(f".leaflet-control-zoom-{turn}").click()
            expect(page.locator(".leaflet-control-scale")).not_to_have_js_property("innerHTML", scale)
            assert page.evaluate(LAPPED)["lapped"] == [], turn


PLACED = """() => Object.fromEntries([...document.querySelectorAll("#map .pin .name")]
    .map((each) => [each.innerText, each.style.transform]))"""


def test_names_stay_where_they_are_when_a_word_changes(browser: Browser, now_ms: int) -> None:
    rooms = [replace(station(n, name=f"荷花街道新就业群体驿站{n}"), lat=28.15) for n in (1, 2)]
    west, east = (replace(room, lon=113.63 + n * 0.0045) for n, room in enumerate(rooms))
    live = TableLive()
    live.put(*(open_state(room, now_ms) for room in (west, east)))
    with page_of(live) as address, phone(browser, reduced_motion="reduce") as context:
        page = opened(context.new_page(), address)
        before = page.evaluate(PLACED)
        assert len(set(before.values())) == 2, "one below its pin, one above"
        for room in (west, east):
            live.put(crowd(open_state(room, now_ms), now_ms))
            expect(pin(page, room.id, live)).to_have_attribute("aria-label", re.compile("满了"))
            assert page.evaluate(PLACED) == before, room.name_zh


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
