"""The rider's pages in a real Chromium, phone size: complete, readable, of a piece with the server."""

import json
import time
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from server.state import Access, Comfort, Crowding, Notice, SocketCounts, StationState
from server.web import public
from server.web.query import DAY_MS
from server.web.spoken import spoken
from server.web.text import Text
from tests.support.browser import phone
from tests.support.web import HOUR_MS, TableLive, open_state, station

CLIPPED = """selector => [...document.querySelectorAll(selector)].filter(e => {
    const words = document.createRange();
    words.selectNodeContents(e);
    const box = e.parentElement.getBoundingClientRect();
    return words.getBoundingClientRect().right > box.right;
}).map(e => e.textContent)"""
"""Texts that are wider than the tile they stand in."""


def overflow(page: Page) -> int:
    """Pixels that the page is wider than the phone."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_the_page_is_complete_without_scripts(browser: Browser, url: str) -> None:
    with phone(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{url}/")
        page.get_by_role("link", name="太原市").click()
        card = page.locator("#taiyuan-0001")
        expect(card.locator(".word")).to_have_text(["开放", "不挤", "凉快"])
        assert ":" in card.locator(".updated .age").inner_text(), "an absolute time, not an age"
        page.get_by_text("区域：").click()
        page.get_by_role("link", name="万柏林区").click()
        expect(page.locator(".card")).to_have_count(1)
        page.locator(".card h3 a").click()
        expect(page.locator(".unit")).to_have_count(8)
        page.get_by_role("link", name="English").click()
        expect(page.locator(".facts .word")).to_have_text(["Open", "Quiet", "Cool"])


def test_the_search_finds_by_name(browser: Browser, url: str) -> None:
    with phone(browser, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{url}/n/taiyuan")
        page.get_by_role("searchbox").fill("Community 3")
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator(".card")).to_have_count(1)
        expect(page.locator(".card h3")).to_have_text("Jiajie Community 3")


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_right(
    browser: Browser, url: str, live: TableLive, locale: str, scheme: Any
) -> None:
    hostile = open_state(station(9, name="W" * 300), time.time_ns() // 1_000_000)
    live.put(replace(hostile, station=replace(hostile.station, name_en="W" * 300, region=("超长" * 60,))))
    with phone(browser, locale=locale, color_scheme=scheme) as context:
        page = context.new_page()
        for path in (
            "/",
            "/n/taiyuan",
            "/n/liuyang",
            "/s/taiyuan-0001",
            "/s/taiyuan-0004",
            "/s/taiyuan-0009",
            "/x",
        ):
            page.goto(url + path)
            assert overflow(page) == 0, path
        page.goto(f"{url}/n/taiyuan")
        shot = page.screenshot()
        assert len(shot) > 20_000, "not blank"
        background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (sum(map(int, background[4:-1].split(","))) < 150) == (scheme == "dark")
        for target in page.locator("a:visible, button:visible, input:visible").all():
            box = target.bounding_box()
            inside = target.evaluate("e => !!e.closest('.card, .foot, .skip') || e.matches('.skip')")
            assert box is not None
            assert inside or box["height"] >= 44, target.inner_text()
        clipped = page.evaluate(CLIPPED, ".fact .word, .fact .note, .fact .kind")
        assert clipped == []
        page.goto(f"{url}/s/taiyuan-0001")
        assert page.evaluate(CLIPPED, ".fact .word, .fact .note, .slot .word, .unit .word") == []
        page.goto(f"{url}/s/taiyuan-0004")
        assert page.evaluate(CLIPPED, ".fact .word, .fact .note, .fact .kind") == []
        small = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.innerText && !e.closest('svg')"
            " && parseFloat(getComputedStyle(e).fontSize) < 14).map(e => e.className)"
        )
        assert small == [], "read in the sun, at arm's length"


def test_nothing_jumps_when_the_scripts_start(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.add_init_script(
            "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
            " window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });"
        )
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        expect(page.locator("#taiyuan-0001 .age").first).to_have_text("刚刚")
        assert page.evaluate("window.shift") < 0.02


def test_nothing_breaks_the_content_policy_and_nothing_comes_from_elsewhere(
    browser: Browser, url: str
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        complaints: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for path in ("/", "/n/taiyuan", "/s/taiyuan-0001"):
            page.goto(url + path)
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        assert complaints == []
        assert {address.startswith(url) for address in asked} == {True}


def told(now_ms: int) -> list[StationState]:
    """States that between them use every word and every reason."""
    base = open_state(station(1), now_ms)
    midnight = now_ms - now_ms % DAY_MS + 16 * HOUR_MS  # in Shanghai
    turns = (-30, -20, -1, *range(1, 25), 90)
    moments = [now_ms + hours * HOUR_MS for hours in turns]
    moments += [midnight + days * DAY_MS for days in range(-2, 3)]
    accesses = [Access("open", "timetable", moment, False, now_ms) for moment in moments]
    accesses += [
        Access(value, evidence, changes, unconfirmed, now_ms)
        for value in ("open", "closing_soon", "closed", "locked", "unknown")
        for evidence in ("verified", "timetable", "notice", "contact", "none")
        for changes in (None, now_ms + HOUR_MS, now_ms + 20 * HOUR_MS, now_ms + 90 * HOUR_MS)
        for unconfirmed in (False, True)
    ]
    accesses += [
        Access(value, "notice", now_ms + HOUR_MS, at_ms=now_ms, then=then)
        for value in ("open", "closed", "locked", "unknown")
        for then in ("open", "closed", "unknown")
    ]
    crowdings = [
        Crowding(value, people, places, estimated, now_ms, reason)
        for value in ("quiet", "busy", "crowded", "full", "unknown")
        for people, places in ((0, 16), (5, 16), (1500, 1200), (None, None))
        for estimated in (False, True)
        for reason in ("places", "held", "no_places", "no_count", "offline", "no_live_data")
    ]
    comforts = [
        Comfort(value, temperature, humidity, now_ms, reason=reason)
        for value in ("cool", "warm", "mild", "hot", "cold", "unknown")
        for temperature, humidity in ((27.25, 62.5), (-0.2, None), (26.0, 0.0), (None, 99.0), (None, None))
        for reason in ("temperature", "heat_index", "no_sensor", "no_reading", "offline", "no_live_data")
    ]
    return [
        *(replace(base, access=access) for access in accesses),
        *(replace(base, crowding=crowding) for crowding in crowdings),
        *(replace(base, comfort=comfort) for comfort in comforts),
        *(replace(base, freshness=freshness) for freshness in ("stale", "offline", "none")),
        *(
            replace(base, notices=(Notice(value, now_ms + start, now_ms + start + HOUR_MS, "1", *words),))
            for value in ("", "open", "closed", "locked")
            for start in (-HOUR_MS, 1, *(hours * HOUR_MS + 1 for hours in (20, 24, 25, 170, 300)))
            for words in (("停电", "Power cut"), ("停电", ""), ("", ""))
        ),
        replace(base, notices=(Notice("closed", now_ms - 1, None, "1", "停电"),)),
        replace(base, notices=(Notice("closed", now_ms + 1, None, "1", "停电"),)),
        replace(base, sockets=SocketCounts(), cabinets=()),
        replace(base, sockets=replace(base.sockets, free=1)),
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_phone_says_what_the_server_says(browser: Browser, url: str, now_ms: int, language: Any) -> None:
    states = told(now_ms)
    rows = [public.status(state) for state in states]
    text = Text(language, now_ms)
    expected = [
        [
            *([f.word, f.tone, f.icon, f.note, f.full] for f in text.facts(row, "Asia/Shanghai")),
            spoken(text, row, "13:20", ("Wi-Fi",), ("!",)),
            [text.notice(notice, "Asia/Shanghai") for notice in row.notices],
            [text.notice(notice, "Asia/Shanghai") for notice in text.nearest(row.notices)],
        ]
        for row in rows
    ]
    with phone(browser, timezone_id="America/New_York") as context:
        page = context.new_page()
        page.goto(f"{url}/n/taiyuan?lang={language}")
        module = page.locator("script[src$='list.js']").get_attribute("src")
        assert module is not None
        said = page.evaluate(
            """async ([address, rows, now, language]) => {
                const { Text } = await import(address);
                const { spoken } = await import(address.replace("facts.js", "spoken.js"));
                const said = { way: "", when: "13:20", amenities: ["Wi-Fi"], notes: ["!"] };
                const setup = JSON.parse(document.getElementById("setup").textContent);
                const text = new Text(setup, language);
                const flat = (fact) => [fact.word, fact.tone, fact.icon, fact.note, fact.full];
                const line = (notice) => text.notice(notice, now);
                return rows.map(({ notices = [], ...row }) => [
                    ...text.facts(row, now).map(flat), spoken(text, row, said),
                    notices.map(line), text.nearest(notices, now).map(line),
                ]);
            }""",
            [module.replace("list.js", "facts.js"), json.loads(msgspec.json.encode(rows)), now_ms, language],
        )
    assert said == expected
