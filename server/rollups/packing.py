"""A day in UTC of partials as compact bytes: columns of differences, MessagePack, zlib."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate, chain, compress, islice, repeat
from math import gcd
from operator import add, sub
from typing import Final, NamedTuple

import msgspec

from server.rollups.calendar import DAY_MS, QUARTER_MS, QUARTERS
from server.rollups.partial import MEASURED, Partial, Point, Sums, Totals
from server.store import Quantity

_LEVEL: Final = 6
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode
_Column = list[int]


class _Body(msgspec.Struct, array_like=True):
    """The parts, so that one can be read without the others.

    Attributes:
        head: see :class:`Head`.
        doors: for each its name and the columns of :func:`_door`.
        of: for each quantity its place in :data:`MEASURED` and the columns of :func:`_quantity`.
    """

    head: list[_Column]
    doors: msgspec.Raw
    of: list[tuple[int, msgspec.Raw]]


class Head(NamedTuple):
    """The columns that every quarter has; quarters since 1970, times in ms UTC."""

    quarter: list[int]
    rows: list[int]
    upto: list[int]
    first_ms: list[int]
    last_ms: list[int]
    corrected: list[int]
    corrections: list[int]


def pack(day: int, partials: Mapping[int, Partial]) -> bytes:
    """The partials of a day since 1970, by quarter since 1970."""
    ordered = sorted(partials)
    found = [partials[quarter] for quarter in ordered]
    begins = [quarter * QUARTER_MS for quarter in ordered]
    head = [
        [quarter - day * QUARTERS for quarter in ordered],
        [each.rows for each in found],
        [each.upto for each in found],
        [each.first_ms - begin if each.rows else 0 for each, begin in zip(found, begins, strict=True)],
        [each.last_ms - each.first_ms for each in found],
        [each.corrected for each in found],
        [each.corrections for each in found],
    ]
    doors = [
        (name, *_door(found, name)) for name in dict.fromkeys(name for each in found for name in each.doors)
    ]
    of = [(no, _quantity(found, quantity)) for no, quantity in enumerate(MEASURED)]
    body = (list(map(_write, head)), doors, [(no, columns) for no, columns in of if columns])
    return zlib.compress(_encode(body), _LEVEL)


def _door(found: Sequence[Partial], name: str) -> tuple[list[_Column], list[_Column]]:
    """Of those who came and of those who left: how many points each quarter has, their times and totals."""
    nothing = Totals([], [])
    return (
        _points(found, [each.doors.get(name, nothing).came for each in found]),
        _points(found, [each.doors.get(name, nothing).left for each in found]),
    )


def _points(found: Sequence[Partial], points: Sequence[list[Point]]) -> list[_Column]:
    times = [
        # Of nearly all quarters the ends of the one stretch are the first row and the last: zeros.
        (at_ms - each.first_ms if number == 0 else each.last_ms - at_ms)
        for each, own in zip(found, points, strict=True)
        for number, (at_ms, _) in enumerate(own)
    ]
    totals = [total for own in points for _, total in own]
    return [_write(each) for each in (list(map(len, points)), times, totals)]


def _quantity(found: Sequence[Partial], quantity: Quantity) -> list[_Column] | None:
    """Counts, zero where there are none; of the others the sums and, before the last row, the times."""
    sums = [each.of.get(quantity) for each in found]
    known = [(each, own) for each, own in zip(found, sums, strict=True) if own is not None]
    if not known:
        return None
    columns = [
        [0 if own is None else own.number for own in sums],
        [own.total for _, own in known],
        [own.minimum for _, own in known],
        [own.maximum - own.minimum for _, own in known],
        [own.last - own.minimum for _, own in known],
        [each.last_ms - own.last_ms for each, own in known],
    ]
    return list(map(_write, columns))


def _write(values: _Column) -> _Column:
    """Their greatest common divisor, and their differences divided by it."""
    unit = gcd(*values) or 1
    if unit != 1:
        values = [value // unit for value in values]
    return [unit, *map(sub, values, chain((0,), values))]


def _read(column: _Column) -> list[int]:
    unit = column[0]
    values = accumulate(islice(column, 1, None))
    return list(values) if unit == 1 else [unit * value for value in values]


# --- reading ----------------------------------------------------------------------------------------------


_decode_body: Final = msgspec.msgpack.Decoder(_Body).decode


class Packed:
    """The bytes of a day, of which as much is read as is asked for.

    Raises:
        ValueError, zlib.error: they are damaged.
    """

    def __init__(self, day: int, packed: bytes) -> None:
        self._body = _decode_body(zlib.decompress(packed))
        first = day * QUARTERS
        quarter, rows, upto, first_ms, last_ms, *corrected = map(_read, self._body.head)
        quarter = [first + each for each in quarter]
        first_ms = [each * QUARTER_MS + ms for each, ms in zip(quarter, first_ms, strict=True)]
        last_ms = [ms + more for ms, more in zip(first_ms, last_ms, strict=True)]
        self.head = Head(quarter, rows, upto, first_ms, last_ms, *corrected)

    def sums(self, quantity: Quantity) -> dict[int, Sums]:
        """Of one quantity, by quarter since 1970."""
        wanted = MEASURED.index(quantity)
        found = next((raw for no, raw in self._body.of if no == wanted), None)
        return {} if found is None else self._sums(_decode(found))

    def _sums(self, columns: list[_Column]) -> dict[int, Sums]:
        number, total, minimum, more, last, ago = map(_read, columns)
        quarters = compress(self.head.quarter, number)
        maximum, newest = map(add, minimum, more), map(add, minimum, last)
        last_ms = map(sub, compress(self.head.last_ms, number), ago)
        told = zip(compress(number, number), total, minimum, maximum, newest, last_ms, strict=True)
        return dict(zip(quarters, map(Sums._make, told), strict=True))

    def partials(self, quantities: Collection[Quantity] = MEASURED) -> dict[int, Partial]:
        """All of it, but for other quantities, by quarter since 1970."""
        made = {
            quarter: Partial(rows, upto, first_ms, last_ms, {}, {}, corrected, corrections)
            for quarter, rows, upto, first_ms, last_ms, corrected, corrections in zip(*self.head, strict=True)
        }
        for no, raw in self._body.of:
            if MEASURED[no] in quantities:
                for quarter, sums in self._sums(_decode(raw)).items():
                    made[quarter].of[MEASURED[no]] = sums
        for name, came, left in _decode(self._body.doors):
            both = zip(made.values(), self._points(came), self._points(left), strict=True)
            for partial, in_points, out_points in both:
                if in_points:
                    partial.doors[name] = Totals(in_points, out_points)
        return made

    def _points(self, columns: list[_Column]) -> Iterable[list[Point]]:
        counts, times, totals = map(_read, columns)
        points = zip(times, totals, strict=True)
        for first_ms, last_ms, count in zip(self.head.first_ms, self.head.last_ms, counts, strict=True):
            yield [
                (first_ms + ms if number == 0 else last_ms - ms, total)
                for number, (ms, total) in enumerate(islice(points, count))
            ]

    def spans(self) -> Iterable[tuple[int, int]]:
        """When the first and the last snapshot of each quarter were measured that has any."""
        return compress(zip(self.head.first_ms, self.head.last_ms, strict=True), self.head.rows)

    def totals(self, out: bool) -> Iterable[tuple[str, Iterable[int], list[int]]]:
        """Of each door its kept totals in one direction, with the quarter since 1970 of each."""
        for name, came, left in _decode(self._body.doors):
            counts, _, totals = left if out else came
            quarters = map(repeat, self.head.quarter, _read(counts))
            yield name, chain.from_iterable(quarters), _read(totals)

    def last_totals(self, doors: Iterable[str]) -> dict[str, tuple[int, int]]:
        """What each of these doors said last, where it said anything."""
        return {
            name: (_read(came[2])[-1], _read(left[2])[-1])
            for name, came, left in _decode(self._body.doors)
            if name in doors
        }


def day_of(at_ms: int) -> int:
    """The day in UTC, since 1970."""
    return at_ms // DAY_MS
