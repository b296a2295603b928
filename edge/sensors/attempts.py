"""A part that takes its time and sometimes fails: asked in a thread of its own, told of when it has spoken.

The sampler asks :meth:`Attempts.wants` and :meth:`Attempts.news` and never waits; the thread does
:meth:`Attempts.attempt`, which may hang as long as it likes.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import ClassVar, Final, Generic, TypeVar

from contract import ContractError
from contract.messages import Climate
from edge.clock import Clock, Instant
from edge.sensors import SensorError, Verdict
from edge.sensors.pi import NO_PI

log = logging.getLogger(__name__)

PATIENCE_MS: Final = 120_000
"""Without one good reading for so long the sensor is reported. Single failures are these parts' nature."""

AT_ONCE: Final = frozenset({NO_PI})
"""Fault codes that no patience changes."""

DRIVER: Final = {"driver": "the driver failed and is started again: see the log"}

D = TypeVar("D")


class Attempts(Generic[D]):
    """The attempts of one sensor, without the thread: when to try, what came of it, what it is worth.

    Args:
        kind: for the log.
        make_driver: called in the thread, again after each failure that was not expected.
        interval_ms: after a good reading, or a failure of the driver.
        rest_ms: after any other attempt.
        hints: by fault code what a technician should look at; the first is told while nothing is known.

    Attributes:
        ANEW: fault codes after which the next attempt makes a new driver.
    """

    ANEW: ClassVar = frozenset({"driver"})

    def __init__(
        self,
        kind: str,
        make_driver: Callable[[], D],
        interval_ms: int,
        *,
        rest_ms: int,
        hints: Mapping[str, str],
    ) -> None:
        self._kind = kind
        self._make_driver = make_driver
        self._interval_ms, self._rest_ms = interval_ms, rest_ms
        self._hints = {**hints, **DRIVER}
        self._driver: D | None = None
        self._busy = False
        self._next_ms: int | None = None
        self._good_ms: int | None = None
        self._why = SensorError(*next(iter(hints.items())))
        self._climate: Climate | None = None

    def measure(self, driver: D, at_ms: int) -> Climate | None:
        """Ask the part once; None when it has nothing new. What it raises is a failure."""
        raise NotImplementedError

    def code(self, error: Exception) -> str:
        """The fault code of what :meth:`measure` raised; ``driver`` for what nobody expected."""
        raise NotImplementedError

    def leave(self, driver: D) -> None:
        """End a driver that is not used any more."""

    def wants(self, mono_ms: int) -> bool:
        """Whether it is time for an attempt; saying yes books it."""
        if self._busy or (self._next_ms is not None and mono_ms < self._next_ms):
            return False
        self._good_ms = mono_ms if self._good_ms is None else self._good_ms
        self._busy = True
        return True

    def attempt(self, now: Instant) -> None:
        """Ask the part once. Never raises: what went wrong is told by :meth:`news`."""
        try:
            climate = self._asked(now.at_ms)
        except Exception as error:
            self._failed(now, error)
        else:
            if climate is not None:
                self._climate, self._good_ms = climate, now.mono_ms
            self._next_ms = now.mono_ms + (self._rest_ms if climate is None else self._interval_ms)
        self._busy = False

    def news(self, mono_ms: int) -> Sequence[Climate]:
        """A measurement that was not told yet.

        Raises:
            SensorError: when there was none for :data:`PATIENCE_MS`, or there never can be.
        """
        climate, self._climate = self._climate, None
        if climate is not None:
            return [climate]
        if self._why.code in AT_ONCE:
            raise SensorError(self._why.code, self._why.hint)
        if self._good_ms is not None and mono_ms - self._good_ms >= max(PATIENCE_MS, 3 * self._interval_ms):
            raise SensorError(self._why.code, self._why.hint)
        return []

    def verify(self, where: str, clock: Clock, *, tries: int, rest_s: float) -> Verdict:
        """Ask the part at ``where``, in the caller's thread, until it has answered."""
        for _ in range(tries):
            self.attempt(clock.now())
            climate, self._climate = self._climate, None
            if climate is not None:
                return Verdict(True, f"{where} answers: {climate.temperature_c} °C")
            if self._why.code in AT_ONCE:
                break
            clock.wait(rest_s)
        return Verdict(False, f"{where}: {self._why}")

    def close(self) -> None:
        """End the driver; the next attempt makes a new one."""
        driver, self._driver = self._driver, None
        if driver is not None:
            try:
                self.leave(driver)
            except Exception as error:
                log.warning("kind=%s driver_exit=%r", self._kind, error)

    def _asked(self, at_ms: int) -> Climate | None:
        if self._driver is None:
            self._driver = self._make_driver()
        return self.measure(self._driver, at_ms)

    def _failed(self, now: Instant, error: Exception) -> None:
        match error:
            case SensorError():
                why = error
            case ContractError():
                why = SensorError("impossible", self._hints["impossible"])
            case _:
                code = self.code(error)
                why = SensorError(code, self._hints[code])
        if why.code == "driver" and self._why.code != "driver":
            log.error("kind=%s driver=failed", self._kind, exc_info=error)
        if why.code in self.ANEW:
            self.close()
        log.debug("kind=%s failed=%s", self._kind, why.code)
        self._why = SensorError(why.code, why.hint)  # a fresh one: no traceback is kept
        self._next_ms = now.mono_ms + (self._interval_ms if why.code == "driver" else self._rest_ms)


class Worker:
    """A thread that does one thing after the other; started with the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, job: Callable[[], None]) -> None:
        """Do it when all before it is done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def stop(self) -> None:
        """Let the last job end, for at most a second: a read takes 0.3 s."""
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
