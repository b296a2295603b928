"""A station's device page."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Fault,
    Health,
    SensorInfo,
    Slot,
    Socket,
    SocketInfo,
)
from server.alerts.kinds import AlertThresholds
from server.alerts.model import Alert, Subject
from server.model import RANKING, Thresholds
from server.office import words_of
from server.store import Bucket
from server.web.staff.fleet import facts
from server.web.text import Text, strings
from tests.support.console import Browser, Console, console
from tests.support.fleet import announce, hear, snapshot, speak
from tests.support.staff import NOW_MS

Browse = Callable[[str], Browser]
PAGE = "/staff/stations/city-0001"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        speak(opened, "city-0001", people=7)
        speak(opened, "city-0002", people=2)
        yield opened


def fitted(made: Console) -> None:
    """A station with everything, some of it broken."""
    slots = (Slot(1, "present", "full", soc_pct=100), Slot(2, "absent"), Slot(3, "present", "fault"))
    announce(
        made, "city-0002", "0.9.1",
        sensors=(SensorInfo("room", "dht22"), SensorInfo("pir", "pir")),
        doors=("d0", "d1"),
        sockets=(SocketInfo("s1", "ac", "<b>靠窗</b>"),),
        cabinets=(CabinetInfo("c1", 3, "<u>柜</u>", 60),),
    )  # fmt: skip
    at_ms = NOW_MS - 10_000
    hear(
        made,
        "city-0002",
        snapshot(
            at_ms,
            clock="unsynced",
            doors=(Door("d0", 108, 100, blocked=True, open=True, locked=False),),
            sockets=(Socket("s1", "ac", "charging", at_ms - 60_000, 61.5),),
            cabinets=(Cabinet("c1", True, slots, mains_ok=False, temperature_c=41, smoke=True),),
            faults=(Fault("room", "no_answer", at_ms - 600_000), Fault("odd", "strange_code", at_ms)),
            health=Health(340, 12, 90_000, 2, cpu_c=83.5, undervoltage=True, disk_free_pct=4),
        ),
    )


def test_everything_is_told(made: Console, browse: Browse) -> None:
    fitted(made)
    page = browse("max").get("/staff/stations/city-0002").text
    for word in (
        "光束被挡", "没有数据", "没有回应", "strange_code", "61.5 W", "83.5 °C", "电压不足", "没校准", "340",
        "12", "市电 没有", "烟雾 有", "0.9.1", "连着", "柜内冒烟", "每 1 秒采一次",
    ):  # fmt: skip
        assert word in page, word
    assert "<b>靠窗" not in page
    assert "<u>柜" not in page
    assert page.count("<figure") >= 5, "temperature, humidity, people, sockets, batteries, machine"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("station", ["city-0001", "city-0002", "town-0001"])
@pytest.mark.parametrize("span", ["day", "week", "odd"])
def test_each_station_has_a_page_in_both_languages(
    made: Console, browse: Browse, language: str, station: str, span: str
) -> None:
    fitted(made)
    answer = browse("ada").get(f"/staff/stations/{station}?lang={language}&range={span}")
    assert answer.status_code == 200
    assert not re.search(r"staff\.[a-z_]+\.", answer.text), "no key in the place of a word"
    assert ("No alerts now" in answer.text) == (language == "en")


@pytest.mark.parametrize(
    ("user", "station", "status"),
    [("tian", "city-0001", 200), ("tian", "city-0002", 404), ("max", "town-0001", 404),
     ("vi", "town-0001", 200), ("ada", "nowhere", 404), ("ada", "%3Cscript%3E", 404), ("", "city-0001", 303)],
)  # fmt: skip
def test_whose_stations(browse: Browse, user: str, station: str, status: int) -> None:
    answer = browse(user).get(f"/staff/stations/{station}")
    assert answer.status_code == status
    assert "<script>" not in answer.text


def test_viewers_have_no_buttons(browse: Browse) -> None:
    assert "/people" not in browse("vi").get(PAGE).text
    assert browse("tian").get(PAGE).text.count(f'action="{PAGE}/people') == 5


@pytest.mark.parametrize(
    ("inside", "offered"), [(0, ["0", "1"]), (1, ["0", "1", "2"]), (7, ["0", "6", "7", "8"])]
)
def test_the_numbers_that_one_tap_sets(
    made: Console, browse: Browse, inside: int, offered: list[str]
) -> None:
    hear(made, "city-0001", snapshot(NOW_MS - 5_000, doors=(Door("d0", 107, 107 - inside),)))
    page = browse("tian").get(PAGE).text
    assert re.findall(r'name="people" value="(\d+)"', page) == offered


def test_what_is_wrong_there_and_what_riders_say(made: Console, browse: Browse) -> None:
    alert = Alert(
        "a" * 16, "too_hot", "warning", Subject("station", "city-0001"), "firing", NOW_MS - 900_000,
        values={"temperature_c": 33.1, "limit_c": 30.0},
    )  # fmt: skip
    elsewhere = Alert("b" * 16, "pi_hot", "warning", Subject("station", "city-0002"), "firing", NOW_MS)
    made.engine.put(alert, elsewhere)
    made.reports.add("city-0001", "socket", "<i>二楼</i>", NOW_MS - 60_000)
    made.reports.add("city-0002", "closed", "别处", NOW_MS - 60_000)
    page = browse("tian").get(PAGE).text
    assert f"/staff/alerts/{'a' * 16}" in page
    assert "b" * 16 not in page
    assert "&lt;i&gt;二楼" in page
    assert "别处" not in page


def test_an_alert_names_its_part_as_its_plate_does(made: Console, browse: Browse) -> None:
    fitted(made)
    subject = Subject("station", "city-0002", "s1")
    broken = Alert("a" * 16, "socket_fault", "warning", subject, "firing", NOW_MS, values={"state": "off"})
    made.engine.put(broken)
    page = browse("max").get("/staff/stations/city-0002").text
    line = page[page.index(f"/staff/alerts/{'a' * 16}") :]
    line = line[: line.index("</li>")]
    assert "插座 &lt;b&gt;靠窗" in line
    assert "未通电" in line, "what the socket says of itself"
    assert "一般" in line, "how bad it is"


@pytest.mark.parametrize(("gone_ms", "old"), [(20_000, False), (3 * 3_600_000, True)])
def test_what_an_offline_station_said_last_is_told_as_old(
    made: Console, browse: Browse, *, gone_ms: int, old: bool
) -> None:
    fitted(made)
    made.now_ms += gone_ms
    made.live.recompute(made.now_ms)
    page = browse("max").get("/staff/stations/city-0002").text
    for section in ("now", "machine"):
        card = page[page.index(f'aria-labelledby="{section}"') :]
        card = card[: card.index("</section>")]
        assert ('class="old"' in card) is old
        assert bool(re.search(r"最后一次读数的情况.*3 小时前", card)) is old


def test_a_message_names_a_part_as_its_plate_does(made: Console) -> None:
    fitted(made)
    words = words_of(made.live, made.services.settings)("zh", NOW_MS)
    assert words.unit(Subject("station", "city-0002", "s1")) == "＜b＞靠窗＜/b＞"
    assert words.unit(Subject("network", "city", "小店区")) == ""


@pytest.mark.parametrize(("measured_c", "said"), [(8.6, "告警线 14"), (28.0, "告警线 30")])
def test_the_line_that_is_drawn_is_the_one_that_is_near(
    made: Console, browse: Browse, measured_c: float, said: str
) -> None:
    at_ms = NOW_MS - 10_000
    hear(made, "city-0001", snapshot(at_ms, climate=Climate(at_ms, measured_c, 48)))
    made.live.recompute(NOW_MS)
    page = browse("tian").get(PAGE).text
    assert set(re.findall(r"告警线 \d+", page)) == {said}


def test_a_history_that_cannot_be_read_says_so(browse: Browse, tmp_path: Path) -> None:
    browser = browse("tian")
    (tmp_path / "readings.db").rename(tmp_path / "away.db")
    answer = browser.get(PAGE)
    assert (answer.status_code, "历史数据现在读不出来" in answer.text) == (200, True)
    (tmp_path / "away.db").rename(tmp_path / "readings.db")


def test_a_page_that_stays_open_does_not_read_the_store_each_time(
    made: Console, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    history = made.store.history

    def noted(*args: Any, **options: Any) -> list[Bucket]:
        read.append(args[1])
        return history(*args, **options)

    monkeypatch.setattr(made.store, "history", noted)
    browser = browse("tian")
    pages = [browser.get(PAGE).text for _ in range(3)]
    assert len(read) == len(set(read)) > 0
    assert len(set(pages)) == 1
    hear(made, "city-0001", snapshot(NOW_MS + 50_000, 9))
    made.now_ms += 60_000
    assert browser.get(PAGE).text != pages[0], "a minute later there is more to draw"
    assert len(read) == 2 * len(set(read))
    browser.get(PAGE + "?lang=en")
    assert len(read) == 3 * len(set(read)), "in another language, in other words"


def test_every_number_in_force_has_a_name() -> None:
    """Riders' numbers are named in this part's strings, the alerts' in the page's that changes them."""
    for language in ("zh", "en"):
        known = strings(language)
        shown = [f"staff.device.threshold.{name}" for name in Thresholds.__dataclass_fields__]
        ranking = {f"staff.device.threshold.{name}" for name in RANKING}
        assert [each for each in shown if each not in known and each not in ranking] == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("fresh_ms", 300_000, "5 分钟"), ("lost_link_ms", 90_000, "90 秒"), ("too_hot_c", 30.5, "30.5 °C"),
     ("busy_pct", 50, "50 %"), ("overload_ac_w", 2200, "2200 W"), ("jumps", 4, "4")],
)  # fmt: skip
def test_numbers_with_their_units(name: str, value: float, said: str) -> None:
    assert facts.shown(Text("zh", NOW_MS), name, value) == said


def test_the_machine_is_judged_by_the_numbers_in_force() -> None:
    health = Health(130, 0, 60, cpu_c=70, disk_free_pct=12)
    by_default = {what: wrong for what, _, wrong in facts.machine(health, AlertThresholds())}
    assert by_default == {"cpu": False, "disk": False, "backlog": True, "lost": False, "refused": False}
    strict = AlertThresholds(pi_hot_c=60, disk_free_pct=20, backlog_rows=500)
    assert {what for what, _, wrong in facts.machine(health, strict) if wrong} == {"cpu", "disk"}
    assert list(facts.machine(None, strict)) == []
