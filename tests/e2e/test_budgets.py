"""What a first visit to a city of 2,080 stations costs a phone, in bytes, requests and jumps."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from tests.support.browser import chromium, phone
from tests.support.counting import Counting
from tests.support.noon import at_noon
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableStore

KILO = 1_000
HTML, CSS, JS, JSON = "text/html", "text/css", "text/javascript", "application/json"
JUMPS = """window.jumps = 0; window.jumped = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.jumps += entry.value;
    window.jumped.push(entry.sources.map(({ node }) => node && (node.className || node.nodeName)).join(" "));
} }).observe({ type: "layout-shift", buffered: true });"""


@dataclass(frozen=True)
class Budget:
    """Bytes by kind of file as they go over the line, and answers in all."""

    html: int
    css: int
    js: int
    json: int
    requests: int
    total: int


BUDGETS = {
    "/n/taiyuan": Budget(18 * KILO, 10 * KILO, 45 * KILO, 45 * KILO, 40, 100 * KILO),
    "/s/taiyuan-0262": Budget(18 * KILO, 12 * KILO, 30 * KILO, 5 * KILO, 30, 60 * KILO),
    "/": Budget(10 * KILO, 8 * KILO, 10 * KILO, 0, 15, 30 * KILO),
    "/door/taiyuan-0262": Budget(15 * KILO, 10 * KILO, 20 * KILO, 0, 20, 45 * KILO),
}
"""With the service worker and what it fetches. 100 kB is two seconds and a half at 400 kbit/s."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def counting() -> Counting:
    return Counting(build_web(at_noon(), TableStore(), Settings(), Pipeline(connected=True, alive=True)))


@pytest.fixture(scope="module")
def url(counting: Counting) -> Iterator[str]:
    with serving(counting) as port:
        yield f"http://127.0.0.1:{port}"


def settled(page: Page) -> None:
    """The page has all that it asks for at first."""
    for line in page.locator(".connection").all():
        expect(line).to_have_attribute("data-state", "live")
    if page.locator(".more").count():
        expect(page.locator(".more")).to_be_visible()


@pytest.mark.parametrize("path", BUDGETS)
def test_a_first_visit_costs_no_more_than_its_budget(
    browser: Browser, url: str, counting: Counting, path: str
) -> None:
    budget = BUDGETS[path]
    with phone(browser, service_workers="allow") as context:
        page = context.new_page()
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        counting.sent.clear()
        page.goto(url + path)
        settled(page)
        kept = f"async () => !!(await caches.match('{path}')) && !!(await caches.match('/offline?lang=zh'))"
        until(lambda: page.evaluate(kept), 30, "the worker has fetched what it needs")
        sizes: Counter[str] = Counter()
        for sent in counting.sent:
            sizes[sent.kind] += sent.size
    told = {sent.path: sent.size for sent in counting.sent}
    assert {address.startswith(url) for address in asked} == {True}, "nothing from elsewhere"
    assert sizes[HTML] <= budget.html, told
    assert sizes[CSS] <= budget.css, told
    assert sizes[JS] <= budget.js, told
    assert sizes[JSON] <= budget.json, told
    assert len(counting.sent) <= budget.requests, told
    assert sum(sizes.values()) <= budget.total, told


@pytest.mark.parametrize("path", BUDGETS)
@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_nothing_jumps(browser: Browser, url: str, path: str, locale: str) -> None:
    with phone(browser, locale=locale) as context:
        page = context.new_page()
        page.add_init_script(JUMPS)
        page.goto(url + path)
        settled(page)
        assert page.evaluate("jumps") <= 0.02, page.evaluate("jumped")


def test_nothing_jumps_when_the_nearest_come_first(browser: Browser, url: str) -> None:
    here: Any = {"latitude": 37.8570, "longitude": 112.5490}
    with phone(browser, geolocation=here, permissions=["geolocation"]) as context:
        page = context.new_page()
        page.add_init_script(JUMPS)
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".card").first).to_contain_text("米")
        settled(page)
        assert page.evaluate("jumps") <= 0.1, page.evaluate("jumped")
