"""What staff work with: ``desk.db``, kept by parts that each bring their own tables.

The server and commands write it, so it keeps a rollback journal, as the registry does and for its reason
(:mod:`server.registry`). It holds hashes of passwords: only its owner may read it. What has to hold together
is written in one transaction of :meth:`Desk.writing`, whichever parts it belongs to.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.pool import NullPool, Pool, QueuePool

BUSY_S: Final = 10
"""How long a transaction waits for another process to end its own."""
_MODE: Final = 0o600

_METADATA: Final = MetaData()
_PARTS: Final = Table(
    "parts",
    _METADATA,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)

Change = Callable[[Connection], None]


class DeskError(Exception):
    """The desk cannot be opened, read or written; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tables that belong together.

    Attributes:
        metadata: the tables as they are now; a new file gets them so.
        changes: what brings an older file here, oldest first; a part without any has version 1.
    """

    name: str
    metadata: MetaData
    changes: tuple[Change, ...] = ()

    @property
    def version(self) -> int:
        """Of the tables as they are now."""
        return 1 + len(self.changes)


class Desk:
    """The open file. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watch = engine.connect()
        self._watch_lock = threading.Lock()
        self._seen = self._data_version()

    @classmethod
    def open(cls, path: Path, *parts: Part) -> Self:
        """Open ``path`` for some parts, and make it and their tables where they do not exist.

        Raises:
            DeskError: it cannot be read, or a part was written by a newer version of this program.
        """
        address = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"uri": "true"})
        engine = _engine(address, busy_s=BUSY_S)
        try:
            _make(path)
            with engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                _METADATA.create_all(connection)
                for part in parts:
                    _bring_up(connection, part)
            return cls(engine)
        except (DatabaseError, DeskError, OSError) as error:
            engine.dispose()
            raise DeskError(f"{path}: {_reason(error)}") from error

    def close(self) -> None:
        """Close all connections."""
        self._watch.close()
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees the file as it is at its first read.

        Raises:
            DeskError: it cannot be read.
        """
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only transaction that writes, in any process; all of it is kept, or after an exception nothing.

        Raises:
            DeskError: it cannot be written, or another process writes for :data:`BUSY_S`.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def changed(self) -> bool:
        """Whether another process or thread has written since the last call (since opening, for the first).

        Raises:
            DeskError: it cannot be read.
        """
        try:
            with self._watch_lock:
                version = self._data_version()
                changed, self._seen = version != self._seen, version
                return changed
        except DatabaseError as error:
            raise DeskError(_reason(error)) from error

    def aside(self) -> Connection:
        """A connection of one's own that waits for nobody, for who looks every second; the caller closes it.

        Its statements are no transaction, and fail at once while another connection writes.

        Raises:
            DeskError: it cannot be had now.
        """
        try:
            return _engine(self._engine.url, busy_s=0, poolclass=NullPool).connect()
        except DatabaseError as error:
            raise DeskError(_reason(error)) from error

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql(begin)
                yield connection
        except (DatabaseError, NoConnectionError) as error:
            raise DeskError(_reason(error)) from error

    def _data_version(self) -> int:
        return int(self._watch.exec_driver_sql("PRAGMA data_version").scalar_one())


def _engine(address: URL, *, busy_s: int, poolclass: type[Pool] = QueuePool) -> Engine:
    # isolation_level None: transactions begin where this module says so, not where the driver guesses.
    given = {"timeout": busy_s, "isolation_level": None}
    engine = create_engine(address, connect_args=given, poolclass=poolclass)
    event.listen(engine, "connect", _configure)
    return engine


def _make(path: Path) -> None:
    """An empty file that only its owner may read; SQLite gives its journal the same mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))


def _configure(connection: DBAPIConnection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


def _bring_up(connection: Connection, part: Part) -> None:
    version = connection.scalar(select(_PARTS.c.version).where(_PARTS.c.name == part.name))
    if version is not None and version > part.version:
        raise DeskError(
            f"{part.name} has schema {version}, this program knows {part.version}: use a newer program"
        )
    if version is None:
        part.metadata.create_all(connection)
    for change in part.changes[version - 1 :] if version else ():
        change(connection)
    if version != part.version:
        row = insert(_PARTS).values(name=part.name, version=part.version)
        connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"version": part.version}))


def _reason(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DatabaseError) else str(error)
