"""Reading back how the agents were, as they say every ten minutes."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contract.messages import Health
from server.store.damage import DAMAGE, UNREADABLE
from server.store.history import RECEIVED, station_no

_decode: Final = msgspec.json.Decoder(Health).decode
_ROWS: Final = (
    "SELECT at_ms, CAST(health AS BLOB) FROM snapshot"
    " WHERE station = ? AND health IS NOT NULL AND flags & ? = 0"
)


def healths(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int
) -> Iterator[tuple[int, Health]]:
    """See :meth:`server.store.reader.Reader.healths`."""
    no = station_no(connection, station_id)
    span = (no, RECEIVED, from_ms, to_ms)
    yield from _readable(
        station_id, connection.execute(_ROWS + " AND at_ms >= ? AND at_ms < ? ORDER BY at_ms", span)
    )


def newest(connection: sqlite3.Connection) -> Iterator[tuple[str, tuple[int, Health]]]:
    """See :meth:`server.store.reader.Reader.newest_healths`."""
    for no, station_id in connection.execute("SELECT no, id FROM station").fetchall():
        rows = connection.execute(_ROWS + " ORDER BY at_ms DESC LIMIT 1", (no, RECEIVED))
        yield from ((station_id, said) for said in _readable(station_id, rows))


def _readable(station_id: str, rows: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Health]]:
    for at_ms, body in rows:
        try:
            yield at_ms, _decode(body)
        except UNREADABLE as error:  # the next one comes in ten minutes
            DAMAGE.note(station_id, f"health {at_ms}", error)
