"""What the public is told of the past: steps of a fixed grid, and people in threes.

Pure. The grid begins at local midnight. Of the people who ever came in (or went out) through the doors, only
each third is told, when it has come: the number of a step is the difference of two such counts. So every
answer, and every difference between answers, is a multiple of three; a step is right to two people, and so
is the sum of any number of steps.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.store import Bucket
from server.web import public
from server.web.query import MINUTE_MS, STEPS
from server.web.shapes import Struct

TOGETHER: Final = 3
"""People are told so many at a time, never one alone."""
QUARTER_MS: Final = STEPS["15m"]
SETTLED_MS: Final = 2 * MINUTE_MS
"""So long after its end a quarter is told: four heartbeats, so that it is not seen growing."""
_DECIMALS: Final = 2
"""Of a mean; what was measured is told as it was."""


class Step(Struct, frozen=True):
    """One step of a history. ``value``: the mean, for visits and exits the sum; left out where it is none."""

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
        Step(
            public.iso(each.at_ms),
            _rounded(each.mean),
            *map(public.finite, (each.minimum, each.maximum, each.last)),
        )
        for each in buckets
    )


def _rounded(value: float) -> float | None:
    known = public.finite(value)
    return None if known is None else round(known, _DECIMALS)


def crossings(
    quarters: Iterable[Bucket], counted: int, from_ms: int, step_ms: int, now_ms: int
) -> tuple[Step, ...]:
    """Steps of visits or exits.

    Args:
        quarters: from ``from_ms`` on, in time order; the sum of each is what counts.
        counted: how many there were ever before ``from_ms``.
        from_ms: on the grid.
        now_ms: quarters that ended less than :data:`SETTLED_MS` ago are left out.
    """
    told: dict[int, int] = {}
    for quarter in quarters:
        if quarter.at_ms + QUARTER_MS + SETTLED_MS > now_ms:
            break
        before, counted = counted, counted + round(quarter.total)
        step = from_ms + (quarter.at_ms - from_ms) // step_ms * step_ms
        told[step] = told.get(step, 0) + _whole(counted) - _whole(before)
    return tuple(Step(public.iso(at_ms), count or None) for at_ms, count in told.items())


def _whole(count: int) -> int:
    return count // TOGETHER * TOGETHER
