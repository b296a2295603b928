"""Reading rollups.db, on a connection that somebody has opened."""

import sqlite3
import zlib
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import TypeVar

import msgspec

from server.rollups.calendar import BRIDGE_MS, DAY_MS, QUARTER_MS
from server.rollups.model import Day, Summary, Visits
from server.rollups.packing import Packed
from server.rollups.partial import MEASURED, Partial
from server.rollups.tables import PER_STATION
from server.rollups.telling import Told, tell
from server.store import Quantity
from server.store.damage import DAMAGE

_UNREADABLE = (ValueError, LookupError, TypeError, zlib.error, msgspec.MsgspecError)
_DayBody = tuple[
    int,
    int,
    tuple[int, ...],
    int,
    int,
    float,
    int,
    Summary | None,
    Summary | None,
    float | None,
    int | None,
    int,
]


class _Visits(msgspec.Struct, array_like=True, gc=False):
    """How a :data:`_DayBody` begins; the rest is not looked at."""

    visits: int
    exits: msgspec.Raw
    visits_by_hour: msgspec.Raw
    corrected: msgspec.Raw
    corrections: msgspec.Raw
    measured: float


T = TypeVar("T")
LAST_DAY = PER_STATION - 1
_decode_day = msgspec.msgpack.Decoder(_DayBody).decode
_decode_visits = msgspec.msgpack.Decoder(_Visits).decode
encode_day = msgspec.msgpack.Encoder().encode


def station_of(connection: sqlite3.Connection, station_id: str) -> tuple[int, str] | None:
    """A station's number and zone; None when nothing of it is kept."""
    row = connection.execute("SELECT no, zone FROM station WHERE id = ?", (station_id,)).fetchone()
    return None if row is None else (row[0], row[1])


def packed(
    connection: sqlite3.Connection, no: int, first: int, last: int, but: Container[int] = ()
) -> Iterator[tuple[int, Packed]]:
    """The kept days in UTC of a station, both ends included, oldest first; damaged ones are passed over."""
    base = no * PER_STATION
    rows = connection.execute(
        "SELECT key, body FROM quarters WHERE key BETWEEN ? AND ? ORDER BY key", (base + first, base + last)
    )
    for key, body in rows:
        found = None if key - base in but else _unpacked(key, body)
        if found is not None:
            yield key - base, found


def _unpacked(key: int, body: bytes) -> Packed | None:
    try:
        return Packed(key % PER_STATION, body)
    except _UNREADABLE as error:
        DAMAGE.note(f"no. {key // PER_STATION}", f"quarters {key}", error)
        return None


def told(
    connection: sqlite3.Connection,
    no: int,
    span_ms: tuple[int, int],
    fresh: Mapping[int, Mapping[int, Partial]] = MappingProxyType({}),
    quantities: Collection[Quantity] = MEASURED,
) -> list[Told]:
    """The quarters that begin within ``span_ms``, with what depends on those around.

    Args:
        fresh: days in UTC that need not be read again.
        quantities: what is wanted of each.
    """
    from_ms, to_ms = span_ms
    first, last = (from_ms - BRIDGE_MS) // DAY_MS, (to_ms + BRIDGE_MS) // DAY_MS
    partials: dict[int, Partial] = {}
    for _, each in packed(connection, no, first, last, fresh.keys()):
        partials |= each.partials(quantities)
    for day, known in fresh.items():
        if first <= day <= last:
            partials |= known
    inner = range(-(-from_ms // QUARTER_MS), -(-to_ms // QUARTER_MS))
    end = (to_ms + BRIDGE_MS) // QUARTER_MS
    wanted = {quarter: each for quarter, each in partials.items() if inner.start <= quarter <= end}
    earlier = [partials[quarter] for quarter in sorted(partials) if quarter < inner.start]
    carry = _carry(connection, no, first, earlier, {name for each in wanted.values() for name in each.doors})
    reach = (inner.start * QUARTER_MS - BRIDGE_MS) // QUARTER_MS
    heard = {each.first_ms // QUARTER_MS: each for each in earlier if each.rows}
    wanted |= {quarter: each for quarter, each in heard.items() if quarter >= reach}  # across a gap
    return [each for each in tell(wanted, carry) if each.quarter in inner]


def _carry(
    connection: sqlite3.Connection, no: int, first_day: int, earlier: Sequence[Partial], doors: set[str]
) -> dict[str, tuple[int, int]]:
    """What each of these doors said last: in ``earlier``, all from ``first_day`` on, or before that day."""
    found: dict[str, tuple[int, int]] = {}
    for each in reversed(earlier):
        for name in each.doors.keys() - found.keys():
            totals = each.doors[name]
            found[name] = (totals.came[-1][1], totals.left[-1][1])
        if found.keys() >= doors:
            return found
    return found | last_totals(connection, no, first_day, doors - found.keys())


def oldest_day(connection: sqlite3.Connection, no: int) -> int | None:
    """The first day in UTC that is kept of a station."""
    base = no * PER_STATION
    span = (base, base + LAST_DAY)
    row = connection.execute("SELECT min(key) FROM quarters WHERE key BETWEEN ? AND ?", span).fetchone()
    return None if row[0] is None else row[0] - base


def last_totals(
    connection: sqlite3.Connection, no: int, before_day: int, doors: Iterable[str]
) -> dict[str, tuple[int, int]]:
    """What each of these doors said last before that day in UTC, however long ago."""
    wanted, found = set(doors), dict[str, tuple[int, int]]()
    if not wanted:
        return found
    base = no * PER_STATION
    rows = connection.execute(
        "SELECT key, body FROM quarters WHERE key > ? AND key < ? ORDER BY key DESC",
        (base, base + before_day),
    )
    for key, body in rows:
        day = _unpacked(key, body)
        if day is not None:
            found |= day.last_totals(wanted - found.keys())
        if wanted == found.keys():
            break
    return found


def days(
    connection: sqlite3.Connection, stations: Mapping[int, str], first: date, last: date
) -> Iterator[Day]:
    """The days of these stations (by number), both ends included, station by station."""

    def day(station_id: str, on: date, body: bytes) -> Day:
        return Day(station_id, on, *_decode_day(body))

    return _days(connection, stations, first, last, day)


def visits(
    connection: sqlite3.Connection, stations: Mapping[int, str], first: date, last: date
) -> Iterator[Visits]:
    """As :func:`days`, of each only this: it takes a half of the time."""

    def day(station_id: str, on: date, body: bytes) -> Visits:
        found = _decode_visits(body)
        return Visits(station_id, on, found.visits, found.measured)

    return _days(connection, stations, first, last, day)


def _days(
    connection: sqlite3.Connection,
    stations: Mapping[int, str],
    first: date,
    last: date,
    read: Callable[[str, date, bytes], T],
) -> Iterator[T]:
    dates = {number: date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)}
    for no, station_id in stations.items():
        base = no * PER_STATION
        span = (base + first.toordinal(), base + last.toordinal())
        for key, body in connection.execute("SELECT key, body FROM days WHERE key BETWEEN ? AND ?", span):
            try:
                found = read(station_id, dates[key - base], body)
            except _UNREADABLE as error:
                DAMAGE.note(station_id, f"days {key}", error)
            else:
                yield found


def known(
    connection: sqlite3.Connection,
    stations: Mapping[int, str],
    first: date,
    last: date,
    *,
    newest: bool = False,
) -> Iterator[date]:
    """Of each of these stations the first day, or the newest, on which something was measured or counted."""
    query = "SELECT key, body FROM days WHERE key BETWEEN ? AND ? ORDER BY key"
    query += " DESC" if newest else ""
    for no, station_id in stations.items():
        base = no * PER_STATION
        rows = connection.execute(query, (base + first.toordinal(), base + min(last.toordinal(), LAST_DAY)))
        for key, body in rows:
            try:
                found = _decode_visits(body)
            except _UNREADABLE as error:
                DAMAGE.note(station_id, f"days {key}", error)
                continue
            if found.visits or found.measured:
                yield date.fromordinal(key - base)
                break
