"""influx.db: how far everything is written, what has to be written anew, what waits, what was refused.

A loss of power may take the last seconds of it away; then some points are written twice, which leaves one.
It can be deleted while nothing runs: writing goes on from then, ``waystation influx backfill`` fills the gap.
A damaged one is kept beside its successor, :func:`put_aside`; whoever begins that one writes all anew.
"""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from server.influx.writer import Letter
from server.store.schema import is_corrupt, lies_aside, move_aside

log = logging.getLogger(__name__)

MOST_REFUSED: Final = 10_000
"""Refused lines that are kept to look at; the oldest go first, all are counted."""
MOST_WAITING: Final = 100_000
"""Lines of networks that wait: five networks for two weeks; the oldest go first, and are counted."""
_V1: Final = """
CREATE TABLE followed (                -- one row; the last commit that is written, -1 before the first start
    commits INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    refused INTEGER NOT NULL
);
INSERT INTO followed VALUES (-1, 0, 0);
CREATE TABLE late (                    -- stations to be written anew from a time on
    station TEXT PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    first_id INTEGER NOT NULL,         -- the first commit that has to do with it
    noted_ms INTEGER NOT NULL,
    heard_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE waiting (                 -- lines that cannot be made again of anything
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    line TEXT NOT NULL
);
CREATE TABLE refused (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    refused_ms INTEGER NOT NULL,
    why TEXT NOT NULL,
    line TEXT NOT NULL
);
"""
_V2: Final = """
ALTER TABLE followed ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;   -- lines that could not wait so long
"""
_MIGRATIONS: Final = (_V1, _V2)
"""``_MIGRATIONS[n]`` leads from user_version n to n + 1. Released ones are never edited."""
SCHEMA_VERSION: Final = len(_MIGRATIONS)


class Late(NamedTuple):
    """A station with rows that came after newer ones, or that staff have counted at.

    Attributes:
        from_ms: it is written anew from then on.
        first_id: the earliest commit that is not written yet for it.
        noted_ms, heard_ms: when it was first and last heard of.
    """

    station_id: str
    from_ms: int
    first_id: int
    noted_ms: int
    heard_ms: int


@dataclass(frozen=True, slots=True)
class Followed:
    """How far everything is written.

    Attributes:
        commits, received_ms: the last commit, and when it was received.
        refused: lines that InfluxDB refused for good, ever.
        dropped: lines of networks that could not wait for it so long, ever.
    """

    commits: int
    received_ms: int
    refused: int
    dropped: int


class Ledger:
    """The file; used by one thread."""

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

    def followed(self) -> Followed:
        """How far everything is written."""
        return Followed(*self._connection.execute("SELECT * FROM followed").fetchone())

    def begin(self, commits: int, received_ms: int) -> None:
        """Set where to go on from."""
        self._connection.execute("UPDATE followed SET commits = ?, received_ms = ?", (commits, received_ms))

    def late(self) -> list[Late]:
        """What has to be written anew, that which was noted first before the others."""
        return [Late(*row) for row in self._connection.execute("SELECT * FROM late ORDER BY noted_ms")]

    def follow(
        self, commits: int, received_ms: int, late: Iterable[Late], letters: Sequence[Letter], now_ms: int
    ) -> None:
        """All up to ``commits`` is written, but for what is late and what was refused. One transaction."""
        with self._connection:
            self._connection.execute("BEGIN")
            self.begin(commits, received_ms)
            self._note(late)
            self._refuse(letters, now_ms)

    def note(self, late: Iterable[Late]) -> None:
        """Have stations written anew; the earlier time and commit hold."""
        with self._connection:
            self._connection.execute("BEGIN")
            self._note(late)

    def rewritten(self, late: Late, from_ms: int | None, letters: Sequence[Letter], now_ms: int) -> None:
        """A station is written anew up to ``from_ms``; None: to its end."""
        with self._connection:
            self._connection.execute("BEGIN")
            if from_ms is None:
                self._connection.execute("DELETE FROM late WHERE station = ?", (late.station_id,))
            else:
                self._connection.execute(
                    "UPDATE late SET from_ms = ? WHERE station = ?", (from_ms, late.station_id)
                )
            self._refuse(letters, now_ms)

    def wait(self, lines: Iterable[str], at_ms: int) -> None:
        """Keep lines until they are written."""
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany(
                "INSERT INTO waiting (at_ms, line) VALUES (?, ?)", [(at_ms, line) for line in lines]
            )
            gone = self._connection.execute(
                "DELETE FROM waiting WHERE id <= (SELECT max(id) FROM waiting) - ?", (MOST_WAITING,)
            ).rowcount
            if gone:
                self._connection.execute("UPDATE followed SET dropped = dropped + ?", (gone,))

    def waiting(self, limit: int) -> tuple[int, int, list[str]]:
        """The oldest lines that wait, the number of the last of them, and since when the first does."""
        rows = self._connection.execute(
            "SELECT id, at_ms, line FROM waiting ORDER BY id LIMIT ?", (limit,)
        ).fetchall()
        return (rows[-1][0], rows[0][1], [row[2] for row in rows]) if rows else (0, 0, [])

    def waited(self, up_to: int, letters: Sequence[Letter], now_ms: int) -> None:
        """Those lines are written."""
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.execute("DELETE FROM waiting WHERE id <= ?", (up_to,))
            self._refuse(letters, now_ms)

    def refused(self, limit: int = 100) -> list[tuple[int, str, str]]:
        """The newest refused lines: when, why, and the line."""
        rows = "SELECT refused_ms, why, line FROM refused ORDER BY id DESC LIMIT ?"
        return self._connection.execute(rows, (limit,)).fetchall()

    def _note(self, late: Iterable[Late]) -> None:
        self._connection.executemany(
            "INSERT INTO late VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " from_ms = min(from_ms, excluded.from_ms), first_id = min(first_id, excluded.first_id),"
            " heard_ms = excluded.heard_ms",
            list(late),
        )

    def _refuse(self, letters: Sequence[Letter], now_ms: int) -> None:
        if not letters:
            return
        self._connection.executemany(
            "INSERT INTO refused (refused_ms, why, line) VALUES (?, ?, ?)",
            [(now_ms, letter.why, letter.line) for letter in letters],
        )
        self._connection.execute("UPDATE followed SET refused = refused + ?", (len(letters),))
        self._connection.execute(
            "DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?", (MOST_REFUSED,)
        )


def put_aside(path: Path) -> str:
    """The name of the file that was put aside last because it was damaged; "" where none lies there."""
    found = lies_aside(path)
    return found.name if found else ""


def reached(path: Path) -> int | None:
    """The commit up to which all is written, for whoever prunes; None where InfluxDB was never used.

    Raises:
        sqlite3.Error: the file cannot be read: nothing may be pruned then.
    """
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute(
            "SELECT min(commits, ifnull((SELECT min(first_id) - 1 FROM late), commits)) FROM followed"
        ).fetchone()
    return max(0, int(row[0]))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 1000")
        _migrate(connection)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"schema {version} is newer than this program's {SCHEMA_VERSION}")
    for number, script in enumerate(_MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")
