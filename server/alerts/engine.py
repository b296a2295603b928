"""Alerts, run: every ten seconds what is known is judged, and what follows is written and told.

One pass: facts, findings, what becomes of each alert, which are hidden or silenced, which messages are due.
All of it is stored in one transaction of ``desk.db``, messages included, and holds in memory only after that:
a pass that cannot write has changed nothing and is made again.

A thread of its own does it, so neither the ingest nor a reader waits. Every 0.4 seconds it looks at what has
been committed since; smoke or heat in a cabinet brings the next pass forward.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from contract.messages import Snapshot
from server.alerts import lifecycle
from server.alerts.board import Board, Draft
from server.alerts.gather import Gather
from server.alerts.judging import Judging
from server.alerts.keeper import Keeper
from server.alerts.lifecycle import HOUR_MS, Action, Uptime
from server.alerts.memory import Memory
from server.alerts.model import Alert, Moment, Place, Subject
from server.alerts.outlook import Outlook, look_out
from server.alerts.silences import Silence
from server.desk import Desk, DeskError
from server.live import Live
from server.pipeline import Pipeline
from server.store.sqlite import Store

log = logging.getLogger(__name__)

PASS_MS: Final = 10_000
LOOK_S: Final = 0.4
"""How often it is looked whether something burns."""
COUNT_MS: Final = 30_000
"""How often counted time is stored although nothing has changed: a crash forgets no more than that."""
AGAIN_MS: Final = 60_000
"""Nobody means to say the same of the same alert twice within so long: a form was sent again."""
UNWELL_MS: Final = 60_000
JUMP_MS: Final = 30_000
"""A wall clock that goes by so much more or less than the monotonic one has been set, or all stood still."""


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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Engine:
    """The alerts of all stations, networks and the server. Readers on any thread see values never changed.

    Args:
        desk: with the parts of accounts, alerts and notifications.
        data_dir: the folder whose disk must not fill up.
        now_ms, mono_ms: the wall clock and the monotonic one, for :meth:`start` and :meth:`act`.
    """

    def __init__(
        self,
        live: Live,
        store: Store,
        pipeline: Pipeline,
        desk: Desk,
        data_dir: Path,
        *,
        now_ms: Callable[[], int] = _now_ms,
        mono_ms: Callable[[], int] = _mono_ms,
    ) -> None:
        self._keeper = Keeper(desk)
        self._now_ms, self._mono_ms = now_ms, mono_ms
        self._memory = Memory(store, live.tap)
        self._gather = Gather(live, pipeline, self._memory, data_dir)
        self._judging = Judging(live, self._gather)
        self._post: Post | None = None
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self._board, self._outlook = Board(), Outlook()
        self._uptime: Uptime | None = None
        self._burning: dict[str, Snapshot] = {}
        self._recalled = False
        self._clocks: tuple[int, int] | None = None
        self._begun_mono_ms: int | None = None
        self._passed_mono_ms: int | None = None
        self._counted_ms = 0
        self._pruned_ms = 0
        self._trouble = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self.version = 0
        """Counts up with everything that a reader would see."""
        self.safety_version = 0
        """Counts up with everything of it that is about safety."""
        self.passed_ms: int | None = None
        """When the last whole pass was made, by the wall clock; None before the first."""

    # --- from any thread ------------------------------------------------------------------------------

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

    def place(self, subject: Subject) -> Place:
        """Where something is."""
        return self._gather.place(subject)

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

    def well(self) -> bool:
        """Whether alerts are judged and what follows can be written."""
        passed_ms = self._passed_mono_ms
        return passed_ms is not None and self._mono_ms() - passed_ms <= UNWELL_MS

    @property
    def settling_ms(self) -> int:
        """How long nothing is believed of stations yet, after a start; 0 when all of it is."""
        up_ms = 0 if self._uptime is None else self._mono_ms() - self._uptime.started_mono_ms
        return max(0, lifecycle.GRACE_MS - up_ms)

    # --- life -----------------------------------------------------------------------------------------

    def deliver_by(self, post: Post) -> None:
        """Say who delivers; before :meth:`start`."""
        self._post = post

    def start(self) -> None:
        """Read what was, and begin; what cannot be read now is read later."""
        try:
            with self._lock:
                self._loaded(self._mono_ms())
        except Exception as error:  # riders are served all the same
            self._stumble(error)
        self._thread.start()

    def stop(self) -> None:
        """End after the pass that is being made."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def turn(self, now_ms: int, mono_ms: int) -> bool:
        """Take in what was committed; make a pass if one is due or something burns. Whether it was made."""
        self._follow(now_ms)
        begun_ms = self._begun_mono_ms
        due = begun_ms is None or mono_ms - begun_ms >= PASS_MS or bool(self._burning)
        if due:
            self.step(now_ms, mono_ms)
        return due

    def step(self, now_ms: int, mono_ms: int) -> None:
        """One pass.

        Raises:
            DeskError: the file cannot be read or written; nothing is changed.
        """
        self._begun_mono_ms = mono_ms
        channels = self._post.channels() if self._post else {}
        if self._gather.look(channels, now_ms, jumped=self._jumped(now_ms, mono_ms)):
            self._judging.all_anew()
            self._memory.forget(self._gather.registry.stations)
        if not self._recalled:
            self._memory.recall(self._gather.registry.stations, now_ms)
            self._recalled = True
        self._follow(now_ms)
        with self._lock:
            changed = self._pass(self._loaded(mono_ms).at(now_ms, mono_ms))
        self.passed_ms, self._passed_mono_ms, self._trouble = now_ms, mono_ms, ""
        if changed:
            self._tell()
        self._prune(now_ms)

    # --- one pass -------------------------------------------------------------------------------------

    def _pass(self, at: Moment) -> bool:
        burning = dict(self._burning)
        draft = Draft(self._board)
        for station_id, snapshot in burning.items():
            for finding in self._judging.burning(station_id, snapshot, self._board, at.now_ms):
                draft.advance(finding, at)
        for finding in self._judging.findings(self._board, at.now_ms):
            draft.advance(finding, at)
        for alert in self._board.standing:
            if not self._gather.exists(alert):
                draft.withdraw(alert, at)
        silences, receivers = self._keeper.silences(at.now_ms), self._keeper.receivers()
        outlook = look_out(
            draft.told(),
            self._gather.place,
            silences=silences,
            receivers=receivers,
            before=self._outlook,
            at=at,
        )
        changed = self._write(draft, outlook, at)
        self._burning = {}
        return changed

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
        self._judging.anew(draft.subjects)
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

    def _follow(self, now_ms: int) -> None:
        burning = self._memory.follow(
            lambda station_id, snapshot: self._judging.burns(station_id, snapshot, self._board, now_ms)
        )
        self._burning.update(burning)

    def _jumped(self, now_ms: int, mono_ms: int) -> bool:
        """Whether the clock was set since this was asked last."""
        before, self._clocks = self._clocks, (now_ms, mono_ms)
        return before is not None and abs(now_ms - before[0] - (mono_ms - before[1])) > JUMP_MS

    def _prune(self, now_ms: int) -> None:
        if abs(now_ms - self._pruned_ms) >= 24 * HOUR_MS:
            self._pruned_ms = now_ms
            self._keeper.prune(now_ms)

    # --- the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._over.wait(LOOK_S):
            try:
                self.turn(self._now_ms(), self._mono_ms())
            except Exception as error:  # the next pass may be better; until then the server counts as unwell
                self._stumble(error)

    def _stumble(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        if said != self._trouble:
            log.error("alerts_not_judged error=%s", said, exc_info=not isinstance(error, DeskError))
        self._trouble = said

    def _tell(self) -> None:
        for changed in self._listeners:
            try:
                changed()
            except Exception:  # what is written is written, whoever cannot hear of it
                log.exception("alerts_listener_failed")
