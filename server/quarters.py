"""quarters.db: mean people in each quarter of an hour, by station and day, made from the store's readings.

:class:`Quarters` is the file, :class:`Keeper` fills it: it follows the commits, notes which days of which
stations they touch, and makes such a day anew once it is over and its last readings have been counted. What
is noted and how far was followed is in the file, changed together, so that a kill at any time costs the
repetition of one step. The file can be deleted: it is made again, as far back as the store reaches.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from struct import Struct
from typing import Final, Protocol, Self
from zoneinfo import ZoneInfo

from server.forecast import BRIDGE_MS, QUARTER_MS, QUARTERS, Day, any_measured, quarter_means
from server.model import Network, StationState
from server.store import Bucket, Quantity
from server.store.schema import is_corrupt, move_aside

log = logging.getLogger(__name__)

MINUTE_MS: Final = 60_000
SETTLED_MS: Final = 5 * MINUTE_MS
"""So long after its last late reading a day is made: the people of a backlog are counted by then."""
COMMITS_AT_ONCE: Final = 5_000
"""Commits that are looked at in one step; some 2 ms."""
DAYS_AT_ONCE: Final = 5
"""Days of a station that are made in one step; some 0.1 s of computing with a snapshot each 30 s."""
_NONE: Final = 0xFFFF
_MOST: Final = _NONE - 1
_MEANS: Final = Struct(f"<{QUARTERS}H")
_TENTHS: Final = 10
_VERSION: Final = 1
_SCHEMA: Final = """
BEGIN;
CREATE TABLE day (                     -- 96 means in tenths of a person, 65535 for none; little-endian
    station TEXT NOT NULL,
    day INTEGER NOT NULL,              -- proleptic ordinal of the local date
    means BLOB NOT NULL,
    PRIMARY KEY (station, day)
) WITHOUT ROWID;
CREATE TABLE touched (                 -- days to be made, and when
    station TEXT NOT NULL,
    day INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    PRIMARY KEY (station, day)
) WITHOUT ROWID;
CREATE INDEX touched_by_due ON touched (due_ms);
CREATE TABLE followed (commits INTEGER NOT NULL);
INSERT INTO followed VALUES (0);
PRAGMA user_version = 1;
COMMIT;
"""


class History(Protocol):
    """What is read of :class:`server.store.reader.Reader`."""

    def committed(self, after_id: int, limit: int) -> tuple[int, list[tuple[str, int, int]]]:
        """What the next commits brought."""

    def history(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, step_ms: int
    ) -> list[Bucket]:
        """A quantity in steps."""


class Live(Protocol):
    """What is read of :class:`server.live.Live`; from any thread."""

    def state(self, station_id: str) -> StationState | None:
        """One station."""

    def networks(self) -> Mapping[str, Network]:
        """All networks."""


class Quarters:
    """The file; used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open it; one that is corrupt or of another version is put aside, and a new one begun.

        Raises:
            sqlite3.OperationalError: it cannot be read or written.
        """
        try:
            return cls(_connect(path))
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and not is_corrupt(error):
                raise
            move_aside(path, error)
            return cls(_connect(path))

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def followed(self) -> int:
        """The cursor: the last commit that was looked at."""
        return int(self._connection.execute("SELECT commits FROM followed").fetchone()[0])

    def touch(self, commits: int, days: Iterable[tuple[str, int, int]]) -> None:
        """Note days (station, day, due) and the cursor in one transaction; the later due holds."""
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany(
                "INSERT INTO touched VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET due_ms = excluded.due_ms"
                " WHERE excluded.due_ms > due_ms",
                days,
            )
            self._connection.execute("UPDATE followed SET commits = ?", (commits,))

    def due_station(self, now_ms: int) -> str | None:
        """The station that has waited longest with a day to be made."""
        row = self._connection.execute(
            "SELECT station FROM touched WHERE due_ms <= ? ORDER BY due_ms LIMIT 1", (now_ms,)
        ).fetchone()
        return None if row is None else str(row[0])

    def due_days(self, station_id: str, now_ms: int) -> list[int]:
        """Its days to be made, oldest first."""
        rows = self._connection.execute(
            "SELECT day FROM touched WHERE station = ? AND due_ms <= ? ORDER BY day", (station_id, now_ms)
        )
        return [row[0] for row in rows]

    def put(self, station_id: str, days: Mapping[int, Day]) -> None:
        """Keep these days and take their notes away, in one transaction.

        What was measured before and is not now stays: the store may have been pruned since.
        """
        kept = self.days(station_id, date.fromordinal(min(days)))
        merged = {day: _merged(kept.get(date.fromordinal(day)), means) for day, means in days.items()}
        rows = [(station_id, day, _packed(means)) for day, means in merged.items() if any_measured(means)]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO day VALUES (?, ?, ?)", rows)
            self._connection.executemany(
                "DELETE FROM touched WHERE station = ? AND day = ?", [(station_id, day) for day in days]
            )

    def days(self, station_id: str, since: date) -> dict[date, Day]:
        """What is kept of a station from that day on."""
        rows = self._connection.execute(
            "SELECT day, means FROM day WHERE station = ? AND day >= ? ORDER BY day",
            (station_id, since.toordinal()),
        )
        return {date.fromordinal(day): _unpacked(means) for day, means in rows}

    def forget(self, before: date) -> None:
        """Delete days that nothing looks at any more."""
        self._connection.execute("DELETE FROM day WHERE day < ?", (before.toordinal(),))


class Keeper:
    """Fills the file from the store; its steps are called by one thread."""

    def __init__(self, store: History, quarters: Quarters, live: Live) -> None:
        self._store, self._quarters, self._live = store, quarters, live

    def follow(self, now_ms: int) -> bool:
        """Note what some more commits touched; whether there may be further ones."""
        before = self._quarters.followed()
        last, spans = self._store.committed(before, COMMITS_AT_ONCE)
        if last != before:
            touched = [each for span in spans for each in self._touched(*span, now_ms)]
            self._quarters.touch(last, touched)
        return last - before == COMMITS_AT_ONCE

    def _touched(
        self, station_id: str, from_ms: int, to_ms: int, now_ms: int
    ) -> Iterator[tuple[str, int, int]]:
        """The days of a span, each with its due; and the one after, as the people go on past midnight."""
        zone = time_zone(self._live, station_id)
        first, last = local_day(from_ms, zone), local_day(to_ms, zone)
        following = min(last + timedelta(days=1), local_day(now_ms, zone))
        for ordinal in range(first.toordinal(), max(last, following).toordinal() + 1):
            over_ms = midnight_ms(date.fromordinal(ordinal + 1), zone)
            yield station_id, ordinal, max(now_ms, over_ms) + SETTLED_MS

    def catch_up(self, now_ms: int) -> None:
        """Make all days that are over, without a rest: for a history that is known to be whole."""
        while self.follow(now_ms):
            pass
        settled_ms = now_ms + SETTLED_MS
        while station_id := self._quarters.due_station(settled_ms):
            self.make(station_id, settled_ms)

    def make(self, station_id: str, now_ms: int) -> bool:
        """Make some of a station's due days; whether there were any."""
        due = self._quarters.due_days(station_id, now_ms)
        if not due:
            return False
        zone = time_zone(self._live, station_id)
        run = [day for day in due if day - due[0] < DAYS_AT_ONCE]
        first, last = date.fromordinal(run[0]), date.fromordinal(run[-1])
        from_ms, to_ms = midnight_ms(first, zone), midnight_ms(last + timedelta(days=1), zone)
        minutes = self._store.history(
            station_id, "occupancy", from_ms - BRIDGE_MS, to_ms + BRIDGE_MS, MINUTE_MS
        )
        means = quarter_means((minute.at_ms, minute.last) for minute in minutes)
        self._quarters.put(
            station_id, {day: _day(means, midnight_ms(date.fromordinal(day), zone)) for day in run}
        )
        return True


def _day(means: Mapping[int, float], from_ms: int) -> Day:
    return [means.get(from_ms + number * QUARTER_MS) for number in range(QUARTERS)]


def time_zone(live: Live, station_id: str) -> str:
    """A station's IANA name; UTC for one that the registry does not know."""
    state = live.state(station_id)
    network = live.networks().get(state.station.network) if state else None
    return network.time_zone if network else "UTC"


@lru_cache(maxsize=256)
def midnight_ms(day: date, time_zone: str) -> int:
    """When a day begins, UTC."""
    return round(datetime.combine(day, time(), ZoneInfo(time_zone)).timestamp() * 1000)


def local_day(at_ms: int, time_zone: str) -> date:
    """The date on the calendar there."""
    return _day_of_quarter(at_ms // QUARTER_MS, time_zone)


@lru_cache(maxsize=4096)
def _day_of_quarter(quarter: int, time_zone: str) -> date:
    return datetime.fromtimestamp(quarter * QUARTER_MS / 1000, ZoneInfo(time_zone)).date()


def _merged(kept: Day | None, means: Day) -> Day:
    if kept is None:
        return means
    return [before if now is None else now for before, now in zip(kept, means, strict=True)]


def _packed(means: Day) -> bytes:
    return _MEANS.pack(*(_NONE if each is None else min(round(each * _TENTHS), _MOST) for each in means))


def _unpacked(means: bytes) -> Day:
    return [None if each == _NONE else each / _TENTHS for each in _MEANS.unpack(means)]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may take the last seconds away, cursor and notes together; they are found again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 1000")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.executescript(_SCHEMA)
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"schema {version}, this program's is {_VERSION}")
        # The whole file, 0.1 s for a city's 60 MB: what is damaged here can be made again.
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except BaseException:
        connection.close()
        raise
    return connection
