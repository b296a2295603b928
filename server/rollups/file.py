"""What the rest of the server reads of rollups.db; each call on a read-only connection of its own."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Self

from server.rollups import reading, tables
from server.rollups.calendar import DAY_MS, HOUR_MS, QUARTER_MS, midnight_ms
from server.rollups.means import by_day, by_hour_of_week, means
from server.rollups.model import Day, Quarter, Visits
from server.rollups.partial import MEASURED
from server.rollups.telling import quarter_of
from server.store import Quantity
from server.store.schema import open_reader

_FOREVER_MS = 2**53


class Rollups:
    """Reads ``path``, from any thread; a file that is not there yet is empty."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open_reader(cls, path: Path) -> Self:
        """For reading only, from any thread; nothing is held open."""
        return cls(path)

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        with closing(open_reader(self.path) if self.path.exists() else tables.empty()) as connection:
            connection.execute("BEGIN")  # one state of the file for all that is read
            if connection.execute("PRAGMA user_version").fetchone()[0]:
                yield connection
                return
        with closing(tables.empty()) as connection:  # it is just being begun
            yield connection

    def quarters(
        self, station_id: str, from_ms: int, to_ms: int, quantities: Collection[Quantity] = MEASURED
    ) -> list[Quarter]:
        """The quarters that begin from ``from_ms`` on and before ``to_ms``, oldest first.

        Only those of which something is known; with nothing of a station, none. ``quantities`` are what is
        wanted of each beside visits and exits: fewer are read sooner.
        """
        with self._reader() as connection:
            station = reading.station_of(connection, station_id)
            if station is None:
                return []
            told = reading.told(connection, station[0], (from_ms, to_ms), quantities=quantities)
            return [quarter_of(each) for each in told]

    def people(self, station_id: str, since: date, time_zone: str) -> dict[date, list[float | None]]:
        """Mean people inside in the 96 quarters of each local day; None where less than half was measured.

        Days on which nothing was measured are left out.
        """
        with self._reader() as connection:
            station = reading.station_of(connection, station_id)
            if station is None:
                return {}
            found = means(connection, station[0], "occupancy", midnight_ms(since, time_zone), _FOREVER_MS)
            return by_day(found, since, time_zone)

    def hours_of_week(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, time_zone: str
    ) -> list[float | None]:
        """The mean in each local hour of the week, 168 from Monday 00:00; None where nothing was measured.

        Of ``visits`` and ``exits`` it is people in an hour, of all other quantities the value.
        """
        with self._reader() as connection:
            station = reading.station_of(connection, station_id)
            if station is None:
                return [None] * 168
            return by_hour_of_week(means(connection, station[0], quantity, from_ms, to_ms), time_zone)

    def days(self, first: date, last: date, stations: Collection[str] | None = None) -> Iterator[Day]:
        """The days from ``first`` to ``last``, both included, of these stations or of all; by station.

        Read as they are asked for, all of one state of the file: a month of a city is 64,000.
        """
        with self._reader() as connection:
            yield from reading.days(connection, _numbers(connection, stations), first, last)

    def visits(self, first: date, last: date, stations: Collection[str] | None = None) -> Iterator[Visits]:
        """As :meth:`days`, of each only how many came and how much of it was measured."""
        with self._reader() as connection:
            yield from reading.visits(connection, _numbers(connection, stations), first, last)

    def span(
        self, stations: Collection[str], first: date = date.min, last: date = date.max
    ) -> tuple[date, date] | None:
        """The first and the last day between these, both included, on which one of the stations was measured.

        None where there is no such day.
        """
        with self._reader() as connection:
            known = _numbers(connection, stations)
            oldest = min(reading.known(connection, known, first, last), default=None)
            if oldest is None:
                return None
            return oldest, max(reading.known(connection, known, first, last, newest=True), default=oldest)

    def measured(self, spans: Sequence[tuple[date, date]], stations: Collection[str]) -> list[bool]:
        """Of each of these spans of days, both ends included, whether one of the stations was measured."""
        with self._reader() as connection:
            known = _numbers(connection, stations)
            return [any(reading.known(connection, known, *span)) for span in spans]

    def oldest_ms(self, station_id: str) -> int | None:
        """When the first day in UTC begins of which there are quarters; None when there are none."""
        with self._reader() as connection:
            station = reading.station_of(connection, station_id)
            day = reading.oldest_day(connection, station[0]) if station else None
            return None if day is None else day * DAY_MS

    def looked_at(self) -> int:
        """The newest commit of readings.db that was looked at, made or not; 0 at the beginning."""
        with self._reader() as connection:
            return int(connection.execute("SELECT commits - base FROM followed").fetchone()[0])

    def knows(self, station_id: str, at_ms: int) -> bool:
        """Whether the quarter of an hour of that time was made for a station, or its hour is to be made."""
        with self._reader() as connection:
            station = reading.station_of(connection, station_id)
            if station is None:
                return False
            hour = at_ms // HOUR_MS
            noted = connection.execute(
                "SELECT 1 FROM touched WHERE station = ? AND first_hour <= ? AND last_hour >= ? LIMIT 1",
                (station[0], hour, hour),
            ).fetchone()
            day = at_ms // DAY_MS
            made = (found.partials() for _, found in reading.packed(connection, station[0], day, day))
            return noted is not None or any(at_ms // QUARTER_MS in each for each in made)

    def reached(self) -> int:
        """All commits of readings.db up to this one are in the roll-ups; 0 at the beginning.

        The present hour waits until it is over, and what is waiting holds this back.
        """
        with self._reader() as connection:
            row = connection.execute(
                "SELECT commits, base, (SELECT min(first_id) FROM touched) FROM followed"
            ).fetchone()
        commits, base, first_id = row
        return max(0, int(commits if first_id is None else first_id - 1) - int(base))

    def due(self, now_ms: int) -> int:
        """Hours of stations that should be made by now, and are not; the present one is not among them."""
        with self._reader() as connection:
            row = connection.execute(
                "SELECT ifnull(sum(last_hour - first_hour + 1), 0) FROM touched WHERE due_ms <= ?", (now_ms,)
            ).fetchone()
            return int(row[0])

    def settled(self, now_ms: int) -> bool:
        """Nothing is due: what waits are hours that are not over, or were touched just now."""
        return not self.due(now_ms)


def _numbers(connection: sqlite3.Connection, stations: Collection[str] | None) -> dict[int, str]:
    """Number and id of these stations or of all, by id."""
    known = dict(connection.execute("SELECT no, id FROM station ORDER BY id"))
    if stations is None:
        return known
    wanted = frozenset(stations)
    return {no: station_id for no, station_id in known.items() if station_id in wanted}
