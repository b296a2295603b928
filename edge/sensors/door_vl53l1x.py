"""A door counted from above: a VL53L1X looks at two zones of the doorway in turn, through Adafruit's driver.

The same path as with two beams counts: the outer zone, both, the inner one, none. A thread ranges some 15
times a second in each zone; the sampler counts what it has seen.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final

from contract.messages import Door, SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.doors import BLOCKED_MS, Beam, DoorCounter
from edge.sensors import Parts, Reading, SensorError, Verdict
from edge.sensors.i2c import on_i2c
from edge.zones import Zone

log = logging.getLogger(__name__)

INTERVAL_S: Final = 0.5
BUDGET_MS: Final = 33
"""For one look: long enough for 2.5 m in a lit doorway, short enough for a person at a run."""
ZONE: Final = (8, 16)
"""Of 16 x 16 light-sensitive spots: each zone is one half of what the part sees."""
CENTERS: Final[Mapping[Beam, int]] = {"A": 167, "B": 231}
"""The spots in the middle of the halves, as the part numbers them."""
ANSWER_S: Final = 0.5
FIRST_POLL_S: Final = 0.03
"""A look takes at least so long; to ask sooner whether it is over only costs the Pi its time."""
POLL_S: Final = 0.003
AGAIN_S: Final = 5.0
PATIENCE_MS: Final = 10_000
"""For an answer, and for the floor to be found after the start."""

HINTS: Final = {
    "no_answer": "check SDA, SCL, the supply and the address",
    "no_floor": "it has not found the floor yet: keep the doorway free, is it no higher than 3 m?",
}

_Edge = tuple[int, Beam, bool]


class DoorVl53l1x:
    """One part above one door."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        options = entry.read_options()
        options.only("address", "outer", "share_pct", "blocked_s")
        address = options.whole("address", default=0x29, low=0x08, high=0x77)
        outer = options.choice("outer", ("left", "right"), default="left")
        share = options.number("share_pct", default=85, low=20, high=95) / 100
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or INTERVAL_S
        self._blocked_ms = round(
            options.number("blocked_s", default=BLOCKED_MS / 1000, low=5, high=3600) * 1000
        )
        self._counter = self._count_from(*totals.get(entry.id, (0, 0)), clock.now().mono_ms)
        self._eye = Eye(_driver_maker(address), clock, share, turned=outer == "right")

    def parts(self) -> Parts:
        return Parts(doors=(self.info.id,))

    def read(self, now: Instant) -> Sequence[Reading]:
        """The totals so far.

        Raises:
            SensorError: the part does not answer, or has not found the floor; nobody is counted then.
        """
        self._eye.start(now.mono_ms)
        if failure := self._eye.failure(now.mono_ms):
            self._counter = self._count_from(self._counter.in_total, self._counter.out_total, now.mono_ms)
            self._eye.take()
            raise failure
        for edge in self._eye.take():
            self._counter.feed(*edge)
        self._counter.settle(now.mono_ms)
        blocked = self._counter.blocked(now.mono_ms)
        return [Door(self.info.id, self._counter.in_total, self._counter.out_total, blocked)]

    def verify(self) -> Verdict:
        """Whether the part answers, and how far it sees the floor in each half."""
        return self._eye.verify()

    def close(self) -> None:
        self._eye.stop()

    def _count_from(self, in_total: int, out_total: int, mono_ms: int) -> DoorCounter:
        return DoorCounter(in_total, out_total, mono_ms=mono_ms, debounce_ms=0, blocked_ms=self._blocked_ms)


class Eye:
    """The part, and the thread that looks."""

    def __init__(self, make: Callable[[], Any], clock: Clock, share: float, *, turned: bool) -> None:
        self._make, self._clock = make, clock
        self._zones: Mapping[Beam, Zone] = {"A": Zone(share), "B": Zone(share)}
        self._centers = {"A": CENTERS["B"], "B": CENTERS["A"]} if turned else CENTERS
        self._there: dict[Beam, bool] = {"A": False, "B": False}
        self._edges: SimpleQueue[_Edge] = SimpleQueue()
        self._began_ms = self._looked_ms = 0
        self._why = SensorError("no_answer", HINTS["no_answer"])
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vl53l1x", daemon=True)

    def start(self, mono_ms: int) -> None:
        """Begin to look, if that has not begun yet."""
        if self._thread.ident is None:
            self._began_ms = self._looked_ms = mono_ms
            self._thread.start()

    def stop(self) -> None:
        """End, for at most a second: a look takes 33 ms."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(1.0)

    def take(self) -> list[_Edge]:
        """What changed since the last time, oldest first."""
        edges = []
        while True:
            try:
                edges.append(self._edges.get_nowait())
            except Empty:
                return edges

    def failure(self, mono_ms: int) -> SensorError | None:
        """Why nobody is counted; None when all is well."""
        if mono_ms - self._looked_ms > PATIENCE_MS:
            return SensorError(self._why.code, self._why.hint)
        lost = any(zone.floor_cm is None for zone in self._zones.values())
        waited = mono_ms - self._began_ms > PATIENCE_MS
        return SensorError("no_floor", HINTS["no_floor"]) if lost and waited else None

    def verify(self) -> Verdict:
        """Look for a while, in the caller's thread."""
        try:
            driver = self._begun()
            for _ in range(40):
                self._look(driver)
        except (OSError, ValueError, RuntimeError, SensorError) as error:
            return Verdict(False, _why(error).hint)
        floors = [zone.floor_cm for zone in self._zones.values()]
        if None in floors:
            return Verdict(False, HINTS["no_floor"])
        outer, inner = (round(floor or 0) for floor in floors)
        return Verdict(True, f"the floor is {outer} cm away in the outer half, {inner} cm in the inner one")

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                driver = self._begun()
                while not self._over.is_set():
                    self._look(driver)
                    self._looked_ms = self._clock.now().mono_ms
            except Exception as error:
                why = _why(error)
                if why.hint != self._why.hint:
                    log.warning("kind=vl53l1x failed=%r", error)
                self._why = why
                self._over.wait(AGAIN_S)

    def _begun(self) -> Any:
        driver = self._make()
        driver.stop_ranging()
        driver.timing_budget = BUDGET_MS
        driver.roi_xy = ZONE
        return driver

    def _look(self, driver: Any) -> None:
        for beam, zone in self._zones.items():
            there = zone.see(self._distance(driver, self._centers[beam]))
            if there != self._there[beam]:
                self._there[beam] = there
                self._edges.put((self._clock.now().mono_ms, beam, there))

    def _distance(self, driver: Any, center: int) -> float | None:
        driver.roi_center = center
        driver.start_ranging()
        try:
            self._over.wait(FIRST_POLL_S)
            for _ in range(round(ANSWER_S / POLL_S)):
                if driver.data_ready:
                    break
                self._over.wait(POLL_S)
            else:
                raise OSError("it does not finish a look")
            distance_cm: float | None = driver.distance
            driver.clear_interrupt()
        finally:
            driver.stop_ranging()
        return distance_cm


def _why(error: Exception) -> SensorError:
    if isinstance(error, SensorError):
        return SensorError(error.code, error.hint)
    return SensorError("no_answer", f"{error or type(error).__name__}; {HINTS['no_answer']}")


def _driver_maker(address: int) -> Callable[[], Any]:
    return on_i2c("adafruit_vl53l1x", lambda library, bus: library.VL53L1X(bus, address=address))
