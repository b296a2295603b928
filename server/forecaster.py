"""The thread that makes the patterns of the day for all stations, and the quarters that they rest on.

It rests after each step so long that it takes :data:`DUTY` of one core. A station that somebody looks at
comes first, then days that are to be made, then patterns of another day than today.

Failure policy: after any failure, above all a database that cannot be read or written now, it says so once
and begins again a minute later; everything else goes on without forecasts.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from server import quarters
from server.forecast import LOOK_BACK_WEEKS, Pattern, pattern
from server.model import StationState
from server.quarters import Keeper, Quarters, local_day, time_zone

log = logging.getLogger(__name__)

DUTY: Final = 0.05
"""Of one core, at most."""
FOLLOW_S: Final = 60.0
"""Between two looks at what was committed, and after a failure."""


class Live(quarters.Live, Protocol):
    """What is read of :class:`server.live.Live`; from any thread."""

    def states(self, network_id: str) -> list[StationState]:
        """The stations of a network and of those inside it."""


class Forecaster:
    """The thread, and what it has made.

    Attributes:
        patterns: by station, to be read from any thread; the thread alone writes.
    """

    def __init__(self, live: Live, store: quarters.History, path: Path, now_ms: Callable[[], int]) -> None:
        self.patterns: dict[str, Pattern] = {}
        self._live, self._store, self._path, self._now_ms = live, store, path, now_ms
        self._waiting: dict[str, None] = {}
        self._old: list[str] = []
        self._present: str | None = None
        self._follow_s = 0.0
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="forecasts", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present step; also when it was never started."""
        self._over.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def ask(self, station_id: str) -> None:
        """Make this one first; from any thread, as often as one likes."""
        self._waiting[station_id] = None
        self._wake.set()

    # --- in the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        trouble = ""
        while not self._over.is_set():
            try:
                with closing(Quarters.open(self._path)) as opened:
                    self._work(opened)
            except Exception as error:
                if repr(error) != trouble:
                    log.exception("forecasts_failed path=%s", self._path)
                trouble = repr(error)
                self._over.wait(FOLLOW_S)

    def _work(self, opened: Quarters) -> None:
        keeper = Keeper(self._store, opened, self._live)
        while not self._over.is_set():
            began_s = time.thread_time()
            if self.step(keeper, opened):
                self._over.wait((time.thread_time() - began_s) * (1 / DUTY - 1))
            else:
                self._wake.wait(max(0.0, self._follow_s - time.monotonic()))

    def step(self, keeper: Keeper, opened: Quarters) -> bool:
        """Do a little; whether there was something to do."""
        self._wake.clear()
        now_ms = self._now_ms()
        if time.monotonic() >= self._follow_s:
            if not keeper.follow(now_ms):
                self._follow_s = time.monotonic() + FOLLOW_S
                opened.forget(local_day(now_ms, "UTC") - timedelta(weeks=LOOK_BACK_WEEKS + 1))
            return True
        asked = next(iter(list(self._waiting)), None)  # a copy: other threads add to it
        if self._present is None and asked is None:
            self._present = self._next(opened, now_ms)
        station_id = asked or self._present
        if station_id is None:
            return False
        if not keeper.make(station_id, now_ms):
            self._make_pattern(station_id, opened, now_ms)
            self._waiting.pop(station_id, None)
            self._present = None if self._present == station_id else self._present
        return True

    def _next(self, opened: Quarters, now_ms: int) -> str | None:
        due = opened.due_station(now_ms)
        if due is not None:
            return due
        if not self._old:
            self._old = [id_ for id_ in self._instrumented() if self._outdated(id_, now_ms)]
        return self._old.pop() if self._old else None

    def _instrumented(self) -> Iterator[str]:
        live = self._live
        states = {state.station.id: state for each in live.networks() for state in live.states(each)}
        return (id_ for id_, state in states.items() if state.station.instrumented)

    def _outdated(self, station_id: str, now_ms: int) -> bool:
        told = self.patterns.get(station_id)
        return told is None or told.day != local_day(now_ms, time_zone(self._live, station_id))

    def _make_pattern(self, station_id: str, opened: Quarters, now_ms: int) -> None:
        if self._live.state(station_id) is None:  # taken off the registry
            self.patterns.pop(station_id, None)
            return
        zone = time_zone(self._live, station_id)
        today = local_day(now_ms, zone)
        days = opened.days(station_id, today - timedelta(weeks=LOOK_BACK_WEEKS))
        self.patterns[station_id] = pattern(days, today, zone)
