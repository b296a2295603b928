"""A wall that stands for months: a day of news leaves no trace in the browser."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from tests.support.growth import growth
from tests.support.wall import CountingLive, real_ms
from tests.support.wall_screen import few, screen, served
from tests.support.web import crowd, open_state, station

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
