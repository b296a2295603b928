"""What a pruned hour saw of people: its doors and presence, row by row, as one compact column.

Whole snapshots are pruned after days, but one that was measured before then may still come, and who is
inside since is counted anew from it. So of each pruned hour that alone is kept for which a late reading
could matter: when each snapshot was made, what its doors had counted, what its presence sensor said. It is
a twentieth of the hour or less (``docs/store.md`` has the figure), and read back it is exactly what the rows
would have said.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from server.store import packing
from server.store.chains import HOUR_MS
from server.store.damage import DAMAGE, UNREADABLE
from server.store.packing import Layout, Values

_LEVEL: Final = 6
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

DAMAGED: Final = (*UNREADABLE, zlib.error)
"""What :func:`unpack` may raise of damaged bytes."""


class Sight(NamedTuple):
    """One row of a pruned hour; ``layout`` and ``values`` have doors and presence alone."""

    at_ms: int
    seq: int
    stream: int
    layout: Layout
    values: Values


def moment(each: Sight) -> tuple[int, int, int]:
    """Where it stands in its station's time."""
    return each[:3]


def sight(at_ms: int, seq: int, stream: int, layout: Layout, values: Values) -> Sight:
    """The part of a row that concerns people."""
    own = Layout(layout.doors, layout.presence)
    return Sight(at_ms, seq, stream, own, [*values[: layout.first_socket], ()])


def pack(sights: Iterable[Sight], hour_ms: int) -> bytes:
    """Rows of the hour that begins at ``hour_ms`` as one column, in the order of time.

    The columns of a table lie one behind the other, each as steps from row to row: so they compress best.
    """
    layouts: dict[Layout, int] = {}
    columns: tuple[list[int], list[int], list[int], list[object], list[int]] = ([], [], [], [], [])
    times, seqs, streams, units, wholes = columns
    before: Sight | None = None
    at_ms, last_seq = hour_ms, 0
    for number, each in enumerate(sorted(sights, key=moment)):
        if before is not None and before.layout == each.layout:
            units.append(packing.pack_changes(each.layout, before.values, each.values, each.at_ms))
        else:
            no = layouts.setdefault(each.layout, len(layouts))
            units.append(packing.pack_whole(no, each.layout, each.values, each.at_ms))
            wholes.append(number)
        times.append(each.at_ms - at_ms)
        seqs.append(each.seq - last_seq)
        streams.append(each.stream)
        before, at_ms, last_seq = each, each.at_ms, each.seq
    return zlib.compress(_encode(([layout.body() for layout in layouts], columns)), _LEVEL)


def unpack(body: bytes, hour_ms: int) -> list[Sight]:
    """The inverse of :func:`pack`.

    Raises:
        DAMAGED: one of them, when the bytes are damaged.
    """
    bodies, (times, seqs, streams, units, wholes) = _decode(zlib.decompress(body))
    layouts, at_whole = [Layout.parse(each) for each in bodies], frozenset(wholes)
    found: list[Sight] = []
    layout, values, at_ms, seq = Layout(), [()], hour_ms, 0
    for number, (time, step, stream, packed) in enumerate(zip(times, seqs, streams, units, strict=True)):
        at_ms, seq = at_ms + time, seq + step
        if number in at_whole:
            layout = layouts[packing.layout_no(packed)]
            values = packing.unpack_whole(layout, packed, at_ms)
        else:
            values = packing.apply_changes(layout, values, packed, at_ms)
        found.append(Sight(at_ms, seq, stream, layout, values))
    return found


def sights(
    connection: sqlite3.Connection, station_id: str, station_no: int | None, from_ms: int, to_ms: int
) -> Iterator[Sight]:
    """What is kept of ``from_ms <= at_ms < to_ms``, oldest first; damaged hours are passed over."""
    rows = connection.execute(
        "SELECT hour, body FROM people WHERE station = ? AND hour >= ? AND hour <= ? ORDER BY hour",
        (station_no, from_ms // HOUR_MS, to_ms // HOUR_MS),
    )
    for hour, body in rows:
        try:
            found = unpack(body, hour * HOUR_MS)
        except DAMAGED as error:
            DAMAGE.note(station_id, f"people {hour}", error)
            continue
        yield from (each for each in found if from_ms <= each.at_ms < to_ms)
