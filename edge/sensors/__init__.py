"""What is connected to a station. One file per kind; all speak the protocol below.

A sensor is asked from the sampler's thread and answers at once: drivers that take their time, or that
call back from threads of their own, keep that behind their own door.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from contract.messages import Cabinet, CabinetInfo, Climate, Door, Presence, SensorInfo, Socket, SocketInfo
from edge.clock import Instant

Reading = Climate | Door | Presence | Socket | Cabinet
"""What a sensor can say; the sampler puts readings together into a snapshot."""


class SensorError(Exception):
    """The sensor gives no reading now.

    Attributes:
        code: for the snapshot's ``faults``, e.g. ``no_answer``, ``checksum``, ``silent``.
        hint: what a technician should look at, in words.
    """

    def __init__(self, code: str, hint: str) -> None:
        self.code = code
        self.hint = hint
        super().__init__(f"{code}: {hint}")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sensor speaks for, as the station says at birth; a thermometer speaks for nothing."""

    doors: tuple[str, ...] = ()
    sockets: tuple[SocketInfo, ...] = ()
    cabinets: tuple[CabinetInfo, ...] = ()


class Sensor(Protocol):
    """One entry of the station file, alive.

    Attributes:
        info: id and kind, as said at birth.
        interval_s: how often it wants to be asked, seconds; the sampler never asks more often.
    """

    info: SensorInfo
    interval_s: float

    def parts(self) -> Parts:
        """The doors, sockets and cabinets that this sensor reports; they never change."""

    def read(self, now: Instant) -> Sequence[Reading]:
        """What is true now; an empty list when there is nothing new to say.

        Raises:
            SensorError: when there is no trustworthy reading. The sampler then drops what this sensor
                said before (a socket becomes ``unknown``, a temperature is left out).
        """

    def close(self) -> None:
        """Give pins and files back. Called once."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a sensor found out about what is behind it: whether all is well, and the words for it."""

    ok: bool
    text: str


@runtime_checkable
class Verifiable(Protocol):
    """A sensor that can find out whether it talks to what it should, for ``waystation-edge check``."""

    info: SensorInfo

    def verify(self) -> Verdict:
        """Look now; takes some seconds at most. What cannot be known is said, and is no error.

        Called from a thread of its own, beside those of other sensors.
        """


@runtime_checkable
class Explainable(Protocol):
    """A sensor that can show what it was told beside what it made of it, for ``waystation-edge read``."""

    def explain(self) -> Sequence[tuple[str, str, str]]:
        """Of what was read last, line by line: what it is, raw, meaning."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands behind the readings of a sensor.

    Attributes:
        heard_mono_ms: when the device itself last spoke, milliseconds since the boot; None where it never
            did, or has no word of its own.
        doubt: why what it stands for is unknown, where it is; "" where no reason is known.
        blind: what this one cannot know besides what no other of its kind can; "" for nothing.
    """

    heard_mono_ms: int | None = None
    doubt: str = ""
    blind: str = ""


@runtime_checkable
class Accountable(Protocol):
    """A sensor whose readings may be older than the look at it, for ``waystation-edge devices``."""

    def standing(self, now: Instant) -> Standing:
        """As of the last :meth:`Sensor.read`."""


@runtime_checkable
class Alarming(Protocol):
    """A sensor that can be told of a danger between two looks of the sampler."""

    def on_danger(self, ring: Callable[[], None]) -> None:
        """Call ``ring``, from any thread, when there is a new danger; :meth:`Sensor.read` then tells it."""
