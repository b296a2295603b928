"""A notice from the manager's phone to the rider's: with and without scripts, live, in both languages."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from server.accounts.tables import PART as ACCOUNTS
from server.alerts.ledger import PART as ALERTS
from server.app import Server
from server.broker import TICK_S
from server.desk import Desk
from server.notices import PART as NOTICES
from server.notices import Draft, Notices
from tests.support.browser import phone, signed_in
from tests.support.console import STATIONS, Console, console
from tests.support.looks import violations, wider
from tests.support.mosquitto import Broker
from tests.support.server import register, running_server, settings_for
from tests.support.serving import serving
from tests.support.wait import until

WORDS = "停电检修，<b>请绕行</b>，电话 0351-1234567"
ENGLISH = "Power cut, call 0351-1234567"
HERE = "/s/city-0001"


class Site:
    """A console with riders' pages over real files; the ingest thread's look of every second is a test's."""

    def __init__(self, made: Console, url: str) -> None:
        self.made, self.url = made, url
        self._notices = Notices(made.services.desk)

    def look(self) -> None:
        """As :class:`server.app.Server` does it."""
        self._notices.show(self.made.live, self.made.now_ms)
        self.made.live.recompute(self.made.now_ms)

    def close(self) -> None:
        """No more looks."""
        self._notices.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with console(tmp_path) as made:
        made.now_ms = time.time_ns() // 1_000_000 // 86_400_000 * 86_400_000 + 2 * 3_600_000  # 10:00 there
        stations = [
            replace(each, hours="06:00-22:00", lat=37.8 + number / 100, lon=112.5)
            for number, each in enumerate(STATIONS)
        ]
        made.registry.put_stations(stations)
        made.live.refresh_registry(made.registry.networks(), made.registry.stations(), made.now_ms)
        with serving(made.app, dated=False) as port, closing(Site(made, f"http://127.0.0.1:{port}")) as site:
            site.look()
            yield site


@contextmanager
def manager(browser: Browser, site: Site, **options: Any) -> Iterator[Page]:
    """A page of the manager's."""
    with signed_in(browser, site.url, site.made.token("max"), **options) as context:
        yield context.new_page()


def fill(page: Page, url: str, hours: str = "18:00") -> None:
    """Write a closure for works of one station, from now on."""
    page.goto(f"{url}/staff/notices/new?station=city-0001&template=repair")
    day = page.locator("[name=end]").input_value()[:10]
    page.locator("[name=end]").fill(f"{day}T{hours}")
    page.locator("[name=zh]").fill(WORDS)
    page.locator("[name=en]").fill(ENGLISH)


@contextmanager
def reader(context: BrowserContext, address: str) -> Iterator[Page]:
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    yield page
    page.close()


def test_riders_read_it_after_one_look_everywhere_and_no_more_when_it_is_ended(
    browser: Browser, site: Site
) -> None:
    with (
        manager(browser, site) as staff,
        phone(browser) as riders,
        phone(browser, locale="en-GB") as english,
        reader(riders, f"{site.url}/n/city") as listed,
        reader(riders, site.url + HERE) as station,
        reader(riders, f"{site.url}/door/city-0001") as door,
        reader(english, site.url + HERE) as abroad,
    ):
        card = listed.locator('[data-station="city-0001"]')
        expect(card).to_have_attribute("data-access", "open")
        expect(card.locator(".notices")).to_be_hidden()
        fill(staff, site.url)
        staff.get_by_role("button", name="公布").click()
        expect(staff.locator(".said")).to_contain_text("骑手马上能看到")
        site.look()
        expect(card).to_have_attribute("data-access", "closed")
        expect(card.locator(".notices")).to_contain_text(f"暂停开放 · {WORDS} · 到 18:00")
        expect(card.locator(".said")).to_contain_text(WORDS)
        expect(card.locator('[data-fact="access"] .note')).to_have_text("18:00 开门")
        for page in (station, door):
            expect(page.locator(".notices")).to_contain_text(WORDS)
            expect(page.locator('[data-fact="access"]')).to_have_attribute("data-value", "closed")
        expect(abroad.locator(".notices")).to_contain_text(f"Closed · {ENGLISH} · until 18:00")
        expect(station.locator("table.week .planned")).to_contain_text("–18:00 暂停开放")
        assert station.locator(".notices b").count() == 0, "what is typed is text"
        staff.get_by_role("link", name="嘉节驿站").click()
        staff.get_by_text("提前结束").click()
        staff.get_by_role("button", name="现在结束").click()
        expect(staff.get_by_text("提前结束")).to_be_hidden()
        site.look()
        expect(card).to_have_attribute("data-access", "open")
        expect(card.locator(".notices")).to_be_hidden()
        expect(station.locator(".notices")).to_be_hidden()
        expect(door.locator(".notices")).to_be_hidden()
        expect(station.locator("table.week .planned")).to_have_count(0)


def test_what_is_planned_stands_in_the_week_and_ranks_as_closing_time(browser: Browser, site: Site) -> None:
    with manager(browser, site, java_script_enabled=False) as staff:
        fill(staff, site.url, "14:00")
        end = staff.locator("[name=end]").input_value()
        staff.locator("[name=start]").fill(f"{end[:10]}T10:20")
        staff.get_by_role("button", name="公布").click()
        expect(staff.locator("#planned + ul")).to_contain_text(WORDS)
    site.look()
    here = {"latitude": 37.8, "longitude": 112.50}
    far = {"latitude": 37.8, "longitude": 112.80}
    with phone(browser, geolocation=far, permissions=["geolocation"]) as context:
        page = context.new_page()
        page.goto(f"{site.url}/n/city")
        page.locator(".near").click()
        expect(page.locator(".card").first).to_have_attribute("data-station", "city-0002")
        expect(page.locator('[data-station="city-0001"] .why')).to_contain_text("关")
        context.set_geolocation(here)  # type: ignore[arg-type]  # as playwright's own type says
        page.reload()
        expect(page.locator(".card").first).to_have_attribute("data-station", "city-0001")
        expect(page.locator('[data-station="city-0001"] [data-fact="access"]')).to_contain_text("10:20 关门")
        page.goto(site.url + HERE)
        page.get_by_text("看这一周").click()
        expect(page.locator("tr.today .planned")).to_have_text("10:20–14:00 暂停开放")


def looks_of(server: Server, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """When a running server begins to look for what staff have written, from now on."""
    looks: list[int] = []
    office = server.office
    assert office is not None
    show = office.show

    def look(now_ms: int) -> None:
        looks.append(now_ms)
        show(now_ms)

    monkeypatch.setattr(office, "show", look)
    return looks


def test_a_running_server_tells_of_it_after_its_next_look_and_after_a_restart(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TICK_S <= 1, "it looks every second"
    register(tmp_path, ["st-0001"], hours="24/7")
    settings = settings_for(broker, tmp_path)
    now_ms = time.time_ns() // 1_000_000
    draft = Draft("test-net", station="st-0001", access="closed", until_ms=now_ms + 3_600_000, zh="检修")
    with running_server(settings) as server:
        url = f"http://127.0.0.1:{server.http_port}/api/v1/stations/st-0001"
        assert "notices" not in httpx.get(url).json()
        desk = Desk.open(settings.desk_db, ACCOUNTS, ALERTS, NOTICES)  # as another process has it
        looks = looks_of(server, monkeypatch)
        posting = Notices(desk).add(replace(draft, works=True), "max", now_ms)
        seen = len(looks)
        until(lambda: len(looks) >= seen + 3, 20, "one look that had begun, the next, and the end of that")
        assert httpx.get(url).json()["access"]["value"] == "closed", "riders read it"
    with running_server(settings) as server:
        url = f"http://127.0.0.1:{server.http_port}/api/v1/stations/st-0001"
        until(lambda: "notices" in httpx.get(url).json(), 30, "it is still there")
        alerts = httpx.get(f"http://127.0.0.1:{server.http_port}/feeds/v1/alerts.json").json()["data"][
            "alerts"
        ]
        assert [row["type"] for row in alerts if row["alert_id"].startswith("notice:")] == [
            "closed_by_notice"
        ]
        assert Notices(desk).end(posting.id, "max", now_ms)
        until(lambda: httpx.get(url).json()["access"]["value"] == "open", 30, "it is taken down")
    desk.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_the_pages_fit_and_can_be_read_by_everybody(
    browser: Browser, site: Site, width: int, language: str, scheme: str
) -> None:
    size = {"viewport": {"width": width, "height": 780}, "is_mobile": width < 700, "color_scheme": scheme}
    with manager(browser, site, **size) as staff:
        fill(staff, site.url)
        staff.get_by_role("button", name="公布").click()
        expect(staff.locator(".told-row")).to_have_count(1)
        site.look()
        for path in ("notices", "notices/new", "notices/1", "thresholds", "thresholds?place=city"):
            staff.goto(f"{site.url}/staff/{path}{'&' if '?' in path else '?'}lang={language}")
            assert wider(staff) <= 0, path
            assert violations(staff) == [], path
        with phone(browser, **size) as riders:
            page = riders.new_page()
            for path in ("/n/city", HERE, "/door/city-0001"):
                page.goto(f"{site.url}{path}?lang={language}")
                told = page.locator(".notices:not([hidden])")
                expect(told).to_contain_text("0351-1234567")
                assert wider(page) <= 0, path
                assert violations(page) == [], path
