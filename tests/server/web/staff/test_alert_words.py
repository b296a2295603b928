"""What an alert's values are called: those of its moment, those of now, and the parts by their names."""

from dataclasses import replace

import pytest

from contract.messages import Climate, Health, Info, SensorInfo
from server.alerts.model import Alert, Subject
from server.model import Thresholds
from server.web.staff.alerts.words import Newest, Said, Unit, said, unit_of
from server.web.text import LANGUAGES, Text, strings
from tests.support.alarms import HOUR, MIN, alert, snapshot
from tests.support.staff import NOW_MS

ZH, EN = Text("zh", NOW_MS), Text("en", NOW_MS)
HOT = alert(values={"temperature_c": 30.3, "limit_c": 30})
LATE_MS = Thresholds().fresh_ms + 1
HEALTH = Health(outbox_rows=900, dropped_total=0, uptime_s=60, cpu_c=84.0, disk_free_pct=3)


def at(ago_ms: int, temperature_c: float = 31.6, power_w: float = 2_500) -> Newest:
    """A station that spoke so long ago."""
    return Newest(snapshot=snapshot(1, NOW_MS - ago_ms, temperature_c, power_w))


def spoken(climate: Climate | None) -> Newest:
    """A station that has just spoken."""
    return Newest(snapshot=replace(snapshot(1, NOW_MS, 20), climate=climate))


@pytest.mark.parametrize(
    ("newest", "now", "why"),
    [
        (at(MIN), "31.6 °C", "newer, and fresh"),
        (at(LATE_MS), "", "too old to be now"),
        (Newest(), "", "nothing is known"),
        (spoken(None), "", "no thermometer any more"),
        (
            Newest(snapshot=replace(snapshot(1, NOW_MS, 20), climate=Climate(NOW_MS, None, 50))),
            "",
            "no value",
        ),
    ],
)
def test_the_air_then_and_now(newest: Newest, now: str, why: str) -> None:
    assert said(HOT, newest, ZH) == Said("告警时 30.3 °C，上限 30 °C", now), why
    assert said(HOT, newest, EN) == Said("30.3 °C, limit 30 °C at the alert", now), why


def test_the_reading_that_it_fired_with_is_told_once() -> None:
    just = replace(HOT, measured_ms=NOW_MS - MIN)
    assert said(just, at(MIN, 30.3), ZH).now is None


@pytest.mark.parametrize(
    ("kind", "unit", "newest", "zh", "en"),
    [
        ("socket_overload", "s1", at(MIN), "2500 瓦", "2,500 W"),
        ("cabinet_overheat", "c1", at(MIN), "41.6 °C", "41.6 °C"),
        ("pi_hot", "", Newest(health=(NOW_MS - 20 * MIN, HEALTH)), "84 °C", "84 °C"),
        ("pi_hot", "", Newest(health=(NOW_MS - 26 * MIN, HEALTH)), "", ""),
        ("pi_disk_filling", "", Newest(health=(NOW_MS, HEALTH)), "剩 3%", "3% free"),
        ("outbox_backlog", "", Newest(health=(NOW_MS, HEALTH)), "积压 900 条", "900 waiting"),
        ("data_lost", "", at(MIN), None, None),
    ],
)
def test_each_kind_has_its_own_now(
    kind: str, unit: str, newest: Newest, zh: str | None, en: str | None
) -> None:
    values: dict[str, float | str] = dict.fromkeys(
        ("power_w", "limit_w", "temperature_c", "limit_c", "cpu_c", "free_pct", "rows", "minutes"), 30
    )
    one = alert(kind, Subject("station", "city-0001", unit), values=values)
    assert (said(one, newest, ZH).now, said(one, newest, EN).now) == (zh, en)


@pytest.mark.parametrize(
    ("newest", "zh", "en"),
    [
        (at(50 * MIN), "已 50 分钟没有数据", "no data for 50 min"),
        (at(MIN), "又有数据了", "heard again"),
        (Newest(), "已 50 分钟没有数据", "no data for 50 min"),
    ],
)
def test_how_long_a_station_is_silent_is_said_once_and_until_now(newest: Newest, zh: str, en: str) -> None:
    silent = replace(alert("station_offline", values={"minutes": 5}), measured_ms=NOW_MS - 50 * MIN)
    assert (said(silent, newest, ZH), said(silent, newest, EN)) == (Said(zh), Said(en))
    assert said(replace(silent, state="resolved"), newest, ZH) == Said("")


@pytest.mark.parametrize(
    ("measured_ago", "told", "why"),
    [
        (2 * HOUR, "告警时 30.3 °C，上限 30 °C", "somebody has ended it: it keeps what it fired with"),
        (HOUR, "恢复时 30.3 °C，上限 30 °C", "it ended by itself, with that reading"),
    ],
)
def test_what_is_over_says_of_which_moment_its_values_are(measured_ago: int, told: str, why: str) -> None:
    over = replace(alert(state="resolved", values=HOT.values), measured_ms=NOW_MS - measured_ago)
    assert said(over, at(MIN), ZH) == Said(told, None), why


@pytest.mark.parametrize(
    ("kind", "values", "told", "why"),
    [
        ("sensor_failing", {"code": "not_well"}, Said("自检不正常", code="not_well"), "in words"),
        ("sensor_failing", {"code": "x_9"}, Said("设备代码 x_9"), "nobody knows that word"),
        ("outbox_failing", {"code": "disk"}, Said("写不进存储", code="disk"), "the same words"),
        ("socket_fault", {"state": "fault"}, Said("坏了"), "a state"),
        ("door_blocked", {}, Said(""), "the kind says all"),
        ("store_damaged", {"problem": "not_pruned"}, Said("文件有损坏，部分旧读数清理不了"), "no reading"),
        ("store_damaged", {}, Said(""), "it is over"),
    ],
)
def test_what_a_device_says_of_itself(
    kind: str, values: dict[str, float | str], told: Said, why: str
) -> None:
    assert said(alert(kind, values=values), Newest(), ZH) == told, why


@pytest.mark.parametrize(
    ("sensor", "kind", "unit", "why"),
    [
        ("room", "dht22", Unit("温湿度传感器", "room"), "by its kind"),
        ("main", "door_beams", Unit("门口计数器", "main"), "by its kind"),
        ("motion", "", Unit("人体感应", "motion"), "by its id"),
        ("attic", "", Unit("传感器 attic"), "nobody knows"),
        ("attic", "geiger", Unit("传感器 attic"), "nobody knows that kind"),
    ],
)
def test_a_sensor_has_a_name(sensor: str, kind: str, unit: Unit, why: str) -> None:
    info = Info("1.0", 1.0, 30.0, sensors=(SensorInfo(sensor, kind),)) if kind else None
    one: Alert = alert("sensor_failing", Subject("station", "city-0001", sensor))
    assert unit_of(one, Newest(info=info), ZH) == unit, why


def test_what_is_being_checked_has_one_word() -> None:
    words = {"zh": "核实中", "en": "being checked"}
    assert words.keys() == set(LANGUAGES)
    for language, word in words.items():
        for key in ("staff.alerts.doubtful", "staff.state.pending"):
            assert word in strings(language)[key], key
