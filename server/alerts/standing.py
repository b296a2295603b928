"""The alerts as they stand: read on any thread, changed only once that is stored.

Whoever changes them, a pass or a person, does so in one transaction of ``desk.db``, messages included; what
cannot be written has not happened.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from server.alerts import lifecycle
from server.alerts.board import Board, Draft
from server.alerts.keeper import Keeper
from server.alerts.lifecycle import Action, Uptime
from server.alerts.model import Alert, Moment, Scope
from server.alerts.outlook import Outlook
from server.alerts.silences import Silence
from server.desk import Desk

log = logging.getLogger(__name__)

AGAIN_MS: Final = 60_000
"""Nobody means to say the same of the same alert twice within so long: a form was sent again."""
COUNT_MS: Final = 30_000
"""How often counted time is stored although nothing has changed: a crash forgets no more than that."""


class UnknownAlertError(LookupError):
    """There is no alert of this id, or not any more."""


class ChangedError(Exception):
    """The alert has changed since whoever acts has seen it."""


class Post(Protocol):
    """Who delivers what the engine puts into the outbox."""

    def channels(self) -> Mapping[str, int | None]:
        """By id, since when (ms) nothing could be delivered; None when it is well."""

    def wake(self) -> None:
        """Something was put into the outbox."""


class Standing:
    """What :class:`server.alerts.engine.Engine` inherits: all that other threads may call.

    Args:
        desk: with the parts of accounts, alerts and notifications.
        anew: is told, by scope and id, what has to be judged anew because its alerts have changed.
        now_ms, mono_ms: the wall clock and the monotonic one, for what people do.
    """

    def __init__(
        self,
        desk: Desk,
        anew: Callable[[set[tuple[Scope, str]]], None],
        now_ms: Callable[[], int],
        mono_ms: Callable[[], int],
    ) -> None:
        self._keeper = Keeper(desk)
        self._anew = anew
        self._now_ms, self._mono_ms = now_ms, mono_ms
        self._post: Post | None = None
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self._board, self._outlook = Board(), Outlook()
        self._uptime: Uptime | None = None
        self._counted_ms = 0
        self.version = 0
        """Counts up with everything that a reader would see."""
        self.safety_version = 0
        """Counts up with everything of it that is about safety."""

    def alerts(self) -> tuple[Alert, ...]:
        """All that are not closed, pending and resolved ones too, the oldest first."""
        return self._board.standing

    def find(self, alert_id: str) -> Alert | None:
        """An alert, closed or not; None when there is none, or not any more.

        Raises:
            DeskError: it is none of the present ones, and the file cannot be read.
        """
        return self._board.find(alert_id) or self._keeper.find(alert_id)

    def hidden(self) -> Mapping[str, str]:
        """Ids of active alerts that need not be told, each with the id of the one that says it already."""
        return self._outlook.hidden

    def silenced(self) -> Mapping[str, Silence]:
        """Ids of active alerts whose messages staff do not want at present, each with its silence."""
        return self._outlook.silenced

    def act(
        self, alert_id: str, action: Action, by: str, text: str = "", version: int | None = None
    ) -> Alert:
        """What a person does with an alert; it is stored and audited when this returns.

        Args:
            text: a comment, stored together with whatever else is done. Who says the same again within
                :data:`AGAIN_MS` has sent a form twice: it is stored once, and what is done is not done again.
                Without words that is so for as long as it is done, and by the same person.
            version: of the alert as the person saw it; None: whatever it is now.

        Raises:
            UnknownAlertError: there is no such alert.
            ChangedError: it is another than the person saw, and what they want is not done yet.
            NotPossibleError: its state does not allow that, or the text is not as it has to be.
            DeskError: the file cannot be read or written; nothing is changed.
        """
        with self._lock:
            at = self._loaded(self._mono_ms()).at(self._now_ms(), self._mono_ms())
            before = self.find(alert_id)
            if before is None:
                raise UnknownAlertError(alert_id)
            words = text.strip()
            again = bool(words) and self._keeper.said(alert_id, by, words, at.now_ms - AGAIN_MS)
            wordless = not words and action != "comment"
            if (again or wordless) and lifecycle.is_done(before, action, by):
                return before
            if version is not None and version != before.version:
                raise ChangedError(f"{alert_id}: version {before.version}, not {version}")
            after, changes = lifecycle.carry_out(before, action, by, at, "" if again else text)
            draft = Draft(self._board)
            draft.take((before.kind, before.subject), before, (after, changes))
            self._write(draft, self._outlook, at)
        self._tell()
        return after

    def take_up(self, alert_ids: Iterable[str], by: str) -> list[Alert]:
        """What a person takes at once, but for what somebody works on: all is stored and audited, or nothing.

        What somebody works on stays theirs, and what is over stays over: whoever asks twice has done it once.

        Returns:
            The alerts as they are then, without those that are unknown here or closed long since.

        Raises:
            DeskError: the file cannot be read or written; nothing is changed.
        """
        with self._lock:
            at = self._loaded(self._mono_ms()).at(self._now_ms(), self._mono_ms())
            asked = (self._board.find(alert_id) for alert_id in dict.fromkeys(alert_ids))
            before = [alert for alert in asked if alert is not None]
            draft = Draft(self._board)
            for alert in before:
                draft.take((alert.kind, alert.subject), alert, lifecycle.take_up(alert, by, at))
            if draft:
                self._write(draft, self._outlook, at)
        if draft:
            self._tell()
        return [draft.stored.get(alert.id, alert) for alert in before]

    def listen(self, changed: Callable[[], None]) -> None:
        """Have ``changed`` called after everything that a reader would see; on any thread."""
        self._listeners.append(changed)

    def deliver_by(self, post: Post) -> None:
        """Say who delivers; before :meth:`start`."""
        self._post = post

    def _write(self, draft: Draft, outlook: Outlook, at: Moment) -> bool:
        """Store all or nothing, and let it hold; whether a reader would see a change."""
        before, book = self._outlook, outlook.book
        changed_book = book if book != before.book else None
        if draft or outlook.bundles or changed_book or at.counted_ms - self._counted_ms >= COUNT_MS:
            self._keeper.write(draft, outlook.bundles, changed_book, at)
            self._counted_ms = at.counted_ms
        self._outlook = replace(outlook, bundles=())
        self._board.put(draft)
        needed = {entry.alert for group in book.groups for entry in group.entries}
        self._board.forget(needed, at.counted_ms)
        self._anew(draft.subjects)
        seen = bool(draft) or (before.hidden, before.silenced) != (outlook.hidden, outlook.silenced)
        self.version += seen
        self.safety_version += any(alert.safety for alert in draft.stored.values())
        if outlook.bundles and self._post:
            self._post.wake()
        return seen

    def _loaded(self, mono_ms: int) -> Uptime:
        """What was, read once."""
        if self._uptime is None:
            self._board, book, counted_ms = self._keeper.kept(self._now_ms())
            self._outlook = Outlook(book=book)
            self._uptime = Uptime(counted_ms, mono_ms)
        return self._uptime

    def _tell(self) -> None:
        for changed in self._listeners:
            try:
                changed()
            except Exception:  # what is written is written, whoever cannot hear of it
                log.exception("alerts_listener_failed")
