"""The list of 2,080 stations on one bar of signal."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Crowding
from server.web.build import build_web
from tests.support.browser import chromium, phone
from tests.support.noon import at_noon
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableLive, TableStore

BYTES_PER_S = 400_000 // 8
LATENCY_MS = 400
WORDS_MS, USABLE_MS = 2_000, 4_000
LOADED_MS = 3_200
"""By then all has come over the line. The rest is for the phone's processor, which is not imitated here, as
the test would then depend on the machine; one four times slower than where this was
measured takes half a second."""
TRIES = 3
"""The best counts: the machine that tests may be busy with other things, a phone's is the phone's own."""
WATCH = """window.seen = {};
new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) seen[name] = startTime;
}).observe({ type: "paint", buffered: true });
(function look() {
    const more = document.querySelector(".more");
    if (!seen.words && document.querySelector(".card .word")) seen.words = performance.now();
    if (more && !more.hidden) seen.usable = performance.now();
    else requestAnimationFrame(look);
})();"""
"""When the first words are painted, and when the list of all has been ranked."""
LAST = """Math.max(...performance.getEntriesByType("resource")
    .filter(({ name }) => /\\.(js|css)$|\\/compact$/.test(name)).map(({ responseEnd }) => responseEnd))"""
"""When the last of what the list is made of had come."""


@dataclass(frozen=True)
class Visit:
    """Milliseconds to the first words, to the last byte of the list, and to the ranked list."""

    words: float
    loaded: float
    usable: float

    @property
    def good(self) -> bool:
        """Whether the rider saw each in time."""
        return self.words <= WORDS_MS and self.loaded <= LOADED_MS and self.usable <= USABLE_MS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def live() -> TableLive:
    return at_noon()


@pytest.fixture(scope="module")
def url(live: TableLive) -> Iterator[str]:
    with serving(build_web(live, TableStore(), Settings(), Pipeline(connected=True, alive=True))) as port:
        yield f"http://127.0.0.1:{port}"


def weak(context: BrowserContext) -> Page:
    """A page on 400 kbit/s and 400 ms."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"latency": LATENCY_MS, "downloadThroughput": BYTES_PER_S, "uploadThroughput": BYTES_PER_S}
    session.send("Network.emulateNetworkConditions", {"offline": False, **line})
    return page


def first_visit(browser: Browser, url: str) -> Visit:
    """A visit of somebody who was never here, and whose tap then works."""
    with phone(browser) as context:
        page = weak(context)
        page.add_init_script(WATCH)
        page.goto(f"{url}/n/taiyuan", wait_until="commit")
        expect(page.locator(".more")).to_be_visible()
        seen, loaded = page.evaluate("seen"), page.evaluate(LAST)
        page.locator("[data-wish=battery]").tap()
        expect(page.locator(".card").first.locator("[data-resource=batteries] .amount")).to_contain_text("块")
        expect(page.locator(".found")).not_to_contain_text("2080")
        return Visit(max(seen["words"], seen["first-contentful-paint"]), loaded, seen["usable"])


def test_words_in_two_seconds_and_all_of_it_in_four(browser: Browser, url: str) -> None:
    tries = [first_visit(browser, url)]
    while not tries[-1].good and len(tries) < TRIES:
        tries.append(first_visit(browser, url))
    assert tries[-1].good, tries


def test_a_change_arrives_without_a_reload(browser: Browser, url: str, live: TableLive) -> None:
    with phone(browser) as context:
        page = weak(context)
        loads: list[str] = []
        page.on("load", lambda _: loads.append("load"))
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        card = page.locator(".card").first
        id_ = card.get_attribute("id") or ""
        fill(live, id_)
        expect(page.locator(f"#{id_} [data-fact=crowding] .word")).to_have_text("满了")
        assert loads == ["load"]


def fill(live: TableLive, station_id: str) -> None:
    """Now the room is full."""
    state = live.state(station_id)
    assert state is not None
    now_ms = time.time_ns() // 1_000_000
    full = Crowding("full", 50, 40, False, now_ms, "places")
    live.put(replace(state, at_ms=now_ms, crowding=full))


def test_without_a_stream_the_list_is_asked_for(browser: Browser, url: str, live: TableLive) -> None:
    with phone(browser) as context:
        context.route("**/api/v1/events*", lambda route: route.fulfill(status=503, body="{}"))
        page = context.new_page()
        page.clock.install()
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "polling")
        id_ = page.locator(".card").nth(3).get_attribute("id") or ""
        fill(live, id_)

        def told() -> bool:
            page.clock.run_for(31_000)
            return page.locator(f"#{id_} [data-fact=crowding] .word").inner_text() == "满了"

        until(told, 30, "the next question brings it")
        expect(page.locator(".connection .text")).to_have_text("每半分钟更新")
