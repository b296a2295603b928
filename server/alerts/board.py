"""The alerts as they are now, in memory; and a draft of what they are to become.

Nothing of a draft holds before it is written: whoever keeps the board writes the draft to the ledger first,
and puts it on the board then.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from server.alerts import lifecycle
from server.alerts.facts import Open
from server.alerts.kinds import KINDS
from server.alerts.lifecycle import HOUR_MS, Outcome
from server.alerts.model import Alert, Change, Finding, Moment, Scope, State, Subject

Key = tuple[str, Subject]
_NOTHING: Final[Open] = MappingProxyType({})


class Board:
    """At most one alert of a kind about a subject that is not closed; and the lately closed.

    A closed one is kept while it may say how often the next one was told already, or that it is over has yet
    to be told.
    """

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._alerts: dict[Key, Alert] = {}
        self._past: dict[str, Alert] = {}
        self._open: dict[tuple[Scope, str], dict[tuple[str, str], State]] = {}
        self.standing: tuple[Alert, ...] = ()
        """All that are not closed, the oldest first."""
        self._by_id: Mapping[str, Alert] = {}
        for alert in alerts:
            self._put(alert)
        self._publish()

    def get(self, key: Key) -> Alert | None:
        """The newest of a kind about a subject, closed or not."""
        return self._alerts.get(key)

    def find(self, alert_id: str) -> Alert | None:
        """By id; None when it was closed long ago or never was. Any thread."""
        return self._by_id.get(alert_id)

    def open(self, scope: Scope, id: str) -> Open:
        """The states of all that are not closed of a station, network or part of the server."""
        return self._open.get((scope, id), _NOTHING)

    def told(self) -> dict[str, Alert]:
        """By id, all that may have to be told of: no pending ones."""
        alerts = (*self._past.values(), *self._alerts.values())
        return {alert.id: alert for alert in alerts if alert.state != "pending"}

    def put(self, draft: "Draft") -> None:
        """Let a written draft hold."""
        for key in draft.gone.values():
            self._drop(key)
        for alert in draft.stored.values():
            self._put(alert)
        if draft:
            self._publish()

    def forget(self, needed: Collection[str], counted_ms: int) -> None:
        """Drop closed ones that nobody needs any more; ``needed`` are ids."""
        self._past = {id_: alert for id_, alert in self._past.items() if id_ in needed}
        for key, alert in list(self._alerts.items()):
            lately = alert.told_ms and alert.told_ms[-1] > counted_ms - HOUR_MS
            if alert.state == "closed" and not lately and alert.id not in needed:
                del self._alerts[key]

    def _put(self, alert: Alert) -> None:
        key = (alert.kind, alert.subject)
        before = self._alerts.get(key)
        if before is not None and before.id != alert.id:
            if alert.state == "closed" and (before.state != "closed" or alert.since_ms < before.since_ms):
                self._past[alert.id] = alert
                return
            if before.state == "closed":
                self._past[before.id] = before
        self._alerts[key] = alert
        states = self._open.setdefault(alert.subject[:2], {})
        if alert.state == "closed":
            states.pop((alert.kind, alert.subject.unit), None)
        else:
            states[alert.kind, alert.subject.unit] = alert.state

    def _drop(self, key: Key) -> None:
        kind, subject = key
        self._alerts.pop(key, None)
        self._open.get(subject[:2], {}).pop((kind, subject.unit), None)

    def _publish(self) -> None:
        """For readers on other threads: what is swapped here is never changed."""
        standing = (alert for alert in self._alerts.values() if alert.state != "closed")
        self.standing = tuple(sorted(standing, key=lambda alert: (alert.since_ms, alert.id)))
        self._by_id = {alert.id: alert for alert in (*self._past.values(), *self._alerts.values())}


class Draft:
    """What one pass, or one person's act, makes of the alerts on a board.

    Attributes:
        stored: by id, alerts that have become others.
        gone: by id, the keys of pending ones that were nothing.
        changes: what has happened to them, in order.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._now: dict[Key, Alert | None] = {}
        self.stored: dict[str, Alert] = {}
        self.gone: dict[str, Key] = {}
        self.changes: list[Change] = []

    def __bool__(self) -> bool:
        """Whether anything has changed."""
        return bool(self.stored or self.gone)

    @property
    def subjects(self) -> set[tuple[Scope, str]]:
        """Scope and id of all that it is about."""
        changed = (subject for _, subject in self._now)
        return {subject[:2] for subject in changed}

    def advance(self, finding: Finding, at: Moment) -> None:
        """Take a finding in."""
        key = (finding.kind, finding.subject)
        before = self._get(key)
        self.take(key, before, lifecycle.advance(before, finding, KINDS[finding.kind], at))

    def withdraw(self, alert: Alert, at: Moment) -> None:
        """End an alert about what does not exist any more, whatever has just become of it."""
        key = (alert.kind, alert.subject)
        if (now := self._get(key)) is not None:
            self.take(key, now, lifecycle.withdraw(now, at))

    def take(self, key: Key, before: Alert | None, outcome: Outcome) -> None:
        """Take in what has become of an alert."""
        after, changes = outcome
        if after is before:
            return
        self._now[key] = after
        self.changes += changes
        if after is not None:
            self.stored[after.id] = after
        elif before is not None:
            self.stored.pop(before.id, None)
            self.gone[before.id] = key

    def told(self) -> Mapping[str, Alert]:
        """As :meth:`Board.told`, with what has changed."""
        changed = {id_: alert for id_, alert in self.stored.items() if alert.state != "pending"}
        return {**self._board.told(), **changed}

    def _get(self, key: Key) -> Alert | None:
        return self._now[key] if key in self._now else self._board.get(key)
