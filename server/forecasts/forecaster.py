"""The thread that makes the patterns of the day for all stations, from the roll-ups.

It rests after each step so long that it takes :data:`DUTY` of one core. A station that somebody looks at
comes first, then those whose past days have changed, then patterns of another day than today.

Failure policy: after any failure, above all a database that cannot be read now, it says so once and begins
again a minute later; everything else goes on without forecasts.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final, Protocol

from server.forecasts.pattern import LOOK_BACK_WEEKS, Pattern, pattern
from server.rollups import Rollups, calendar
from server.rollups.calendar import local_day, time_zone
from server.state import StationState

log = logging.getLogger(__name__)

DUTY: Final = 0.05
"""Of one core, at most."""
LOOK_S: Final = 60.0
"""Between two looks at which patterns are of another day, and after a failure."""


class Live(calendar.Live, Protocol):
    """What is read of :class:`server.live.Live`; from any thread."""

    def states(self, network_id: str) -> list[StationState]:
        """The stations of a network and of those inside it."""


class Forecaster:
    """The thread, and what it has made.

    Attributes:
        patterns: by station, to be read from any thread; the thread alone writes.
    """

    def __init__(self, live: Live, rollups: Rollups, now_ms: Callable[[], int]) -> None:
        self.patterns: dict[str, Pattern] = {}
        self._live, self._rollups, self._now_ms = live, rollups, now_ms
        self._waiting: dict[str, None] = {}
        self._changed: dict[str, None] = {}
        self._old: list[str] = []
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

    def renew(self, station_id: str) -> None:
        """Its past days have changed; from any thread, as often as one likes."""
        self._changed[station_id] = None

    # --- in the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        trouble = ""
        while not self._over.is_set():
            try:
                self._work()
            except Exception as error:
                if repr(error) != trouble:
                    log.exception("forecasts_failed path=%s", self._rollups.path)
                trouble = repr(error)
                self._over.wait(LOOK_S)

    def _work(self) -> None:
        while not self._over.is_set():
            began_s = time.thread_time()
            if self.step():
                self._over.wait((time.thread_time() - began_s) * (1 / DUTY - 1))
            else:
                self._wake.wait(LOOK_S)

    def step(self) -> bool:
        """Make one pattern; whether there was one to make."""
        self._wake.clear()
        now_ms = self._now_ms()
        station_id = self._next(now_ms)
        if station_id is None:
            return False
        self._changed.pop(station_id, None)
        self._make_pattern(station_id, now_ms)
        self._waiting.pop(station_id, None)
        return True

    def _next(self, now_ms: int) -> str | None:
        for urgent in (self._waiting, self._changed):
            first = next(iter(list(urgent)), None)  # a copy: other threads add to it
            if first is not None:
                return first
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

    def _make_pattern(self, station_id: str, now_ms: int) -> None:
        if self._live.state(station_id) is None:  # taken off the registry
            self.patterns.pop(station_id, None)
            return
        zone = time_zone(self._live, station_id)
        today = local_day(now_ms, zone)
        days = self._rollups.people(station_id, today - timedelta(weeks=LOOK_BACK_WEEKS), zone)
        self.patterns[station_id] = pattern(days, today, zone)
