"""What the public is told of the past: steps of a fixed grid, and visits only three or more at a time.

Pure. The grid begins at local midnight, so that no two answers hold steps that overlap by half. Visits are
published once, in quarters of an hour: a quarter with fewer than three is told without a number, and its
visits are counted to the next quarters of that day until three have come together. Longer steps are sums of
what the quarters tell, so that no difference between two answers says more than they do.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.store import Bucket
from server.web import public
from server.web.query import DAY_MS, MINUTE_MS, STEPS

FEWEST_VISITS: Final = 3
"""No number stands for fewer visits than this."""
QUARTER_MS: Final = STEPS["15m"]
SETTLED_MS: Final = 2 * MINUTE_MS
"""So long after its end a quarter is told: four heartbeats, so that it is not seen growing."""
_DECIMALS: Final = 2


class Step(public.Struct, frozen=True):
    """One step of a history. ``value``: the mean, for visits the sum; left out below three visits."""

    at: str
    value: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    last: float | None = None


def grid_ms(at_ms: int, step_ms: int, zone: ZoneInfo) -> int:
    """The beginning of the step that holds ``at_ms``; steps are counted from local midnight."""
    offset_ms = _offset_ms(at_ms, zone)
    return (at_ms + offset_ms) // step_ms * step_ms - offset_ms


def _offset_ms(at_ms: int, zone: ZoneInfo) -> int:
    """Of local time from UTC, in whole quarters, which all of today's zones have."""
    offset = datetime.fromtimestamp(at_ms // 1000, zone).utcoffset()
    return round(offset.total_seconds() * 1000) // QUARTER_MS * QUARTER_MS if offset else 0


def measured(buckets: Iterable[Bucket]) -> tuple[Step, ...]:
    """Steps of a measured quantity."""
    return tuple(
        Step(public.iso(each.at_ms), *map(_rounded, (each.mean, each.minimum, each.maximum, each.last)))
        for each in buckets
    )


def _rounded(value: float) -> float | None:
    known = public.finite(value)
    return None if known is None else round(known, _DECIMALS)


def visits(
    quarters: Iterable[Bucket], from_ms: int, step_ms: int, now_ms: int, zone: ZoneInfo
) -> tuple[Step, ...]:
    """Steps of visits from ``from_ms`` on.

    Args:
        quarters: from the local midnight before ``from_ms``, in time order; the sum is what counts.
        from_ms: on the grid.
        now_ms: quarters that ended less than :data:`SETTLED_MS` ago are left out.
    """
    told: dict[int, int] = {}
    for at_ms, count in _published(quarters, now_ms, zone):
        if at_ms >= from_ms:
            step = from_ms + (at_ms - from_ms) // step_ms * step_ms
            told[step] = told.get(step, 0) + count
    return tuple(Step(public.iso(at_ms), count or None) for at_ms, count in told.items())


def _published(quarters: Iterable[Bucket], now_ms: int, zone: ZoneInfo) -> Iterable[tuple[int, int]]:
    """Each quarter with what is told of it: 0 or three and more."""
    day, waiting = -1, 0
    for quarter in quarters:
        if quarter.at_ms + QUARTER_MS + SETTLED_MS > now_ms:
            return
        today = (quarter.at_ms + _offset_ms(quarter.at_ms, zone)) // DAY_MS
        waiting = round(quarter.total) + (waiting if today == day else 0)
        told = waiting if waiting >= FEWEST_VISITS else 0
        yield quarter.at_ms, told
        day, waiting = today, waiting - told
