"""WCAG 2.2 AA on every page: axe-core finds nothing, and what axe cannot see is looked at by itself."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Access, Comfort, Crowding
from server.web.build import build_web
from server.web.text import LOOKS
from tests.support.browser import phone
from tests.support.looks import looks_right, open_all
from tests.support.serving import serving
from tests.support.web import TableLive, TableStore, open_state, static_state, station

PAGES: Final = {
    "home": "/",
    "list": "/n/taiyuan",
    "filtered": "/n/taiyuan?want=socket,water",
    "nothing fits": "/n/liuyang?want=battery",
    "station": "/s/taiyuan-0001",
    "full": "/s/taiyuan-0003",
    "static": "/s/taiyuan-0004",
    "report": "/s/taiyuan-0001/report",
    "map": "/n/taiyuan",
    "door": "/door/taiyuan-0003",
    "stale door": "/door/taiyuan-0002",
    "missing": "/s/nowhere",
    "offline": "/offline",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(
        build_web(every_kind(), TableStore(), Settings(), Pipeline(connected=True, alive=True))
    ) as port:
        yield f"http://127.0.0.1:{port}"


def every_kind() -> TableLive:
    """Stations that between them show each tone and each state."""
    now_ms = time.time_ns() // 1_000_000
    first = open_state(station(1), now_ms)
    stale = replace(open_state(station(2), now_ms - 400_000), freshness="stale")
    hot = replace(
        open_state(station(3), now_ms),
        access=Access("closing_soon", "timetable", now_ms + 600_000, at_ms=now_ms),
        crowding=Crowding("full", 16, 16, False, now_ms, "places"),
        comfort=Comfort("hot", 33.0, 70, now_ms),
    )
    busy = replace(
        open_state(station(5), now_ms),
        access=Access("closed", "timetable", now_ms + 36_000_000, at_ms=now_ms),
        crowding=Crowding("busy", 9, 16, True, now_ms - 200_000, "places"),
        comfort=Comfort("mild", 28.0, 70, now_ms),
    )
    silent = replace(open_state(station(6), now_ms - 3_600_000), freshness="offline")
    live = TableLive()
    live.put(first, stale, hot, static_state(station(4)), busy, silent, static_state(station(1, "liuyang")))
    return live


def opened(page: Page, url: str, name: str) -> None:
    """The page of that name, as it stands once its scripts have run."""
    page.goto(url + PAGES[name])
    for line in page.locator(".connection").all():
        expect(line).to_have_attribute("data-state", "live")
    if name == "map":
        page.locator("[data-view=map]").click()
        expect(page.locator("#map")).to_be_visible()
        expect(page.locator("#map .leaflet-marker-icon").first).to_be_visible()
    open_all(page)


@pytest.fixture(
    scope="module",
    params=product(PAGES, (("zh-CN", "light"), ("en-GB", "dark"))),
    ids=lambda chosen: f"{chosen[0]}-{chosen[1][0]}",
)
def shown(request: pytest.FixtureRequest, browser: Browser, url: str) -> Iterator[Page]:
    """Each page in both languages, light and dark; opened once for all that only look at it."""
    name, (locale, scheme) = request.param
    with phone(browser, locale=locale, color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        opened(page, url, name)
        yield page


def test_it_is_fit_for_everybodys_eyes_and_hands(shown: Page) -> None:
    looks_right(shown)


@pytest.mark.parametrize("name", [name for name in PAGES if "door" not in name])
def test_the_keyboard_shows_where_it_is(browser: Browser, url: str, name: str) -> None:
    with phone(browser, locale="en-GB", is_mobile=False, has_touch=False) as context:
        page = context.new_page()
        opened(page, url, name)
        for _ in range(12):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                "(() => { const e = document.activeElement, r = e.getBoundingClientRect();"
                " const drawn = [e, ...e.querySelectorAll('*')].map((each) => getComputedStyle(each))"
                ".some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2);"
                " return e === document.body || (drawn && r.bottom > 0 && r.top < innerHeight); })()"
            )
            assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_nothing_moves_for_those_who_want_it_still(browser: Browser, url: str) -> None:
    with phone(browser, reduced_motion="reduce") as context:
        page = context.new_page()
        for name in ("list", "station", "door"):
            opened(page, url, name)
            page.evaluate("document.querySelectorAll('.fact').forEach((e) => e.classList.add('changed'))")
            moving = page.evaluate("document.getAnimations().filter((e) => e.playState === 'running').length")
            assert moving == 0, name


def test_no_state_is_told_by_colour_alone() -> None:
    for kind, looks in LOOKS.items():
        told: dict[str, set[str]] = {}
        for tone, icon in looks.values():
            told.setdefault(icon, set()).add(tone)
        mixed = {icon for icon, tones in told.items() if len(tones - {"unknown"}) > 1}
        assert mixed == set(), f"{kind}: one icon in two tones"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tones_have_contrast(browser: Browser, url: str, scheme: Any) -> None:
    with phone(browser, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(url)
        for text, ground in [
            *((tone, f"{tone}-ground") for tone in ("good", "fair", "bad", "unknown", "mark")),
            *product(("ink", "dim", "brand", "good", "bad"), ("paper", "card")),
            *product(("ink", "dim"), ("good-ground", "fair-ground", "bad-ground", "unknown-ground")),
        ]:
            assert contrast(colour(page, text), colour(page, ground)) >= 4.5, (text, ground)


def colour(page: Page, name: str) -> list[float]:
    """Red, green and blue of a variable of ours, 0 to 1."""
    value = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')").strip()
    assert len(value) == 7, value
    return [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def contrast(one: list[float], other: list[float]) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""

    def luminance(rgb: list[float]) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
