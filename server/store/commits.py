"""Whole rows for a follower, in the order of commits, each unpacked behind the one before it in time.

Live rows mostly go on from the newest of their station, whose values are remembered: such a row is unpacked
alone. Any other, and the first of a station, is found by unpacking its hour. Used by one thread.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from contract.messages import Climate, Health
from server.occupancy import Occupancy, StaffCount
from server.store import counting, history, people, schema
from server.store.chains import HOUR_MS, Layouts, Link, unpack
from server.store.damage import DAMAGE, UNREADABLE
from server.store.packing import Layout, Values
from server.store.people import Sight

SLICE_MS: Final = 6 * HOUR_MS
"""So much of a station's time is read at once; no longer does a reading transaction last."""
BEFORE_LOST_MS: Final = HOUR_MS
"""In another file the place is looked for so much earlier, as clocks are set back now and then."""

_decode_health: Final = msgspec.json.Decoder(Health).decode
_COLUMNS: Final = (
    "s.id, s.at_ms, s.seq, s.flags, CAST(s.units AS BLOB), s.received_after_ms, s.climate_ago_ms,"
    " s.temperature_c, s.humidity_pct, s.co2_ppm, CAST(s.health AS BLOB)"
)
_BEFORE: Final = (
    "(SELECT p.id FROM snapshot p WHERE p.station = s.station AND p.at_ms <= s.at_ms AND p.id <> s.id"
    " ORDER BY p.at_ms DESC, p.id DESC LIMIT 1)"
)
_NEXT: Final = (
    f"SELECT {_COLUMNS}, s.station, {_BEFORE} FROM snapshot s"  # noqa: S608 # constants
    " WHERE s.id > ? ORDER BY s.id LIMIT ?"
)
_SPAN: Final = (
    f"SELECT {_COLUMNS} FROM snapshot s JOIN stream ON stream.no = s.stream"  # noqa: S608 # constants
    " WHERE s.station = ? AND s.at_ms >= ? AND s.at_ms < ? ORDER BY s.at_ms, s.seq, stream.name"
)
_FIRST: Final = "SELECT at_ms FROM snapshot WHERE station = ? AND at_ms >= ? ORDER BY at_ms LIMIT 1"
_PRUNED: Final = "SELECT min(hour) FROM people WHERE station = ? AND hour >= ? AND hour <= ?"
_NEWEST: Final = (
    "SELECT at_ms FROM snapshot WHERE station = ? AND id < ? AND flags & ? = 0 ORDER BY at_ms DESC LIMIT 1"
)
_SPANS: Final = (
    "SELECT id, (SELECT min(at_ms) FROM snapshot WHERE station = no),"
    " (SELECT max(at_ms) FROM snapshot WHERE station = no),"
    " (SELECT min(hour) FROM people WHERE station = no),"
    " (SELECT max(hour) FROM people WHERE station = no) FROM station"
)
_RECEIVED: Final = "SELECT id, at_ms + received_after_ms FROM snapshot WHERE id >= ? ORDER BY id LIMIT 1"


class Row(NamedTuple):
    """A committed snapshot, its units packed flat.

    Attributes:
        undated: its ``at_ms`` is that of receiving.
        synced: the station's clock was.
    """

    id: int
    station_id: str
    at_ms: int
    received_ms: int
    undated: bool
    synced: bool
    climate: Climate | None
    health: Health | None
    layout: Layout
    values: Values


class Commits:
    """Follows the file at ``path``; no call leaves a transaction open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._heads: dict[int, Link] = {}
        self._names: dict[int, str] = {}
        self._file: tuple[int, int] | None = None

    def forget(self) -> None:
        """Begin afresh with what is remembered of the file."""
        self._heads, self._names = {}, {}

    def newest(self) -> tuple[int, int]:
        """The last commit, and when it was received; zeros when there is none."""
        with closing(self._open()) as connection:
            row = connection.execute(
                "SELECT id, at_ms + received_after_ms FROM snapshot ORDER BY id DESC LIMIT 1"
            ).fetchone()
        return (0, 0) if row is None else (row[0], row[1])

    def found_again(self, after_id: int, received_ms: int) -> int:
        """Where a follower goes on that has taken everything up to ``after_id``, received at that time.

        That is ``after_id`` itself while the file is the same. In another one (a corrupt file was replaced,
        a backup put back) ids mean other rows: all that was received since, and a little more, is new.
        """
        with closing(self._open()) as connection:
            newest = history.last_id(connection)
            row = connection.execute(_RECEIVED, (after_id,)).fetchone()
            if after_id <= newest and (row is None or row[0] != after_id or row[1] == received_ms):
                return after_id
            self.forget()
            return _before(connection, newest, received_ms - BEFORE_LOST_MS)

    def replaced(self) -> bool:
        """Whether there is another file than at the last call: :meth:`found_again` has to be asked then."""
        stat = self._path.stat()
        before, self._file = self._file, (stat.st_dev, stat.st_ino)
        if before != self._file:
            self.forget()  # another file numbers its stations anew, also where its commits go on
        return before != self._file

    def next(self, after_id: int, limit: int) -> tuple[int, list[Row]]:
        """The next commits behind ``after_id``, damaged ones left out, and the last that was looked at."""
        with closing(self._open()) as connection:
            found = connection.execute(_NEXT, (after_id, limit)).fetchall()
            batch = _Batch(connection, self._heads)
            rows = [row for each in found if (row := self._row(connection, batch, each)) is not None]
        return (found[-1][0] if found else after_id), rows

    def stretch(self, station_id: str, from_ms: int, to_ms: int) -> Iterator[Row]:
        """A station's rows of ``from_ms <= at_ms < to_ms`` in the order of time, damaged ones left out."""
        while from_ms < to_ms:
            rows, from_ms = self._slice(station_id, from_ms, to_ms)
            yield from rows

    def _slice(self, station_id: str, from_ms: int, to_ms: int) -> tuple[list[Row], int]:
        with closing(self._open()) as connection:
            no = history.station_no(connection, station_id)
            first = connection.execute(_FIRST, (no, from_ms)).fetchone()
            if first is None or first[0] >= to_ms:
                return [], to_ms
            hour_ms = first[0] // HOUR_MS * HOUR_MS
            end_ms = min(hour_ms + SLICE_MS, to_ms)
            batch = _Batch(connection, {})
            rows = [
                _row(station_id, found, link)
                for found, link in batch.unpacked(station_id, no or 0, hour_ms, end_ms)
                if found[1] >= from_ms
            ]
        return rows, end_ms

    def sights(self, station_id: str, from_ms: int, to_ms: int) -> Iterator[Sight]:
        """What is left of pruned hours: doors and presence alone, in the order of time."""
        while from_ms < to_ms:
            with closing(self._open()) as connection:
                no = history.station_no(connection, station_id)
                first = connection.execute(_PRUNED, (no, from_ms // HOUR_MS, to_ms // HOUR_MS)).fetchone()[0]
                if first is None:
                    return
                from_ms = max(from_ms, first * HOUR_MS)
                end_ms = min(from_ms + SLICE_MS, to_ms)
                found = list(people.sights(connection, station_id, no, from_ms, end_ms))
            from_ms = end_ms
            yield from found

    def spans(self) -> dict[str, tuple[int, int]]:
        """By station from when on there is anything of it, whole or people alone, and before when."""
        with closing(self._open()) as connection:
            found = {name: _span(*ends) for name, *ends in connection.execute(_SPANS)}
        return {name: span for name, span in found.items() if span is not None}

    def checkpoint(self, station_id: str, before_ms: int) -> Occupancy | None:
        """The kept occupancy of the newest hour that ended before ``before_ms``."""
        with closing(self._open()) as connection:
            return counting.checkpoint(connection, station_id, before_ms)

    def measured_before(self, station_id: str, commit: int) -> int | None:
        """The newest time of a station's rows before that commit, those dated on receiving left out."""
        with closing(self._open()) as connection:
            no = history.station_no(connection, station_id)
            row = connection.execute(_NEWEST, (no, commit, history.RECEIVED)).fetchone()
        return None if row is None else int(row[0])

    def staff_counts(self, station_id: str, from_ms: int) -> list[StaffCount]:
        """What staff counted inside from then on, oldest first."""
        with closing(self._open()) as connection:
            rows = connection.execute(
                "SELECT at_ms, people FROM staff_count JOIN station ON no = station"
                " WHERE id = ? AND at_ms >= ? ORDER BY at_ms",
                (station_id, from_ms),
            ).fetchall()
        return [StaffCount(*row) for row in rows]

    def last_staff_counts(self) -> dict[str, int]:
        """When staff last counted, by station."""
        with closing(self._open()) as connection:
            return dict(
                connection.execute(
                    "SELECT id, max(at_ms) FROM staff_count JOIN station ON no = station GROUP BY station"
                ).fetchall()
            )

    def _open(self) -> sqlite3.Connection:
        connection = schema.open_reader(self._path)
        connection.execute("BEGIN")
        return connection

    def _row(self, connection: sqlite3.Connection, batch: "_Batch", found: tuple[Any, ...]) -> Row | None:
        *columns, no, before = found
        name = self._names.get(no)
        if name is None:
            row = connection.execute("SELECT id FROM station WHERE no = ?", (no,)).fetchone()
            name = self._names[no] = str(row[0])
        link = batch.link(name, no, columns, before)
        return None if link is None else _row(name, columns, link)


class _Batch:
    """Unpacks rows in one state of the file."""

    def __init__(self, connection: sqlite3.Connection, heads: dict[int, Link]) -> None:
        self._connection, self._heads = connection, heads
        self._layouts = Layouts(connection)
        self._hours: dict[tuple[int, int], dict[int, Link]] = {}

    def link(self, name: str, no: int, columns: list[Any], before: int | None) -> Link | None:
        """The link of a row; ``before`` is the one that stands before it in time now."""
        row_id, at_ms, seq, flags, units = columns[:5]
        head = self._heads.get(no)
        link: Link | None
        if head is not None and head.id == before and head.key[0] < at_ms:
            try:
                link = unpack(self._layouts, head, (row_id, (at_ms, seq, ""), flags, units))
            except UNREADABLE as error:
                DAMAGE.note(name, f"snapshot {row_id}", error)
                link = None
        else:
            link = self._in_hour(name, no, at_ms // HOUR_MS).get(row_id)
        if link is not None and (head is None or at_ms > head.key[0]):
            self._heads[no] = link
        elif head is not None and at_ms == head.key[0]:
            del self._heads[no]  # which of the two is the later one is not known here
        return link

    def _in_hour(self, name: str, no: int, hour: int) -> dict[int, Link]:
        links = self._hours.get((no, hour))
        if links is None:
            span = self.unpacked(name, no, hour * HOUR_MS, (hour + 1) * HOUR_MS)
            links = self._hours[no, hour] = {link.id: link for _, link in span}
        return links

    def unpacked(
        self, name: str, no: int, from_ms: int, to_ms: int
    ) -> Iterator[tuple[tuple[Any, ...], Link]]:
        """Rows of a station, from the beginning of an hour on, with their links."""
        link: Link | None = None
        for columns in self._connection.execute(_SPAN, (no, from_ms, to_ms)):
            row_id, at_ms, seq, flags, units = columns[:5]
            try:
                link = unpack(self._layouts, link, (row_id, (at_ms, seq, ""), flags, units))
            except UNREADABLE as error:
                link = None
                DAMAGE.note(name, f"snapshot {row_id}", error)
                continue
            yield columns, link


def _row(name: str, columns: "list[Any] | tuple[Any, ...]", link: Link) -> Row:
    row_id, at_ms, _, flags, _, received_after_ms, climate_ago_ms, *air, health = columns
    return Row(
        row_id,
        name,
        at_ms,
        at_ms + received_after_ms,
        bool(flags & history.RECEIVED),
        not flags & history.UNSYNCED,
        None if climate_ago_ms is None else Climate(at_ms - climate_ago_ms, *air),
        None if health is None else _health(name, row_id, health),
        link.layout,
        link.values,
    )


def _span(
    oldest_ms: int | None, newest_ms: int | None, first_hour: int | None, last_hour: int | None
) -> tuple[int, int] | None:
    spans = []
    if oldest_ms is not None and newest_ms is not None:
        spans.append((oldest_ms, newest_ms + 1))
    if first_hour is not None and last_hour is not None:
        spans.append((first_hour * HOUR_MS, (last_hour + 1) * HOUR_MS))
    return (min(each[0] for each in spans), max(each[1] for each in spans)) if spans else None


def _health(name: str, row_id: int, body: bytes) -> Health | None:
    try:
        return _decode_health(body)
    except UNREADABLE as error:
        DAMAGE.note(name, f"health {row_id}", error)
        return None


def _before(connection: sqlite3.Connection, newest: int, received_ms: int) -> int:
    """The last id of those received before ``received_ms``; they were received in the order of ids."""
    low, high = 1, newest + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(_RECEIVED, (middle,)).fetchone()
        if row is not None and row[1] < received_ms:
            low = row[0] + 1
        else:
            high = middle
    return low - 1
