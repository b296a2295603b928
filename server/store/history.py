"""Reading back: whole snapshots in time order, what they saw, and which there are."""

import heapq
import sqlite3
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from contract.messages import Climate, Door, Health, Presence, Snapshot
from server.store import Dating, Stored, packing, people
from server.store.chains import HOUR_MS, Layouts, Link, unpack
from server.store.damage import DAMAGE, UNREADABLE
from server.store.packing import Layout, Values
from server.store.people import Sight, moment

ESTIMATED: Final = 2
RECEIVED: Final = 4
UNSYNCED: Final = 1


_decode_health: Final = msgspec.json.Decoder(Health).decode


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
