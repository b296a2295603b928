"""What is kept of a quarter of an hour so that late rows can be added to it, and making it. Pure.

Partials of the same quarter, made from different rows, add up (:func:`merged`) to the partial of all the
rows, in any order. All numbers are whole, quantities in thousandths of their units, so that it is exactly so.
What depends on other quarters is no part of it: see :mod:`server.rollups.telling`.

Of a door's totals only the ends of each stretch in which they do not fall are kept: what was counted in
between is the difference, whatever else comes to light there. Only if a door had begun a new sum and it had
passed the old one within the quarter, and that comes to light when the rows are gone, is it told less
exactly: among the ends.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from server.occupancy import Correction
from server.rollups.calendar import QUARTER_MS
from server.store import Quantity
from server.store.counting import balances, increment
from server.store.raw import Raw, Row

MEASURED: Final[tuple[Quantity, ...]] = (
    "temperature_c",
    "humidity_pct",
    "co2_ppm",
    "occupancy",
    "sockets_free",
    "batteries_charged",
    "power_w",
)
"""What is summed up; their order is what is stored: may be appended to, never reordered."""
THOUSAND: Final = 1000

K = TypeVar("K")
V = TypeVar("V")
Point = tuple[int, int]
"""When, and a door's total."""


class Sums(NamedTuple):
    """Of some values in thousandths: what a :class:`server.rollups.model.Summary` is made from."""

    number: int
    total: int
    minimum: int
    maximum: int
    last: int
    last_ms: int


@dataclass(slots=True)
class Totals:
    """Ends of the stretches in which a door's totals do not fall, in and out."""

    came: list[Point]
    left: list[Point]


@dataclass(slots=True)
class Partial:
    """A quarter of an hour.

    Attributes:
        rows: how many snapshots it is made from; with none only corrections are known.
        upto: all commits up to this one are in it, or belong elsewhere.
        first_ms, last_ms: when the first and the last of the rows were measured.
        corrected: people that corrections added, less those taken away.
        corrections: how many there were.
    """

    rows: int = 0
    upto: int = 0
    first_ms: int = 0
    last_ms: int = 0
    doors: dict[str, Totals] = field(default_factory=dict)
    of: dict[Quantity, Sums] = field(default_factory=dict)
    corrected: int = 0
    corrections: int = 0


def stretches(points: Iterable[Point]) -> list[Point]:
    """The ends of each stretch of ``points``, in the order of time, in which the totals do not fall."""
    ends: list[Point] = []
    begin = 0
    for point in sorted(points):
        if not ends or point[1] < ends[-1][1]:
            begin = len(ends)
        elif begin < len(ends) - 1:
            ends.pop()
        if not ends or point != ends[-1]:
            ends.append(point)
    return ends


def counted(points: Sequence[Point]) -> int:
    """People counted from the first to the last of these totals."""
    return sum(increment(before, total) for (_, before), (_, total) in pairwise(points))


def merged(one: Partial, other: Partial) -> Partial:
    """Of a quarter made from the rows of both, of which they share none; corrections are those of ``one``."""
    early, late = (one, other) if one.first_ms <= other.first_ms else (other, one)
    if not (one.rows and other.rows):
        early = late = one if one.rows else other
    return Partial(
        one.rows + other.rows,
        max(one.upto, other.upto),
        early.first_ms,
        max(early.last_ms, late.last_ms),
        _both(one.doors, other.doors, _totals),
        _both(one.of, other.of, added),
        one.corrected,
        one.corrections,
    )


def _both(one: Mapping[K, V], other: Mapping[K, V], add: Callable[[V, V], V]) -> dict[K, V]:
    both = {**one, **other}
    for key in one.keys() & other.keys():
        both[key] = add(one[key], other[key])
    return both


def _totals(one: Totals, other: Totals) -> Totals:
    return Totals(stretches(one.came + other.came), stretches(one.left + other.left))


def added(one: Sums, other: Sums) -> Sums:
    """Of the values of both."""
    newest = one if one.last_ms >= other.last_ms else other
    return Sums(
        one.number + other.number,
        one.total + other.total,
        min(one.minimum, other.minimum),
        max(one.maximum, other.maximum),
        newest.last,
        newest.last_ms,
    )


# --- from rows --------------------------------------------------------------------------------------------


def fold(raw: Raw, rows: Iterable[Row]) -> dict[int, Partial]:
    """The partials of ``rows``, which are some of those of ``raw``, by quarter since 1970."""
    people = _people(raw)
    return {
        quarter: _partial(list(group), people, raw.newest_id)
        for quarter, group in groupby(rows, lambda row: row.at_ms // QUARTER_MS)
    }


def _people(raw: Raw) -> dict[int, int]:
    """By the ids of the rows in which doors speak."""
    speaking = [row for row in raw.rows if row.doors]
    corrections = ((each.at_ms, each.after) for each in raw.corrections)
    inside = balances(raw.before, corrections, ((row.at_ms, row.doors or ()) for row in speaking))
    return {row.id: people for row, (_, people) in zip(speaking, inside, strict=True)}


def _partial(rows: Sequence[Row], people: Mapping[int, int], upto: int) -> Partial:
    made = Partial(len(rows), upto, rows[0].at_ms, rows[-1].at_ms, _doors(rows))
    for quantity in MEASURED:
        value_of = attrgetter(quantity) if quantity != "occupancy" else lambda row: people.get(row.id)
        found = [(row.at_ms, value) for row in rows if (value := value_of(row)) is not None]
        if found:
            made.of[quantity] = _sums(found)
    return made


def _sums(found: Sequence[tuple[int, float]]) -> Sums:
    values = [round(value * THOUSAND) for _, value in found]
    return Sums(len(values), sum(values), min(values), max(values), values[-1], found[-1][0])


def _doors(rows: Sequence[Row]) -> dict[str, Totals]:
    points: dict[str, tuple[list[Point], list[Point]]] = defaultdict(lambda: ([], []))
    for row in rows:
        for door in row.doors or ():
            came, left = points[door.id]
            came.append((row.at_ms, door.in_total))
            left.append((row.at_ms, door.out_total))
    return {door: Totals(stretches(came), stretches(left)) for door, (came, left) in points.items()}


def correct(partials: dict[int, Partial], corrections: Iterable[Correction], quarters: Iterable[int]) -> None:
    """Put into these quarters what was corrected in them, nothing else."""
    chosen = set(quarters)
    for quarter in chosen & partials.keys():
        partials[quarter].corrected = partials[quarter].corrections = 0
    for each in corrections:
        quarter = each.at_ms // QUARTER_MS
        if quarter in chosen:
            partial = partials.setdefault(quarter, Partial())
            partial.corrected += each.after - each.before
            partial.corrections += 1
