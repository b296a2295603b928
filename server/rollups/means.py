"""Means of quarters over weeks: only as much is unpacked as they need."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Final

from server.rollups import reading
from server.rollups.calendar import (
    BRIDGE_MS,
    DAY_MS,
    HOUR_MS,
    LEAST_MEASURED,
    QUARTER_MS,
    QUARTERS,
    local_hour,
    midnight_ms,
)
from server.rollups.packing import Packed
from server.rollups.partial import THOUSAND, Sums
from server.rollups.telling import coverage
from server.store import Quantity
from server.store.counting import increment

_LEAST_MS: Final = round(LEAST_MEASURED * QUARTER_MS)
_IN_HOUR: Final = HOUR_MS // QUARTER_MS
HOURS_OF_WEEK: Final = 168


def means(
    connection: sqlite3.Connection, no: int, quantity: Quantity, from_ms: int, to_ms: int
) -> dict[int, float]:
    """Of each quarter since 1970, oldest first, of which at least half was measured.

    A quarter without a snapshot, between two that are near enough, is halfway between them. Of ``visits`` and
    ``exits`` it is people in an hour.
    """
    first, last = (from_ms - BRIDGE_MS) // DAY_MS, (to_ms + BRIDGE_MS) // DAY_MS
    days = [day for _, day in reading.packed(connection, no, first, min(last, reading.LAST_DAY))]
    inner = range(-(-from_ms // QUARTER_MS), -(-to_ms // QUARTER_MS))
    measured = coverage(chain.from_iterable(day.spans() for day in days))
    known = [quarter for quarter, ms in measured.items() if ms >= _LEAST_MS and quarter in inner]
    if quantity in ("visits", "exits"):
        crossed = _crossed(connection, no, first, days, quantity == "exits")
        return {quarter: _IN_HOUR * float(crossed[quarter]) for quarter in known}
    found: dict[int, Sums] = {}
    for day in days:
        found |= day.sums(quantity)
    mean = {quarter: sums.total / sums.number / THOUSAND for quarter, sums in found.items()}
    for quarter in known:
        if quarter not in mean and quarter - 1 in found and quarter + 1 in mean:
            mean[quarter] = (found[quarter - 1].last / THOUSAND + mean[quarter + 1]) / 2
    return {quarter: mean[quarter] for quarter in known if quarter in mean}


def _crossed(
    connection: sqlite3.Connection, no: int, first_day: int, days: Sequence[Packed], out: bool
) -> Counter[int]:
    """People by quarter, straight from the totals; see :func:`server.rollups.telling.tell`."""
    told = [each for day in days for each in day.totals(out)]
    carry = reading.last_totals(connection, no, first_day, {name for name, _, _ in told})
    last: dict[str, int | None] = {name: pair[out] for name, pair in carry.items()}
    crossed = Counter[int]()
    for name, quarters, totals in told:
        before = last.get(name)
        for quarter, total in zip(quarters, totals, strict=True):
            if total != before:
                crossed[quarter] += increment(before, total)
                before = total
        last[name] = before
    return crossed


def by_day(found: Mapping[int, float], since: date, time_zone: str) -> dict[date, list[float | None]]:
    """By local day from ``since`` on, in 96 quarters from its midnight."""
    days: dict[date, list[float | None]] = {}
    begins: dict[int, tuple[int, date]] = {}
    for quarter, mean in found.items():
        ordinal = local_hour(quarter, time_zone) // 24
        if ordinal not in begins:
            day = date.fromordinal(ordinal)
            begins[ordinal] = (midnight_ms(day, time_zone) // QUARTER_MS, day)
        begin, day = begins[ordinal]
        if day >= since and quarter - begin < QUARTERS:  # a day of 25 hours has a few more
            days.setdefault(day, [None] * QUARTERS)[quarter - begin] = mean
    return days


def by_hour_of_week(found: Mapping[int, float], time_zone: str) -> list[float | None]:
    """The mean in each local hour of the week, from Monday 00:00."""
    sums, counts = [0.0] * HOURS_OF_WEEK, [0] * HOURS_OF_WEEK
    for quarter, mean in found.items():
        # The first day of the calendar was a Monday.
        hour = (local_hour(quarter, time_zone) - 24) % HOURS_OF_WEEK
        sums[hour] += mean
        counts[hour] += 1
    return [total / count if count else None for total, count in zip(sums, counts, strict=True)]
