"""The wall in a real Chromium: all of it is on the screen and is read at six metres, by everybody."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from server.state import StationState
from tests.support.looks import violations
from tests.support.noon import states as city
from tests.support.wall import MIN, NETWORK, WallSite, alarm, real_ms
from tests.support.wall_screen import HD, few, screen, served
from tests.support.web import crowd, open_state, static_state, station

SCREENS: Final = {"hd": HD, "4k": (3840, 2160), "portrait": (1080, 1920)}
METRES: Final = 6.0
INCHES: Final = 55.0
LEAST_ARCMIN: Final = 16.0
"""What ISO 9241-3 asks of the height of a capital letter at least."""
CAP_SHARE: Final = 0.7
"""Height of a capital or digit, of the size of a font: 0.71 to 0.73 in the fonts of these pages."""
LONG: Final = "超长名字的驿站" * 12


SIZES: Final = """() => [...document.querySelectorAll(".panel:not([hidden]) *, .top *, .told *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.checkVisibility())
    .map((e) => {
        const drawn = e instanceof SVGElement ? e.getScreenCTM().a : 1;
        return [parseFloat(getComputedStyle(e).fontSize) * drawn, e.textContent.trim()];
    })"""
"""Of each text that is seen now: its size in pixels of the page, and what it says."""
OVER: Final = """() => {
    const limit = document.querySelector(".screen").getBoundingClientRect();
    const foot = document.querySelector(".told").getBoundingClientRect();
    return [...document.querySelectorAll(".panel:not([hidden]) *, .top *, .told *")].filter((e) => {
        if (!e.checkVisibility() || e.closest("svg")) return false;
        const box = e.getBoundingClientRect();
        const below = e.closest(".panel") && box.bottom > foot.top + 1;
        let cut = e;
        while (cut && !/hidden/.test(getComputedStyle(cut).overflowX)) cut = cut.parentElement;
        const inside = cut && cut.matches("bdi, h1, th, .kind");
        return below || box.bottom > limit.bottom + 1 || (!inside && box.right > innerWidth + 1);
    }).map((e) => `${e.className || e.nodeName}: ${e.textContent.trim().slice(0, 40)}`);
}"""
"""What stands out of the screen or into the foot; a name that ends with three points does not."""
LAPPED: Final = """() => [...document.querySelectorAll(".figure")].filter((figure) => {
    const { right, bottom } = figure.getBoundingClientRect();
    const boxes = [...figure.querySelectorAll("*")].map((each) => each.getBoundingClientRect());
    return boxes.some((box) => box.right > right + 1 || box.bottom > bottom + 1);
}).map((figure) => figure.innerText)"""
"""Figures that stand out of their own ground."""


@pytest.fixture(scope="module")
def whole_city() -> list[StationState]:
    return list(city(2_616))


def busy(site: WallSite, states: list[StationState]) -> None:
    """Everything that a wall can tell at once."""
    site.live.visits |= {each.station.id: number * 37 for number, each in enumerate(states) if number % 9}
    ids = [each.station.id for each in states]
    failing = [alarm("cooling_failing", each) for each in ids[2:40]]
    site.engine.put(
        alarm("cabinet_smoke", ids[0]), alarm("locked_in_hours", ids[1], ago_ms=3 * 24 * 60 * MIN), *failing
    )
    for each in failing:
        site.engine.silence(each)


def panels(page: Page) -> Iterator[int]:
    """Turn to each panel, by hand."""
    page.keyboard.press(" ")
    count = page.locator(".panel").count()
    for _ in range(count):
        page.keyboard.press("ArrowRight")
        yield int(page.evaluate("[...document.querySelectorAll('.panel')].findIndex((each) => !each.hidden)"))


def arcmin(pixels: float, size: tuple[int, int]) -> float:
    """The height of capitals of a font size, as an eye at six metres sees it on a screen of 55 inches."""
    metres_per_pixel = INCHES * 0.0254 / math.hypot(*size)
    return math.degrees(math.atan(pixels * CAP_SHARE * metres_per_pixel / METRES)) * 60


def test_the_reckoning_of_the_docs() -> None:
    assert INCHES * 25.4 / math.hypot(*HD) == pytest.approx(0.634, abs=0.001), "mm a pixel"
    assert arcmin(0.0585 * 1080, HD) == pytest.approx(16.07, abs=0.01)
    assert arcmin(40, HD) < 11, "what would be too small"


@pytest.mark.parametrize("shown", [*product(SCREENS, ("zh", "en"), (25, 2_080))], ids=str)
def test_all_of_it_is_on_the_screen_and_read_at_six_metres(
    browser: Browser, tmp_path: Path, whole_city: list[StationState], shown: tuple[str, str, int]
) -> None:
    screen_name, language, stations = shown
    size, states = SCREENS[screen_name], whole_city[:stations]
    with served(tmp_path, *states) as (site, url), screen(browser, size) as page:
        busy(site, states)
        page.goto(f"{url}{site.path}?lang={language}")
        seen = set()
        for panel in panels(page):
            seen.add(panel)
            sizes = page.evaluate(SIZES)
            smallest = min(sizes)
            assert arcmin(smallest[0], size) >= LEAST_ARCMIN, smallest
            assert page.evaluate(OVER) == [], panel
            assert page.evaluate(LAPPED) == [], panel
        assert len(seen) == page.locator(".panel").count() >= 7
        names = page.evaluate("document.querySelectorAll('*').length")
        assert names < 700, "2,080 stations are a few paths, not 2,080 elements"


def test_upright_too_the_name_of_a_network_is_whole(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few(2)) as (site, url), screen(browser, SCREENS["portrait"]) as page:
        site.live._networks[NETWORK] = replace(
            site.live.networks()[NETWORK], name_zh="浏阳市“奔跑者”红色驿站", simulated=True
        )
        page.goto(url + site.path)
        expect(page.locator(".simulated")).to_be_visible()
        assert page.locator("h1").evaluate("name => name.scrollWidth <= name.clientWidth")


def test_very_long_names_are_cut_with_three_points(browser: Browser, tmp_path: Path) -> None:
    long = [
        replace(each, station=replace(each.station, name_zh=LONG, region=(f"{LONG}{number}",)))
        for number, each in enumerate(few(8))
    ]
    with served(tmp_path, *long) as (site, url):
        site.live._networks[NETWORK] = replace(
            site.live.networks()[NETWORK], name_zh=LONG, name_en="Long " * 30
        )
        site.engine.put(alarm("cabinet_smoke", "taiyuan-0001"))
        for size in SCREENS.values():
            with screen(browser, size) as page:
                page.goto(url + site.path)
                for panel in panels(page):
                    assert page.evaluate(OVER) == [], (panel, size)
                expect(page.locator(".clock")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_fit_for_everybodys_eyes(browser: Browser, tmp_path: Path, language: str) -> None:
    states = [*few(7), crowd(open_state(station(9), real_ms()), real_ms()), static_state(station(10))]
    with served(tmp_path, *states) as (site, url), screen(browser) as page:
        busy(site, states)
        page.goto(f"{url}{site.path}?lang={language}")
        for panel in panels(page):
            assert violations(page) == [], panel


def test_dead_it_is_fit_too_and_without_scripts_all_of_it_is_there(browser: Browser, tmp_path: Path) -> None:
    old = [replace(each, freshness="offline", at_ms=real_ms() - 60 * MIN) for each in few()]
    with served(tmp_path, *old) as (site, url):
        with screen(browser) as page:
            page.goto(url + site.path)
            expect(page.locator(".dead")).to_be_visible()
            assert violations(page) == []
        with screen(browser, java_script_enabled=False) as page:
            page.goto(url + site.path)
            for panel in page.locator(".panel").all():
                expect(panel).to_be_visible()
