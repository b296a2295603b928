"""Copies of all databases of a data folder, made while the server runs.

Each is one state of its file, by SQLite's backup within one reading transaction. The readings come last:
what follows them (roll-ups, InfluxDB) is then never further than the readings are, and goes on from there
after a restore. Nothing is pruned meanwhile. All of it is made under another name, read back, and only then
given its own: there is never half a backup.
"""

import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from server.store import lock, manifest
from server.store.manifest import BackupError, Manifest, Part, Progress

_PAGES: Final = 2_000
"""Copied at a time, between two words of progress."""
CACHE_KIB: Final = 64_000
"""For reading all of a file: each row is looked up in its index, so a page of each station's should stay."""
_BUSY_S: Final = 10.0
_PARTIAL: Final = ".partial"
_LAST: Final = "readings.db"
_NEWEST: Final = "SELECT id, at_ms + received_after_ms FROM snapshot ORDER BY id DESC LIMIT 1"


def make(folder: Path, into: Path, now_ms: int, progress: Progress) -> Path:
    """Back up all databases of ``folder``; where the backup is, a new folder in ``into``.

    Raises:
        BackupError: there is none; nothing of it is left.
    """
    names = sorted((path.name for path in folder.glob("*.db")), key=lambda name: (name == _LAST, name))
    if not names:
        raise BackupError(f"{folder} holds no database")
    made = datetime.fromtimestamp(now_ms / 1000, UTC)
    target = into / f"waystation-{made:%Y%m%dT%H%M%SZ}"
    try:
        into.mkdir(parents=True, exist_ok=True)
        with lock.held(folder, lock.BACKUP):
            return _make(folder, names, target, now_ms, progress)
    except lock.InUseError as error:
        raise BackupError(f"another backup is being made, by process {error.pid}") from error
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"no backup was made: {error}") from error


def _make(folder: Path, names: list[str], target: Path, now_ms: int, progress: Progress) -> Path:
    if target.exists():
        raise BackupError(f"{target} exists")
    _clear(target.parent)
    partial = target.with_name(f".{target.name}{_PARTIAL}")
    partial.mkdir(mode=0o700)
    try:
        with lock.held(partial, lock.BACKUP):
            parts = tuple(_copy(folder / name, partial / name, progress) for name in names)
            newest_id, newest_ms = _newest(partial / _LAST)
            made = f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
            manifest.write(
                partial,
                Manifest(manifest.FORMAT, now_ms, made, _version(), newest_id, newest_ms, parts),
            )
            (partial / lock.BACKUP).unlink()
            manifest.sync(partial)
        partial.rename(target)
        manifest.sync(target.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def _clear(into: Path) -> None:
    """Remove what backups have left that were killed; not what another one is making."""
    for left in into.glob(f".waystation-*{_PARTIAL}"):
        if not lock.is_held(left, lock.BACKUP):
            shutil.rmtree(left, ignore_errors=True)


def _copy(source: Path, target: Path, progress: Progress) -> Part:
    """One database, read back."""

    def copied(_status: int, left: int, total: int) -> None:
        progress(f"copying {source.name}", total - left, total)

    target.touch(mode=0o600)
    uri = f"{source.resolve().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)) as reading,
            closing(sqlite3.connect(target, isolation_level=None)) as writing,
        ):
            # In one transaction, what is written meanwhile does not make it begin again.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            reading.backup(writing, pages=_PAGES, progress=copied)
            # One file, without a log beside it.
            writing.execute("PRAGMA journal_mode = DELETE")
        schema = verify(target, progress)
    except sqlite3.Error as error:
        raise BackupError(f"no backup was made: {source.name}: {error}") from error
    manifest.sync(target)
    size, sha256 = target.stat().st_size, manifest.digest(target, progress, f"reading {source.name}")
    return Part(source.name, size, sha256, schema)


def verify(path: Path, progress: Progress) -> int:
    """Read a whole database; its ``user_version``.

    Raises:
        BackupError: SQLite finds something wrong with it.
    """
    size = path.stat().st_size
    progress(f"checking {path.name}", 0, size)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as connection:
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{path.name} is damaged: {error}") from error
    progress(f"checking {path.name}", size, size)
    if found != ["ok"]:
        raise BackupError(f"{path.name} is damaged: {'; '.join(found)}")
    return schema


def _newest(readings: Path) -> tuple[int, int]:
    """The last reading of a backup, and when it was received."""
    if not readings.exists():
        return 0, 0
    with closing(sqlite3.connect(f"{readings.resolve().as_uri()}?immutable=1", uri=True)) as connection:
        row = connection.execute(_NEWEST).fetchone()
    return (0, 0) if row is None else (row[0], row[1])


def _version() -> str:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version("waystation")
    return "from-source"
