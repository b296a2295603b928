"""A station's own page in a real Chromium, phone size: what a QR plate opens."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import phone
from tests.support.station_page import foretold, round_the_clock, stations
from tests.support.web import (
    WORDS,
    TableLive,
    cabinet,
    crowd,
    open_state,
    station,
)

HOSTILE = "<script>document.title='owned'</script>\"'&{{7*7}}\u202e" + "W" * 300


@pytest.fixture
def live(now_ms: int) -> TableLive:
    return stations(now_ms)


@pytest.fixture
def url(live: TableLive) -> Iterator[str]:
    with foretold(live) as url:
        yield url


def complaint(text: str) -> list[str]:
    """What the browser says, without that tests have no service worker."""
    return [] if "Service Worker" in text else [text]


def loaded(page: Page, address: str) -> list[str]:
    """Open a page and wait until it listens; whatever is loaded, complained of or wrong is written down."""
    told: list[str] = []
    page.on("load", lambda _: told.append("load"))
    page.on("console", lambda message: told.extend(complaint(message.text)))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(address)
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    return told


def test_one_socket_and_one_slot_change_and_nothing_else(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        told = loaded(page, f"{url}/s/taiyuan-0001")
        socket, slot = page.locator("[data-socket=s1]"), page.locator("[data-slot='1']")
        expect(socket.locator(".word")).to_have_text("空着")
        expect(socket.locator(".since")).to_have_text("已 1 小时")
        expect(slot.locator(".word")).to_have_text("满电")
        page.evaluate("window.others = [...document.querySelectorAll('.unit, .slot')].slice(1)")
        state = round_the_clock(1, now_ms)
        first = state.socket_list[0]._replace(state="charging", since_ms=now_ms - 125_000)
        live.put(
            replace(
                state,
                socket_list=(first, *state.socket_list[1:]),
                cabinets=(cabinet(now_ms, ("empty", *WORDS[1:])),),
            )
        )
        expect(socket.locator(".word")).to_have_text("充电中")
        expect(socket.locator(".since")).to_have_text("已 2 分钟")
        expect(socket).to_have_class("unit charging changed")
        expect(slot.locator(".word")).to_have_text("空仓")
        expect(page.locator("[data-cabinet=c1] .sums")).to_have_text("满电 0 · 可还空仓 2 · 故障 1")
        assert page.evaluate("window.others.every(item => item.isConnected)"), "they were changed in place"
        expect(page.locator(".unit.changed, .slot.changed")).to_have_count(2)
        assert told == ["load"]


def test_a_socket_that_is_put_in_and_a_cabinet_that_is_taken_away(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        told = loaded(page, f"{url}/s/taiyuan-0001")
        page.get_by_text("看这一周").click()
        state = round_the_clock(1, now_ms)
        new = state.socket_list[0]._replace(id="s9", label="9")
        live.put(replace(state, socket_list=(*state.socket_list, new), cabinets=()))
        expect(page.locator("[data-socket=s9] .word")).to_have_text("空着")
        expect(page.locator("[data-socket=s9] .since")).to_have_text("已 1 小时")
        expect(page.locator("[data-cabinet]")).to_have_count(0)
        expect(page.locator("table.week")).to_be_visible()
        live.put(replace(state, socket_list=state.socket_list[1:]))
        expect(page.locator("[data-socket=s1]")).to_have_count(0)
        expect(page.locator("[data-cabinet=c1] .slot")).to_have_count(8)
        assert told == ["load"]


def test_a_full_station_offers_what_is_nearby_until_it_is_full_no_more(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        told = loaded(page, f"{url}/s/taiyuan-0001")
        expect(page.locator(".around")).to_have_count(0)
        expect(page.get_by_text("热可纳凉").locator("..")).to_contain_text("现在可以" if summer() else "有")
        live.put(crowd(round_the_clock(1, now_ms), now_ms))
        expect(page.get_by_role("heading", name="这里满了，附近还有")).to_be_visible()
        here = page.locator(".around").bounding_box()
        units = page.locator("[data-socket=s1]").bounding_box()
        assert here
        assert units
        assert here["y"] < units["y"], "before everything that is of no use now"
        live.put(round_the_clock(1, now_ms))
        expect(page.locator(".around")).to_have_count(0)
        assert told == ["load"]


def summer() -> bool:
    return 5 <= datetime.now(ZoneInfo("Asia/Shanghai")).month <= 9


def test_a_station_that_goes_silent_shows_no_sockets_and_no_socket_shows_itself_again(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        loaded(page, f"{url}/s/taiyuan-0001")
        live.put(replace(round_the_clock(1, now_ms), freshness="offline"))
        expect(page.locator("[data-socket], [data-cabinet]")).to_have_count(0)
        expect(page.locator(".state")).to_have_text("设备离线")
        live.put(round_the_clock(1, now_ms))
        expect(page.locator("[data-socket]")).to_have_count(8)
        expect(page.locator(".state")).to_have_text("")


def test_a_station_that_is_taken_off_the_register_leaves_the_list(
    browser: Browser, url: str, live: TableLive
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        loaded(page, f"{url}/s/taiyuan-0001")
        live.remove("taiyuan-0001")
        expect(page.get_by_role("heading", name="没有找到")).to_be_visible()
        page.get_by_role("link", name="太原市").click()
        expect(page).to_have_url(f"{url}/n/taiyuan")


@pytest.mark.parametrize(
    ("week", "maps", "back"),
    [
        ("看这一周", ["高德地图", "腾讯地图", "百度地图", "手机地图"], "返回太原市"),
        ("The whole week", ["Amap", "Tencent Maps", "Baidu Maps", "Phone’s map"], "Back to Taiyuan"),
    ],
    ids=["zh", "en"],
)
def test_everything_is_there_without_scripts(
    browser: Browser, url: str, week: str, maps: list[str], back: str
) -> None:
    locale = "zh-CN" if maps[0] == "高德地图" else "en-GB"
    with phone(browser, java_script_enabled=False, locale=locale) as context:
        page = context.new_page()
        page.goto(f"{url}/s/taiyuan-0001")
        expect(page.locator("[data-socket] .since")).to_have_count(8)
        expect(page.locator(".slot")).to_have_count(8)
        expect(page.locator(".ways a")).to_have_text(maps)
        expect(page.locator(".bars .hour")).to_have_count(24)
        expect(page.locator(".promises li")).to_have_count(5)
        expect(page.locator("table.week")).to_be_hidden()
        page.get_by_text(week).click()
        expect(page.locator("table.week tr")).to_have_count(7)
        expect(page.locator("table.week tr[aria-current=date]")).to_be_visible()
        page.get_by_role("link", name=back).click()
        expect(page.locator(".card").first).to_be_visible()


def test_the_bars_grow_with_the_people(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        page = context.new_page()
        told = loaded(page, f"{url}/s/taiyuan-0001")
        heights = page.evaluate(
            "[...document.querySelectorAll('.bars .column')].map(bar => bar.getBoundingClientRect().height)"
        )
        chart = page.locator(".bars").bounding_box()
        assert chart is not None
        assert len(heights) == 48
        assert heights == sorted(heights)
        assert heights[-1] == pytest.approx(chart["height"] * 0.99, rel=0.06)
        colours = page.evaluate(
            "[...document.querySelectorAll('.column')].map(bar => getComputedStyle(bar).fill)"
        )
        assert len(set(colours[:24])) == len(set(colours[24:])) == 1
        assert colours[0] != colours[-1], "the word's colour"
        expect(page.locator(".hour.now .mark")).to_have_text("现在")
        assert told == ["load"], "the content policy allows it all"


def test_a_hostile_station_is_shown_and_does_nothing(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    where = replace(
        station(9, name=HOSTILE), name_en=HOSTILE, region=(HOSTILE, HOSTILE), aliases=(HOSTILE,),
        amenities=(HOSTILE,) * 3, host_kind=HOSTILE, hours=HOSTILE,
    )  # fmt: skip
    state = open_state(where, now_ms)
    evil = state.socket_list[0]._replace(id='s1"]', label=HOSTILE)
    live.put(replace(state, socket_list=(evil, *state.socket_list[1:])))
    with phone(browser) as context:
        page = context.new_page()
        told = loaded(page, f"{url}/s/taiyuan-0009")
        expect(page.locator("h1")).to_contain_text("<script>document.title='owned'</script>")
        assert "owned" not in page.title().partition("</script>")[2]
        assert page.evaluate("document.scripts.length") <= 3
        live.put(replace(state, socket_list=(evil._replace(state="fault"), *state.socket_list[1:])))
        expect(page.locator(".unit .word").first).to_have_text("坏了")
        hosts = page.evaluate(
            "[...document.querySelectorAll('.ways a')].map(link => new URL(link.href).host)"
        )
        assert hosts == ["uri.amap.com", "apis.map.qq.com", "api.map.baidu.com", ""]
        assert told == ["load"]


def test_the_page_is_not_asked_for_again_and_again(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        loaded(page, f"{url}/s/taiyuan-0001")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(url)))
        state = round_the_clock(1, now_ms)
        sockets = replace(state.sockets, free=1, occupied=4)
        first = state.socket_list[0]._replace(state="charging")
        live.put(replace(state, sockets=sockets, socket_list=(first, *state.socket_list[1:])))
        expect(page.locator("[data-resource=sockets] .amount")).to_have_text("1/8")
        expect(page.locator("[data-socket=s1] .word")).to_have_text("充电中")
        assert asked == ["/api/v1/stations/taiyuan-0001"], "a change of a socket needs no new page"
