"""Each snapshot's units as a delta against the snapshot before it in time, hour by hour.

The first snapshot of a station's hour is written whole, and each later one says what differs from the
one before it, so that any hour can be read on its own. A snapshot that arrives late is put where it
belongs: its own delta is against the row before it, and the row behind it is written anew.

A row that cannot be unpacked is passed over, with all behind it that only say what differs from it. The
next snapshot after them is written whole.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from contract.messages import Snapshot
from server.store import packing
from server.store.damage import DAMAGE, UNREADABLE
from server.store.packing import Layout, Values

HOUR_MS: Final = 3_600_000
WHOLE: Final = 8
"""Bit of ``snapshot.flags``: the units are whole, not changes."""
LOST: Final = 16
"""Bit of ``snapshot.flags``: cannot be unpacked, and must not be tried against another row before it."""
MAX_CACHED_HEADS: Final = 10_000
"""Newest links kept in memory: the present hour of every station, and a backlog's hour of many."""

Key = tuple[int, int, str]


def order(snapshot: Snapshot) -> Key:
    """Where a snapshot stands in its station's time; the same whatever order they arrive in."""
    return (snapshot.at_ms, snapshot.seq, snapshot.stream)


@dataclass(slots=True)
class Link:
    """One snapshot in its chain, unpacked."""

    id: int
    key: Key
    layout: Layout
    values: Values


class _Row(NamedTuple):
    """A stored snapshot, with its link where it can be read."""

    id: int
    key: Key
    link: Link | None


@dataclass(slots=True)
class Packed:
    """What is written of a link: the column, and whether it is whole."""

    units: bytes | None
    whole: bool


class Layouts:
    """The layouts by number, as the store knows them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._by_no: dict[int, Layout] = {}
        self._nos: dict[Layout, int] = {}

    def get(self, no: int) -> Layout:
        """The layout number ``no``."""
        if no not in self._by_no:
            row = self._connection.execute(
                "SELECT CAST(body AS BLOB) FROM layout WHERE no = ?", (no,)
            ).fetchone()
            self._by_no[no] = Layout.parse(row[0])
        return self._by_no[no]

    def no_of(self, layout: Layout) -> int:
        """The number of a layout, which is written when it is new."""
        no = self._nos.get(layout)
        if no is None:
            body = (layout.body(),)
            self._connection.execute("INSERT OR IGNORE INTO layout (body) VALUES (?)", body)
            no = int(self._connection.execute("SELECT no FROM layout WHERE body = ?", body).fetchone()[0])
            self._nos[layout], self._by_no[no] = no, layout
        return no


def unpack(layouts: Layouts, before: Link | None, row: tuple[int, Key, int, bytes | None]) -> Link:
    """The link of a row ``(id, key, flags, units)`` behind ``before``, None where that could not be read.

    Raises:
        UNREADABLE: one of them, when the row is damaged or says only what differs from one that is.
    """
    row_id, key, flags, units = row
    if flags & LOST:
        raise ValueError("lost")
    if flags & WHOLE:
        if units is None:
            raise ValueError("whole, and empty")
        layout = layouts.get(packing.layout_no(units))
        return Link(row_id, key, layout, packing.unpack_whole(layout, units, key[0]))
    if before is None:
        raise ValueError("a change of nothing that can be read")
    return Link(
        row_id, key, before.layout, packing.apply_changes(before.layout, before.values, units, key[0])
    )


class Chains:
    """Writes links into the hours of stations; used within the writer's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._layouts = Layouts(connection)
        self._heads: dict[tuple[int, int], Link] = {}
        self._gaps: dict[tuple[int, int], tuple[Link, _Row]] = {}

    def add(self, station_no: int, row_id: int, snapshot: Snapshot) -> Packed:
        """Where ``snapshot`` belongs and how it is written; a row behind it is updated at once."""
        hour = snapshot.at_ms // HOUR_MS
        link = Link(
            row_id, order(snapshot), self._layout(station_no, hour, snapshot), packing.flatten(snapshot)
        )
        head = self._heads.get((station_no, hour))
        newest = head is not None and head.key < link.key
        before, behind = (head, None) if newest else self._neighbours(station_no, hour, link.key)
        if behind is None:
            self._heads[station_no, hour] = link
        elif behind.link is not None:
            self._rewrite(behind.link, link)
            # A backlog comes in order: its next row belongs between this one and the row behind.
            self._gaps[station_no, hour] = (link, behind)
        return self._pack(before, link)

    def forget(self, station_no: int, hour: int) -> None:
        """The rows of an hour are gone: nothing may be written as a change of them."""
        self._heads.pop((station_no, hour), None)
        self._gaps.pop((station_no, hour), None)

    def trim(self) -> None:
        """Keep memory bounded, the newest hours in it; call between transactions."""
        if len(self._heads) > MAX_CACHED_HEADS:
            for key in list(self._heads)[: MAX_CACHED_HEADS // 2]:
                del self._heads[key]
        if len(self._gaps) > MAX_CACHED_HEADS:
            self._gaps.clear()

    def _layout(self, station_no: int, hour: int, snapshot: Snapshot) -> Layout:
        head = self._heads.get((station_no, hour))
        layout = Layout.of(snapshot)
        return head.layout if head is not None and head.layout == layout else layout

    def _neighbours(self, station_no: int, hour: int, key: Key) -> tuple[Link | None, _Row | None]:
        """What is before ``key``, where that can be read, and the row behind it, where there is one."""
        gap = self._gaps.get((station_no, hour))
        if gap is not None and gap[0].key < key < gap[1].key:
            return gap
        before = None
        for row in self._rows(station_no, hour):
            if row.key > key:
                return before, row
            before = row.link
        return before, None

    def _rewrite(self, link: Link, before: Link) -> None:
        packed = self._pack(before, link)
        self._connection.execute(
            "UPDATE snapshot SET units = ?, flags = (flags & ~?) | ? WHERE id = ?",
            (packed.units, WHOLE, WHOLE * packed.whole, link.id),
        )

    def _rows(self, station_no: int, hour: int) -> Iterator[_Row]:
        # A row of this very transaction that executemany has not written yet would be missed, so the
        # store writes row by row.
        rows = self._connection.execute(
            "SELECT s.id, s.at_ms, s.seq, stream.name, s.flags, CAST(s.units AS BLOB)"
            " FROM snapshot s JOIN stream ON stream.no = s.stream"
            " WHERE s.station = ? AND s.at_ms >= ? AND s.at_ms < ?"
            " ORDER BY s.at_ms, s.seq, stream.name",
            (station_no, hour * HOUR_MS, (hour + 1) * HOUR_MS),
        ).fetchall()
        link = None
        for row_id, at_ms, seq, stream, flags, units in rows:
            key = (at_ms, seq, stream)
            try:
                link = unpack(self._layouts, link, (row_id, key, flags, units))
            except UNREADABLE as error:
                link = None
                self._give_up(station_no, row_id, error)
            yield _Row(row_id, key, link)

    def _give_up(self, station_no: int, row_id: int, error: Exception) -> None:
        """Mark a row, lest its changes be applied to one that is put before it later."""
        self._connection.execute("UPDATE snapshot SET flags = flags | ? WHERE id = ?", (LOST, row_id))
        DAMAGE.note(self._name(station_no), f"snapshot {row_id}", error)

    def _name(self, station_no: int) -> str:
        row = self._connection.execute("SELECT id FROM station WHERE no = ?", (station_no,)).fetchone()
        return str(row[0])

    def _pack(self, before: Link | None, link: Link) -> Packed:
        at_ms = link.key[0]
        if before is not None and before.layout == link.layout:
            return Packed(packing.pack_changes(link.layout, before.values, link.values, at_ms), False)
        whole = packing.pack_whole(self._layouts.no_of(link.layout), link.layout, link.values, at_ms)
        return Packed(whole, True)
