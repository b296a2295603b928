"""The fleet, a device and riders' reports in a real Chromium: a phone, a desk, both languages, no scripts."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from contract import topics
from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Fault,
    Health,
    SensorInfo,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
)
from server.alerts.model import Alert, Subject
from server.model import Station
from server.store import DeadLetter
from tests.support.browser import PHONE, signed_in
from tests.support.console import Console, console
from tests.support.fleet import announce, hear, ingesting, snapshot, speak
from tests.support.looks import looks_right, open_all, violations, wider
from tests.support.serving import serving

STATION: Final = "/staff/stations/city-0001"
PAGES: Final = {
    "fleet": "/staff/fleet",
    "filtered": "/staff/fleet?sort=lost&q=站",
    "letters": "/staff/fleet/letters",
    "device": STATION,
    "static": "/staff/stations/town-0001",
    "week": f"{STATION}?range=week",
    "reports": "/staff/reports",
    "report": "/staff/reports/1",
    "done": "/staff/reports/3",
}
SIZES: Final[dict[str, ViewportSize]] = {
    "phone": {"width": 360, "height": 780},
    "desk": {"width": 1280, "height": 900},
}
HOSTILE: Final = "<img src=x onerror=document.title='owned'>" + "很长的名字" * 12


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        opened.now_ms = time.time_ns() // 1_000_000
        filled(opened)
        yield opened


@pytest.fixture
def url(made: Console) -> Iterator[str]:
    with serving(made.app) as port, ingesting(made):
        yield f"http://localhost:{port}"


def filled(made: Console) -> None:
    """Stations of every kind, a day of history, alerts, reports and letters."""
    now_ms = made.now_ms
    made.registry.put_stations([Station("city-0003", "city", HOSTILE, region=("小店区",), instrumented=True)])
    made.live.refresh_registry(made.registry.networks(), made.registry.stations(), now_ms)
    made.resettle("city-0001", lat=37.801, lon=112.501)
    announce(
        made, "city-0001", "0.9.1",
        sensors=(SensorInfo("room", "dht22"), SensorInfo("pir", "pir")),
        doors=("d0", "d1"),
        sockets=tuple(SocketInfo(f"s{n}", "ac", f"{n} 号") for n in range(1, 7)),
        cabinets=(CabinetInfo("c1", 4, "一号柜", 60),),
    )  # fmt: skip
    hear(
        made,
        "city-0001",
        *(past(now_ms - n * 600_000, 140 - n) for n in range(140, 0, -1) if not 40 < n < 60),
    )
    slots = (
        Slot(1, "present", "full", soc_pct=100),
        Slot(2, "absent"),
        Slot(3, "present", "fault"),
        Slot(4, "absent"),
    )
    hear(made, "city-0001", snapshot(
        now_ms - 15_000,
        doors=(Door("d0", 1520, 1513, blocked=True, open=True, locked=False),),
        sockets=tuple(Socket(f"s{n}", "ac", "charging" if n % 2 else "free", now_ms) for n in range(1, 7)),
        cabinets=(Cabinet("c1", True, slots, mains_ok=True, temperature_c=38),),
        faults=(Fault("room", "no_answer", now_ms - 600_000),),
        health=Health(340, 12, 90_000, 2, cpu_c=83.5, undervoltage=True, disk_free_pct=41),
    ))  # fmt: skip
    speak(made, "city-0002", ago_ms=3_600_000)
    made.engine.put(
        Alert("a" * 16, "pi_hot", "warning", Subject("station", "city-0001"), "firing", now_ms - 900_000,
              values={"cpu_c": 83.5, "limit_c": 80.0}),
    )  # fmt: skip
    for station, kind, note in (
        ("city-0001", "socket", "三号座位旁边的插座没电"),
        ("city-0003", "other", HOSTILE),
        ("city-0002", "closed", ""),
    ):
        made.reports.add(station, kind, note, now_ms - 3_000_000)  # type: ignore[arg-type]  # they are kinds
    made.reports.work(1, "taken", "tian", now_ms - 2_000_000)
    made.reports.work(1, "noted", "tian", now_ms - 1_000_000, "带了新插座，下午去")
    made.reports.work(3, "done", "max", now_ms - 900_000, "已经开门了")
    made.pipeline.unknown("city-9999", now_ms)
    made.pipeline.refuse("malformed", 3)
    topic = topics.topic("city-0001", "telemetry")
    made.store.commit(
        (), [DeadLetter(now_ms - 60_000, topic, "malformed", HOSTILE, "ab" * 8, 7, HOSTILE.encode())] * 3
    )


def past(at_ms: int, number: int) -> Snapshot:
    """One of a day: people come and go, the air changes, and the machine speaks."""
    inside = (number * 7) % 12
    return snapshot(
        at_ms,
        climate=Climate(at_ms, 24 + number % 30 / 5, 40 + number % 20),
        doors=(Door("d0", 100 + number * 10, 100 + number * 10 - inside),),
        health=Health(number % 9, 0, 600 * number, cpu_c=50 + number % 20),
    )


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Console, str]]:
    """A console that is only looked at."""
    with console(tmp_path_factory.mktemp("console")) as made:
        made.now_ms = time.time_ns() // 1_000_000
        filled(made)
        with serving(made.app) as port:
            yield made, f"http://localhost:{port}"


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_fit_for_everybody(
    browser: Browser, looked_at: tuple[Console, str], name: str, language: str, scheme: str
) -> None:
    made, url = looked_at
    options: dict[str, Any] = {"viewport": SIZES["phone"], "color_scheme": scheme}
    with signed_in(browser, url, made.token("ada"), **options) as context:
        page, path = context.new_page(), PAGES[name]
        page.goto(f"{url}{path}{'&' if '?' in path else '?'}lang={language}")
        expect(page.locator("main h1")).to_be_visible()
        open_all(page)
        looks_right(page)
        assert page.title() != "owned"
        page.set_viewport_size(SIZES["desk"])
        assert violations(page) == []
        assert wider(page) <= 0


def people(made: Console) -> int | None:
    state = made.live.people("city-0001")
    return state.people if state else None


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_one_tap_sets_how_many_are_inside(browser: Browser, made: Console, url: str, scripts: bool) -> None:
    with signed_in(browser, url, made.token("tian"), java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(url + STATION)
        page.get_by_role("button", name="没有人").tap()
        expect(page.get_by_text("人数改好了")).to_be_visible()
        assert people(made) == 0
        page.get_by_role("button", name="是 1 人").tap()
        page.wait_for_function(
            "document.querySelector('.people strong').textContent === '1'"
        ) if scripts else None
        expect(page.locator(".people strong")).to_have_text("1")
        page.get_by_label("数出来的人数").fill("12")
        page.get_by_role("button", name="改成这个数").tap()
        expect(page.locator(".people strong")).to_have_text("12")
        page.goto(url + "/s/city-0001")
        expect(page.locator('[data-fact="crowding"]')).to_contain_text("有点挤")
    assert people(made) == 12


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_report_from_first_to_last(browser: Browser, made: Console, url: str, scripts: bool) -> None:
    with signed_in(browser, url, made.token("tian"), java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(url + "/staff/reports")
        page.get_by_role("link", name="其他问题").or_(page.locator(".reports .what").nth(1)).first.tap()
        page.get_by_role("button", name="我来处理").tap()
        expect(page.get_by_text("由你处理了")).to_be_visible()
        page.get_by_label("做了什么（可不写）").fill("拧紧了<b>螺丝</b>")
        page.get_by_role("button", name="处理完了").tap()
        expect(page.get_by_text("处理完了。")).to_be_visible()
        expect(page.get_by_text("拧紧了<b>螺丝</b>")).to_be_visible()
        page.get_by_label("为什么（可不写）").fill("又松了")
        page.get_by_role("button", name="没解决，重新打开").tap()
        expect(page.get_by_role("button", name="我来处理")).to_be_visible()
    assert [line.what for line in made.reports.lines(2)] == ["taken", "done", "reopened"]


def test_a_report_is_linked_to_an_alert(browser: Browser, made: Console, url: str) -> None:
    with signed_in(browser, url, made.token("tian")) as context:
        page = context.new_page()
        page.goto(url + "/staff/reports/1")
        page.get_by_role("button", name="关联到告警").tap()
        expect(page.locator("a.linked")).to_have_attribute("href", f"/staff/alerts/{'a' * 16}")
        page.get_by_role("button", name="取消关联").tap()
        expect(page.get_by_text("没有关联告警")).to_be_visible()


def test_filters_lead_to_a_station_without_scripts(browser: Browser, made: Console, url: str) -> None:
    with signed_in(browser, url, made.token("ada"), java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(url + "/staff/fleet")
        page.get_by_text("筛选和排序").tap()
        page.locator("select[name=trouble]").select_option("power")
        page.get_by_role("button", name="看结果").tap()
        expect(page.locator(".fleet > li")).to_have_count(1)
        page.locator(".fleet .who").tap()
        expect(page.get_by_role("heading", name="嘉节驿站")).to_be_visible()
        expect(page.get_by_text("电压不足")).to_be_visible()


def test_the_device_page_is_live(browser: Browser, made: Console, url: str) -> None:
    with signed_in(browser, url, made.token("ada"), viewport=PHONE) as context:
        page = context.new_page()
        page.goto(url + STATION)
        expect(page.locator(".watch[data-state='live']")).to_be_visible()
        made.engine.put(
            Alert(
                "c" * 16, "pi_undervoltage", "warning", Subject("station", "city-0001"), "firing", made.now_ms
            )
        )
        expect(page.locator(f'a[href="/staff/alerts/{"c" * 16}"]')).to_be_visible()
