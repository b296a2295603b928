"""What riders have reported about stations: ``reports.db``.

The server adds reports and a command closes them, so the file keeps a rollback journal, as the registry does
and for its reason (:mod:`server.registry`). Nothing in it says who reported.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, get_args
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError

SCHEMA_VERSION: Final = 1

Kind = Literal["closed", "temperature", "crowded", "socket", "cabinet", "facility", "information", "other"]
"""closed: though said to be open; temperature: too hot or cold; information: what is told here is wrong."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
MOST_PER_STATION: Final = 200
MOST: Final = 20_000

_METADATA: Final = MetaData()
_REPORTS: Final = Table(
    "reports",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("station", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("done_ms", Integer),
    Index("reports_of_station", "station", "done_ms"),
    sqlite_autoincrement=True,
)
_OPEN: Final = _REPORTS.c.done_ms.is_(None)


class ReportsError(Exception):
    """The reports cannot be opened, read or written; the message says why."""


class FullError(ReportsError):
    """As many reports are open as are kept: of the station, or in all."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. ``at_ms`` is when it came in, ``done_ms`` when staff closed it, None while it is open."""

    id: int
    station: str
    kind: Kind
    note: str
    at_ms: int
    done_ms: int | None


class Reports:
    """All reports that are kept. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open ``path``, and make it where it does not exist.

        Raises:
            ReportsError: it cannot be read, or was written by a newer version of this program.
        """
        address = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"uri": "true"})
        # isolation_level None: transactions begin where this module says so, not where the driver guesses.
        engine = create_engine(address, connect_args={"timeout": 10, "isolation_level": None})
        event.listen(engine, "connect", _configure)
        try:
            with engine.begin() as connection:
                _prepare(connection)
        except (DatabaseError, ReportsError) as error:
            engine.dispose()
            raise ReportsError(f"{path}: {_reason(error)}") from error
        return cls(engine)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def add(self, station: str, kind: Kind, note: str, at_ms: int) -> None:
        """Keep a report. Where there is no room, the reports that were done first go.

        Raises:
            FullError: :data:`MOST_PER_STATION` or :data:`MOST` reports are open; nothing is thrown away.
            ReportsError: it cannot be written.
        """
        row = {"station": station, "kind": kind, "note": note, "at_ms": at_ms}
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                _make_room(connection, station)
                connection.execute(_REPORTS.insert(), row)
        except DatabaseError as error:
            raise ReportsError(_reason(error)) from error

    def close_reports(self, ids: Iterable[int], now_ms: int) -> set[int]:
        """Mark reports as done; the ids of those that were open.

        Raises:
            ReportsError: it cannot be written; nothing is marked.
        """
        which = _REPORTS.c.id.in_(set(ids)) & _OPEN
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                found = set(connection.scalars(select(_REPORTS.c.id).where(which)))
                connection.execute(update(_REPORTS).where(which).values(done_ms=now_ms))
        except DatabaseError as error:
            raise ReportsError(_reason(error)) from error
        return found

    def all(self, *, done: bool = False) -> list[Report]:
        """The open reports, with ``done`` all that are kept; the newest first.

        Raises:
            ReportsError: they cannot be read.
        """
        wanted = select(_REPORTS).order_by(_REPORTS.c.id.desc())
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(wanted if done else wanted.where(_OPEN)).mappings()
                return [_report(row) for row in rows]
        except DatabaseError as error:
            raise ReportsError(_reason(error)) from error

    def open_count(self) -> int:
        """How many reports nobody has closed yet.

        Raises:
            ReportsError: they cannot be read.
        """
        try:
            with self._engine.connect() as connection:
                return _count(connection)
        except DatabaseError as error:
            raise ReportsError(_reason(error)) from error


def _report(row: RowMapping) -> Report:
    return Report(**row)


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(_REPORTS).where(_OPEN)) or 0


def _make_room(connection: Connection, station: str) -> None:
    """Delete the reports that were done first, of the station and of all, until one more fits."""
    for most, whose in ((MOST_PER_STATION, _REPORTS.c.station == station), (MOST, _REPORTS.c.id > 0)):
        kept = connection.scalar(select(func.count()).select_from(_REPORTS).where(whose)) or 0
        excess = kept - most + 1
        if excess <= 0:
            continue
        done = select(_REPORTS.c.id).where(whose, ~_OPEN).order_by(_REPORTS.c.done_ms, _REPORTS.c.id)
        gone = connection.execute(delete(_REPORTS).where(_REPORTS.c.id.in_(done.limit(excess)))).rowcount
        if gone < excess:
            raise FullError(f"{most} reports are open already")


def _configure(connection: DBAPIConnection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


def _prepare(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version > SCHEMA_VERSION:
        raise ReportsError(f"schema {version}, this program knows {SCHEMA_VERSION}: use a newer program")
    if version == 0:
        _METADATA.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _reason(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DatabaseError) else str(error)
