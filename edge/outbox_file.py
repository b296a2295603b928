"""The outbox's SQLite file: opening, migrating, telling a broken one from a busy one, moving it aside."""

import fcntl
import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

KEPT: Final = 2
"""Broken files that stay beside the outbox for a technician; older ones are deleted."""

BUSY_S: Final = 1.0
"""For an agent that is just ending to let go of the file."""

MAGIC: Final = b"SQLite format 3\0"

LOCK_OFFSET: Final = 0x40000000
LOCK_BYTES: Final = 512
"""Where SQLite locks its files, by its documented format."""

MIGRATIONS: Final = (
    """
    CREATE TABLE rows (
        id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, seq INTEGER NOT NULL,
        boot_id TEXT NOT NULL, sealed INTEGER NOT NULL, event INTEGER NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX rows_identity ON rows (stream, seq);
    CREATE INDEX rows_periodic ON rows (id) WHERE event = 0;
    CREATE INDEX rows_unsealed ON rows (boot_id) WHERE sealed = 0;
    CREATE TABLE doors (
        id TEXT PRIMARY KEY, in_total INTEGER NOT NULL, out_total INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE aside (
        id INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL,
        reason TEXT NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO totals VALUES ('dropped', 0), ('refused', 0);
    """,
)
"""What leads from each ``user_version`` to the next."""

# Everything else, such as a full disk or memory, passes by itself and must not cost the file.
_BROKEN: Final = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
    }
)


class OutboxError(Exception):
    """The outbox cannot be used and must not be replaced: another agent has it open."""


def connect(path: Path | None) -> sqlite3.Connection:
    """Open, check and migrate the file, in memory if ``path`` is None.

    Raises:
        OutboxError: another process has it open.
        sqlite3.Error: it is no outbox that this agent can use; see :func:`is_broken`.
    """
    db = sqlite3.connect(path or ":memory:", timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        # Exclusive: one agent, and no shared memory file that two processes could disagree about.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -1024")
        db.execute("PRAGMA journal_size_limit = 4194304")
        _check(db)
        _migrate(db)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error) and _primary(error) in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        ):
            raise OutboxError(f"{path} is in use by another agent") from error
        raise
    return db


def is_broken(error: sqlite3.Error) -> bool:
    """Whether the file itself is the trouble."""
    return _primary(error) in _BROKEN


def may_pass(error: Exception) -> bool:
    """Whether the trouble may be over, with the file as good as before: a card that failed once."""
    return isinstance(error, sqlite3.Error) and _primary(error) == sqlite3.SQLITE_IOERR


def move_aside(path: Path) -> None:
    """Rename the file and its journal, and forget the oldest of those that were moved before.

    Raises:
        OSError: the folder cannot be written either.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    label = f"broken-{time.time_ns()}"
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.{label}{suffix}"))
    _forget_old(path)


class Watch:
    """Looks at the open file from beside SQLite, which would not notice that somebody changed it.

    It holds one descriptor until the end: to close any descriptor of a file gives up all locks that the
    process has on it (POSIX), SQLite's too, and would let a second agent in.
    """

    def __init__(self, path: Path) -> None:
        """Close it only after the database."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        self._known = os.fstat(self._descriptor)

    def is_sound(self) -> bool:
        """Whether the file is still there, is the same, and begins as it should."""
        try:
            same = os.path.samestat(self._path.stat(), self._known)
            return same and os.pread(self._descriptor, len(MAGIC), 0) == MAGIC
        except OSError:
            return False

    def close(self) -> None:
        os.close(self._descriptor)


def in_use(path: Path) -> bool:
    """Whether an agent has the file open. Changes nothing.

    Raises:
        OSError: the file cannot be opened for reading, or is not there.
    """
    with path.open("rb") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, LOCK_BYTES, LOCK_OFFSET)
        except BlockingIOError:
            return True
    return False


def _check(db: sqlite3.Connection) -> None:
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _corrupt(f"quick_check says {verdict}")


def _migrate(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise _corrupt(f"schema {version} is newer than this agent")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        db.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT")


def _corrupt(text: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(text)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _primary(error: sqlite3.Error) -> int:
    # Errors that Python raises by itself (a closed connection, a wrong type) carry no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF


def _forget_old(path: Path) -> None:
    moved = sorted(path.parent.glob(f"{path.name}.broken-*"))
    labels = sorted({part.name.removesuffix("-wal").removesuffix("-shm") for part in moved})
    for part in moved:
        if part.name.removesuffix("-wal").removesuffix("-shm") in labels[:-KEPT]:
            part.unlink(missing_ok=True)
