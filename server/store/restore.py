"""Putting a backup back, whole or not at all, while no server runs.

First all of it is copied beside the present files and compared with its manifest; until then nothing has
changed. Then a note is put down of what is to be exchanged, and files are renamed. Whoever finds the note
later, because that was cut short, goes on: a server never starts on half a restore.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from server.store import lock, manifest
from server.store.backup import verify
from server.store.known import Known, unknown
from server.store.manifest import BackupError, Manifest, Part, Progress

_NEW: Final = "restoring"
_NOTE: Final = "restoring.json"
_FILES: Final = ("", "-wal", "-shm", "-journal")
"""What belongs to a database. The log goes before the new file comes, which it does not belong to."""
_SINCE: Final = (
    "SELECT count(*), count(DISTINCT station), min(at_ms + received_after_ms), max(at_ms + received_after_ms)"
    " FROM snapshot WHERE at_ms + received_after_ms > ?"
)


class _Note(msgspec.Struct, frozen=True):
    """What is being exchanged: databases to come, to be put aside, and where."""

    new: tuple[str, ...]
    old: tuple[str, ...]
    aside: str


class Lost(msgspec.Struct, frozen=True):
    """Readings that were received after the backup: in the files put aside, and nowhere else."""

    snapshots: int
    stations: int
    first_ms: int | None
    last_ms: int | None


class Restored(msgspec.Struct, frozen=True):
    """What was done.

    Attributes:
        aside: where the files of before are, None when there were none.
        lost: None where those cannot be read.
    """

    manifest: Manifest
    aside: Path | None
    lost: Lost | None


def restore(
    backup: Path, folder: Path, now_ms: int, progress: Progress, schemas: Mapping[str, Known]
) -> Restored:
    """Put the backup in ``backup`` in the place of all databases of ``folder``.

    Args:
        schemas: what this program knows of each database; one that is not among them may be anything.

    Raises:
        BackupError: it was not done, and nothing has changed.
    """
    found = manifest.read(backup)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock.held(folder, lock.SERVING), lock.held(folder, lock.BACKUP):
            complete(folder)
            lost = _lost(folder / "readings.db", found.newest_ms)
            _prepare(backup, found, folder / _NEW, progress, schemas)
            aside = _note(folder, found, now_ms)
            _exchange(folder)
    except lock.InUseError as error:
        who = "a server runs on" if error.path.name == lock.SERVING else "a backup is being made of"
        raise BackupError(f"{who} {folder} (process {error.pid}): nothing was changed") from error
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"nothing was changed: {error}") from error
    return Restored(found, aside, lost)


def pending(folder: Path) -> bool:
    """A restore was cut short: the files do not fit together until :func:`complete` is done."""
    return (folder / _NOTE).exists()


def _exchange(folder: Path) -> None:
    try:
        complete(folder)
    except OSError as error:
        raise BackupError(f"half done, and gone on with by the next start of the server: {error}") from error


def complete(folder: Path) -> None:
    """Finish a restore that was cut short after all was ready; nothing happens where there is none.

    Raises:
        OSError: it cannot be finished; nothing may be opened here.
    """
    try:
        note = msgspec.json.decode((folder / _NOTE).read_bytes(), type=_Note)
    except FileNotFoundError:
        shutil.rmtree(folder / _NEW, ignore_errors=True)
        return
    aside = folder / note.aside
    for name in note.old:
        if name not in note.new:
            _put_aside(folder, name, aside)
    for name in note.new:
        if (folder / _NEW / name).exists():
            _put_aside(folder, name, aside)
            (folder / _NEW / name).rename(folder / name)
    manifest.sync(folder)
    (folder / _NOTE).unlink()
    shutil.rmtree(folder / _NEW, ignore_errors=True)
    manifest.sync(folder)


def _put_aside(folder: Path, name: str, aside: Path) -> None:
    for suffix in _FILES:
        path = folder / f"{name}{suffix}"
        if path.exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            path.rename(aside / path.name)


def _prepare(
    backup: Path, found: Manifest, new: Path, progress: Progress, schemas: Mapping[str, Known]
) -> None:
    """Look whether this program can go on with all of it, copy it, and compare."""
    for part in found.parts:
        _look(backup / part.name, part, found.waystation, schemas.get(part.name))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    try:
        for part in found.parts:
            _take(backup / part.name, new / part.name, part, progress)
        manifest.sync(new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _look(source: Path, part: Part, waystation: str, known: Known | None) -> None:
    if not source.exists():
        raise BackupError(f"{source} is missing; nothing was changed")
    if known is None:
        return
    if source.stat().st_size != part.bytes:
        raise BackupError(f"{source} is not what the manifest says; nothing was changed")
    try:
        newer = unknown(source, known)
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be read: {error}; nothing was changed") from error
    if newer:
        raise BackupError(f"{newer[0]}: use Waystation {waystation} or newer; nothing was changed")


def _take(source: Path, target: Path, part: Part, progress: Progress) -> None:
    progress(f"copying {part.name}", 0, part.bytes)
    shutil.copyfile(source, target)
    target.chmod(0o600)
    manifest.sync(target)
    if manifest.digest(target, progress, f"reading {part.name}") != part.sha256:
        raise BackupError(f"{source} is not what the manifest says; nothing was changed")
    try:
        verify(target, progress)
    except BackupError as error:
        raise BackupError(f"{error}; nothing was changed") from error


def _note(folder: Path, found: Manifest, now_ms: int) -> Path | None:
    """Put down what is to be done; where the files of before will be."""
    old = tuple(sorted(path.name for path in folder.glob("*.db")))
    aside = f"before-restore-{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%dT%H%M%SZ}"
    note = _Note(tuple(part.name for part in found.parts), old, aside)
    path = folder / f"{_NOTE}.new"
    path.write_bytes(msgspec.json.encode(note))
    manifest.sync(path)
    path.rename(folder / _NOTE)
    manifest.sync(folder)
    return folder / aside if old else None


def _lost(readings: Path, since_ms: int) -> Lost | None:
    """What the present file has that was received later than all of the backup."""
    if not readings.exists():
        return None
    uri = f"{readings.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            return Lost(*connection.execute(_SINCE, (since_ms,)).fetchone())
    except sqlite3.Error:
        return None
