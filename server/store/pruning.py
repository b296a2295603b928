"""Taking old rows out of the store, a station's hour at a time, within the writer's transaction.

Rows say what differs from the one before them in their hour, so an hour goes as a whole or stays. It goes
once it was measured and received long enough ago and every follower has taken it. What it saw of people
is kept longer (:mod:`server.store.people`); of each station the hours of its newest snapshot and of its
newest report on the machine stay for ever, so that a station that fell silent is not forgotten.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from server.store import people
from server.store.chains import HOUR_MS, Chains, Layouts, unpack
from server.store.damage import UNREADABLE
from server.store.history import ESTIMATED, RECEIVED, UNSYNCED
from server.store.people import Sight

LATEST: Final = 1_000
"""Newest commits among which the newest measured time is looked for."""
QUIET_MS: Final = 24 * HOUR_MS
"""So long without any commit, and either the server was off or its clock has jumped."""
_DATED: Final = UNSYNCED | ESTIMATED | RECEIVED

_HOUR: Final = " FROM snapshot WHERE station = :no AND at_ms >= :from AND at_ms < :to"
_AGES: Final = (
    "SELECT count(*), max(id), max(iif(at_ms + received_after_ms <= :now, at_ms + received_after_ms, 0))"
    + _HOUR
)
_MEASURED: Final = (
    "SELECT max(at_ms) FROM (SELECT at_ms, flags FROM snapshot ORDER BY id DESC LIMIT ?) WHERE flags & ? = 0"
)
_RECEIVED: Final = "SELECT id, at_ms + received_after_ms FROM snapshot"
_FIRST: Final = f"{_RECEIVED} ORDER BY id LIMIT 1"
_LAST: Final = f"{_RECEIVED} ORDER BY id DESC LIMIT 1"
_UP_TO: Final = f"{_RECEIVED} WHERE id <= ? ORDER BY id DESC LIMIT 1"
_BEHIND: Final = f"{_RECEIVED} WHERE id > ? ORDER BY id LIMIT 1"
_NEWEST: Final = "SELECT at_ms FROM snapshot WHERE station = ? AND flags & ? = 0 ORDER BY at_ms DESC LIMIT 1"
_NEWEST_HEALTH: Final = (
    "SELECT at_ms FROM snapshot WHERE station = ? AND health IS NOT NULL AND flags & ? = 0"
    " ORDER BY at_ms DESC LIMIT 1"
)
_ROWS: Final = (
    "SELECT s.id, s.at_ms, s.seq, stream.name, s.flags, CAST(s.units AS BLOB), s.stream"
    " FROM snapshot s JOIN stream ON stream.no = s.stream"
    " WHERE s.station = :no AND s.at_ms >= :from AND s.at_ms < :to ORDER BY s.at_ms, s.seq, stream.name"
)
_GIVEN_UP: Final = (
    "INSERT INTO given_up SELECT :follower, count(*), min(at_ms), max(at_ms), :now"
    + _HOUR
    + " AND id > :reached"
    " HAVING count(*) > 0 ON CONFLICT DO UPDATE SET snapshots = snapshots + excluded.snapshots,"
    " first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms),"
    " newest_ms = excluded.newest_ms"
)


_Received = tuple[int, int]
"""A row's commit, and when it was received."""


class Hour(NamedTuple):
    """An hour of a station, as numbers of the store."""

    hour: int
    station_no: int


class Ages(NamedTuple):
    """What decides whether an hour may go: rows, the newest commit among them, when that was received.

    A time of receiving that is still to come was read from a wrong clock, and does not count.
    """

    rows: int
    newest_id: int
    received_ms: int


class Pruning:
    """One transaction of it; see :meth:`server.store.sqlite.Store.pruning`."""

    def __init__(self, connection: sqlite3.Connection, chains: Chains) -> None:
        self._connection, self._chains = connection, chains

    def stations(self) -> list[int]:
        """The numbers of all stations."""
        return [row[0] for row in self._connection.execute("SELECT no FROM station ORDER BY no")]

    def present_ms(self, now_ms: int, raw_ms: int) -> int:
        """Now, by the server's clock or by what stations measured last, whichever is earlier.

        A server's clock that is years ahead must not prune all there is. Where no station of the newest
        commits has a clock that is set, only time counts in which something was received: what lies before
        a long silence is no older than the silence found it, until the server has heard stations for
        ``raw_ms`` since.
        """
        measured = self._connection.execute(_MEASURED, (LATEST, _DATED)).fetchone()[0]
        if measured is not None:
            return min(now_ms, int(measured))
        present_ms = now_ms
        for before_ms, behind_ms in self._silences(now_ms):
            if present_ms - behind_ms >= raw_ms:
                break
            if present_ms >= behind_ms:
                present_ms = before_ms + present_ms - behind_ms
        return present_ms

    def _silences(self, now_ms: int) -> Iterator[tuple[int, int]]:
        """From when to when nothing was received, the latest first: of rows in order, few are read."""
        first, last = (self._connection.execute(each).fetchone() for each in (_FIRST, _LAST))
        if first is None:
            return
        if now_ms - last[1] > QUIET_MS:
            yield last[1], now_ms
        yield from self._silences_between(first, last)

    def _silences_between(self, first: _Received, last: _Received) -> Iterator[tuple[int, int]]:
        if last[1] - first[1] <= QUIET_MS:
            return
        middle = ((first[0] + last[0]) // 2,)
        before, behind = (self._connection.execute(each, middle).fetchone() for each in (_UP_TO, _BEHIND))
        yield from self._silences_between(behind, last)
        if behind[1] - before[1] > QUIET_MS:
            yield before[1], behind[1]
        yield from self._silences_between(first, before)

    def next_hour(self, station_no: int, from_hour: int, before_hour: int) -> int | None:
        """The first hour that has rows, in a span of hours."""
        first_ms = self._connection.execute(
            "SELECT min(at_ms) FROM snapshot WHERE station = ? AND at_ms >= ? AND at_ms < ?",
            (station_no, from_hour * HOUR_MS, before_hour * HOUR_MS),
        ).fetchone()[0]
        return None if first_ms is None else int(first_ms // HOUR_MS)

    def ages(self, hour: Hour, now_ms: int) -> Ages:
        """Of an hour that has rows."""
        return Ages(*self._connection.execute(_AGES, _span(hour) | {"now": now_ms}).fetchone())

    def stays(self, hour: Hour) -> bool:
        """True for the hours by which a silent station is still known."""
        for newest in (_NEWEST, _NEWEST_HEALTH):
            row = self._connection.execute(newest, (hour.station_no, RECEIVED)).fetchone()
            if row is not None and row[0] // HOUR_MS == hour.hour:
                return True
        return False

    def give_up(self, hour: Hour, reached: Mapping[str, int], now_ms: int) -> None:
        """Note what the followers, each with the commit that it has reached, will never have of an hour."""
        for follower, reached_id in reached.items():
            own = {"follower": follower, "reached": reached_id, "now": now_ms}
            self._connection.execute(_GIVEN_UP, _span(hour) | own)

    def prune(self, hour: Hour, people_from: int) -> int:
        """Take an hour's rows out; how many. From hour ``people_from`` on what they saw of people stays."""
        if hour.hour >= people_from:
            self._keep_people(hour)
        self._connection.execute(
            "UPDATE pruned SET last_id = max(last_id, (SELECT ifnull(max(id), 0) FROM snapshot)),"
            " hour = max(hour, iif(:hour < :from, :from, 0))",
            {"hour": hour.hour, "from": people_from},
        )
        gone = self._connection.execute("DELETE" + _HOUR, _span(hour)).rowcount
        self._chains.forget(hour.station_no, hour.hour)
        return gone

    def _keep_people(self, hour: Hour) -> None:
        sights = self._sights(hour)
        from_ms = hour.hour * HOUR_MS
        before = people.sights(self._connection, "", hour.station_no, from_ms, from_ms + HOUR_MS)
        body = people.pack([*before, *sights], from_ms)
        self._connection.execute(
            "INSERT OR REPLACE INTO people VALUES (?, ?, ?)", (hour.station_no, hour.hour, body)
        )

    def _sights(self, hour: Hour) -> list[Sight]:
        """What the rows saw of people; without damaged ones and those dated on receiving."""
        layouts, link, found = Layouts(self._connection), None, []
        for row_id, at_ms, seq, name, flags, units, stream in self._connection.execute(_ROWS, _span(hour)):
            try:
                link = unpack(layouts, link, (row_id, (at_ms, seq, name), flags, units))
            except UNREADABLE:
                link = None
                continue
            if not flags & RECEIVED:
                found.append(people.sight(at_ms, seq, stream, link.layout, link.values))
        return found

    def forget_people(self, station_no: int, before_hour: int) -> None:
        """Drop what is only needed to count anew, but for the checkpoint that all counting begins with."""
        self._connection.execute("UPDATE pruned SET hour = max(hour, ?)", (before_hour,))
        begins = self._connection.execute(
            "SELECT max(hour) FROM occupancy WHERE station = ? AND hour < ?", (station_no, before_hour)
        ).fetchone()[0]
        self._connection.execute(
            "DELETE FROM people WHERE station = ? AND hour < ?", (station_no, before_hour)
        )
        self._connection.execute(
            "DELETE FROM occupancy WHERE station = ? AND hour < ?", (station_no, begins or 0)
        )

    def forget_corrections(self, station_no: int, before_ms: int) -> None:
        """Drop corrections and staff's counts of long ago."""
        span = (station_no, before_ms)
        self._connection.execute("DELETE FROM correction WHERE station = ? AND at_ms < ?", span)
        self._connection.execute("DELETE FROM staff_count WHERE station = ? AND at_ms < ?", span)


def _span(hour: Hour) -> dict[str, int]:
    return {"no": hour.station_no, "from": hour.hour * HOUR_MS, "to": (hour.hour + 1) * HOUR_MS}
