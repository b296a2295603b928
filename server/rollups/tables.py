"""Tables of rollups.db, and how the file is opened."""

import sqlite3
from pathlib import Path
from typing import Final

from server.store.schema import NewerStoreError, is_corrupt, move_aside

PER_STATION: Final = 1_000_000
"""A row's key is the station's number times this, plus its day: a station's days lie side by side."""
_V1: Final = """
CREATE TABLE station (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    zone TEXT NOT NULL                 -- IANA name that its local days are made by
);
CREATE TABLE quarters (                -- key: station, day since 1970 in UTC
    key INTEGER PRIMARY KEY,
    body BLOB NOT NULL                 -- see packing.py
);
CREATE TABLE days (                    -- key: station, proleptic ordinal of the local date
    key INTEGER PRIMARY KEY,
    body BLOB NOT NULL                 -- MessagePack: the values of Day behind its date, in their order
);
CREATE TABLE touched (                 -- hours to be made anew, and when; both ends included
    station INTEGER NOT NULL REFERENCES station,
    first_hour INTEGER NOT NULL,       -- since 1970
    last_hour INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    first_id INTEGER NOT NULL,         -- no commit before this one touched it
    PRIMARY KEY (station, first_hour)
) WITHOUT ROWID;
CREATE INDEX touched_by_due ON touched (due_ms);
CREATE TABLE followed (
    commits INTEGER NOT NULL,          -- the last commit of readings.db that was looked at
    base INTEGER NOT NULL              -- commits of files that readings.db has replaced
);
INSERT INTO followed VALUES (0, 0);
"""
MIGRATIONS: Final[tuple[str, ...]] = (_V1,)
"""``MIGRATIONS[n]`` leads from user_version n to n + 1. Released ones are never edited."""


def open_writer(path: Path) -> sqlite3.Connection:
    """The one writing connection; a corrupt file is moved aside, and a new one begun.

    Raises:
        NewerStoreError: the file's schema is newer than this program.
        OSError, sqlite3.OperationalError: the folder or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not is_corrupt(error):
            raise
        move_aside(path, error)
        return _open(path)


def empty() -> sqlite3.Connection:
    """What is read where there is no file yet."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _migrate(connection, 0)
    return connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        # A day of quarters is 2.3 kB: of 4 kB pages each took one for itself. Holds for a new file only.
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        # Once the readings are pruned it cannot be made again.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 1000")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise NewerStoreError(f"schema {version} is newer than this program's {len(MIGRATIONS)}")
        _migrate(connection, version)
        connection.execute("SELECT commits FROM followed").fetchone()
        connection.execute("SELECT max(key) FROM quarters").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT")
