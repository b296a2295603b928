"""A PIR motion sensor: sees that somebody moved, never how many, and nobody who sits still."""

from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from contract.messages import Presence, SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.sensors import Parts, Reading
from edge.sensors.pins import WIRING_KEYS, Input, close_all, wiring

STUCK_ACTIVE_H: Final = 6.0
"""A PIR holds its output for 3 s to 5 min after a movement and again after the next; a break of that length
comes in the busiest room within hours, so an output that stays on for longer is a shorted or dying part."""

STUCK_QUIET_H: Final = 72.0
"""A station in use is entered every day; three days without one movement is a cut wire or a long closure.
While it lasts, nobody may take this sensor's silence for an empty room."""

_HOUR_MS: Final = 3_600_000


class PresencePir:
    """One PIR on one pin."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        options = entry.read_options()
        options.only("pin", "stuck_active_h", "stuck_quiet_h", *WIRING_KEYS)
        self._stuck_active_ms = _hours(
            options.number("stuck_active_h", default=STUCK_ACTIVE_H, low=1, high=48)
        )
        self._stuck_quiet_ms = _hours(options.number("stuck_quiet_h", default=STUCK_QUIET_H, low=1, high=720))
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or 1.0
        self._clock = clock
        self._edges: SimpleQueue[tuple[int, bool]] = SimpleQueue()
        self._input = Input(options, "pin", wiring(options, pull="down"))
        self._active = self._input.active
        self._changed_ms = clock.now().mono_ms
        self._motion_at_ms: int | None = None
        self._input.on_change(self._note)

    def parts(self) -> Parts:
        return Parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        self._take_edges(now)
        if self._active:
            self._motion_at_ms = max(0, now.at_ms)
        stuck_ms = self._stuck_active_ms if self._active else self._stuck_quiet_ms
        return [Presence(self._motion_at_ms, ok=now.mono_ms - self._changed_ms < stuck_ms)]

    def close(self) -> None:
        close_all([self._input])

    def _note(self, active: bool) -> None:
        self._edges.put((self._clock.now().mono_ms, active))

    def _take_edges(self, now: Instant) -> None:
        while True:
            try:
                self._changed_ms, self._active = self._edges.get_nowait()
            except Empty:
                return
            # Both edges end or begin a movement, so either dates the last one.
            self._motion_at_ms = max(0, now.at_ms - (now.mono_ms - self._changed_ms))


def _hours(hours: float) -> int:
    return round(hours * _HOUR_MS)
