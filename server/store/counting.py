"""People counted: from the kept occupancy of an hour on, by the totals of doors and what staff corrected."""

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

import msgspec

from contract.messages import Door
from server.occupancy import Occupancy
from server.store.chains import HOUR_MS
from server.store.damage import DAMAGE, UNREADABLE
from server.store.history import pruned_hour, station_no

_decode_occupancy: Final = msgspec.json.Decoder(Occupancy).decode


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
