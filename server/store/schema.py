"""Tables of readings.db, and how a file is opened, checked and brought up to date."""

import logging
import sqlite3
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

_V1: Final = """
CREATE TABLE station (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);
CREATE TABLE stream (                  -- one start of an agent
    no INTEGER PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES station,
    name TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    UNIQUE (station, name)
);
CREATE TABLE committed (               -- what was ever committed, also after its rows are pruned
    stream INTEGER NOT NULL REFERENCES stream,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (stream, first)
) WITHOUT ROWID;
CREATE TABLE layout (                  -- which units the values in snapshot.units belong to
    no INTEGER PRIMARY KEY,
    body TEXT NOT NULL UNIQUE
);
CREATE TABLE snapshot (                -- id counts commits: followers use it as their cursor
    id INTEGER PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES station,
    at_ms INTEGER NOT NULL,
    received_after_ms INTEGER NOT NULL,   -- received - at
    stream INTEGER NOT NULL REFERENCES stream,
    seq INTEGER NOT NULL,
    digest INTEGER NOT NULL,              -- CRC-32 of the bytes as they came, signed
    flags INTEGER NOT NULL,               -- 1 unsynced, 2 estimated, 4 dated on receiving, 8 units are whole
    mono_ms INTEGER NOT NULL,
    climate_ago_ms INTEGER,               -- at - climate.at; null: no climate
    temperature_c REAL,
    humidity_pct REAL,
    co2_ppm REAL,
    units BLOB,                           -- see packing.py; null: as in the row before in time
    health TEXT                           -- JSON, every ten minutes
);
CREATE INDEX snapshot_by_time ON snapshot (station, at_ms);
CREATE TABLE info (
    station INTEGER PRIMARY KEY REFERENCES station,
    body TEXT NOT NULL
);
CREATE TABLE correction (              -- of the occupancy: by a rule or by staff
    station INTEGER NOT NULL REFERENCES station,
    at_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    before INTEGER NOT NULL,
    after INTEGER NOT NULL,
    PRIMARY KEY (station, at_ms)
) WITHOUT ROWID;
CREATE TABLE occupancy (               -- the state after the last snapshot of an hour, to go on from
    station INTEGER NOT NULL REFERENCES station,
    hour INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (station, hour)
) WITHOUT ROWID;
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_ms INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    stream TEXT,
    seq INTEGER,
    payload BLOB NOT NULL
);
"""

_V2: Final = """
CREATE TABLE staff_count (             -- how many staff found inside; a part of the row of observations
    station INTEGER NOT NULL REFERENCES station,
    at_ms INTEGER NOT NULL,
    people INTEGER NOT NULL,
    login TEXT NOT NULL,                  -- of whoever counted
    PRIMARY KEY (station, at_ms)
) WITHOUT ROWID;
CREATE INDEX snapshot_with_health ON snapshot (station, at_ms) WHERE health IS NOT NULL;
"""

_V3: Final = """
CREATE TABLE people (                  -- what pruned hours saw of people, see people.py
    station INTEGER NOT NULL REFERENCES station,
    hour INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (station, hour)
) WITHOUT ROWID;
CREATE TABLE pruned (                  -- one row: how far
    last_id INTEGER NOT NULL,             -- ids up to there were given, whether their rows are left or not
    hour INTEGER NOT NULL                 -- of hours before it nothing of people is left but checkpoints
);
INSERT INTO pruned VALUES (0, 0);
CREATE TABLE given_up (                -- pruned before a follower had taken it
    follower TEXT PRIMARY KEY,
    snapshots INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,            -- measured from then ...
    last_ms INTEGER NOT NULL,             -- ... to then
    newest_ms INTEGER NOT NULL            -- when it was last so
) WITHOUT ROWID;
"""

MIGRATIONS: Final[tuple[str, ...]] = (_V1, _V2, _V3)
"""``MIGRATIONS[n]`` leads from user_version n to n + 1. Released ones are never edited."""


LOG_LEFT: Final = 64_000_000
"""Bytes of the log that stay on the disk: four checkpoints' worth."""


class NewerStoreError(RuntimeError):
    """The file was written by a later version; going back needs the backup made before the upgrade."""


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


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read; for any one thread."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only = 1")
    return connection


def is_corrupt(error: sqlite3.Error) -> bool:
    """True for SQLite's words on a damaged file, as against a full disk or a lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 1000")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA cache_size = -32000")
        # What a long reader (a backup, a check of the whole file) made the log grow by is given back.
        connection.execute(f"PRAGMA journal_size_limit = {LOG_LEFT}")
        _migrate(connection)
        # A cheap look at the tree that is written first; the whole file is checked on demand.
        connection.execute("SELECT max(id) FROM snapshot").fetchone()
        connection.execute("SELECT count(*) FROM station").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise NewerStoreError(f"schema {version} is newer than this program's {len(MIGRATIONS)}")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")


def lies_aside(path: Path) -> Path | None:
    """The file that :func:`move_aside` has moved from there last, as long as it lies there.

    Raises:
        OSError: the folder cannot be read.
    """
    ends = (each.name.rpartition("-")[2] for each in path.parent.glob(f"{path.name}.corrupt-*"))
    newest = max((int(end) for end in ends if end.isdecimal()), default=None)
    return None if newest is None else path.with_name(f"{path.name}.corrupt-{newest}")


def move_aside(path: Path, error: sqlite3.Error) -> Path:
    """Rename a corrupt file with its log and index; no connection may be open on it."""
    number = 1
    while (target := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(target.with_name(target.name + suffix))
    log.error("store_corrupt path=%s moved_to=%s error=%s", path, target, error)
    return target
