"""What a backup says of itself, in ``manifest.json`` beside its files."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

NAME: Final = "manifest.json"
FORMAT: Final = 1
_CHUNK: Final = 1 << 20

Progress = Callable[[str, int, int], None]
"""Hears what is done with which file, how much of how much."""


class BackupError(Exception):
    """A backup that cannot be made or put back; the words are for whoever typed the command."""


class Part(msgspec.Struct, frozen=True):
    """One database.

    Attributes:
        bytes, sha256: of the file.
        schema: its ``user_version``.
    """

    name: str
    bytes: int
    sha256: str
    schema: int


class Manifest(msgspec.Struct, frozen=True):
    """One backup.

    Attributes:
        made_ms, made: when it was begun; the latter for people, in UTC.
        waystation: the version of the program.
        newest_id, newest_ms: the last reading in it, and when that was received; zeros when there is none.
    """

    format: int
    made_ms: int
    made: str
    waystation: str
    newest_id: int
    newest_ms: int
    parts: tuple[Part, ...]


def read(folder: Path) -> Manifest:
    """Of the backup in ``folder``.

    Raises:
        BackupError: there is none, or another program's.
    """
    try:
        found = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except FileNotFoundError:
        inside = sorted(path.parent.name for path in folder.glob(f"*/{NAME}"))
        more = f"; backups in it: {', '.join(inside)}" if inside else ""
        raise BackupError(f"{folder} is no backup: it has no {NAME}{more}") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupError(f"{folder / NAME} cannot be read: {error}") from error
    if found.format != FORMAT or any(Path(part.name).name != part.name for part in found.parts):
        raise BackupError(f"{folder / NAME} is of another program")
    return found


def write(folder: Path, manifest: Manifest) -> None:
    """Put it down for good."""
    path = folder / NAME
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    sync(path)


def digest(path: Path, progress: Progress, what: str) -> str:
    """The SHA-256 of a file."""
    found, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
            done += len(chunk)
            progress(what, done, total)
    return found.hexdigest()


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
