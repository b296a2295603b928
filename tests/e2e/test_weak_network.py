"""The list of 2,080 stations on one bar of signal and a phone of five years ago."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from server.config import Settings
from server.model import Crowding
from server.pipeline import Pipeline
from server.web import build_web
from tests.support.browser import chromium, phone
from tests.support.noon import at_noon
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableLive, TableStore

BYTES_PER_S = 400_000 // 8
LATENCY_MS = 400
SLOWER = 4
WORDS_MS, USABLE_MS = 2_000, 4_000
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
    """A page on 400 kbit/s and 400 ms, four times slower than this machine."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"latency": LATENCY_MS, "downloadThroughput": BYTES_PER_S, "uploadThroughput": BYTES_PER_S}
    session.send("Network.emulateNetworkConditions", {"offline": False, **line})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page


def first_visit(browser: Browser, url: str) -> tuple[float, float]:
    """Milliseconds to the first words, and to the ranked list, in which a tap then works."""
    with phone(browser) as context:
        page = weak(context)
        page.add_init_script(WATCH)
        page.goto(f"{url}/n/taiyuan", wait_until="commit")
        expect(page.locator(".more")).to_be_visible(timeout=20_000)
        seen = page.evaluate("seen")
        page.locator("[data-wish=battery]").tap()
        expect(page.locator(".card").first.locator("[data-resource=batteries] .amount")).to_contain_text("块")
        expect(page.locator(".found")).not_to_contain_text("2080")
        return max(seen["words"], seen["first-contentful-paint"]), seen["usable"]


def test_words_in_two_seconds_and_all_of_it_in_four(browser: Browser, url: str) -> None:
    tries: list[tuple[float, float]] = []
    while len(tries) < TRIES:
        tries.append(first_visit(browser, url))
        if tries[-1][0] <= WORDS_MS and tries[-1][1] <= USABLE_MS:
            break
    assert min(words for words, _ in tries) <= WORDS_MS, tries
    assert min(usable for _, usable in tries) <= USABLE_MS, tries


def test_a_change_arrives_without_a_reload(browser: Browser, url: str, live: TableLive) -> None:
    with phone(browser) as context:
        page = weak(context)
        loads: list[str] = []
        page.on("load", lambda _: loads.append("load"))
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live", timeout=20_000)
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

        until(told, 10, "the next question brings it")
        expect(page.locator(".connection .text")).to_have_text("每半分钟更新")
