"""Alerts and silences in a real Chromium: on a phone, at a desk, with and without scripts."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from server.alerts.model import Alert, Subject
from server.alerts.silences import Matcher, Silence
from server.model import Station
from tests.support.alarms import HERE, HOUR, MIN, THERE, alarmed, alert, measured, warming
from tests.support.browser import opened
from tests.support.console import Console
from tests.support.looks import DESK, looks_right, open_all, violations, wider
from tests.support.serving import serving
from tests.support.staff import NOW_MS

STATIONS: Final = tuple(Station(f"city-1{n:03}", "city", f"驿站{n}", region=("万柏林区",)) for n in range(20))
HOT: Final = alert()
HEAT: Final = alert(
    "cabinet_overheat",
    Subject("station", "city-0001", "c1"),
    values={"temperature_c": 64.2, "limit_c": 60},
    ago=9 * MIN,
)
TAKEN: Final = alert(
    "socket_overload",
    Subject("station", "city-0001", "s1"),
    "in_progress",
    by="tian",
    values={"power_w": 2400, "limit_w": 2200},
)
OUT: Final = alert("station_offline", THERE, values={"minutes": 44}, ago=44 * MIN)
QUIET: Final = alert("door_blocked", Subject("station", "city-0001", "front"), ago=5 * HOUR)
OVER: Final = alert("too_cold", THERE, "closed", by="max", ago=50 * HOUR)
MANY: Final = tuple(
    alert("station_offline", Subject("station", each.id), values={"minutes": 30}, ago=30 * MIN + n)
    for n, each in enumerate(STATIONS)
)
ALL: Final = (HOT, HEAT, TAKEN, OUT, QUIET, OVER, *MANY)
PAGES: Final = {
    "list": "/staff/alerts",
    "filtered": "/staff/alerts?severity=critical&place=city&kind=station_offline",
    "silenced": "/staff/alerts?show=silenced",
    "past": "/staff/alerts?show=past",
    "hot": f"/staff/alerts/{HOT.id}",
    "safety": f"/staff/alerts/{HEAT.id}",
    "taken": f"/staff/alerts/{TAKEN.id}",
    "offline": f"/staff/alerts/{OUT.id}",
    "over": f"/staff/alerts/{OVER.id}",
    "silences": "/staff/silences?station=city-0001",
}
Open = Callable[..., Page]


@contextmanager
def filled(folder: Path) -> Iterator[Console]:
    with alarmed(folder, *ALL, stations=STATIONS) as made:
        made.resettle("city-0001", lat=37.801, lon=112.501)
        measured(made, "city-0001", warming())
        made.reports.add("city-0001", "temperature", "里面很热", NOW_MS - HOUR)
        wish = Silence(
            "ab" * 8,
            Matcher(stations=("city-0001",), kinds=("door_blocked",)),
            NOW_MS - HOUR,
            NOW_MS + HOUR,
            "ada",
            "门口施工",
        )
        made.services.ledger.add_silence(wish, "ada", NOW_MS - HOUR)
        made.services.engine.act(HOT.id, "comment", "max", "a" * 300 + "\n空调滤网很脏")
        made.now_ms += 10_000
        made.services.engine.step(made.now_ms, 10_000)
        yield made


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Console, str]]:
    """A console that is only looked at."""
    with filled(tmp_path_factory.mktemp("console")) as made, serving(made.app) as port:
        yield made, f"http://localhost:{port}"


@pytest.fixture
def worked_in(tmp_path: Path) -> Iterator[tuple[Console, str]]:
    """A console in which something is done."""
    with filled(tmp_path) as made, serving(made.app) as port:
        yield made, f"http://localhost:{port}"


@pytest.fixture(
    scope="module",
    params=product(PAGES, (("zh-CN", "light"), ("en-GB", "dark"))),
    ids=lambda chosen: f"{chosen[0]}-{chosen[1][0]}",
)
def shown(request: pytest.FixtureRequest, browser: Browser, looked_at: tuple[Console, str]) -> Iterator[Page]:
    name, (locale, scheme) = request.param
    options = {"locale": locale, "color_scheme": scheme, "reduced_motion": "reduce"}
    with opened(browser, looked_at, PAGES[name], **options) as page:
        open_all(page)
        yield page


def test_it_is_fit_for_everybodys_eyes_and_hands(shown: Page) -> None:
    looks_right(shown)


def test_the_worst_is_what_is_seen_first(browser: Browser, looked_at: tuple[Console, str]) -> None:
    with opened(browser, looked_at, "/staff/alerts", viewport={"width": 360, "height": 740}) as page:
        first = page.locator(".line").first
        expect(first).to_contain_text("换电柜过热")
        expect(first.get_by_role("button", name="我来处理")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("name", PAGES)
def test_at_a_desk_it_is_as_fit(browser: Browser, looked_at: tuple[Console, str], name: str) -> None:
    with opened(browser, looked_at, PAGES[name], **DESK) as page:
        open_all(page)
        assert violations(page) == []
        assert wider(page) <= 0


@pytest.mark.parametrize(
    "options", [{}, DESK, {"java_script_enabled": False}], ids=["phone", "desk", "plain"]
)
def test_a_technician_takes_an_alert_and_mends_it(
    browser: Browser, worked_in: tuple[Console, str], options: dict[str, Any]
) -> None:
    made, _ = worked_in
    with opened(browser, worked_in, "/staff/alerts?station=city-0001", "tian", **options) as page:
        line = page.locator(f"#a{HOT.id}")
        line.get_by_role("button", name="知道了").click()
        expect(page.locator(".said")).to_contain_text("你已知道")
        assert now(made, HOT).state == "acknowledged"
        line.get_by_role("button", name="我来处理").click()
        expect(line).to_contain_text("处理中：你")
        line.get_by_role("link", name="室内太热").click()
        page.locator("textarea").fill("换了滤网")
        page.get_by_role("button", name="已修好").click()
        expect(page.locator(".timeline")).to_contain_text("换了滤网")
    assert (now(made, HOT).state, now(made, HOT).by) == ("resolved", "tian")


@pytest.mark.parametrize("path", [PAGES["hot"], "/staff/stations/city-0001"], ids=["alert", "device"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_a_tap_leads_there(
    browser: Browser, looked_at: tuple[Console, str], path: str, scripts: bool
) -> None:
    narrow = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": scripts}
    with opened(browser, looked_at, path, "tian", **narrow) as page:
        ways = page.locator(".ways a")
        assert ways.all_inner_texts() == ["高德地图", "腾讯地图", "百度地图", "手机地图"]
        boxes = [box for box in map(Locator.bounding_box, ways.all()) if box]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
        assert len({box["y"] for box in boxes}) <= 2, "in two lines at most"
        page.route("https://uri.amap.com/**", lambda route: route.fulfill(body="Amap"))
        ways.first.tap()
        expect(page).to_have_url(re.compile(r"^https://uri\.amap\.com/navigation\?to=112\.507"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_an_alert_is_silenced_and_the_silence_ended(
    browser: Browser, worked_in: tuple[Console, str], scripts: bool
) -> None:
    made, _ = worked_in
    with opened(browser, worked_in, f"/staff/alerts/{OUT.id}", java_script_enabled=scripts) as page:
        page.locator("details.silence summary").click()
        page.get_by_role("button", name="8 小时").click()
        expect(page.locator(".said")).to_contain_text("已静音")
        assert len(made.services.ledger.silences(made.now_ms)) == 2
        page.goto(page.url.partition("/staff")[0] + "/staff/silences")
        page.locator(".line", has_text="文庙驿站").get_by_role("button", name="现在结束").click()
        expect(page.locator(".said")).to_contain_text("静音已结束")
    assert len(made.services.ledger.silences(made.now_ms)) == 1


def test_what_a_colleague_has_done_is_told_to_a_late_form(
    browser: Browser, worked_in: tuple[Console, str]
) -> None:
    made, _ = worked_in
    with opened(browser, worked_in, f"/staff/alerts/{OUT.id}", java_script_enabled=False) as page:
        made.services.engine.act(OUT.id, "take", "max")
        page.locator("textarea").fill("我去看看")
        page.get_by_role("button", name="我来处理").click()
        expect(page.get_by_role("alert")).to_contain_text("马经理")
        expect(page.locator("textarea")).to_have_value("我去看看")
        page.get_by_role("button", name="换我来处理").click()
        expect(page.locator(".said")).to_be_visible()
    assert now(made, OUT).by == "ada"


def test_the_list_is_live(browser: Browser, worked_in: tuple[Console, str]) -> None:
    made, _ = worked_in
    with opened(browser, worked_in, "/staff/alerts") as page:
        expect(page.locator(".watch")).to_have_attribute("data-state", "live")
        made.services.engine.act(HEAT.id, "take", "max")
        expect(page.locator(f"#a{HEAT.id}")).to_contain_text("处理中：马经理")


FAULTS: Final = tuple(
    alert("socket_fault", Subject("station", "city-0002", f"s{n}"), ago=HOUR - n * MIN) for n in range(19)
)


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[tuple[Console, str]]:
    """A station at which much is wrong."""
    with alarmed(tmp_path, *FAULTS, HEAT) as made, serving(made.app) as port:
        yield made, f"http://localhost:{port}"


def test_an_open_card_of_a_station_stays_open_and_tells_who_takes_what(
    browser: Browser, cut_off: tuple[Console, str]
) -> None:
    made, _ = cut_off
    with opened(browser, cut_off, "/staff/alerts", viewport={"width": 360, "height": 640}) as page:
        expect(page.locator(".line").first).to_contain_text("换电柜过热")
        card = page.locator("#of-city-0002")
        card.locator("summary").click()
        expect(page.locator(".watch")).to_have_attribute("data-state", "live")
        made.services.engine.act(FAULTS[-1].id, "take", "max")
        expect(card).to_contain_text("其中 18 条还没有人处理")
        expect(card.locator(".item").get_by_text("处理中：马经理")).to_be_visible()
        looks_right(page)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_each_line_of_a_station_opens_its_alert(
    browser: Browser, cut_off: tuple[Console, str], scripts: bool
) -> None:
    with opened(browser, cut_off, "/staff/alerts", java_script_enabled=scripts) as page:
        card = page.locator("#of-city-0002")
        assert [each.is_visible() for each in card.locator(".item").all()] == [True] * 3 + [False] * 16
        card.locator("summary").click()
        card.get_by_role("link", name="插座 s17").click()
        expect(page.locator("h1")).to_have_text("插座不能用")
        expect(page).to_have_url(re.compile(FAULTS[17].id))


def now(made: Console, of: Alert) -> Alert:
    found = made.services.engine.find(of.id)
    assert found is not None
    assert found.subject[:2] in (HERE[:2], THERE[:2])
    return found
