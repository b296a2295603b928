"""The ranked list of a network in a real Chromium, phone size."""

import time
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Access, Comfort, Crowding, StationState
from server.web.build import build_web
from tests.support.browser import phone, stand_still
from tests.support.rider import expect_ids, ids, located, opened
from tests.support.serving import serving
from tests.support.web import HOUR_MS, TableLive, TableStore, crowd, open_state, static_state, station

WECHAT = (
    "Mozilla/5.0 (Linux; Android 10; ELE-AL00 Build/HUAWEIELE-AL00; wv) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Version/4.0 Chrome/86.0.4240.99 XWEB/4317 MMWEBSDK/20220805 "
    "Mobile Safari/537.36 MMWEBID/6170 "
    "MicroMessenger/8.0.27.2220 WeChat/arm64 Weixin NetType/3gnet Language/zh_CN ABI/arm64"
)
HOSTILE = "<script>document.title='hacked'</script><img src=x onerror=alert(1)>\"'&{{7*7}}\u202e" + "长" * 500


def full(state: StationState) -> StationState:
    return replace(state, crowding=replace(state.crowding, value="full", people=20))


def test_who_has_allowed_it_sees_the_nearest_first(browser: Browser, url: str) -> None:
    with located(browser) as context:
        page = opened(context, f"{url}/n/taiyuan")
        expect_ids(page, "3", "2", "1", "4")
        card = page.locator("#taiyuan-0003")
        expect(card.locator(".way")).to_have_text("骑车 1 分钟 · 40 米")
        expect(page.locator(".found")).to_have_text("4 个驿站，近的、情况好的在前")
        expect(page.locator("#taiyuan-0002 .way")).to_have_text("骑车 1 分钟 · 180 米")
        expect(page.locator(".where")).to_have_text("")


def test_what_is_found_there_costs_minutes(browser: Browser, url: str, live: TableLive, now_ms: int) -> None:
    live.put(full(open_state(station(3), now_ms)))
    live.put(replace(open_state(station(2), now_ms), access=Access("closed", "timetable", now_ms + HOUR_MS)))
    with located(browser) as context:
        page = opened(context, f"{url}/n/taiyuan")
        expect_ids(page, "1", "4", "3", "2")


def test_static_and_offline_stations_are_told_honestly(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    hours = Access("open", "timetable", now_ms + 2 * HOUR_MS)
    live.put(replace(static_state(station(4)), access=hours))
    live.put(replace(open_state(station(3), now_ms - 2 * HOUR_MS), freshness="offline", access=hours))
    stale = open_state(station(1), now_ms - 400_000)
    live.put(replace(full(stale), freshness="stale"))
    with located(browser) as context:
        page = opened(context, f"{url}/n/taiyuan")
        expect_ids(page, "2", "3", "4", "1")
        static = page.locator("#taiyuan-0004")
        expect(static.locator("[data-fact=access] .word")).to_have_text("开放")
        expect(static.locator("[data-fact=access] .note")).to_contain_text("关门")
        expect(static.locator(".silent")).to_contain_text("没有实时数据空调、饮水机")
        expect(static.locator("[data-fact=crowding]")).to_be_hidden()
        expect(static.locator(".resources")).to_be_hidden()
        assert "离线" not in static.inner_text()
        assert "已关门" not in static.inner_text()
        offline = page.locator("#taiyuan-0003")
        expect(offline.locator(".silent .state")).to_have_text("设备离线")
        expect(offline.locator(".updated .age")).to_have_text("2 小时前")
        grey = page.locator("#taiyuan-0001 [data-fact=crowding]").evaluate("e => getComputedStyle(e).color")
        unknown = static.locator(".silent").evaluate("e => getComputedStyle(e).color")
        assert grey == unknown, "old words have no colour"
        expect(page.locator("#taiyuan-0001 .place .state")).to_have_text("数据较旧")


WORDS = """(card) => [...card.querySelectorAll(".fact")].filter((tile) => tile.offsetParent).map((tile) => {
    const [icon, word, kind] = [".icon", ".word", ".kind"].map((each) => tile.querySelector(each));
    const [mark, letters] = [icon, word].map((each) => each.getBoundingClientRect());
    const line = parseFloat(getComputedStyle(word).lineHeight);
    return {
        word: word.innerText, bold: Number(getComputedStyle(word).fontWeight) >= 650,
        beside: letters.top < mark.bottom && letters.height < 1.5 * line,
        kind: kind.getBoundingClientRect().width,
    };
})"""


@pytest.mark.parametrize(("width", "language"), [(390, "zh"), (320, "zh"), (390, "en")])
def test_what_is_not_known_is_called_unknown(
    browser: Browser, url: str, live: TableLive, width: int, language: str
) -> None:
    live.put(
        replace(
            open_state(station(3), time.time_ns() // 1_000_000),
            access=Access("unknown", "none"),
            crowding=Crowding("unknown", reason="no_count"),
            comfort=Comfort("unknown", reason="no_sensor"),
        )
    )
    word = "不清楚" if language == "zh" else "Unknown"
    wanted = {"word": word, "bold": True, "beside": True, "kind": 1}
    with phone(browser, viewport={"width": width, "height": 640}) as context:
        page = opened(context, f"{url}/n/taiyuan?lang={language}")
        assert page.locator("#taiyuan-0003").evaluate(WORDS) == [wanted] * 3
        tops = "card => [...card.querySelectorAll('.fact')].map(tile => tile.offsetTop).slice(0, 3)"
        assert len(set(page.locator("#taiyuan-0003").evaluate(tops))) == 1, "three beside each other"


MUTED = """(part) => {
    const grey = getComputedStyle(document.documentElement).getPropertyValue("--unknown").trim();
    const rgb = `rgb(${grey.match(/[0-9a-f]{2}/g).map((each) => parseInt(each, 16)).join(", ")})`;
    const inside = "[data-fact=crowding], [data-fact=comfort], .resource :is(.amount, .icon), .unit, .slot";
    const all = [...part.querySelectorAll(inside)].filter((each) => each.getBoundingClientRect().width);
    return [all.length > 2, all.every((each) => getComputedStyle(each).color === rgb)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_shut_station_does_not_look_inviting(
    browser: Browser, url: str, live: TableLive, now_ms: int, scheme: Any
) -> None:
    state = open_state(station(3), now_ms)
    with phone(browser, color_scheme=scheme, reduced_motion="reduce") as context:
        page = opened(context, f"{url}/n/taiyuan")
        part = page.locator("#taiyuan-0003")
        assert part.evaluate(MUTED) == [True, False], "open: its colours"
        live.put(replace(state, access=Access("closed", "timetable", now_ms + HOUR_MS)))
        expect(part).to_have_attribute("data-access", "closed")
        assert part.evaluate(MUTED) == [True, True], "as soon as it is told"
        expect(part.locator("[data-fact=crowding] .word")).to_have_text("不挤")
        live.put(replace(state, access=Access("locked", "contact")))
        for path in ("s", "door"):
            page.goto(f"{url}/{path}/taiyuan-0003")
            expect(page.locator("article")).to_have_attribute("data-access", "locked")
            assert page.locator("article").evaluate(MUTED) == [True, True], path


SENTENCES = {
    "zh": (
        "开放，40 米，不挤，26.5 度，2 个空插座，1 块满电电池，刚刚",
        "开放，没有实时数据，空调、饮水机、微波炉、药箱、雨伞、洗手间",
    ),
    "en": (
        "Open, 40 m, quiet, 26.5 degrees, 2 free sockets, 1 charged battery, just now",
        "Open, No live data, air conditioning, water dispenser, microwave, first aid, umbrellas, toilet",
    ),
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_card_is_one_sentence_to_those_who_listen(browser: Browser, url: str, language: str) -> None:
    live_one, static = SENTENCES[language]
    with located(browser) as context:
        page = opened(context, f"{url}/n/taiyuan?lang={language}")
        card = page.locator("#taiyuan-0003")
        expect(card.locator(".said")).to_have_text(live_one)
        hidden = card.locator("[aria-hidden=true]").first
        expect(hidden.locator(".facts")).to_have_count(1)
    with phone(browser, locale="zh-CN" if language == "zh" else "en-GB") as context:
        page = opened(context, f"{url}/n/taiyuan")
        expect(page.locator("#taiyuan-0004 .said")).to_have_text(static)


def test_a_change_shows_at_once_and_moves_the_list_when_nobody_is_at_it(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with located(browser) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        expect_ids(page, "3", "2", "1", "4")
        page.clock.run_for(11_000)
        live.put(crowd(open_state(station(3), now_ms), now_ms))
        expect(page.locator("#taiyuan-0003 [data-fact=crowding] .word")).to_have_text("满了")
        expect_ids(page, "2", "1", "4", "3")
        expect(page.locator(".reorder")).to_be_hidden()


def test_under_a_finger_nothing_moves_until_it_is_asked_for(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with located(browser) as context:
        page = context.new_page()
        stand_still(page)
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        expect_ids(page, "3", "2", "1", "4")
        page.mouse.wheel(0, 120)
        page.wait_for_function("() => window.scrollY > 60")
        live.put(crowd(open_state(station(3), now_ms), now_ms))
        expect(page.locator("#taiyuan-0003 [data-fact=crowding] .word")).to_have_text("满了")
        expect(page.locator(".reorder")).to_be_visible()
        assert ids(page) == ["3", "2", "1", "4"]
        page.locator(".reorder").click()
        expect_ids(page, "2", "1", "4", "3")
        expect(page.locator(".reorder")).to_be_hidden()


class Full:
    """A forecast that always says: quiet now, full in half an hour."""

    def words(self, _station_id: str, _now_ms: int) -> str:
        return "qbff"

    def day(self, _station_id: str, _now_ms: int) -> None:
        return None


def test_what_the_rider_will_find_is_said_where_it_differs(browser: Browser, live: TableLive) -> None:
    web = build_web(live, TableStore(), Settings(), Pipeline(connected=True, alive=True), forecasts=Full())
    far = {"latitude": 37.84, "longitude": 112.54}
    with serving(web) as port:
        address = f"http://127.0.0.1:{port}/n/taiyuan"
        with located(browser, far) as context:
            page = opened(context, address)
            expect(page.locator("#taiyuan-0001 .why")).to_have_text("你到时可能满了")
            expect(page.locator("#taiyuan-0001 .said")).to_contain_text("不挤")
            page.goto(f"{address}?lang=en")
            expect(page.locator("#taiyuan-0001 .why")).to_have_text("probably full when you get there")
        with located(browser) as context:
            page = opened(context, address)
            expect_ids(page, "3", "2", "1", "4")
            expect(page.locator("#taiyuan-0001 .why")).to_be_hidden()


def test_in_wechat_on_an_old_phone(browser: Browser, url: str) -> None:
    with located(browser, user_agent=WECHAT, viewport={"width": 360, "height": 640}) as context:
        complaints: list[str] = []
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = opened(context, f"{url}/n/taiyuan")
        expect_ids(page, "3", "2", "1", "4")
        page.get_by_role("link", name="充电").tap()
        expect_ids(page, "3", "2", "1")
        page.locator("#taiyuan-0003").tap()
        expect(page.locator("h1")).to_contain_text("嘉节社区暖心驿站")
        assert complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_hostile_name_is_text(browser: Browser, url: str, live: TableLive, scripts: bool) -> None:
    where = station(3, name=HOSTILE)
    where = replace(where, name_en=HOSTILE, aliases=(HOSTILE,), region=(HOSTILE,) * 2, amenities=(HOSTILE,))
    live.put(static_state(where))
    with located(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        for query in ("", "?lang=en", "?want=socket,battery,water"):
            page.goto(f"{url}/n/taiyuan{query}")
            if scripts:
                expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator("#taiyuan-0003 h3")).to_have_text(HOSTILE)
        assert page.title() != "hacked"
        assert page.locator("#list img").count() == 0
        expect(page.locator("#taiyuan-0003 .offers")).to_have_text(HOSTILE)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0


@pytest.mark.parametrize("hours", [1, 9, 90])
def test_three_stations_at_first_sight(
    browser: Browser, url: str, live: TableLive, now_ms: int, hours: int
) -> None:
    for number in (1, 2, 3):
        closes = Access("open", "verified", now_ms + hours * HOUR_MS)
        live.put(replace(open_state(station(number), now_ms), access=closes))
    for options in ({"locale": "zh-CN"}, {"locale": "en-GB"}):
        with located(browser, **options) as context:
            page = opened(context, f"{url}/n/taiyuan")
            expect_ids(page, "3", "2", "1", "4")
            whole = "cards => cards.filter(card => card.getBoundingClientRect().bottom <= innerHeight).length"
            assert page.locator("#list .card").evaluate_all(whole) >= 3
