"""A storm of alerts in a real Chromium whose clock the test turns: what an open page asks the server for."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from server.alerts.model import Subject
from server.web.staff import stream
from tests.support.alarms import MIN, alarmed, alert
from tests.support.browser import signed_in
from tests.support.console import Console
from tests.support.serving import serving
from tests.support.wait import until

CALM_MS: Final = 5_000
"""As in ``staff.js``."""
HOT: Final = alert()
SMOKE: Final = alert("cabinet_smoke", Subject("station", "city-0002", "c1"), ago=5 * MIN)
HEARD: Final = """
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, call) {
  listen.call(this, name, (event) => {
    call(event);
    if (name === "alerts") window.heard = JSON.parse(event.data).version;
  });
};
"""
"""Tells the test which word of the server the page has taken in."""


class Watched:
    """An open list of alerts, and how often it has fetched itself."""

    def __init__(self, page: Page, made: Console) -> None:
        self.page, self._made = page, made
        self.asked = self._answered = 0
        page.on("request", self._count)
        page.on("requestfinished", self._answer)

    def _count(self, request: Request) -> None:
        self.asked += "x-live" in request.headers

    def _answer(self, request: Request) -> None:
        self._answered += "x-live" in request.headers

    def take(self, of: str, by: str) -> None:
        """Somebody takes an alert, and the page hears that something has changed."""
        self._made.services.engine.act(of, "take", by)
        self._until(lambda: self.page.evaluate("window.heard") == self._made.services.engine.version)

    def pass_ms(self, ms: int) -> int:
        """Let time pass in the browser; how often the page has asked meanwhile."""
        before = self.asked
        self.page.clock.run_for(ms)
        self._until(lambda: self._answered == self.asked)
        return self.asked - before

    def _until(self, done: Callable[[], bool]) -> None:
        def looked() -> bool:
            self.page.evaluate("0")  # what the browser has done is told while it is asked
            return done()

        until(looked, 30, "the page has heard and shows")


@pytest.fixture
def watched(tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(stream, "FRAME_MS", 0)
    with (
        alarmed(tmp_path, HOT, SMOKE) as made,
        serving(made.app) as port,
        signed_in(browser, url := f"http://localhost:{port}", made.token("ada")) as context,
    ):
        page = context.new_page()
        page.add_init_script(HEARD)
        page.clock.install()
        page.goto(f"{url}/staff/alerts")
        expect(page.locator(".watch")).to_have_attribute("data-state", "live")
        page.clock.pause_at(page.evaluate("Date.now() + 60_000"))
        seen = Watched(page, made)
        seen.pass_ms(CALM_MS)
        yield seen


def test_a_hundred_changes_are_a_few_fetches(watched: Watched) -> None:
    asked = 0
    for number in range(100):
        watched.take(HOT.id, ("max", "tian")[number % 2])
        if number % 4 == 3:
            asked += watched.pass_ms(1_000)
    assert 1 < asked <= 25_000 // CALM_MS + 1
    assert watched.pass_ms(CALM_MS) <= 1
    expect(watched.page.locator(f"#a{HOT.id}")).to_contain_text("处理中：田师傅")
    assert watched.pass_ms(2 * CALM_MS) == 0, "the storm is over"


def test_the_first_change_and_safety_do_not_wait(watched: Watched) -> None:
    watched.take(HOT.id, "max")
    assert watched.pass_ms(300) == 1
    watched.take(HOT.id, "tian")
    assert watched.pass_ms(1_000) == 0
    watched.take(SMOKE.id, "max")
    watched.take(HOT.id, "max")
    assert watched.pass_ms(300) == 1, "what comes after it does not put it off"
    expect(watched.page.locator(f"#a{SMOKE.id}")).to_contain_text("处理中：马经理")
    watched.take(HOT.id, "tian")
    assert watched.pass_ms(1_000) == 0
