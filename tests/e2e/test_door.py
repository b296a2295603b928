"""The door screen in a real Chromium: it fits, it stands for a month, it outlives its network."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Comfort, Crowding, StationState
from server.web.build import build_web
from tests.support.browser import chromium, phone
from tests.support.growth import growth
from tests.support.serving import serving
from tests.support.site import Site
from tests.support.web import TableLive, TableStore, open_state, static_state, station

DAYS = 30
UPDATES_A_DAY = 12
WARM_UP_DAYS = 3
LOSE_AND_FIND = """async (times) => {
    for (let time = 0; time < times; time += 1) {
        window.dispatchEvent(new Event("offline"));
        const renewed = new Promise((done) => {
            const watch = new MutationObserver(() => { watch.disconnect(); done(); });
            watch.observe(document.querySelector(".screen"), { childList: true });
        });
        window.dispatchEvent(new Event("online"));
        await renewed;
    }
}"""
"""A network that goes and comes back: another stream, and the whole screen exchanged, each time."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def live(now_ms: int) -> TableLive:
    table = TableLive()
    table.put(*(open_state(station(number), now_ms) for number in (1, 2, 3, 5)), static_state(station(4)))
    return table


@pytest.fixture
def url(live: TableLive) -> Iterator[str]:
    with serving(build_web(live, TableStore(), Settings(), Pipeline(connected=True, alive=True))) as port:
        yield f"http://127.0.0.1:{port}"


def screen(page: Page, url: str, station_id: str = "taiyuan-0001") -> None:
    """The screen, listening."""
    page.goto(f"{url}/door/{station_id}")
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")


def warm(state: StationState, degrees: float) -> StationState:
    """The same room, so warm."""
    at_ms = time.time_ns() // 1_000_000
    return replace(state, at_ms=at_ms, comfort=Comfort("hot" if degrees > 30 else "cool", degrees, 50, at_ms))


def test_a_month_leaves_no_trace(browser: Browser, url: str, live: TableLive, now_ms: int) -> None:
    state = open_state(station(1), now_ms)
    with phone(browser, viewport={"width": 1280, "height": 800}, is_mobile=False) as context:
        page = context.new_page()
        page.clock.install()
        screen(page, url)
        session = context.new_cdp_session(page)
        session.send("Performance.enable")
        first: dict[str, float] = {}
        for day in range(DAYS):
            degrees = 20.0 + day % 15
            live.put(warm(state, degrees))
            page.evaluate(LOSE_AND_FIND, UPDATES_A_DAY)
            expect(page.locator("[data-fact=comfort] .note")).to_contain_text(f"{degrees:g} °C")
            page.clock.fast_forward("23:50:00")
            page.clock.run_for("10:00")
            if day == WARM_UP_DAYS:
                first = growth(page, session)
        last = growth(page, session)
    assert last["Nodes"] <= first["Nodes"] + 100, (first, last)
    assert last["Documents"] <= first["Documents"] + 1, (first, last)
    assert last["JSEventListeners"] <= first["JSEventListeners"] + 5, (first, last)
    assert last["JSHeapUsedSize"] <= first["JSHeapUsedSize"] + 500_000, (first, last)


def test_a_change_is_on_the_screen_at_once(browser: Browser, url: str, live: TableLive, now_ms: int) -> None:
    with phone(browser, viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        screen(page, url)
        full = Crowding("full", 17, 16, False, now_ms, "places")
        live.put(replace(open_state(station(1), now_ms), crowding=full))
        expect(page.locator("[data-fact=crowding] .word")).to_have_text("满了")
        expect(page.locator(".elsewhere h2")).to_have_text("这里满了，附近还有")
        expect(page.locator(".elsewhere li")).to_have_count(3)


def test_a_lost_network_is_said_and_the_screen_comes_back_by_itself(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser, viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.clock.install()
        screen(page, url)
        door, line = page.locator(".door"), page.locator(".connection")
        context.set_offline(True)
        expect(line.locator(".text")).to_have_text("连不上，显示的是旧数据")
        page.clock.run_for("07:00")
        expect(door).to_have_attribute("data-freshness", "stale")
        expect(door.locator(".told")).to_contain_text("数据较旧")
        expect(door.locator(".updated .age")).to_have_text(re.compile("[67] 分钟前"))
        page.clock.run_for("08:00:00")
        expect(door).to_have_attribute("data-freshness", "offline")
        expect(door.locator(".updated .age")).to_have_text("8 小时前")
        live.put(warm(open_state(station(1), now_ms), 33.0))
        context.set_offline(False)
        expect(line).to_have_attribute("data-state", "live")
        expect(door).to_have_attribute("data-freshness", "fresh")
        expect(door.locator("[data-fact=comfort] .word")).to_have_text("热")


@pytest.mark.parametrize(("hour", "reloads"), [(14, False), (3, True)])
def test_a_new_release_is_taken_at_night(
    browser: Browser, hour: int, reloads: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    live = TableLive()
    live.put(open_state(station(1)))
    site = Site(live)
    with serving(site) as port, phone(browser, viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        at_s = (time.time() // 86_400 + 1) * 86_400 + (hour - 8) * 3600
        page.clock.install(time=at_s)

        def then(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, headers={**answer.headers, "date": formatdate(at_s, usegmt=True)})

        page.route("**/door/*", then)
        page.goto(f"http://127.0.0.1:{port}/door/taiyuan-0001")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        page.evaluate("window.mark = 1")
        site.release(monkeypatch, tmp_path)
        live.put(warm(open_state(station(1)), 33.0))
        if reloads:
            expect(page.locator("body")).to_have_css("border-top-width", "7px")
        else:
            expect(page.locator("[data-fact=comfort] .note"), "news").to_contain_text("33 °C")
            assert page.evaluate("window.mark") == 1


LONG = "超长名字的驿站" * 70


@pytest.mark.parametrize(
    "size", [(1280, 800), (800, 1280), (1920, 1080), (1024, 768), (1080, 1920), (960, 600)]
)
def test_everything_is_on_the_screen_at_once(
    browser: Browser, url: str, live: TableLive, now_ms: int, size: tuple[int, int]
) -> None:
    hot = warm(open_state(station(7, name=LONG), now_ms), 33.5)
    live.put(replace(hot, crowding=Crowding("full", 160, 160, True, now_ms - 300_000, "places")))
    for locale in ("zh-CN", "en-GB"):
        with phone(browser, viewport={"width": size[0], "height": size[1]}, locale=locale) as context:
            page = context.new_page()
            for name in ("taiyuan-0007", "taiyuan-0001", "taiyuan-0004"):
                page.goto(f"{url}/door/{name}")
                expect(page.locator(".connection")).to_have_attribute("data-state", "live")
                over = page.evaluate(
                    "['.door', '.screen', 'html'].map((each) => document.querySelector(each))"
                    ".map((e) => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight])"
                )
                assert max(max(each) for each in over) <= 0, (name, locale, over)
                cut = page.evaluate(
                    "[...document.querySelectorAll('.fact')].filter((e) => e.innerText"
                    " && (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))"
                    ".map((e) => e.innerText)"
                )
                assert cut == [], (name, locale)


def test_nothing_burns_in_and_there_is_no_pointer(browser: Browser, url: str) -> None:
    with phone(browser, viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.clock.install()
        screen(page, url)
        places = set()
        for _ in range(9):
            page.clock.run_for("05:00")
            places.add(page.locator(".screen").evaluate("(e) => e.style.transform"))
        assert len(places) >= 5
        expect(page.locator("body")).to_have_css("cursor", "none")


def test_it_works_without_scripts(browser: Browser, url: str) -> None:
    with phone(browser, viewport={"width": 1280, "height": 800}, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{url}/door/taiyuan-0001")
        expect(page.locator(".facts .word")).to_have_text(["开放", "不挤", "凉快"])
        expect(page.locator("meta[http-equiv=refresh]")).to_have_attribute("content", "60")
