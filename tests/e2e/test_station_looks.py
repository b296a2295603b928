"""A station's page on small phones, in large type, in the sun: nothing sticks out, everything can be read."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from tests.support.browser import phone
from tests.support.serving import serving
from tests.support.station_page import foretold, round_the_clock, stations
from tests.support.web import TableLive, TableStore, crowd


@pytest.fixture
def live(now_ms: int) -> TableLive:
    return stations(now_ms)


@pytest.fixture
def url(live: TableLive) -> Iterator[str]:
    with foretold(live) as url:
        yield url


WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""Pixels that the page is wider than the phone."""
CUT = """[...document.querySelectorAll('main :is(.word, .note, .since, .label, h1, h2, dd, td, th, .far)')]
    .filter(item => item.offsetParent && !item.closest('.sr'))
    .filter(item => {
        const words = document.createRange();
        words.selectNodeContents(item);
        const box = (item.closest('.fact, .unit, .slot, section') || item).getBoundingClientRect();
        return words.getBoundingClientRect().right > box.right;
    }).map(item => item.textContent)"""
"""Words that stick out of what they stand in."""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [(390, 100), (320, 100), (390, 200)], ids=["usual", "small", "large type"])
def test_it_fits_small_phones_and_large_type(
    browser: Browser, url: str, live: TableLive, language: str, size: tuple[int, int]
) -> None:
    now_ms, (width, text_pct) = time.time_ns() // 1_000_000, size
    live.put(crowd(round_the_clock(1, now_ms), now_ms))
    with phone(browser, viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        for name in ("taiyuan-0001", "taiyuan-0004"):
            page.goto(f"{url}/s/{name}?lang={language}")
            page.evaluate(f"document.documentElement.style.fontSize = '{text_pct}%'")
            page.locator("summary").click()
            assert page.evaluate(WIDE) == 0, name
            assert page.evaluate(CUT) == [], name
            for target in page.locator("main a:visible, main summary:visible").all():
                box = target.bounding_box()
                assert box is not None
                assert box["height"] >= 44, target.inner_text()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_week_with_the_longest_words_fits_large_type(
    browser: Browser, live: TableLive, language: str
) -> None:
    new_years_eve = datetime(2035, 12, 31, 12, tzinfo=ZoneInfo("Asia/Shanghai"))  # no holidays published yet
    at_ms = round(new_years_eve.timestamp() * 1000)
    web = build_web(
        live, TableStore(), Settings(), Pipeline(connected=True, alive=True), now_ms=lambda: at_ms
    )
    with (
        serving(web, dated=False) as port,
        phone(browser, viewport={"width": 320, "height": 844}, java_script_enabled=False) as context,
    ):
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/s/taiyuan-0004?lang={language}")
        page.locator("summary").click()
        expect(page.locator("table.week")).to_contain_text("31/12" if language == "en" else "12月31日")
        expect(page.locator("table.week td small")).to_have_count(7)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(WIDE) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_can_be_read(
    browser: Browser, url: str, live: TableLive, now_ms: int, scheme: Any
) -> None:
    live.put(crowd(round_the_clock(1, now_ms), now_ms))
    with phone(browser, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{url}/s/taiyuan-0001")
        small = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.innerText && !e.closest('svg')"
            " && parseFloat(getComputedStyle(e).fontSize) < 14).map(e => e.className)"
        )
        assert small == [], "read in the sun, at arm's length"
        assert page.evaluate(FAINT) == []


FAINT = """(() => {
    const light = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(part => part / 255)
            .map(part => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const ground = (item) => {
        for (let each = item; each; each = each.parentElement) {
            const colour = getComputedStyle(each).backgroundColor;
            if (!/, 0\\)$|transparent/.test(colour)) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const contrast = (one, other) => (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    return [...document.querySelectorAll('main *')]
        .filter(item => [...item.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
        .filter(item => item.offsetParent && !item.closest('.sr, svg, script'))
        .filter(item => contrast(light(getComputedStyle(item).color), light(ground(item))) < 4.5)
        .map(item => item.textContent);
})()"""
"""Words with less contrast than WCAG's 4.5 : 1."""
