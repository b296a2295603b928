"""What is remembered of a station, as tables; the reason stands beside each row."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contract.messages import Climate, Health, Snapshot
from server.alerts import trends
from server.alerts.kinds import AlertThresholds
from server.alerts.rules_room import _drift
from server.alerts.trends import DayCount, Days, Step, Trend

MIN = 60_000
HOUR = 60 * MIN
NOW = 1_753_430_400_000  # 2025-07-25 16:00 in Beijing
EMPTY = Snapshot("0123456789abcdef", 1, NOW, 0, "0f8b2c1d", "synced")


def air(minute: float, temperature: float | None, humidity: float | None = 50.0) -> Snapshot:
    at_ms = NOW + round(minute * MIN)
    return replace(EMPTY, at_ms=at_ms, climate=Climate(at_ms, temperature, humidity))


def told(minute: float, **health: Any) -> Snapshot:
    report = replace(Health(outbox_rows=0, dropped_total=0, uptime_s=9), **health)
    return replace(EMPTY, at_ms=NOW + round(minute * MIN), health=report)


def after(*snapshots: Snapshot) -> Trend:
    return trends.fold(Trend(), snapshots)


@pytest.mark.parametrize(
    ("readings", "warming", "why"),
    [
        ([], None, "nothing was ever measured"),
        ([(0, 25.0)], None, "one reading is no trend"),
        ([(m, 25 + m / 10) for m in range(31)], 3.0, "0.1 °C a minute for half an hour"),
        ([(m / 2, 25 + m / 20) for m in range(61)], 3.0, "the same, measured twice a minute"),
        ([(m, 25 + m / 10) for m in range(90)], 3.0, "only the last half hour counts"),
        ([(m, 25 - m / 10) for m in range(31)], -3.0, "cooling is warming below zero"),
        ([(m, 25 + m / 10) for m in range(20)], None, "20 minutes are too short to say"),
        ([(0, 25.0), (26, 26.0)], 1.0, "the far end may be missing by five minutes"),
        ([(0, 25.0), (120, 30.0)], None, "after a gap the trend begins again"),
        ([(m, 25.0) for m in range(31)] + [(10, 99.0)], 0.0, "a late one changes nothing"),
    ],
)
def test_warming(readings: list[tuple[float, float]], warming: float | None, why: str) -> None:
    trend = after(*(air(minute, temperature) for minute, temperature in readings))
    assert trend.warming_c == warming, why


@pytest.mark.parametrize(
    ("readings", "since", "why"),
    [
        ([(m, 25.0, 50.0) for m in range(10)], 0, "the same since the first"),
        ([(0, 24.9, 50.0), (1, 25.0, 50.0), (2, 25.0, 50.0)], 1, "since the last change"),
        ([(0, 25.0, 50.0), (1, 25.0, 50.1)], 1, "the humidity moves: it is alive"),
        ([(0, 25.0, None), (1, 25.0, None)], 0, "without humidity the temperature alone"),
        ([(0, 25.0, 50.0), (59, 25.0, 50.0)], 0, "a cut of less than an hour hides no change"),
        ([(0, 25.0, 50.0), (61, 25.0, 50.0)], 61, "in a longer one it may have moved"),
        ([(1, 25.0, 50.0), (0, 24.0, 50.0), (2, 25.0, 50.0)], 1, "a late one changes nothing"),
    ],
)
def test_flat_since(readings: list[tuple[float, float, float | None]], since: float, why: str) -> None:
    trend = after(*(air(*reading) for reading in readings))
    assert trend.flat_since_ms == NOW + since * MIN, why


def test_a_snapshot_that_repeats_a_reading_is_no_new_one() -> None:
    reading = air(0, 25.0)
    again = replace(reading, at_ms=NOW + 30 * MIN)
    assert after(reading, again) == replace(after(reading), at_ms=again.at_ms)


@pytest.mark.parametrize(
    ("readings", "steps", "why"),
    [
        ([(0, 25.0, 50.0), (1, 31.0, 50.0)], [(1, 6.0, 0.0)], "6 °C from one to the next"),
        ([(0, 25.0, 50.0), (1, 25.0, 90.0)], [(1, 0.0, 40.0)], "40 points of humidity"),
        ([(0, 25.0, 50.0), (1, 26.9, 59.0)], [], "a room with its door open"),
        ([(0, 25.0, 50.0), (3, 31.0, 50.0)], [], "three minutes apart: the room had time"),
        ([(0, 25.0, None), (1, 31.0, 50.0)], [(1, 6.0, 0.0)], "no humidity before is no leap of it"),
        ([(0, 0.0, 50.0), (1, 9.0, 50.0), (61, 9.0, 50.0)], [], "an hour ago is forgotten"),
    ],
)
def test_steps(readings: list[tuple[float, float, float | None]], steps: list[Step], why: str) -> None:
    trend = after(*(air(*reading) for reading in readings))
    assert [(each.at_ms, each.by_c, each.by_pct) for each in trend.steps] == [
        (NOW + minute * MIN, by_c, by_pct) for minute, by_c, by_pct in steps
    ], why


def test_memory_is_bounded() -> None:
    trend = after(*(air(n / 30, n % 2 * 20) for n in range(3 * 1800)))
    assert len(trend.warmths) <= 31
    assert len(trend.steps) == trends.MOST_STEPS


@pytest.mark.parametrize(
    ("totals", "lost", "why"),
    [
        ([5], None, "what was lost before we came is history"),
        ([5, 5], None, "no more than before"),
        ([5, 8], (3, 1), "three more"),
        ([5, 8, 8], (3, 1), "and no more after that"),
        ([0, 3, 4], (1, 2), "the newest loss is the one that is told"),
        ([9, 0], None, "counted anew, and nothing lost since"),
        ([9, 2], (2, 1), "counted anew, and two lost since"),
    ],
)
def test_declared_losses(totals: list[int], lost: tuple[int, int] | None, why: str) -> None:
    trend = after(*(told(10 * n, dropped_total=total) for n, total in enumerate(totals)))
    said = None if trend.lost_at_ms is None else (trend.lost_rows, (trend.lost_at_ms - NOW) // (10 * MIN))
    assert said == lost, why


def test_the_last_report_of_the_machine_is_kept() -> None:
    trend = after(told(0, outbox_rows=7), air(1, 25.0))
    assert trend.health
    assert (trend.health.outbox_rows, trend.health_at_ms) == (7, NOW)


def at(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return round(moment.timestamp() * 1000)


def counted(*marks: tuple[str, int, int]) -> Days:
    days = Days()
    for moment, visits, exits in marks:
        days = trends.count(days, at(f"2025-07-{moment}"), visits, exits, "Asia/Shanghai")
    return days


@pytest.mark.parametrize(
    ("marks", "finished", "why"),
    [
        ([("20T12:00", 10, 9), ("20T13:00", 20, 18)], [], "the first day is not over"),
        ([("20T12:00", 10, 9), ("21T12:00", 20, 18)], [], "the first day is not a whole one"),
        ([("20T12:00", 0, 0), ("21T04:00", 5, 5), ("22T03:59", 25, 20)], [], "03:59 is still the day before"),
        ([("20T12:00", 0, 0), ("21T03:59", 5, 5), ("21T04:00", 6, 6), ("22T03:59", 25, 20),
          ("22T04:00", 26, 21)], [(20, 15)], "from four to four"),
        ([("20T12:00", 0, 0), ("21T05:00", 5, 5), ("21T20:00", 9, 8), ("24T05:00", 30, 20)],
         [(9, 8)], "what came in a gap belongs to the day in which it was told"),
        ([("20T12:00", 9, 9), ("21T05:00", 9, 9), ("21T06:00", 3, 3), ("22T05:00", 9, 9)],
         [], "counted anew: the days begin again"),
    ],
)  # fmt: skip
def test_days(marks: list[tuple[str, int, int]], finished: list[tuple[int, int]], why: str) -> None:
    assert [(day.came, day.left) for day in counted(*marks).finished] == finished, why


def test_a_mark_from_before_changes_no_day() -> None:
    days = counted(("20T12:00", 0, 0), ("21T12:00", 5, 5))
    assert trends.count(days, at("2025-07-20T13:00"), 9, 9, "Asia/Shanghai") == days


def test_a_week_is_kept() -> None:
    days = counted(*((f"{day:02}T05:00", 10 * day, 10 * day) for day in range(1, 21)))
    assert [day.came for day in days.finished] == [10] * trends.DAYS_KEPT


def calit2(folder: Path) -> Iterator[tuple[int, int, int]]:
    """Instant (ms), visits and exits so far, of a busy office building's main door, 70 days."""
    came = left = 0
    with (folder / "uci_calit2_first_70_days.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row and row[0] in ("7", "9")]
    for flow, day, hour, people in rows:
        moment = datetime.strptime(f"{day} {hour}", "%m/%d/%y %H:%M:%S").replace(
            tzinfo=ZoneInfo("Asia/Shanghai")
        )
        came, left = (came + int(people), left) if flow == "9" else (came, left + int(people))
        yield round((moment + timedelta(minutes=30)).timestamp() * 1000), came, left


def test_a_real_counter_that_drifts_a_little_is_well(recordings: Path) -> None:
    """Its days lean by up to 22 %, but never three in a row by a quarter."""
    days, seen = Days(), dict[int, DayCount]()
    for at_ms, came, left in calit2(recordings):
        days = trends.count(days, at_ms, came, left, "Asia/Shanghai")
        seen |= {day.day: day for day in days.finished}
    assert len(seen) > 60
    assert not [day for day in seen.values() if _drift(day, AlertThresholds())]
