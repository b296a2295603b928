"""A page of the console in a real Chromium that renews itself while somebody has it in hand."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from server.accounts.roles import Place
from server.accounts.sessions import COOKIE
from server.accounts.users import Profile
from server.alerts.model import Alert, Subject
from tests.support.browser import phone, stand_still
from tests.support.console import Console, console
from tests.support.serving import serving
from tests.support.wait import until

LIST: Final = "/staff/alerts?lang=en"
KIND: Final = "select[name=kind]"
NAMES: Final = ("too_hot", "door_blocked")


def alert(kind: str, unit: str = "", station: str = "city-0001") -> Alert:
    number = f"{len(kind):02x}{unit:>02}{station[-1]}"
    return Alert(f"{number:0>16}", kind, "warning", Subject("station", station, unit), "firing", 0)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as running:
        running.now_ms = time.time_ns() // 1_000_000
        running.engine.put(*(alert(kind) for kind in NAMES))
        yield running


@pytest.fixture
def url(made: Console) -> Iterator[str]:
    with serving(made.app) as port:
        yield f"http://localhost:{port}"


@pytest.fixture
def page(browser: Browser, url: str, made: Console) -> Iterator[Page]:
    with phone(browser) as context:
        secure = url.replace("http:", "https:")
        context.add_cookies([{"name": COOKIE, "value": made.token("max"), "url": secure, "secure": True}])
        page = context.new_page()
        page.goto(url + LIST)
        state(page, "live")
        yield page


def state(page: Page, wanted: str) -> None:
    expect(page.locator(".watch")).to_have_attribute("data-state", wanted)


def test_a_choice_that_is_not_sent_yet_stays(page: Page, made: Console) -> None:
    page.locator("#filters summary").click()
    page.locator(KIND).select_option("door_blocked")
    page.locator(KIND).blur()
    made.engine.put(alert("pi_hot"))
    state(page, "waiting")
    expect(page.locator(KIND)).to_have_value("door_blocked")
    page.locator(KIND).select_option("")
    expect(page.locator(".lines")).to_contain_text("Raspberry Pi too hot")
    state(page, "live")


def passing(page: Page) -> str | None:
    """Let a moment pass on a page whose time stands still; what its line then says."""
    page.clock.run_for(50)
    return page.locator(".watch").get_attribute("data-state")


def test_a_field_that_somebody_is_in_stays(page: Page, made: Console) -> None:
    stand_still(page)  # twenty seconds after a key was pressed nobody is in the field any more
    page.reload()
    state(page, "live")
    page.locator("#filters summary").click()
    page.evaluate("window.field = document.querySelector('select[name=kind]')")
    page.locator(KIND).press("Tab")
    page.locator(KIND).focus()
    made.engine.put(alert("pi_hot"))
    until(lambda: passing(page) == "waiting", 15, "the news waits")
    assert page.evaluate("window.field.isConnected")
    page.locator(KIND).blur()
    until(lambda: passing(page) == "live", 30, "the news is shown")
    assert not page.evaluate("window.field.isConnected")


def test_a_field_that_was_left_alone_holds_nothing_back(page: Page, made: Console) -> None:
    page.clock.install()
    page.reload()
    state(page, "live")
    page.locator("#filters summary").click()
    page.locator(KIND).focus()
    made.engine.put(alert("pi_hot"))
    page.clock.run_for(2_000)
    state(page, "waiting")
    page.clock.run_for(25_000)
    expect(page.locator(".lines")).to_contain_text("Raspberry Pi too hot")


def test_what_is_pressed_stays_under_the_finger(page: Page, url: str, made: Console) -> None:
    page.goto(f"{url}{LIST}&station=city-0001")
    state(page, "live")
    page.locator("button[value=take]").first.hover()
    page.mouse.down()
    made.engine.put(alert("pi_hot"))
    state(page, "waiting")
    page.mouse.up()
    expect(page.locator(".said")).to_be_visible()
    assert {each.by for each in made.engine.alerts()} == {"", "max"}


def test_what_somebody_may_no_longer_see_goes(page: Page, url: str, made: Console) -> None:
    page.goto(f"{url}/staff/alerts/{alert('too_hot').id}?lang=en")
    state(page, "live")
    made.staff.users.change("max", Profile("马经理", "manager", places=(Place("town"),)), "ada", made.now_ms)
    made.engine.put(alert("pi_hot"))
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".watch")).to_have_count(0)
    assert "Jiajie" not in page.content()


def test_a_page_that_comes_back_as_it_was_left_is_fetched_anew(page: Page, url: str) -> None:
    page.goto(url + "/staff/silences")
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")


def test_a_card_of_many_stays_open_where_it_was(page: Page, made: Console) -> None:
    made.engine.put(*(alert("socket_fault", str(number), "city-0002") for number in range(7)))
    many = page.locator("details[id^=more]")
    expect(many).to_have_count(1)
    many.locator("summary").click()
    made.engine.put(alert("pi_hot"), *(alert("socket_overload", str(number)) for number in range(7)))
    expect(many).to_have_count(2)
    opened = [each.evaluate("(e) => e.open") for each in many.all()]
    expect(page.locator(".line", has=page.locator("details[open]"))).to_contain_text("迎泽区")
    assert sorted(opened) == [False, True]
