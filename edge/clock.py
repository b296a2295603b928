"""Time on a machine without a clock battery.

A Pi wakes up in the past and learns the time from the network minutes later. So every reading carries
two times: the wall clock's, which may be wrong, and the boot clock's, which never jumps.
"""

import ctypes
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from contract.messages import Clock as ClockState

_SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd at the first sync of a boot."""
_TIME_ERROR: Final = 5
"""What adjtimex answers while the clock is not synchronized."""
_TIMEX_BYTES: Final = 512
"""Room for struct timex, which has 208 bytes on 64-bit machines and fewer on others."""
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks.

    Attributes:
        at_ms: wall clock, UTC milliseconds since 1970; only true when ``clock`` is ``synced``.
        mono_ms: milliseconds since the boot.
    """

    at_ms: int
    mono_ms: int
    clock: ClockState


def _kernel_is_synchronized() -> bool:
    """Whether chrony, ntpd or any other service keeps the kernel's clock: adjtimex(2) with nothing to set."""
    status: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= status < _TIME_ERROR


class Clock(Protocol):
    """Where ``now`` comes from; handed to whatever needs it."""

    @property
    def boot_id(self) -> str:
        """Names the boot to which ``mono_ms`` belongs."""

    def now(self) -> Instant:
        """The present moment."""

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` pass on this clock."""


class SystemClock:
    """The machine's own clocks; synced once any time service has set the clock since the start."""

    def __init__(self) -> None:
        self.boot_id = _BOOT_ID.read_text().strip()
        self._state: ClockState = "unsynced"

    def now(self) -> Instant:
        mono_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        if self._state == "unsynced" and (_SYNCHRONIZED.exists() or _kernel_is_synchronized()):
            self._state = "synced"
        return Instant(time.time_ns() // 1_000_000, mono_ms, self._state)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)  # the one place where the agent lets real time pass


class SteppedClock:
    """A clock that stands still until it is told the time: for replays that do not wait."""

    def __init__(self, at_ms: int) -> None:
        self.boot_id = str(uuid.uuid4())
        self._start_ms = self._at_ms = at_ms

    def now(self) -> Instant:
        return Instant(self._at_ms, self._at_ms - self._start_ms, "synced")

    def wait(self, seconds: float) -> None:
        """Waiting is what moves this clock, at once."""
        self.step_to(self._at_ms + round(seconds * 1000))

    def step_to(self, at_ms: int) -> None:
        """Go forward to ``at_ms``; a clock never goes back."""
        self._at_ms = max(self._at_ms, at_ms)


class ScaledClock:
    """A clock that starts at ``at_ms`` and runs ``speed`` times as fast as the machine's."""

    def __init__(self, at_ms: int, speed: float) -> None:
        self.boot_id = str(uuid.uuid4())
        self._at_ms = at_ms
        self._speed = speed
        self._began_ns = time.monotonic_ns()

    def now(self) -> Instant:
        mono_ms = int((time.monotonic_ns() - self._began_ns) * self._speed) // 1_000_000
        return Instant(self._at_ms + mono_ms, mono_ms, "synced")

    def wait(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)  # real time, as much shorter as this clock is faster
