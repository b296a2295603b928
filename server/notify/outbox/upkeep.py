"""What the outbox needs besides sending: second receivers, an end of waiting, and old rows out of the way."""

import logging
from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select, update

from server.desk import Desk
from server.notify import rows
from server.notify.outbox import retry
from server.notify.receivers.directory import ReceiverEntry, entries
from server.notify.rows import Row
from server.notify.tables import ATTEMPTS, OUTBOX, RECEIVERS, STAND_INS, TOLD
from server.notify.targets.judging import MOST_WAIT_S

log = logging.getLogger(__name__)

_DAY_MS: Final = 24 * 3_600_000
KEEP_MS: Final = 30 * _DAY_MS
"""Messages that are done are history for so long."""
FORGET_MS: Final = 400 * _DAY_MS
"""Who was told of an alert that nobody has called over since."""
ATTEMPTS_MS: Final = 10 * 60_000
AHEAD_MS: Final = 60_000
"""A row made so far in the future was made before the clock was set back."""
LONGEST_MS: Final = 1_000 * MOST_WAIT_S
"""Nothing waits longer for its next try. What is due later was put off by a clock that was ahead; what was
due longer ago has not been tried by this clock, and is not given up before it was."""

_WAITS: Final = OUTBOX.c.state == "waiting"


def look(desk: Desk, now_ms: int) -> None:
    """Do what is due of all this; takes no write lock when nothing is.

    Raises:
        DeskError: the desk cannot be read or written.
    """
    ahead = and_(
        _WAITS, or_(OUTBOX.c.made_ms > now_ms + AHEAD_MS, OUTBOX.c.due_ms > now_ms + LONGEST_MS + AHEAD_MS)
    )
    tried = or_(OUTBOX.c.blocked, OUTBOX.c.due_ms > now_ms - LONGEST_MS)
    given_up = and_(_WAITS, OUTBOX.c.made_ms <= now_ms - retry.GIVE_UP_MS, tried)
    nobodys = and_(_WAITS, OUTBOX.c.receiver.not_in(select(RECEIVERS.c.id)))
    lying = _lying(now_ms)
    with desk.reading() as connection:
        due = select(OUTBOX.c.id).where(or_(ahead, given_up, nobodys, lying)).limit(1)
        if connection.scalar(due) is None and not _old(connection, now_ms):
            return
    with desk.writing() as connection:
        reset = {"made_ms": func.min(OUTBOX.c.made_ms, now_ms), "due_ms": now_ms}
        connection.execute(update(OUTBOX).where(ahead).values(**reset))
        _escalate_all(connection, lying, now_ms)
        _finish(connection, given_up, "given_up", now_ms)
        _finish(connection, nobodys, "nobody", now_ms)
        for table, old in _ages(now_ms):
            connection.execute(delete(table).where(old))


def escalate(connection: Connection, row: Row, receivers: Mapping[str, ReceiverEntry], now_ms: int) -> None:
    """Give the row to a second receiver as well, once; a chain of them ends where it would come back."""
    done = select(OUTBOX.c.escalated_ms).where(OUTBOX.c.id == row.id)
    if row.bundle is None or connection.scalar(done) is not None:
        return
    path = (*row.path, row.receiver)
    second = _second(path, receivers)
    standing = (*row.bundle.firing, *row.bundle.flapping)
    if second is None or not standing:
        return
    rows.add(connection, second, row.bundle, now_ms, path)
    rows.stand_in(connection, row.receiver, second, standing, now_ms)
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(escalated_ms=now_ms))
    log.warning("message escalated: message=%s from=%s to=%s", row.message, row.receiver, second)


def _second(path: tuple[str, ...], receivers: Mapping[str, ReceiverEntry]) -> str | None:
    """Who is next after the last of ``path``: told by a channel that has not been tried in vain."""
    vain = {receivers[each].channel for each in path if each in receivers}
    seen, last = set(path), receivers.get(path[-1])
    while last is not None and last.second not in seen:
        seen.add(last.second)
        last = receivers.get(last.second)
        if last is not None and last.channel not in vain:
            return last.id
    return None


def _lying(now_ms: int) -> ColumnElement[bool]:
    """Urgent rows that have waited for too long, and nobody else was told."""
    second = select(RECEIVERS.c.id).where(RECEIVERS.c.second != "")
    return and_(
        _WAITS,
        OUTBOX.c.severity.in_(retry.URGENT),
        OUTBOX.c.escalated_ms.is_(None),
        OUTBOX.c.made_ms <= now_ms - retry.ESCALATE_MS,
        OUTBOX.c.receiver.in_(second),
    )


def _escalate_all(connection: Connection, lying: ColumnElement[bool], now_ms: int) -> None:
    receivers = {each.id: each for each in entries(connection)}
    for found in connection.execute(select(OUTBOX).where(lying)).mappings().all():
        try:
            escalate(connection, rows.row_of(found), receivers, now_ms)
        except rows.UnreadableError as error:
            rows.give_up(connection, found["id"], error, now_ms)


def _finish(connection: Connection, which: ColumnElement[bool], state: rows.State, now_ms: int) -> None:
    for row_id, message in connection.execute(select(OUTBOX.c.id, OUTBOX.c.message).where(which)).all():
        rows.finish(connection, row_id, state, now_ms)
        log.warning("message not sent: message=%s reason=%s", message, state)


def _old(connection: Connection, now_ms: int) -> bool:
    """Whether enough is out of date to be worth writing for: the first message was done among the first."""
    done_ms = connection.scalar(select(OUTBOX.c.done_ms).order_by(OUTBOX.c.id).limit(1))
    return done_ms is not None and done_ms <= now_ms - KEEP_MS - _DAY_MS


def _ages(now_ms: int) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    return (
        (OUTBOX, OUTBOX.c.done_ms <= now_ms - KEEP_MS),
        (ATTEMPTS, ATTEMPTS.c.at_ms <= now_ms - ATTEMPTS_MS),
        (TOLD, TOLD.c.at_ms <= now_ms - FORGET_MS),
        (STAND_INS, STAND_INS.c.at_ms <= now_ms - FORGET_MS),
    )
