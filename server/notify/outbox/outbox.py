"""Messages that have to leave, in ``desk.db``: put there in the transaction of what they tell of.

A row waits until a target says that it has the message, until nothing of it is worth telling any more, or for
a day. Each try is noted before it is made and its outcome after it: a crash in between repeats one message,
and loses none. What urgent rows need when they do not get through is in :mod:`server.notify.outbox.upkeep`.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, case, func, select, update
from sqlalchemy.dialects.sqlite import insert

from server.accounts import audit
from server.alerts.model import Bundle, Severity
from server.desk import Desk
from server.notify import rows
from server.notify.model import Channel, Outcome, Refused
from server.notify.outbox import health, retry, upkeep
from server.notify.outbox.health import Health
from server.notify.outbox.pace import WINDOW_MS
from server.notify.receivers.directory import entries, keys
from server.notify.receivers.grouping import Book
from server.notify.rows import Row, State
from server.notify.tables import ATTEMPTS, BOOK, OUTBOX, RECEIVERS, from_json, to_json

log = logging.getLogger(__name__)

_BOOK_ID: Final = 1


class Due(NamedTuple):
    """A row that may be tried now, and by which channel."""

    row: int
    severity: Severity
    channel: str
    bot: str


class Waits(NamedTuple):
    """How many messages wait for a channel, and since when the oldest of them does (ms)."""

    rows: int
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class Told:
    """One message as the console's history shows it; times in ms.

    Attributes:
        receiver, channel: ids; there may be none of them any more. ``channel`` is "" before the first try.
        title: of the last try, "" before the first.
        reason, detail: of the last refusal.
        escalated_ms: when it went to a second receiver as well, None: it did not.
        done_ms: None while it waits.
    """

    id: int
    receiver: str
    channel: str
    kind: str
    severity: Severity
    state: State
    title: str
    tries: int
    reason: str
    detail: str
    made_ms: int
    escalated_ms: int | None
    done_ms: int | None


class Outbox:
    """Rows from a bundle to "sent". Safe to use from several threads; all methods may raise DeskError.

    Args:
        desk: with the part of :mod:`server.notify.tables`.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def book(self, connection: Connection) -> Book:
        """What everybody has been told, as last kept; empty before that.

        Of one that cannot be understood nothing is believed: what is wrong is then told once more.
        """
        body = connection.scalar(select(BOOK.c.body).where(BOOK.c.id == _BOOK_ID))
        try:
            return from_json(body, Book) if body else Book()
        except msgspec.MsgspecError as error:
            log.error("book unreadable, begun anew: error=%s", error)
            return Book()

    def keep_book(self, connection: Connection, book: Book) -> None:
        """Keep what everybody has been told, in the caller's transaction."""
        body = to_json(book)
        stored = insert(BOOK).values(id=_BOOK_ID, body=body)
        connection.execute(stored.on_conflict_do_update(index_elements=["id"], set_={"body": body}))

    def put(self, connection: Connection, bundles: Iterable[Bundle], now_ms: int) -> None:
        """A row for each bundle, in the caller's transaction; call :meth:`Postman.wake` after the commit.

        Who was told of an alert in a receiver's stead is told of its end as well.
        """
        for bundle in bundles:
            rows.add(connection, bundle.receiver, bundle, now_ms)
            for second, ended in rows.stand_ins(connection, bundle).items():
                self.put(connection, (Bundle(second, "more", resolved=ended),), now_ms)

    def due(self, now_ms: int) -> tuple[Due, ...]:
        """What may be tried now, safety first, then by age."""
        safety_first = case((OUTBOX.c.severity == "safety", 0), else_=1)
        wanted = (
            select(OUTBOX.c.id, OUTBOX.c.severity, RECEIVERS.c.channel)
            .join(RECEIVERS, RECEIVERS.c.id == OUTBOX.c.receiver)
            .where(OUTBOX.c.state == "waiting", OUTBOX.c.blocked.is_(False), OUTBOX.c.due_ms <= now_ms)
            .order_by(safety_first, OUTBOX.c.id)
        )
        with self.desk.reading() as connection:
            opened = keys(connection)
            found = connection.execute(wanted)
            return tuple(Due(*row, opened[row.channel].bot) for row in found if row.channel in opened)

    def spent(self, now_ms: int) -> list[tuple[str, int]]:
        """Bot and time of the attempts of the last minute, for :class:`server.notify.outbox.pace.Pace`."""
        wanted = select(ATTEMPTS.c.bot, ATTEMPTS.c.at_ms).where(ATTEMPTS.c.at_ms > now_ms - WINDOW_MS)
        with self.desk.reading() as connection:
            return [(bot, at_ms) for bot, at_ms in connection.execute(wanted)]

    def closed(self, now_ms: int) -> dict[str, int]:
        """Bots that want to be left alone, with the moment until when."""
        with self.desk.reading() as connection:
            opened, states = keys(connection), health.of_all(connection)
        return {
            opened[channel_id].bot: state.closed_until_ms
            for channel_id, state in states.items()
            if state.closed_until_ms > now_ms
        }

    def waits(self) -> dict[str, Waits]:
        """What waits, by channel; those for which nothing waits are missing."""
        wanted = (
            select(RECEIVERS.c.channel, func.count(), func.min(OUTBOX.c.made_ms))
            .join(RECEIVERS, RECEIVERS.c.id == OUTBOX.c.receiver)
            .where(OUTBOX.c.state == "waiting")
            .group_by(RECEIVERS.c.channel)
        )
        with self.desk.reading() as connection:
            return {channel: Waits(*rest) for channel, *rest in connection.execute(wanted)}

    def health(self) -> dict[str, Health]:
        """How every channel is doing, by id."""
        with self.desk.reading() as connection:
            return health.of_all(connection)

    def history(self, most: int, before_id: int | None = None, channel: str | None = None) -> list[Told]:
        """The newest messages, newest first; with ``before_id`` those that are older than it."""
        columns = [OUTBOX.c[name] for name in Told.__slots__]
        wanted = select(*columns).order_by(OUTBOX.c.id.desc()).limit(most)
        if before_id is not None:
            wanted = wanted.where(OUTBOX.c.id < before_id)
        if channel is not None:
            wanted = wanted.where(OUTBOX.c.channel == channel)
        with self.desk.reading() as connection:
            return [Told(*row) for row in connection.execute(wanted)]

    def begin(self, row: Row, channel: Channel, title: str, now_ms: int) -> None:
        """Note that a try begins: what is not noted is not sent."""
        with self.desk.writing() as connection:
            begun = update(OUTBOX).where(OUTBOX.c.id == row.id)
            pause_ms = retry.pause_ms(row.tries + 1, row.severity)
            connection.execute(
                begun.values(tries=row.tries + 1, channel=channel.id, title=title, due_ms=now_ms + pause_ms)
            )
            connection.execute(ATTEMPTS.insert(), {"bot": channel.bot, "at_ms": now_ms})

    def postpone(self, row: Row, now_ms: int) -> None:
        """Note that the row could not be begun."""
        with self.desk.writing() as connection:
            postponed = update(OUTBOX).where(OUTBOX.c.id == row.id)
            pause_ms = retry.pause_ms(row.tries + 1, row.severity)
            connection.execute(postponed.values(tries=row.tries + 1, due_ms=now_ms + pause_ms))

    def spend(self, bot: str, now_ms: int) -> None:
        """Note an attempt that has no row."""
        with self.desk.writing() as connection:
            connection.execute(ATTEMPTS.insert(), {"bot": bot, "at_ms": now_ms})

    def drop(self, row: Row, state: State, now_ms: int) -> None:
        """Note that the row is not to be sent."""
        with self.desk.writing() as connection:
            rows.finish(connection, row.id, state, now_ms)

    def give_up(self, row_id: int, error: rows.UnreadableError, now_ms: int) -> None:
        """Note that nobody can understand the row."""
        with self.desk.writing() as connection:
            rows.give_up(connection, row_id, error, now_ms)

    def settle(self, row: Row, told: Bundle | None, channel: Channel, outcome: Outcome, now_ms: int) -> None:
        """Note what became of a try that was begun.

        Args:
            told: what of the bundle was in the message.
            channel: as it was when the try began. Where it has been changed since, the outcome says nothing
                of it as it is now, and a refusal puts nothing off.
        """
        with self.desk.writing() as connection:
            same = keys(connection).get(channel.id) == channel
            before = health.note(connection, channel.id, outcome, now_ms) if same else Health()
            if isinstance(outcome, Refused):
                if same and _leads_by(connection, row) == channel.id:
                    _refused(connection, row, outcome, now_ms)
                return
            rows.finish(connection, row.id, "sent", now_ms)
            if told is not None:
                rows.believe(connection, row.receiver, told, now_ms)
            _well(connection, channel.id, before, now_ms)

    def tested(self, channel_id: str, outcome: Outcome, by: str, now_ms: int, *, asked: bool) -> None:
        """Note what became of a test message, and in the audit log who wanted it.

        Args:
            asked: whether its target was asked; else it was the bot's pace that did not allow it.
        """
        is_refused = isinstance(outcome, Refused)
        said = {"reason": outcome.reason, "detail": outcome.detail} if isinstance(outcome, Refused) else {}
        with self.desk.writing() as connection:
            audit.record(connection, now_ms, by, "channel.tested", channel_id, sent=not is_refused, **said)
            if asked:
                before = health.note(connection, channel_id, outcome, now_ms)
                if not is_refused:
                    _well(connection, channel_id, before, now_ms)


def _well(connection: Connection, channel_id: str, before: Health, now_ms: int) -> None:
    """Something got through: what waits for the channel need not wait for the end of its pause.

    Not after a single failure, which may be the fault of one message that would be tried over and over.
    """
    if before.failures > 1 or before.why == "setup":
        rows.release(connection, rows.of_channel(channel_id), now_ms)


def _leads_by(connection: Connection, row: Row) -> str | None:
    """The channel that its receiver is told by now."""
    return connection.scalar(select(RECEIVERS.c.channel).where(RECEIVERS.c.id == row.receiver))


def _refused(connection: Connection, row: Row, refused: Refused, now_ms: int) -> None:
    said = {"reason": refused.reason, "detail": refused.detail}
    next_ms = retry.next_ms(refused, row.tries + 1, row.severity, now_ms)
    in_vain = next_ms is None
    blocked = {"blocked": in_vain, "due_ms": now_ms if next_ms is None else next_ms}
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(**said, **blocked))
    too_late = next_ms is not None and next_ms - row.made_ms > retry.ESCALATE_MS
    if in_vain or (too_late and row.severity in retry.URGENT):
        upkeep.escalate(connection, row, {each.id: each for each in entries(connection)}, now_ms)
    if retry.hopeless(refused):
        rows.finish(connection, row.id, "refused", now_ms)
