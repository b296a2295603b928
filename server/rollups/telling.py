"""From kept quarters to what is told of them: what depends on the quarters around. Pure.

Visits are what the totals of the doors have grown by since they last spoke, in whatever quarter that was;
measured is the time between two snapshots that are no further apart than :data:`BRIDGE_MS`, and watched that
between two words of a door: a station that goes on speaking while its counter does not answer counts nobody.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from server.rollups.calendar import BRIDGE_MS, HOUR_MS, QUARTER_MS, local_hour, midnight_ms
from server.rollups.model import Day, Quarter, Summary
from server.rollups.partial import THOUSAND, Partial, Sums, Totals, added, counted
from server.store import Quantity
from server.store.counting import increment

OF_A_DAY: Final[tuple[Quantity, ...]] = ("temperature_c", "occupancy", "power_w")
"""What of a quarter's quantities a day is made from."""
_NOTHING: Final = Partial()
Carry = Mapping[str, tuple[int, int]]
"""What each door said last before, in and out."""


class Told(NamedTuple):
    """A quarter since 1970 with what depends on those around it.

    Attributes:
        measured_ms: so much of it was measured; ``watched_ms``: by each door, for as long as it spoke.
    """

    quarter: int
    partial: Partial
    visits: int
    exits: int
    measured_ms: int
    watched_ms: Mapping[str, int]


def tell(partials: Mapping[int, Partial], carry: Carry) -> list[Told]:
    """All quarters of which something is known, oldest first; ``carry`` is from before the first."""
    ordered = sorted(partials)
    totals = dict(carry)
    crossed = {quarter: _crossed(partials[quarter], totals) for quarter in ordered}
    heard = [partials[quarter] for quarter in ordered if partials[quarter].rows]
    measured = coverage((each.first_ms, each.last_ms) for each in heard)
    watched = {
        name: coverage(_spoken(partials[quarter].doors.get(name) for quarter in ordered))
        for name in dict.fromkeys(name for quarter in ordered for name in partials[quarter].doors)
    }
    return [
        Told(
            quarter,
            partials.get(quarter, _NOTHING),
            *crossed.get(quarter, (0, 0)),
            measured.get(quarter, 0),
            {name: by_quarter[quarter] for name, by_quarter in watched.items() if quarter in by_quarter},
        )
        for quarter in sorted(crossed.keys() | measured.keys())
    ]


def _spoken(totals: Iterable[Totals | None]) -> Iterator[tuple[int, int]]:
    """When a door spoke first and last in each quarter in which it did."""
    return ((each.came[0][0], each.came[-1][0]) for each in totals if each)


def _crossed(partial: Partial, totals: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Visits and exits behind ``totals``, which are brought up to date; a door's first word counts nobody."""
    visits = exits = 0
    for name, door in partial.doors.items():
        came, left = totals.get(name, (None, None))
        visits += increment(came, door.came[0][1]) + counted(door.came)
        exits += increment(left, door.left[0][1]) + counted(door.left)
        totals[name] = (door.came[-1][1], door.left[-1][1])
    return visits, exits


def coverage(spans: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Milliseconds measured, by quarter since 1970, oldest first.

    Args:
        spans: first and last snapshot, or word of a door, of each quarter that has any, oldest first.
    """
    measured: dict[int, int] = {}
    before_ms = None
    for first_ms, last_ms in spans:
        from_ms = first_ms if before_ms is None or first_ms - before_ms > BRIDGE_MS else before_ms
        while (quarter := from_ms // QUARTER_MS) < last_ms // QUARTER_MS:
            end_ms = (quarter + 1) * QUARTER_MS
            measured[quarter] = measured.get(quarter, 0) + end_ms - from_ms
            from_ms = end_ms
        measured[quarter] = measured.get(quarter, 0) + last_ms - from_ms
        before_ms = last_ms
    return measured


def quarter_of(told: Told) -> Quarter:
    """As it is told to others."""
    return Quarter(
        told.quarter * QUARTER_MS,
        told.measured_ms / QUARTER_MS,
        told.visits,
        told.exits,
        {quantity: summary(sums) for quantity, sums in told.partial.of.items()},
    )


def summary(sums: Sums) -> Summary:
    """In the quantity's own unit."""
    return Summary(
        sums.number,
        sums.minimum / THOUSAND,
        sums.maximum / THOUSAND,
        sums.total / sums.number / THOUSAND,
        sums.last / THOUSAND,
    )


def days(station_id: str, told: Iterable[Told], time_zone: str, made_ms: int) -> Iterator[Day]:
    """The local days of these quarters, which must be whole; oldest first."""
    by_day: dict[int, list[Told]] = {}
    for each in told:
        by_day.setdefault(local_hour(each.quarter, time_zone) // 24, []).append(each)
    for ordinal, own in by_day.items():
        yield _day(station_id, date.fromordinal(ordinal), own, time_zone, made_ms)


def _day(station_id: str, day: date, told: Sequence[Told], time_zone: str, made_ms: int) -> Day:
    by_hour = [0] * 24
    for each in told:
        by_hour[local_hour(each.quarter, time_zone) % 24] += each.visits
    length_ms = midnight_ms(date.fromordinal(day.toordinal() + 1), time_zone) - midnight_ms(day, time_zone)
    return Day(
        station_id,
        day,
        sum(by_hour),
        sum(each.exits for each in told),
        tuple(by_hour),
        sum(each.partial.corrected for each in told),
        sum(each.partial.corrections for each in told),
        _watched_ms(told) / length_ms,
        _people_s(told),
        _summary([each.partial.of["temperature_c"] for each in told if "temperature_c" in each.partial.of]),
        _summary([each.partial.of["occupancy"] for each in told if "occupancy" in each.partial.of]),
        _energy_wh(told),
        None,
        made_ms,
    )


def _watched_ms(told: Sequence[Told]) -> int:
    """For how long all doors spoke that spoke at all that day: another may be gone for good."""
    names = {name for each in told for name in each.watched_ms}
    return sum(min((each.watched_ms.get(name, 0) for name in names), default=0) for each in told)


def _summary(found: Sequence[Sums]) -> Summary | None:
    if not found:
        return None
    whole = found[0]
    for each in found[1:]:
        whole = added(whole, each)
    return summary(whole)


def _people_s(told: Iterable[Told]) -> int:
    """The mean of each quarter, over the time that was measured of it."""
    inside = ((each.partial.of.get("occupancy"), each.measured_ms) for each in told)
    return round(sum(sums.total / sums.number * ms for sums, ms in inside if sums) / THOUSAND / 1000)


def _energy_wh(told: Iterable[Told]) -> float | None:
    """Of each quarter the mean power, over that part of its measured time in which the meters spoke."""
    found = [(each.partial.of.get("power_w"), each.partial.rows, each.measured_ms) for each in told]
    if not any(sums for sums, _, _ in found):
        return None
    total = sum(sums.total / rows * ms for sums, rows, ms in found if sums)
    return round(total / THOUSAND / HOUR_MS, 1)
