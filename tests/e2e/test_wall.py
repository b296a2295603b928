"""The wall in a real Chromium: it is read at six metres, it turns, it stands for months, its age is told."""

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from server.config import Settings
from server.model import StationState
from server.walls import Walls
from tests.support.browser import phone
from tests.support.growth import growth
from tests.support.looks import violations
from tests.support.noon import states as city
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.wall import MIN, NETWORK, CountingLive, WallSite, alarm, real_ms, wall_site
from tests.support.web import crowd, open_state, static_state, station

HD: Final = (1920, 1080)
SCREENS: Final = {"hd": HD, "4k": (3840, 2160), "portrait": (1080, 1920)}
METRES: Final = 6.0
INCHES: Final = 55.0
LEAST_ARCMIN: Final = 16.0
"""What ISO 9241-3 asks of the height of a capital letter at least."""
CAP_SHARE: Final = 0.7
"""Height of a capital or digit, of the size of a font: 0.71 to 0.73 in the fonts of these pages."""
LONG: Final = "超长名字的驿站" * 12
TURN_MS: Final = 12_000
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
LOAD_AGAIN: Final = """async (times) => {
    for (let time = 0; time < times; time += 1) {
        const renewed = new Promise((done) => {
            const watch = new MutationObserver(() => { watch.disconnect(); done(); });
            watch.observe(document.querySelector(".screen"), { childList: true });
        });
        window.dispatchEvent(new Event("online"));
        await renewed;
    }
}"""
"""A network that comes back: another stream, and the whole wall exchanged, each time."""


@pytest.fixture(scope="module")
def whole_city() -> list[StationState]:
    return list(city(2_616))


@contextmanager
def served(
    folder: Path, *states: StationState, settings: Settings | None = None
) -> Iterator[tuple[WallSite, str]]:
    with wall_site(folder, *states, settings=settings) as site, serving(site.front) as port:
        yield site, f"http://127.0.0.1:{port}"


@contextmanager
def screen(browser: Browser, size: tuple[int, int] = HD, **options: Any) -> Iterator[Page]:
    desk = {"device_scale_factor": 1, "is_mobile": False, "has_touch": False}
    with phone(browser, viewport={"width": size[0], "height": size[1]}, **desk | options) as context:
        page, errors = context.new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert errors == []


def few(count: int = 3) -> list[StationState]:
    return [open_state(station(number), real_ms()) for number in range(1, count + 1)]


def busy(site: WallSite, states: list[StationState]) -> None:
    """Everything that a wall can tell at once."""
    site.live.visits |= {each.station.id: number * 37 for number, each in enumerate(states) if number % 9}
    ids = [each.station.id for each in states]
    site.engine.put(
        alarm("cabinet_smoke", ids[0]),
        alarm("locked_in_hours", ids[1], ago_ms=3 * 24 * 60 * MIN),
        *(alarm("cooling_failing", each) for each in ids[2:40]),
    )


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


def test_the_panels_turn_by_the_clock_and_stop_at_the_space_bar(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.clock.install(time=int(time.time() / 12) * 12)
        page.goto(url + site.path)
        count = page.locator(".panel").count()
        shown = []
        for _ in range(count + 1):
            shown.append(
                page.evaluate("[...document.querySelectorAll('.panel')].findIndex((each) => !each.hidden)")
            )
            page.clock.run_for(TURN_MS)
        assert sorted(shown[:-1]) == list(range(count))
        assert shown[-1] == shown[0]
        expect(page.locator(".panel:visible")).to_have_count(1)
        page.keyboard.press(" ")
        held = page.locator(".panel:visible").get_attribute("class")
        page.clock.run_for(5 * TURN_MS)
        assert page.locator(".panel:visible").get_attribute("class") == held


def test_a_change_is_on_the_wall_without_a_reload(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.goto(url + site.path)
        page.evaluate("window.mark = 1")
        expect(page.locator(".figure.hot strong")).to_have_text("0")
        site.live.put(crowd(open_state(station(1), real_ms()), real_ms()))
        expect(page.locator(".figure.hot strong")).to_have_text("1", timeout=15_000)
        site.engine.put(alarm("cabinet_smoke", "taiyuan-0002"))
        expect(page.locator(".troubles .safety")).to_have_count(1, timeout=15_000)
        assert page.evaluate("window.mark") == 1


def test_a_dead_line_is_told_with_its_time_and_it_comes_back_after_a_night(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.clock.install()
        page.goto(url + site.path)
        wall, dead = page.locator(".wall"), page.locator(".told .dead")
        expect(dead).to_be_hidden()
        page.context.set_offline(True)
        page.clock.run_for("01:00")
        expect(wall).to_have_attribute("data-dead", "lost")
        expect(dead).to_have_text(re.compile(r"连不上服务器，这是 .*\d:\d\d 的旧数据"))
        assert "grayscale" in page.locator(".panels").evaluate("(e) => getComputedStyle(e).filter")
        page.clock.fast_forward("09:00:00")
        page.clock.run_for("01:00")
        expect(wall).to_have_attribute("data-dead", "lost")
        expect(page.locator(".told .age")).to_have_text("9 小时前")
        page.context.set_offline(False)
        page.clock.run_for("00:30")
        # By this clock the readings are from before the night: it says that, no longer that the line is dead.
        expect(wall).not_to_have_attribute("data-dead", "lost", timeout=15_000)


def test_a_server_that_fails_is_not_taken_for_news(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.clock.install()
        page.goto(url + site.path)
        page.route("**/wall/**", lambda route: route.fulfill(status=502, body="bad gateway"))
        page.clock.run_for("00:50")
        expect(page.locator(".wall")).to_have_attribute("data-dead", "failing")
        expect(page.locator(".told .dead")).to_contain_text("服务器没有给出新数据")
        page.unroute("**/wall/**")
        page.clock.run_for("00:15")
        expect(page.locator(".wall")).not_to_have_attribute("data-dead", re.compile("."))


def test_stations_that_fall_silent_grey_the_wall_although_the_line_is_well(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.goto(url + site.path)
        expect(page.locator(".wall")).not_to_have_attribute("data-dead", re.compile("."))
        late_ms = real_ms() - 6 * MIN
        site.live.put(*(replace(open_state(station(n), late_ms), freshness="stale") for n in (1, 2, 3)))
        expect(page.locator(".wall")).to_have_attribute("data-dead", "old", timeout=15_000)
        expect(page.locator(".told .dead")).to_contain_text("驿站没有新数据")


def test_a_revoked_link_takes_the_data_off_the_wall(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.goto(url + site.path)
        walls = Walls(site.staff.desk)
        walls.revoke(walls.links(NETWORK)[0], "ada", real_ms())
        expect(page.locator(".told .dead")).to_contain_text("链接已失效", timeout=20_000)
        expect(page.locator(".figures")).to_be_hidden()


@pytest.mark.parametrize("size", [HD, (360, 640), (1080, 1920)], ids=str)
def test_who_has_no_link_reads_why_on_the_screen(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    with served(tmp_path, *few()) as (_, url), screen(browser, size) as page:
        page.goto(f"{url}/wall/{NETWORK}/{'A' * 43}")
        expect(page.get_by_role("heading", name="这块大屏打不开")).to_be_visible()
        expect(page.get_by_role("heading", name="This wall cannot be opened")).to_be_in_viewport()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if size == HD:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), (
                "nobody scrolls a wall"
            )


KEPT: Final = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat()"""
"""Addresses of all that the service worker has."""


def test_the_service_worker_keeps_no_wall(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser, service_workers="allow") as page:
        page.goto(f"{url}/n/{NETWORK}")
        until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), 20, "it is there")
        page.goto(url + site.path)
        page.reload()
        expect(page.locator(".wall")).to_be_visible()
        page.goto(f"{url}/s/taiyuan-0001")
        until(lambda: [each for each in page.evaluate(KEPT) if "/s/" in each], 20, "it keeps riders' pages")
        assert not [each for each in page.evaluate(KEPT) if "/wall/" in each]
        page.goto(url + site.path)
        page.context.set_offline(True)
        with pytest.raises(PlaywrightError, match="ERR_INTERNET_DISCONNECTED"):
            page.reload()


# --- a day ------------------------------------------------------------------------------------------------

HOURS: Final = 24
WARM_UP_H: Final = 4
UPDATES_AN_HOUR: Final = 6
ROOM: Final = {"Nodes": 300, "Documents": 1, "JSEventListeners": 5, "JSHeapUsedSize": 700_000}
"""What a browser breathes. A wall is 350 nodes, and 114 of them come and go after the first hours."""


def a_day(page: Page, live: CountingLive) -> tuple[dict[str, float], dict[str, float]]:
    """What a wall holds after some hours and after a day, all hours with news and a network that goes."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    first: dict[str, float] = {}
    for hour in range(HOURS):
        live.put(*(crowd(open_state(station(1 + hour % 3), real_ms()), real_ms()) for _ in range(2)))
        page.evaluate(LOAD_AGAIN, UPDATES_AN_HOUR)
        page.clock.fast_forward("55:00")
        page.clock.run_for("05:00")
        if hour == WARM_UP_H:
            first = growth(page, session)
    return first, growth(page, session)


def grew(first: dict[str, float], last: dict[str, float]) -> bool:
    """Whether more is held than before, beyond what a browser breathes."""
    return any(last[name] > first[name] + more for name, more in ROOM.items())


def test_a_day_leaves_no_trace(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.clock.install()
        page.goto(url + site.path)
        first, last = a_day(page, site.live)
    assert not grew(first, last), (first, last)


def test_a_leak_would_be_found(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.clock.install()
        page.goto(url + site.path)
        page.evaluate(
            "window.leak = []; new MutationObserver((seen) => seen.forEach((each) =>"
            " window.leak.push(...each.removedNodes))).observe(document.querySelector('.screen'),"
            " { childList: true })"
        )
        first, last = a_day(page, site.live)
    assert grew(first, last), (first, last)
