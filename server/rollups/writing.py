"""The writer of rollups.db: one connection, used by one thread."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple, Self

from server.rollups import reading, tables
from server.rollups.calendar import DAY_MS
from server.rollups.model import Day
from server.rollups.packing import pack
from server.rollups.partial import Partial
from server.rollups.tables import PER_STATION

FORGOTTEN: Final = 8
"""Days of quarters that go with each new one, at most; more than one where the setting was made shorter."""


class Note(NamedTuple):
    """Hours since 1970 of a station that are to be made anew, both ends included, once it is ``due_ms``.

    ``first_id``: no commit before this one touched them.
    """

    station_id: str
    first_hour: int
    last_hour: int
    due_ms: int
    first_id: int


class Writer:
    """The file. Every method but :meth:`open` and :meth:`close` belongs into a :meth:`transaction`.

    Attributes:
        connection: to read what is being written; within the transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open it; one that is corrupt is put aside, and a new one begun.

        Raises:
            NewerStoreError: the file's schema is newer than this program.
            OSError, sqlite3.OperationalError: it cannot be read or written.
        """
        return cls(tables.open_writer(path))

    def close(self) -> None:
        """Close it."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def followed(self) -> tuple[int, int]:
        """The last commit that was looked at, and how many commits were in files that are replaced since."""
        commits, base = self.connection.execute("SELECT commits, base FROM followed").fetchone()
        return commits, base

    def follow(self, commits: int, base: int) -> None:
        """Move both."""
        self.connection.execute("UPDATE followed SET commits = ?, base = ?", (commits, base))

    def stations(self) -> list[tuple[int, str, str]]:
        """Number, id and zone of each."""
        return self.connection.execute("SELECT no, id, zone FROM station").fetchall()

    def station(self, station_id: str, zone: str) -> tuple[int, str]:
        """A station's number and zone, which is ``zone`` when it is new."""
        known = reading.station_of(self.connection, station_id)
        if known is None:
            self.connection.execute("INSERT INTO station (id, zone) VALUES (?, ?)", (station_id, zone))
            known = reading.station_of(self.connection, station_id)
        assert known is not None
        return known

    def touch(self, no: int, note: Note) -> None:
        """Note hours; of two notes that begin with the same one the later due holds."""
        self.connection.execute(
            "INSERT INTO touched VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " last_hour = max(last_hour, excluded.last_hour), due_ms = max(due_ms, excluded.due_ms),"
            " first_id = min(first_id, excluded.first_id)",
            (no, *note[1:]),
        )

    def bring_forward(self, after_ms: int, due_ms: int) -> None:
        """Make due by ``due_ms`` what would be due after ``after_ms``."""
        self.connection.execute("UPDATE touched SET due_ms = ? WHERE due_ms > ?", (due_ms, after_ms))

    def due(self, now_ms: int) -> Note | None:
        """What has waited longest."""
        row = self.connection.execute(
            "SELECT id, first_hour, last_hour, due_ms, first_id FROM touched JOIN station ON no = station"
            " WHERE due_ms <= ? ORDER BY due_ms, station, first_hour LIMIT 1",
            (now_ms,),
        ).fetchone()
        return None if row is None else Note(*row)

    def done(self, no: int, hours: Note, due_ms: int) -> None:
        """Take away what was due of these hours; notes that reach further are kept for the rest."""
        span = (no, hours.first_hour, hours.last_hour, due_ms)
        rows = self.connection.execute(
            "DELETE FROM touched WHERE station = ? AND first_hour BETWEEN ? AND ? AND due_ms <= ?"
            " RETURNING last_hour, due_ms, first_id",
            span,
        ).fetchall()
        for last_hour, due, first_id in rows:
            if last_hour > hours.last_hour:
                self.touch(no, Note(hours.station_id, hours.last_hour + 1, last_hour, due, first_id))

    def partials(self, no: int, day: int) -> dict[int, Partial]:
        """What is kept of a day in UTC, by quarter since 1970."""
        for _, found in reading.packed(self.connection, no, day, day):
            return found.partials()
        return {}

    def put_partials(self, no: int, day: int, partials: Mapping[int, Partial], keep_days: int) -> None:
        """Keep a day in UTC; with a new one, quarters that are ``keep_days`` older are forgotten."""
        key = no * PER_STATION + day
        row = (pack(day, partials), key)
        if not self.connection.execute("UPDATE quarters SET body = ? WHERE key = ?", row).rowcount:
            self._forget(no * PER_STATION, key, keep_days)
            self.connection.execute("INSERT INTO quarters (body, key) VALUES (?, ?)", row)

    def _forget(self, base: int, new: int, keep_days: int) -> None:
        """Forget quarters that were too old on the day before, a few: the new one's clock may be wrong."""
        self.connection.execute(
            "DELETE FROM quarters WHERE key IN (SELECT key FROM quarters WHERE key BETWEEN ? AND"
            " (SELECT max(key) FROM quarters WHERE key BETWEEN ? AND ?) - ? ORDER BY key LIMIT ?)",
            (base, base, new, keep_days - 1, FORGOTTEN),
        )

    def put_days(self, no: int, days: Iterable[Day]) -> None:
        """Keep local days."""
        rows = [(no * PER_STATION + day.day.toordinal(), reading.encode_day(day[2:])) for day in days]
        self.connection.executemany("INSERT OR REPLACE INTO days VALUES (?, ?)", rows)

    def has_day(self, no: int, day: date) -> bool:
        """Whether a local day is kept."""
        key = (no * PER_STATION + day.toordinal(),)
        return self.connection.execute("SELECT 1 FROM days WHERE key = ?", key).fetchone() is not None

    def clear_days(self, no: int, since: date) -> None:
        """Forget the local days from then on, which are about to be made anew by another clock."""
        span = (no * PER_STATION + since.toordinal(), no * PER_STATION + reading.LAST_DAY)
        self.connection.execute("DELETE FROM days WHERE key BETWEEN ? AND ?", span)

    def set_zone(self, no: int, zone: str) -> None:
        """Say by which clock the days of a station are made."""
        self.connection.execute("UPDATE station SET zone = ? WHERE no = ?", (zone, no))

    def next_day(self, no: int, day: int) -> int | None:
        """The first kept day in UTC behind ``day``."""
        base = no * PER_STATION
        span = (base + day, base + reading.LAST_DAY)
        row = self.connection.execute(
            "SELECT min(key) FROM quarters WHERE key > ? AND key <= ?", span
        ).fetchone()
        return None if row[0] is None else row[0] - base

    def span_ms(self, no: int) -> tuple[int, int] | None:
        """From when to when there are quarters, in whole days of UTC."""
        base = no * PER_STATION
        oldest, newest = self.connection.execute(
            "SELECT min(key), max(key) FROM quarters WHERE key BETWEEN ? AND ?",
            (base, base + reading.LAST_DAY),
        ).fetchone()
        return None if oldest is None else ((oldest - base) * DAY_MS, (newest - base + 1) * DAY_MS)
