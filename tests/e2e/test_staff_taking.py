"""A station taken with one tap, in a real Chromium: on a phone, at a desk, with and without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from server.alerts.model import Alert, State, Subject
from server.model import Station
from tests.support.alarms import MIN, alarmed, alert
from tests.support.browser import opened
from tests.support.console import Console
from tests.support.looks import DESK, looks_right, open_all, violations, wider
from tests.support.serving import serving

PHONE: Final[dict[str, Any]] = {"viewport": {"width": 360, "height": 640}}
STATIONS: Final = tuple(
    Station(
        f"city-100{n}", "city", f"商业街南口快递员驿站{n}", f"Shopping Street South {n}", region=("万柏林区",)
    )
    for n in range(2)
)


def faults(station: str, count: int, state: State = "firing", by: str = "", first: int = 0) -> list[Alert]:
    return [
        alert("socket_fault", Subject("station", station, f"s{n}"), state, by=by, ago=(60 + n) * MIN)
        for n in range(first, first + count)
    ]


SEVEN: Final = faults("city-1000", 5)
KNOWN: Final = faults("city-1000", 1, "acknowledged", "max", first=5)
HIS: Final = faults("city-1000", 1, "in_progress", "max", first=6)
THREE: Final = faults("city-1001", 3)
SMOKE: Final = alert("cabinet_smoke", Subject("station", "city-1000", "c1"))
LONE: Final = alert()
CARD: Final = "#of-city-1000"


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[tuple[Console, str]]:
    """Stations with one, three and seven alerts, of which a colleague has one in hand and knows of one."""
    alerts = (*SEVEN, *KNOWN, *HIS, *THREE, SMOKE, LONE)
    with alarmed(tmp_path, *alerts, stations=STATIONS) as made, serving(made.app) as port:
        yield made, f"http://localhost:{port}"


def hands(made: Console, alerts: list[Alert]) -> set[str]:
    return {found.by for each in alerts if (found := made.services.engine.find(each.id))}


@pytest.mark.parametrize(
    "options", [PHONE, DESK, PHONE | {"java_script_enabled": False}], ids=["phone", "desk", "plain"]
)
def test_one_tap_takes_a_station(
    browser: Browser, at_work: tuple[Console, str], options: dict[str, Any]
) -> None:
    made, _ = at_work
    with opened(browser, at_work, "/staff/alerts", **options) as page:
        card = page.locator(CARD)
        said = ["其中 5 条还没有人处理", "已知道：马经理", "处理中：马经理"]
        expect(card.locator(".notes .hand")).to_have_text(said)
        card.get_by_role("button", name="我来处理剩下的 6 条").click()
        expect(page.locator(".said")).to_have_text("记下了：由你处理。")
        expect(card.locator(".notes")).to_have_text("处理中：你、马经理")
        expect(card.get_by_role("button")).to_have_count(0)
        expect(page.locator("#of-city-1001").get_by_role("button", name="我来处理这 3 条")).to_be_visible()
        expect(page.locator(f"#a{SMOKE.id}").get_by_role("button", name="我来处理")).to_be_visible()
    assert (hands(made, [*SEVEN, *KNOWN]), hands(made, HIS)) == ({"ada"}, {"max"})
    assert hands(made, [*THREE, SMOKE, LONE]) == {""}


def test_two_quick_taps_are_one(browser: Browser, at_work: tuple[Console, str]) -> None:
    made, _ = at_work
    with opened(browser, at_work, "/staff/alerts", **PHONE) as page:
        page.locator("#take-city-1000").dblclick(no_wait_after=True)
        expect(page.locator(".said")).to_have_text("记下了：由你处理。")
    told = [made.services.ledger.timeline(each.id)[1:] for each in SEVEN]
    assert [[(line.what, line.by) for line in lines] for lines in told] == [[("taken", "ada")]] * 5


def test_what_a_late_tap_left_to_a_colleague_is_said_with_their_name(
    browser: Browser, at_work: tuple[Console, str]
) -> None:
    made, _ = at_work
    with opened(browser, at_work, "/staff/alerts", java_script_enabled=False, **PHONE) as page:
        made.services.engine.act(THREE[0].id, "take", "max")
        card = page.locator("#of-city-1001")
        card.get_by_role("button").click()
        expect(page.locator(".said")).to_have_text("记下了：由你处理；同事已经在处理的，还是他们的。")
        expect(card.locator(".notes")).to_have_text("处理中：你、马经理")
    assert hands(made, THREE[1:]) == {"ada"}


def test_the_button_stays_under_the_hand_while_the_page_renews_itself(
    browser: Browser, at_work: tuple[Console, str]
) -> None:
    made, _ = at_work
    with opened(browser, at_work, "/staff/alerts", **PHONE) as page:
        expect(page.locator(".watch")).to_have_attribute("data-state", "live")
        card, button = page.locator(CARD), page.locator("#take-city-1000")
        card.locator("summary").click()
        button.focus()
        before = where(page)
        made.services.engine.act(SEVEN[0].id, "take", "max")
        expect(button).to_have_text("我来处理剩下的 5 条")
        assert where(page) == before
        assert before[:2] == ["take-city-1000", True]
        button.press("Enter")
        expect(page.locator(".said")).to_be_visible()
    assert hands(made, SEVEN[1:]) == {"ada"}


def test_a_line_keeps_the_focus_when_the_button_goes(browser: Browser, at_work: tuple[Console, str]) -> None:
    made, _ = at_work
    with opened(browser, at_work, "/staff/alerts", **PHONE) as page:
        expect(page.locator(".watch")).to_have_attribute("data-state", "live")
        card = page.locator("#of-city-1001")
        card.locator(".items a").first.focus()
        made.services.engine.take_up([each.id for each in THREE], "max")
        expect(card.get_by_role("button")).to_have_count(0)
        expect(card.locator(".items a").first).to_be_focused()


def where(page: Page) -> list[Any]:
    """What has the focus, whether the card is open, and how far down the page is."""
    found: list[Any] = page.evaluate(
        f"[document.activeElement.id, document.querySelector('{CARD} details').open, scrollY]"
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_the_cards_are_fit_for_everybodys_eyes_and_hands(
    browser: Browser, at_work: tuple[Console, str], locale: str, scheme: str
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "reduced_motion": "reduce"}
    with opened(browser, at_work, "/staff/alerts", **(PHONE | options)) as page:
        open_all(page)
        expect(page.locator(".of-station .acts .button")).to_have_count(2)
        looks_right(page)
    with opened(browser, at_work, "/staff/alerts", **(DESK | options)) as page:
        assert violations(page) == []
        assert wider(page) <= 0
