"""What rules over time need to remember of a station, bounded. Pure.

A :class:`Trend` is folded from snapshots by their own time: one that comes late changes nothing, so a
backlog cannot make yesterday's warming of today. :class:`Days` is folded from what the doors have counted
(:mod:`server.occupancy`), live or from stored checkpoints: an hour's step is fine enough.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from contract.messages import Climate, Health, Snapshot

HOUR_MS: Final = 3_600_000
_QUARTER_MS: Final = 900_000
"""No time zone's offset is finer, so the day is looked up once a quarter."""
WINDOW_MS: Final = 30 * 60_000
"""Over which the rate of warming is told."""
_THIN_MS: Final = 60_000
_SLACK_MS: Final = 5 * 60_000
"""The window's far end may be missing by so much: a reading lost, a slow sensor."""
NEXT_MS: Final = 120_000
"""Two readings further apart are no jump: the room had time."""
STEP_C: Final = 2.0
STEP_PCT: Final = 10.0
"""Smaller steps are no jumps for anybody's threshold; ten times what a real room does in a minute."""
MOST_STEPS: Final = 60
DAYS_KEPT: Final = 7
DAY_BEGINS_H: Final = 4
"""A day of counts begins at the least busy hour, so that an evening past midnight is not cut in two."""


class Warmth(NamedTuple):
    """A temperature, °C, and when it was measured."""

    at_ms: int
    temperature_c: float


class Step(NamedTuple):
    """By how much two readings in a row differ; percent are of relative humidity."""

    at_ms: int
    by_c: float
    by_pct: float


@dataclass(frozen=True, slots=True)
class Trend:
    """What is remembered of one station after its newest snapshot.

    Attributes:
        climate: the newest reading of the air that had a temperature.
        warmths: of the last half hour, at most one a minute.
        steps: the great ones of the last hour.
        flat_since_ms: since when temperature and humidity have been the same.
        health, health_at_ms: the machine's newest report.
        lost_rows, lost_at_ms: how many snapshots were declared lost last, and when that was said.
    """

    at_ms: int = -1
    climate: Climate | None = None
    warmths: tuple[Warmth, ...] = ()
    steps: tuple[Step, ...] = ()
    flat_since_ms: int = 0
    health: Health | None = None
    health_at_ms: int = 0
    lost_rows: int = 0
    lost_at_ms: int | None = None

    @property
    def warming_c(self) -> float | None:
        """By how much the room has warmed in half an hour, °C; None when that is not known."""
        if not self.warmths or self.warmths[-1].at_ms - self.warmths[0].at_ms < WINDOW_MS - _SLACK_MS:
            return None
        return round(self.warmths[-1].temperature_c - self.warmths[0].temperature_c, 2)


def advance(trend: Trend, snapshot: Snapshot) -> Trend:
    """The trend after ``snapshot``; the same if that is not newer."""
    if snapshot.at_ms <= trend.at_ms:
        return trend
    climate = snapshot.climate
    if climate and climate.temperature_c is not None and _newer(climate, trend.climate):
        trend = _with_climate(trend, snapshot.at_ms, climate, climate.temperature_c)
    else:
        trend = replace(trend, at_ms=snapshot.at_ms)
    return report(trend, snapshot.health, snapshot.at_ms) if snapshot.health else trend


def fold(trend: Trend, snapshots: Iterable[Snapshot]) -> Trend:
    """:func:`advance` over ``snapshots``, oldest first."""
    for snapshot in snapshots:
        trend = advance(trend, snapshot)
    return trend


def _newer(climate: Climate, before: Climate | None) -> bool:
    return before is None or climate.at_ms > before.at_ms


def _with_climate(trend: Trend, snapshot_ms: int, climate: Climate, temperature_c: float) -> Trend:
    at_ms, before = climate.at_ms, trend.climate
    warmths, steps, flat_since_ms = trend.warmths, trend.steps, at_ms
    if not warmths or at_ms - warmths[-1].at_ms >= _THIN_MS:
        kept = tuple(each for each in warmths if at_ms - each.at_ms <= WINDOW_MS)
        warmths = (*kept, Warmth(at_ms, temperature_c))
    if before is not None:
        steps = tuple(each for each in steps if at_ms - each.at_ms < HOUR_MS)
        steps = (*steps, *_steps(before, climate))[-MOST_STEPS:]
        if _same(before, climate) and at_ms - before.at_ms <= HOUR_MS:
            flat_since_ms = trend.flat_since_ms
    return replace(
        trend,
        at_ms=snapshot_ms,
        climate=climate,
        warmths=warmths,
        steps=steps,
        flat_since_ms=flat_since_ms,
    )


def _same(before: Climate, now: Climate) -> bool:
    return (before.temperature_c, before.humidity_pct) == (now.temperature_c, now.humidity_pct)


def _steps(before: Climate, now: Climate) -> tuple[Step, ...]:
    if now.at_ms - before.at_ms > NEXT_MS:
        return ()
    by_c = _apart(before.temperature_c, now.temperature_c)
    by_pct = _apart(before.humidity_pct, now.humidity_pct)
    return (Step(now.at_ms, by_c, by_pct),) if by_c >= STEP_C or by_pct >= STEP_PCT else ()


def _apart(one: float | None, other: float | None) -> float:
    return 0.0 if one is None or other is None else abs(one - other)


def report(trend: Trend, health: Health, at_ms: int) -> Trend:
    """The trend after the machine's report of ``at_ms``; in time order."""
    before = trend.health
    trend = replace(trend, health=health, health_at_ms=at_ms)
    if before is None or health.dropped_total == before.dropped_total:
        return trend
    begun_anew = health.dropped_total < before.dropped_total
    lost = health.dropped_total - (0 if begun_anew else before.dropped_total)
    return replace(trend, lost_rows=lost, lost_at_ms=at_ms) if lost else trend


class DayCount(NamedTuple):
    """How many came and how many left on a day; ``day`` counts from the year 1."""

    day: int
    came: int
    left: int


@dataclass(frozen=True, slots=True)
class Days:
    """The finished days of a station's doors, oldest first, and the present one.

    Attributes:
        begun: visits and exits, ever, when the present day began; ``now``: by now.
        full: the present day was watched from its beginning.
    """

    day: int = 0
    begun: tuple[int, int] = (0, 0)
    now: tuple[int, int] = (0, 0)
    full: bool = False
    finished: tuple[DayCount, ...] = ()


def count(days: Days, at_ms: int, visits: int, exits: int, time_zone: str) -> Days:
    """The days after ``visits`` and ``exits``, ever, of the station's doors were seen at ``at_ms``.

    Call it in time order. The first day is not whole and never finished; sums that are smaller than before
    have been counted anew, so the days begin again.
    """
    day, now = _day(at_ms // _QUARTER_MS * _QUARTER_MS, time_zone), (visits, exits)
    if day < days.day:
        return days
    if not days.day or visits < days.now[0] or exits < days.now[1]:
        return Days(day, now, now)
    if day == days.day:
        return replace(days, now=now)
    came, left = (till - since for since, till in zip(days.begun, days.now, strict=True))
    finished = (*days.finished, DayCount(days.day, came, left)) if days.full else days.finished
    return Days(day, days.now, now, full=True, finished=finished[-DAYS_KEPT:])


@lru_cache(maxsize=256)
def _day(at_ms: int, time_zone: str) -> int:
    moment = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(time_zone))
    return (moment - timedelta(hours=DAY_BEGINS_H)).toordinal()
