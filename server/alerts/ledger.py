"""Alerts, what has happened to them, silences and counted time: what survives a restart, in ``desk.db``.

The engine writes alerts; people write silences. A person's act leaves a row in the audit log too, in the
same transaction. What a person wrote on an alert stays in its timeline and goes with it: the audit log, which
is never emptied, says only that they wrote.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from server.accounts import audit
from server.alerts.model import Alert, Change, Subject, What
from server.alerts.rows import PUT_ALERT, Wish, alerts_of, line_of, row_of, silence_of, silence_row, wishes_of
from server.alerts.tables import ALERTS, PART, SILENCES, TIMELINE, UPTIME
from server.desk import Desk

__all__ = ["KEPT_MS", "MOST_PRUNED", "PART", "Ended", "Ledger", "Line", "Wish", "silence_id"]

KEPT_MS: Final = 400 * 86_400_000
"""So long closed alerts and ended silences are kept: a year, and the same season to compare it with."""
MOST_PRUNED: Final = 5_000
"""At most so many alerts are removed at once: a clock that is years ahead for a day does not empty it."""
_ENDED_MS: Final = func.coalesce(SILENCES.c.ended_ms, SILENCES.c.until_ms)


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened to an alert.

    Attributes:
        by: the person's login, "" when it happened by itself.
        text: of a comment.
    """

    at_ms: int
    what: What
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A silence or maintenance that is over.

    Attributes:
        at_ms: when it ended; before its ``from_ms`` when it was called off.
        by: who ended it early, "" when it ran out.
    """

    wish: Wish
    at_ms: int
    by: str = ""


def silence_id() -> str:
    """A new id of a silence: 16 hex digits."""
    return secrets.token_hex(8)


class Ledger:
    """The alerts' part of the desk. Safe to use from several threads.

    Every method raises DeskError when the file cannot be read or written.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def standing(self) -> list[Alert]:
        """All that are not closed, pending and resolved ones too; the oldest first."""
        wanted = select(ALERTS).where(ALERTS.c.closed_ms.is_(None))
        with self._desk.reading() as connection:
            alerts = list(alerts_of(connection.execute(wanted)))
        return sorted(alerts, key=lambda alert: (alert.since_ms, alert.id))

    def recent(
        self,
        since_ms: int,
        limit: int = 200,
        *,
        stations: Collection[str] | None = None,
        sees: Callable[[Subject], bool] | None = None,
    ) -> list[Alert]:
        """Alerts closed at ``since_ms`` or later, the one closed last first.

        Args:
            stations: only those about these stations; None: those about networks and the server too.
            sees: whether whoever asks may look at alerts about the subject; what they may not see does not
                count towards ``limit``.
        """
        wanted = select(ALERTS).where(ALERTS.c.closed_ms >= since_ms)
        if stations is not None:
            wanted = wanted.where(ALERTS.c.scope == "station", ALERTS.c.subject.in_(stations))
        with self._desk.reading() as connection:
            rows = connection.execute(wanted.order_by(ALERTS.c.closed_ms.desc(), ALERTS.c.id))
            seen = (row for row in rows if sees is None or sees(Subject(row.scope, row.subject, row.unit)))
            return list(islice(alerts_of(seen), limit))

    def find(self, alert_id: str) -> Alert | None:
        """An alert, closed or not; None when there is none, or not any more."""
        with self._desk.reading() as connection:
            return next(alerts_of(connection.execute(select(ALERTS).where(ALERTS.c.id == alert_id))), None)

    def timeline(self, alert_id: str) -> list[Line]:
        """All that has happened to an alert, the first first."""
        columns = (TIMELINE.c.at_ms, TIMELINE.c.what, TIMELINE.c.by, TIMELINE.c.text)
        wanted = select(*columns).where(TIMELINE.c.alert == alert_id).order_by(TIMELINE.c.id)
        with self._desk.reading() as connection:
            return [Line(*row) for row in connection.execute(wanted)]

    def write(
        self,
        connection: Connection,
        stored: Iterable[Alert] = (),
        gone: Iterable[str] = (),
        changes: Iterable[Change] = (),
    ) -> None:
        """Alerts as they are now, in the caller's transaction.

        Args:
            stored: new ones and those that have become others.
            gone: ids of pending ones that were nothing.
            changes: what has happened to them; each alert in them is among the ``stored`` or written before.
        """
        changes = list(changes)
        closed = {change.alert.id: change.at_ms for change in changes if change.what == "closed"}
        if rows := [row_of(alert, closed) for alert in stored]:
            connection.execute(PUT_ALERT, rows)
        if ids := [{"gone": each} for each in gone]:
            connection.execute(delete(ALERTS).where(ALERTS.c.id == bindparam("gone")), ids)
        if lines := [line_of(change) for change in changes]:
            connection.execute(TIMELINE.insert(), lines)
        for change in changes:
            if change.by:
                _audit(connection, change)

    def silences(self, now_ms: int) -> list[Wish]:
        """Silences and maintenance that run or are planned; what begins first is first."""
        wanted = select(SILENCES).where(SILENCES.c.ended_ms.is_(None), SILENCES.c.until_ms > now_ms)
        with self._desk.reading() as connection:
            rows = connection.execute(wanted.order_by(SILENCES.c.from_ms, SILENCES.c.id))
            return [wish for wish, _ in wishes_of(rows)]

    def past_silences(self, now_ms: int, limit: int = 50) -> list[Ended]:
        """Silences and maintenance that are over, the one that ended last first."""
        over = or_(SILENCES.c.ended_ms.is_not(None), SILENCES.c.until_ms <= now_ms)
        wanted = select(SILENCES).where(over).order_by(_ENDED_MS.desc(), SILENCES.c.id).limit(limit)
        with self._desk.reading() as connection:
            return [
                Ended(wish, row.until_ms if row.ended_ms is None else row.ended_ms, row.ended_by or "")
                for wish, row in wishes_of(connection.execute(wanted))
            ]

    def find_silence(self, silence_id: str) -> Wish | None:
        """A silence or maintenance as it was planned, ended or not."""
        wanted = select(SILENCES).where(SILENCES.c.id == silence_id)
        with self._desk.reading() as connection:
            return next((wish for wish, _ in wishes_of(connection.execute(wanted))), None)

    def add_silence(self, wish: Wish, by: str, now_ms: int, *, connection: Connection | None = None) -> None:
        """Keep a silence or maintenance, from now on or planned; audited.

        Args:
            by: the person's login.
            connection: of the caller's transaction; None: one of its own.

        Raises:
            ValueError: it is over already.
        """
        row = silence_row(wish)
        if row["until_ms"] <= now_ms:
            raise ValueError(f"until_ms {row['until_ms']}: it is over already")
        names = ("from_ms", "until_ms", "preset", "reason", "access")
        said = {name: row[name] for name in names if row[name]}
        said["matcher"] = msgspec.to_builtins(silence_of(wish).matcher)
        with self._writing(connection) as mine:
            mine.execute(SILENCES.insert(), row)
            audit.record(mine, now_ms, by, f"{_noun(row['access'])}.added", row["id"], **said)

    def end_silence(
        self, silence_id: str, by: str, now_ms: int, *, connection: Connection | None = None
    ) -> bool:
        """End a silence or maintenance early, or call off a planned one; audited.

        Returns:
            False: there is none that runs or is planned.
        """
        open_ = (SILENCES.c.id == silence_id, SILENCES.c.ended_ms.is_(None), SILENCES.c.until_ms > now_ms)
        with self._writing(connection) as mine:
            row = mine.execute(select(SILENCES.c.access).where(*open_)).one_or_none()
            if row is None:
                return False
            mine.execute(update(SILENCES).where(*open_).values(ended_ms=now_ms, ended_by=by))
            audit.record(mine, now_ms, by, f"{_noun(row.access)}.ended", silence_id)
            return True

    def counted_ms(self) -> int:
        """For how long the server has ever been up, as far as anything stored tells: at a start."""
        stored = select(func.max(UPTIME.c.counted_ms))
        marked = select(func.max(ALERTS.c.counted_ms)).where(ALERTS.c.closed_ms.is_(None))
        with self._desk.reading() as connection:
            return max(connection.scalar(each) or 0 for each in (stored, marked))

    def count(self, connection: Connection, counted_ms: int) -> None:
        """Store the counted time in the caller's transaction; it never goes back."""
        row = insert(UPTIME).values(id=1, counted_ms=counted_ms)
        newer = {"counted_ms": func.max(UPTIME.c.counted_ms, row.excluded.counted_ms)}
        connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=newer))

    def prune(self, now_ms: int, most: int = MOST_PRUNED) -> int:
        """Remove what was closed or ended more than :data:`KEPT_MS` ago; for once a day.

        Returns:
            How many alerts are gone, at most ``most``, the oldest.
        """
        with self._desk.writing() as connection:
            gone = 0
            for table, ended_ms in ((SILENCES, _ENDED_MS), (ALERTS, ALERTS.c.closed_ms)):
                old = select(table.c.id).where(ended_ms < now_ms - KEPT_MS).order_by(ended_ms).limit(most)
                gone = connection.execute(delete(table).where(table.c.id.in_(old))).rowcount
            return gone

    @contextmanager
    def _writing(self, connection: Connection | None) -> Iterator[Connection]:
        if connection is not None:
            yield connection
            return
        with self._desk.writing() as own:
            yield own


def _audit(connection: Connection, change: Change) -> None:
    alert = change.alert
    about = {"kind": alert.kind, **alert.subject._asdict()}
    audit.record(connection, change.at_ms, change.by, f"alert.{change.what}", alert.id, **about)


def _noun(access: str | None) -> str:
    return "maintenance" if access else "silence"
