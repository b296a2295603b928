"""What the engine keeps in ``desk.db`` and reads from there: alerts, what was told, counted time."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from server.alerts.board import Board, Draft
from server.alerts.ledger import Ledger
from server.alerts.lifecycle import HOUR_MS
from server.alerts.model import Alert, Bundle, Moment
from server.alerts.rows import silence_of
from server.alerts.silences import Silence
from server.desk import Desk
from server.notify.outbox.outbox import Outbox
from server.notify.receivers.directory import entries
from server.notify.receivers.grouping import Book
from server.notify.receivers.model import Receiver

_MOST_CLOSED: Final = 10_000
"""Lately closed alerts that are looked at after a start."""


class Kept(NamedTuple):
    """What there was when the server ended."""

    board: Board
    book: Book
    counted_ms: int


class Keeper:
    """Every method raises DeskError when the file cannot be read or written; nothing is changed then."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._ledger, self._outbox = desk, Ledger(desk), Outbox(desk)

    def kept(self, now_ms: int) -> Kept:
        """All that a start needs."""
        with self._desk.reading() as connection:
            book = self._outbox.book(connection)
        closed = self._ledger.recent(now_ms - 2 * HOUR_MS, _MOST_CLOSED)[::-1]
        alerts = {alert.id: alert for alert in (*closed, *self._ledger.standing())}
        told = sorted({entry.alert for group in book.groups for entry in group.entries} - alerts.keys())
        older = [alert for each in told if (alert := self._ledger.find(each))]
        return Kept(Board([*older, *alerts.values()]), book, self._ledger.counted_ms())

    def find(self, alert_id: str) -> Alert | None:
        """An alert that was ever stored and is not pruned."""
        return self._ledger.find(alert_id)

    def said(self, alert_id: str, by: str, text: str, since_ms: int) -> bool:
        """Whether a person has written this on the alert since then."""
        lines = self._ledger.timeline(alert_id)
        return any((line.by, line.text) == (by, text) and line.at_ms >= since_ms for line in lines)

    def silences(self, now_ms: int) -> list[Silence]:
        """Those that run or are planned, of maintenance too."""
        return [silence_of(wish) for wish in self._ledger.silences(now_ms)]

    def receivers(self) -> Mapping[str, Receiver]:
        """Everybody who is told of alerts."""
        with self._desk.reading() as connection:
            return {entry.id: entry.receiver for entry in entries(connection)}

    def write(self, draft: Draft, bundles: Sequence[Bundle], book: Book | None, at: Moment) -> None:
        """Keep what has changed and what has to be told, all or nothing.

        Args:
            book: None where it is the one that is kept.
        """
        with self._desk.writing() as connection:
            self._ledger.write(connection, draft.stored.values(), draft.gone, draft.changes)
            self._outbox.put(connection, bundles, at.now_ms)
            if book is not None:
                self._outbox.keep_book(connection, book)
            self._ledger.count(connection, at.counted_ms)

    def prune(self, now_ms: int) -> None:
        """Remove what was closed long ago; for once a day."""
        self._ledger.prune(now_ms)
