"""Reading back hours whole, in one go: all that roll-ups are made of."""

import sqlite3
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contract.messages import Door, Slot
from server.model import Thresholds
from server.occupancy import Correction, Occupancy
from server.status import slot_word
from server.store import packing
from server.store.chains import HOUR_MS, Layouts, unpack
from server.store.counting import checkpoint
from server.store.damage import DAMAGE, UNREADABLE
from server.store.history import RECEIVED, station_no
from server.store.packing import Layout, Values

_ROWS: Final = (
    "SELECT id, at_ms, seq, flags, CAST(units AS BLOB), temperature_c, humidity_pct, co2_ppm"
    " FROM snapshot WHERE station = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, seq, stream"
)


class Row(NamedTuple):
    """One snapshot with a date of its own.

    Attributes:
        doors: None where the row is damaged, and nothing but the climate is known.
        sockets_free, power_w, batteries_charged: see :data:`server.store.Quantity`; None where not measured.
    """

    id: int
    at_ms: int
    temperature_c: float | None
    humidity_pct: float | None
    co2_ppm: float | None
    doors: tuple[Door, ...] | None
    sockets_free: int | None
    power_w: float | None
    batteries_charged: int | None


class Raw(NamedTuple):
    """What the store holds of some hours of a station.

    Attributes:
        newest_id: of all commits of the store, at the moment of reading.
        rows: oldest first, from the hour after ``before`` on, which may be earlier than what was asked for.
        before: the kept occupancy before them.
        corrections: from ``before`` on.
    """

    newest_id: int
    rows: list[Row]
    before: Occupancy | None
    corrections: list[Correction]


def raw(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int, thresholds: Thresholds
) -> Raw:
    """Hours of a station; see :meth:`server.store.reader.Reader.raw`."""
    newest_id = connection.execute("SELECT ifnull(max(id), 0) FROM snapshot").fetchone()[0]
    before = checkpoint(connection, station_id, from_ms)
    since_ms = from_ms if before is None else min(from_ms, (before.at_ms // HOUR_MS + 1) * HOUR_MS)
    corrections = connection.execute(
        "SELECT at_ms, reason, before, after FROM correction WHERE station = ? AND at_ms > ? AND at_ms < ?"
        " ORDER BY at_ms",
        (station_no(connection, station_id), before.at_ms if before else since_ms - 1, to_ms),
    )
    found = [Correction(*row) for row in corrections]
    return Raw(newest_id, list(_rows(connection, station_id, since_ms, to_ms, thresholds)), before, found)


def _rows(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int, thresholds: Thresholds
) -> Iterator[Row]:
    layouts, link, units = Layouts(connection), None, _Units(thresholds)
    span = (station_no(connection, station_id), from_ms, to_ms)
    for row_id, at_ms, seq, flags, packed, *climate in connection.execute(_ROWS, span):
        told: tuple[Any, ...] = (None,) * 4
        try:
            link = unpack(layouts, link, (row_id, (at_ms, seq, ""), flags, packed))
            told = units.of(link.layout, link.values)
        except UNREADABLE as error:
            link = None
            DAMAGE.note(station_id, f"snapshot {row_id}", error)
        if not flags & RECEIVED:
            yield Row(row_id, at_ms, *climate, *told)


class _Units:
    """Takes values apart without making the units that are the same as in the row before, nearly all."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._layout = Layout()
        self._values: Values = []
        self._told: tuple[Any, ...] = (None,) * 4
        self._charged_slots: dict[tuple[Any, ...], bool] = {}

    def of(self, layout: Layout, values: Values) -> tuple[Any, ...]:
        """Doors, free sockets, power, charged batteries."""
        if values is self._values:
            return self._told
        before = self._values if layout == self._layout else None
        door, socket, cabinet = layout.first_presence, layout.first_socket, layout.first_cabinet
        doors, free, power_w, charged = self._told
        if before is None or values[:door] != before[:door]:
            doors = packing.doors_of(layout, values)
        if before is None or values[socket:cabinet] != before[socket:cabinet]:
            free, power_w = packing.sockets_sum(layout, values)
        if before is None or values[cabinet:-1] != before[cabinet:-1]:
            charged = self._charged(layout, values)
        self._layout, self._values, self._told = layout, values, (doors, free, power_w, charged)
        return self._told

    def _charged(self, layout: Layout, values: Values) -> int | None:
        if not layout.cabinets:
            return None
        slots = [tuple(slot) for online, own in packing.slots_of(layout, values) if online for slot in own]
        known = self._charged_slots
        for slot in slots:
            if slot not in known:
                known[slot] = slot_word(Slot(1, *slot), self._thresholds) == "charged"
        return sum(map(known.__getitem__, slots))
