"""What riders have reported about stations, and what staff did about it: ``reports.db``.

The server and commands write it, so the file keeps a rollback journal, as the registry does and for its
reason (:mod:`server.registry`). Nothing in it says who reported. What was done, and by whom, is told by lines
that are only added, and that go with their report.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, func, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from server.reports.tables import (
    CHANGES,
    KINDS,
    REPORTS,
    SCHEMA_VERSION,
    WORK,
    Kind,
    Line,
    Report,
    Work,
    make_tables,
)

__all__ = [
    "KINDS", "FullError", "Kind", "Line", "NotPossibleError", "Report", "Reports", "ReportsError",
    "UnknownReportError", "Work",
]  # fmt: skip

MOST_PER_STATION: Final = 200
MOST: Final = 20_000
MOST_LINES: Final = 200
"""Of work on one report."""
_OPEN: Final = REPORTS.c.done_ms.is_(None)


class ReportsError(Exception):
    """The reports cannot be opened, read or written; the message says why."""


class FullError(ReportsError):
    """As many reports are open as are kept: of the station, or in all."""


class UnknownReportError(ReportsError):
    """There is no such report, or not any more."""


class NotPossibleError(ReportsError):
    """Somebody else was faster: it is done already, or open again, or another has it in hand."""


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
        with self._writing() as connection:
            _make_room(connection, station)
            connection.execute(REPORTS.insert(), row)

    def close_reports(self, ids: Iterable[int], now_ms: int, by: str, text: str = "") -> set[int]:
        """Mark reports as done, all or none; the ids of those that were open.

        Raises:
            ReportsError: it cannot be written; nothing is marked.
        """
        with self._writing() as connection:
            found = set(connection.scalars(select(REPORTS.c.id).where(REPORTS.c.id.in_(set(ids)) & _OPEN)))
            for report in sorted(found):
                _set(connection, report, done_ms=now_ms)
                _write(connection, report, Line(now_ms, by, "done", text))
        return found

    def work(
        self, report_id: int, what: Work, by: str, now_ms: int, text: str = "", *, held_by: str | None = None
    ) -> Report:
        """Do something with a report; how it is afterwards.

        Args:
            by: login of whoever does it.
            text: their words; of ``linked`` the alert's id.
            held_by: who had it in hand on the page that they saw; None: whoever has.

        Raises:
            UnknownReportError: there is none.
            NotPossibleError: it is not so any more, or it has :data:`MOST_LINES` already.
            ReportsError: it cannot be written; nothing is done.
        """
        with self._writing() as connection:
            report = _found(connection, report_id)
            if held_by is not None and report.taken_by != held_by:
                raise NotPossibleError(f"report {report_id} is in other hands")
            _set(connection, report_id, **_values(report, what, by, now_ms, text))
            _write(connection, report_id, Line(now_ms, by, what, text))
            return _found(connection, report_id)

    def find(self, report_id: int) -> Report | None:
        """One report, done ones too.

        Raises:
            ReportsError: it cannot be read.
        """
        with self._reading() as connection:
            return _find(connection, report_id)

    def lines(self, report_id: int) -> list[Line]:
        """What was done with a report, oldest first.

        Raises:
            ReportsError: it cannot be read.
        """
        wanted = select(WORK.c.at_ms, WORK.c.by, WORK.c.what, WORK.c.text).where(WORK.c.report == report_id)
        with self._reading() as connection:
            return [Line(**row) for row in connection.execute(wanted.order_by(WORK.c.id)).mappings()]

    def all(self, *, done: bool = False, stations: Collection[str] | None = None) -> list[Report]:
        """The open reports, with ``done`` all that are kept; the newest first.

        Raises:
            ReportsError: they cannot be read.
        """
        wanted = select(REPORTS).order_by(REPORTS.c.id.desc())
        if stations is not None:
            wanted = wanted.where(REPORTS.c.station.in_(stations))
        with self._reading() as connection:
            rows = connection.execute(wanted if done else wanted.where(_OPEN)).mappings()
            return [Report(**row) for row in rows]

    def open_count(self) -> int:
        """How many reports nobody has closed yet.

        Raises:
            ReportsError: they cannot be read.
        """
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(REPORTS).where(_OPEN)) or 0

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except (DatabaseError, NoConnectionError) as error:
            raise ReportsError(_reason(error)) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """The only transaction that writes; all of it is kept, or after an exception nothing."""
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except (DatabaseError, NoConnectionError) as error:
            raise ReportsError(_reason(error)) from error


def _find(connection: Connection, report_id: int) -> Report | None:
    row = connection.execute(select(REPORTS).where(REPORTS.c.id == report_id)).mappings().one_or_none()
    return None if row is None else Report(**row)


def _found(connection: Connection, report_id: int) -> Report:
    report = _find(connection, report_id)
    if report is None:
        raise UnknownReportError(f"there is no report {report_id}")
    return report


def _values(report: Report, what: Work, by: str, now_ms: int, text: str) -> dict[str, Any]:
    """What changes in the report; for what cannot be done with it as it is, an error."""
    if _IS_SO[what](report):
        changes: dict[Work, dict[str, Any]] = {
            "taken": {"taken_by": by, "taken_ms": now_ms},
            "released": {"taken_by": "", "taken_ms": None},
            "done": {"done_ms": now_ms},
            "reopened": {"done_ms": None, "taken_by": "", "taken_ms": None},
            "linked": {"alert": text},
            "unlinked": {"alert": ""},
        }
        return changes.get(what, {})
    raise NotPossibleError(f"report {report.id} cannot be {what}: somebody else was faster")


def _is_open(report: Report) -> bool:
    return report.done_ms is None


_IS_SO: Final[Mapping[Work, Callable[[Report], bool]]] = {
    "taken": _is_open,
    "released": lambda report: _is_open(report) and report.taken_by != "",
    "noted": lambda _report: True,
    "done": _is_open,
    "reopened": lambda report: not _is_open(report),
    "linked": lambda _report: True,
    "unlinked": lambda report: report.alert != "",
}
"""What a report must be like for each thing that can be done with it."""


def _set(connection: Connection, report_id: int, **values: object) -> None:
    if values:
        connection.execute(update(REPORTS).where(REPORTS.c.id == report_id).values(**values))


def _write(connection: Connection, report_id: int, line: Line) -> None:
    lines = connection.scalar(select(func.count()).select_from(WORK).where(WORK.c.report == report_id)) or 0
    if lines >= MOST_LINES and line.what != "done":
        raise NotPossibleError(f"report {report_id} has {lines} lines already")
    connection.execute(WORK.insert(), asdict(line) | {"report": report_id})


def _make_room(connection: Connection, station: str) -> None:
    """Delete the reports that were done first, of the station and of all, until one more fits."""
    for most, whose in ((MOST_PER_STATION, REPORTS.c.station == station), (MOST, REPORTS.c.id > 0)):
        kept = connection.scalar(select(func.count()).select_from(REPORTS).where(whose)) or 0
        excess = kept - most + 1
        if excess <= 0:
            continue
        done = select(REPORTS.c.id).where(whose, ~_OPEN).order_by(REPORTS.c.done_ms, REPORTS.c.id)
        gone = connection.execute(delete(REPORTS).where(REPORTS.c.id.in_(done.limit(excess)))).rowcount
        if gone < excess:
            raise FullError(f"{most} reports are open already")


def _configure(connection: DBAPIConnection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if version > SCHEMA_VERSION:
        raise ReportsError(f"schema {version}, this program knows {SCHEMA_VERSION}: use a newer program")
    if version == 0:
        make_tables(connection)
    for change in CHANGES[version - 1 :] if version else ():
        change(connection)
    if version != SCHEMA_VERSION:
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _reason(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DatabaseError) else str(error)
