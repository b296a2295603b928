"""The scripts that keep a page fresh, one by one in a real Chromium: the clock, and the stream."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request

from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from tests.support.browser import chromium, phone
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableLive, TableStore, open_state, station

HOUR, SECOND = 3_600_000, 1_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    live = TableLive()
    now_ms = time.time_ns() // 1_000_000
    live.put(*(open_state(station(number), now_ms) for number in (1, 2, 3)))
    web = build_web(live, TableStore(), Settings(), Pipeline(connected=True, alive=True))
    with serving(web) as port, phone(browser) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/offline")
        yield page


def module(page: Page, name: str) -> str:
    """The address of a script of the page's release."""
    offline = page.locator("script[src$='offline.js']").get_attribute("src") or ""
    return offline.replace("offline.js", name)


@pytest.mark.parametrize(
    ("steps", "ahead_ms", "why"),
    [
        ([], 0, "nothing learnt: the phone's own"),
        ([["learn", 90 * SECOND]], 0, "less than two minutes may be the network's"),
        ([["learn", 8 * HOUR]], 8 * HOUR, "a phone of another zone"),
        ([["learn", -8 * HOUR]], -8 * HOUR, "a phone that is ahead"),
        ([["learn", 8 * HOUR], ["learn", 0]], 0, "somebody set the phone right"),
        ([["learnAtLeast", 8 * HOUR]], 8 * HOUR, "the server says so, it is no earlier"),
        ([["learnAtLeast", -8 * HOUR]], 0, "an event that waited in a sleeping phone says nothing"),
        ([["learnFrom", 8 * HOUR, 5]], 8 * HOUR, "the date of an answer"),
        ([["learnFrom", 8 * HOUR, 120]], 0, "the answer took two minutes"),
        ([["learnFromPage", 8 * HOUR]], 8 * HOUR, "a page that came just now"),
        ([["learn", HOUR], ["kept"], ["learnFromPage", -9 * HOUR]], HOUR, "a page out of the cache"),
        ([["learn", None]], 0, "no number"),
    ],
)
def test_the_clock_learns(page: Page, steps: list[list[Any]], ahead_ms: int, why: str) -> None:
    ahead = page.evaluate(
        """async ([address, steps]) => {
            localStorage.clear();
            delete document.documentElement.dataset.kept;
            const clock = await import(`${address}?${Math.random()}`);
            const at = (ahead) => (ahead === null ? NaN : Date.now() + ahead);
            for (const [what, ahead, took] of steps) {
                if (what === "kept") document.documentElement.dataset.kept = "once";
                else if (what === "learnFromPage") clock[what](new Date(at(ahead)).toISOString());
                else if (what === "learnFrom") {
                    const headers = { date: new Date(at(ahead)).toUTCString() };
                    clock[what](new Response("", { headers }), Date.now() - took * 1000);
                } else clock[what](at(ahead));
            }
            const again = await import(`${address}?${Math.random()}`);
            return [clock.now() - Date.now(), again.now() - Date.now()];
        }""",
        [module(page, "clock.js"), steps],
    )
    assert all(abs(each - ahead_ms) < 2 * SECOND for each in ahead), (ahead, why)


def dialled(page: Page, asked: list[dict[str, list[str]]], times: int) -> bool:
    """Whether the stream was asked for so often."""
    page.evaluate("0")  # Requests are told of while something is waited for.
    return len(asked) == times


def test_the_stream_listens_to_the_districts_that_are_shown(page: Page) -> None:
    asked: list[dict[str, list[str]]] = []

    def note(request: Request) -> None:
        if "/api/v1/events" in request.url:
            asked.append(parse_qs(urlsplit(request.url).query))

    page.on("request", note)
    page.evaluate(
        """async (address) => {
            const { Stream } = await import(address);
            window.heard = [];
            const setup = { base: "", network: "taiyuan", event_id: "a.0-0", silence_ms: 35000 };
            const state = (word) => heard.push(word);
            const ask = async () => heard.push("ask");
            window.stream = new Stream(setup, { rows() {}, times() {}, state, ask });
            stream.start();
        }""",
        module(page, "stream.js"),
    )
    narrowed = [
        (["迎泽区", "小店区", "迎泽区"], "a.0-7"),
        (["小店区", "迎泽区"], "a.0-8"),
        (["小店区", ""], "a.0-9"),
    ]
    for times, (districts, event_id) in zip((1, 2, 2), narrowed, strict=True):
        until(partial(dialled, page, asked, times), 30, "it has dialled")
        page.evaluate("([districts, id]) => stream.narrow(districts, id)", [districts, event_id])
    until(partial(dialled, page, asked, 3), 30, "it has dialled for all districts")
    until(
        lambda: page.evaluate("heard.includes('live') && heard.includes('ask')"), 30, "refresh was answered"
    )
    page.evaluate("stream.source.close()")
    told = [(each.get("districts"), each["last_event_id"][0]) for each in asked]
    assert told == [(None, "a.0-0"), (["小店区,迎泽区"], "a.0-7"), (None, "a.0-9")]


def test_what_is_told_while_an_answer_is_on_its_way_is_asked_for_again(page: Page) -> None:
    asks = page.evaluate(
        """async (address) => {
            const { Stream } = await import(address);
            let asks = 0;
            let answer;
            const ask = () => { asks += 1; return new Promise((done) => (answer = done)); };
            const stream = new Stream({ event_id: "" }, { rows() {}, times() {}, state() {}, ask });
            const first = stream.ask();
            stream.ask();
            stream.ask();
            const during = asks;
            answer();
            await first;
            await null;
            answer();
            return [during, asks];
        }""",
        module(page, "stream.js"),
    )
    assert asks == [1, 2]
