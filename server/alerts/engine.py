"""Alerts, run: every ten seconds what is known is judged, and what follows is written and told.

One pass: facts, findings, what becomes of each alert, which are hidden or silenced, which messages are due.
It is stored whole or not at all (:mod:`server.alerts.standing`): a pass that cannot write is made again.

A thread of its own does it, so neither the ingest nor a reader waits. Every 0.4 seconds it looks at what has
been committed since; smoke or heat in a cabinet brings the next pass forward.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from contract.messages import Snapshot
from server.alerts import lifecycle
from server.alerts.board import Draft
from server.alerts.gather import Gather
from server.alerts.judging import Judging
from server.alerts.lifecycle import HOUR_MS
from server.alerts.memory import Memory
from server.alerts.model import Moment, Place, Subject
from server.alerts.outlook import look_out
from server.alerts.standing import Standing
from server.desk import Desk, DeskError
from server.live import Live
from server.pipeline import Pipeline
from server.store.sqlite import Store

log = logging.getLogger(__name__)

PASS_MS: Final = 10_000
LOOK_S: Final = 0.4
"""How often it is looked whether something burns."""
UNWELL_MS: Final = 60_000
JUMP_MS: Final = 30_000
"""A wall clock that goes by so much more or less than the monotonic one has been set, or all stood still."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Engine(Standing):
    """The alerts of all stations, networks and the server, judged. What it inherits, any thread may call.

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
        self._memory = Memory(store, live.tap)
        self._gather = Gather(live, pipeline, self._memory, data_dir)
        self._judging = Judging(live, self._gather)
        super().__init__(desk, self._judging.anew, now_ms, mono_ms)
        self._burning: dict[str, Snapshot] = {}
        self._recalled = False
        self._clocks: tuple[int, int] | None = None
        self._begun_mono_ms: int | None = None
        self._passed_mono_ms: int | None = None
        self._pruned_ms = 0
        self._trouble = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self.passed_ms: int | None = None
        """When the last whole pass was made, by the wall clock; None before the first."""

    # --- from any thread ------------------------------------------------------------------------------

    def place(self, subject: Subject) -> Place:
        """Where something is."""
        return self._gather.place(subject)

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
