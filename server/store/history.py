"""Reading back: whole snapshots in time order, and quantities in buckets of time."""

import heapq
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from contract.messages import Climate, Door, Health, Presence, Snapshot
from server.model import Thresholds
from server.occupancy import Occupancy
from server.status import slot_word
from server.store import Bucket, Dating, Quantity, Stored, packing, people
from server.store.chains import HOUR_MS, Layouts, Link, unpack
from server.store.damage import DAMAGE, UNREADABLE
from server.store.packing import Layout, Values
from server.store.people import Sight, moment

ESTIMATED: Final = 2
RECEIVED: Final = 4
UNSYNCED: Final = 1

_COLUMNS: Final = frozenset({"temperature_c", "humidity_pct", "co2_ppm"})
_decode_health: Final = msgspec.json.Decoder(Health).decode
_decode_occupancy: Final = msgspec.json.Decoder(Occupancy).decode

_ROWS: Final = (
    "SELECT s.id, s.at_ms, s.seq, stream.name, s.flags, CAST(s.units AS BLOB),"
    " s.received_after_ms, s.mono_ms, stream.boot_id, s.climate_ago_ms, s.temperature_c,"
    " s.humidity_pct, s.co2_ppm, CAST(s.health AS BLOB)"
    " FROM snapshot s JOIN stream ON stream.no = s.stream"
    " WHERE s.station = ? AND s.at_ms >= ? AND s.at_ms < ?"
    " ORDER BY s.at_ms, s.seq, stream.name"
)
_LINKS: Final = (
    "SELECT s.id, s.at_ms, s.seq, s.stream, s.flags, CAST(s.units AS BLOB) FROM snapshot s"
    " WHERE s.station = ? AND s.at_ms >= ? AND s.at_ms < ? ORDER BY s.at_ms, s.seq, s.stream"
)


_COMMITTED: Final = (
    "SELECT station.id, min(at_ms), max(at_ms) FROM snapshot JOIN station ON no = station"
    " WHERE snapshot.id > ? AND snapshot.id <= ? AND flags & ? = 0 GROUP BY station, at_ms / 3600000"
)
_SPANS: Final = (
    "SELECT id, (SELECT min(at_ms) FROM snapshot WHERE station = no),"
    " (SELECT max(at_ms) FROM snapshot WHERE station = no) FROM station"
)


class Seen(NamedTuple):
    """What one snapshot said of people (doors with their totals, motion) and, packed, of resources."""

    at_ms: int
    doors: tuple[Door, ...]
    presence: Presence | None
    layout: Layout
    values: Values


def station_no(connection: sqlite3.Connection, station_id: str) -> int | None:
    """The store's number of a station, None if it has never sent anything."""
    row = connection.execute("SELECT no FROM station WHERE id = ?", (station_id,)).fetchone()
    return None if row is None else int(row[0])


def snapshots(connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int) -> Iterator[Stored]:
    """Whole snapshots with ``from_ms <= at_ms < to_ms``, oldest first; damaged ones are passed over."""
    no = station_no(connection, station_id)
    layouts, link = Layouts(connection), None
    first_ms = from_ms // HOUR_MS * HOUR_MS
    for row_id, at_ms, seq, stream, flags, units, *rest in connection.execute(_ROWS, (no, first_ms, to_ms)):
        try:
            link = unpack(layouts, link, (row_id, (at_ms, seq, stream), flags, units))
            stored = _stored(station_id, link, flags, rest) if at_ms >= from_ms else None
        except UNREADABLE as error:
            link = None
            DAMAGE.note(station_id, f"snapshot {row_id}", error)
            continue
        if stored is not None:
            yield stored


def _stored(station_id: str, link: Link, flags: int, rest: list[object]) -> Stored:
    received_after_ms, mono_ms, boot_id, climate_ago_ms, *climate, health = rest
    at_ms, seq, stream = link.key
    snapshot = Snapshot(
        stream,
        seq,
        at_ms,
        mono_ms,  # type: ignore[arg-type] # SQLite's columns are not typed; the schema is
        boot_id,  # type: ignore[arg-type]
        "unsynced" if flags & UNSYNCED else "synced",
        None if climate_ago_ms is None else Climate(at_ms - climate_ago_ms, *climate),  # type: ignore[operator,arg-type]
        packing.doors_of(link.layout, link.values),
        packing.presence_of(link.layout, link.values),
        packing.sockets_of(link.layout, link.values),
        packing.cabinets_of(link.layout, link.values),
        None if health is None else _decode_health(health),  # type: ignore[arg-type]
        packing.faults_of(link.values),
    )
    return Stored(link.id, station_id, snapshot, at_ms + received_after_ms, _dating(flags))  # type: ignore[operator]


def _dating(flags: int) -> Dating:
    if flags & RECEIVED:
        return "received"
    return "estimated" if flags & ESTIMATED else "measured"


def newest(connection: sqlite3.Connection) -> Iterator[Stored]:
    """The newest snapshot of each station, those dated on receiving left out.

    Where that is damaged, it is the newest of the same hour that can be read.
    """
    for no, station_id in connection.execute("SELECT no, id FROM station").fetchall():
        row = connection.execute(
            "SELECT at_ms FROM snapshot WHERE station = ? AND flags & ? = 0 ORDER BY at_ms DESC LIMIT 1",
            (no, RECEIVED),
        ).fetchone()
        if row is not None:
            end_ms = row[0] + 1
            yield from _last(connection, station_id, row[0], end_ms) or _last(
                connection, station_id, row[0] // HOUR_MS * HOUR_MS, end_ms
            )


def _last(connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int) -> deque[Stored]:
    dated = snapshots(connection, station_id, from_ms, to_ms)
    return deque((stored for stored in dated if stored.dating != "received"), maxlen=1)


def seen(connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int) -> Iterator[Seen]:
    """What each snapshot of ``from_ms <= at_ms < to_ms`` saw, oldest first.

    Those dated on receiving are left out, and damaged ones. Of pruned hours it is the people alone.
    """
    no = station_no(connection, station_id)
    pruned = people.sights(connection, station_id, no, from_ms, to_ms)
    rows = _sights(connection, station_id, no, from_ms, to_ms)
    first = next(pruned, None)
    merged = rows if first is None else heapq.merge(chain((first,), pruned), rows, key=moment)
    for at_ms, _, _, layout, values in merged:
        try:
            people_then = packing.doors_of(layout, values), packing.presence_of(layout, values)
        except UNREADABLE as error:  # it unpacks, to what no door can say
            DAMAGE.note(station_id, f"people at {at_ms}", error)
            continue
        yield Seen(at_ms, *people_then, layout, values)


def _sights(
    connection: sqlite3.Connection, station_id: str, no: int | None, from_ms: int, to_ms: int
) -> Iterator[Sight]:
    layouts, link = Layouts(connection), None
    first_ms = from_ms // HOUR_MS * HOUR_MS
    for row_id, at_ms, seq, stream, flags, units in connection.execute(_LINKS, (no, first_ms, to_ms)):
        try:
            link = unpack(layouts, link, (row_id, (at_ms, seq, ""), flags, units))
        except UNREADABLE as error:
            link = None
            DAMAGE.note(station_id, f"snapshot {row_id}", error)
            continue
        if at_ms >= from_ms and not flags & RECEIVED:
            yield Sight(at_ms, seq, stream, link.layout, link.values)


def committed(
    connection: sqlite3.Connection, after_id: int, limit: int
) -> tuple[int, list[tuple[str, int, int]]]:
    """See :meth:`server.store.reader.Reader.committed`."""
    newest = last_id(connection)
    if not 0 < after_id <= newest:
        rows = connection.execute(_SPANS).fetchall()
        return newest, [row for row in rows if row[1] is not None]
    last = min(newest, after_id + limit)
    return last, connection.execute(_COMMITTED, (after_id, last, RECEIVED)).fetchall()


def history(
    connection: sqlite3.Connection,
    station_id: str,
    quantity: Quantity,
    *,
    from_ms: int,
    to_ms: int,
    step_ms: int,
    thresholds: Thresholds,
) -> list[Bucket]:
    """A quantity's values with ``from_ms <= at_ms < to_ms``, in steps counted from ``from_ms``."""
    span = (connection, station_id, from_ms, to_ms)
    if quantity in ("visits", "exits"):
        return _buckets(_crossings(*span, quantity), from_ms, step_ms)
    if quantity == "occupancy":
        return _buckets(_people(*span), from_ms, step_ms)
    if quantity in _COLUMNS:
        return _buckets(_column(*span, quantity), from_ms, step_ms)
    return _buckets(_measures(seen(*span), quantity, thresholds), from_ms, step_ms)


def _column(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int, column: Quantity
) -> Iterator[tuple[int, float]]:
    return connection.execute(
        f"SELECT at_ms, {column} FROM snapshot WHERE station = ? AND at_ms >= ? AND at_ms < ?"  # noqa: S608 # one of _COLUMNS
        f" AND flags & ? = 0 AND {column} IS NOT NULL ORDER BY at_ms, seq",
        (station_no(connection, station_id), from_ms, to_ms, RECEIVED),
    )


def _measures(
    rows: Iterable[Seen], quantity: Quantity, thresholds: Thresholds
) -> Iterator[tuple[int, float]]:
    for each in rows:
        with suppress(*UNREADABLE):
            value = _measure(each, quantity, thresholds)
            if value is not None:
                yield each.at_ms, value


def _measure(each: Seen, quantity: Quantity, thresholds: Thresholds) -> float | None:
    if quantity == "batteries_charged":
        cabinets = packing.cabinets_of(each.layout, each.values)
        slots = [slot for cabinet in cabinets if cabinet.online for slot in cabinet.slots]
        return sum(slot_word(slot, thresholds) == "charged" for slot in slots) if cabinets else None
    free, power_w = packing.sockets_sum(each.layout, each.values)
    return free if quantity == "sockets_free" else power_w


def crossed_before(
    connection: sqlite3.Connection, station_id: str, quantity: Quantity, before_ms: int
) -> int:
    """``visits`` or ``exits`` since the station's first snapshot, up to ``before_ms``."""
    state = checkpoint(connection, station_id, before_ms)
    if state is None:
        return round(sum(count for _, count in _crossings(connection, station_id, 0, before_ms, quantity)))
    since = _crossings(connection, station_id, state.at_ms + 1, before_ms, quantity)
    return round(sum(count for _, count in since)) + (state.visits if quantity == "visits" else state.exits)


def _crossings(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int, quantity: Quantity
) -> Iterator[tuple[int, float]]:
    state = checkpoint(connection, station_id, from_ms)
    side = 0 if quantity == "visits" else 1
    totals = {name: pair[side] for name, *pair in state.totals} if state else {}
    for each in seen(connection, station_id, state.at_ms + 1 if state else 0, to_ms):
        crossed = 0
        for door in each.doors:
            total = (door.in_total, door.out_total)[side]
            crossed += increment(totals.get(door.id), total)
            totals[door.id] = total
        if each.at_ms >= from_ms and totals:
            yield each.at_ms, crossed


def increment(before: int | None, total: int) -> int:
    """People counted since ``before``: none at first sight; a smaller total began a new sum."""
    if before is None:
        return 0
    return total - before if total >= before else total


def checkpoint(connection: sqlite3.Connection, station_id: str, before_ms: int) -> Occupancy | None:
    """The kept occupancy of the newest hour that ended before ``before_ms``.

    Of a time of which nothing else is left it is the last one: all counting begins there.
    """
    rows = connection.execute(
        "SELECT hour, CAST(body AS BLOB) FROM occupancy WHERE station = ? AND hour < ? ORDER BY hour DESC",
        (station_no(connection, station_id), max(before_ms // HOUR_MS, pruned_hour(connection))),
    )
    for hour, body in rows:
        try:
            return _decode_occupancy(body)
        except UNREADABLE as error:  # an older one will do
            DAMAGE.note(station_id, f"occupancy {hour}", error)
    return None


def checkpoints(connection: sqlite3.Connection, station_id: str, from_ms: int) -> dict[int, Occupancy]:
    """See :meth:`server.store.reader.Reader.checkpoints`."""
    rows = connection.execute(
        "SELECT hour, CAST(body AS BLOB) FROM occupancy WHERE station = ? AND hour >= ?",
        (station_no(connection, station_id), from_ms // HOUR_MS),
    )
    found = {}
    for hour, body in rows:
        with suppress(*UNREADABLE):  # whoever needs that one notes it
            found[hour] = _decode_occupancy(body)
    return found


def pruned_hour(connection: sqlite3.Connection) -> int:
    """Of hours before that, nothing of people is left but checkpoints."""
    return int(connection.execute("SELECT hour FROM pruned").fetchone()[0])


def pruned_hours(connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int) -> set[int]:
    """See :meth:`server.store.reader.Reader.pruned_hours`."""
    first, last, known = from_ms // HOUR_MS, (to_ms - 1) // HOUR_MS, pruned_hour(connection)
    rows = connection.execute(
        "SELECT hour FROM people WHERE station = ? AND hour >= ? AND hour <= ?",
        (station_no(connection, station_id), first, last),
    )
    return {row[0] for row in rows}.union(range(first, min(known, last + 1)))


def last_id(connection: sqlite3.Connection) -> int:
    """The newest ``id`` that was ever given, its row pruned or not."""
    rows = "SELECT max(last_id, (SELECT ifnull(max(id), 0) FROM snapshot)) FROM pruned"
    return int(connection.execute(rows).fetchone()[0])


def _people(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int
) -> Iterator[tuple[int, float]]:
    state = checkpoint(connection, station_id, from_ms)
    since_ms = state.at_ms if state else 0
    corrections = connection.execute(
        "SELECT at_ms, after FROM correction WHERE station = ? AND at_ms > ? ORDER BY at_ms",
        (station_no(connection, station_id), since_ms),
    )
    rows = ((each.at_ms, each.doors) for each in seen(connection, station_id, since_ms + 1, to_ms))
    return ((at_ms, people) for at_ms, people in balances(state, corrections, rows) if at_ms >= from_ms)


def balances(
    state: Occupancy | None,
    corrections: Iterable[tuple[int, int]],
    rows: Iterable[tuple[int, tuple[Door, ...]]],
) -> Iterator[tuple[int, int]]:
    """How many people are inside at each of ``rows``, behind ``state``.

    Args:
        corrections: when the count was set and to what, after ``state``.
        rows: when, and what the doors said; those where no door answers count nobody and are passed over.
    """
    totals = {name: (came, left) for name, came, left in state.totals} if state else {}
    balance, corrected = state.balance if state else 0, _Corrections(corrections)
    for at_ms, doors in rows:
        balance = corrected.until(at_ms - 1, balance)  # staff counted between two snapshots
        for door in doors:
            came, left = totals.get(door.id, (None, None))
            balance += increment(came, door.in_total) - increment(left, door.out_total)
            totals[door.id] = (door.in_total, door.out_total)
        balance = corrected.until(at_ms, balance)
        if doors:
            yield at_ms, max(0, balance)


class _Corrections:
    """When the count was set and to what, taken in the order of time."""

    def __init__(self, corrections: Iterable[tuple[int, int]]) -> None:
        self._left = deque(corrections)

    def until(self, at_ms: int, balance: int) -> int:
        """The balance after all that was corrected up to ``at_ms``."""
        while self._left and self._left[0][0] <= at_ms:
            balance = self._left.popleft()[1]
        return balance


def _buckets(values: Iterable[tuple[int, float]], from_ms: int, step_ms: int) -> list[Bucket]:
    buckets: list[Bucket] = []
    steps: dict[int, list[float]] = {}
    for at_ms, value in values:
        steps.setdefault((at_ms - from_ms) // step_ms, []).append(value)
    for step, found in steps.items():
        at_ms = from_ms + step * step_ms
        buckets.append(Bucket(at_ms, len(found), sum(found), min(found), max(found), found[-1]))
    return buckets
