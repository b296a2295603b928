"""A sampler that is called once a second, and sensors that say what a test tells them."""

from collections.abc import Sequence

from contract.messages import Cabinet, Door, Presence, SensorInfo, Slot, Snapshot, Socket
from edge.clock import Instant
from edge.sampler import Sample, Sampler
from edge.sensors import Parts, Reading

BOOT = "0f5b4c2e-b001"
STREAM = "0" * 16
NOON = 1_700_000_000_000
BEAT_MS = 30_000

DOOR = Door("north", 10, 8)
SOCKET = Socket("a1", "usb", "free", NOON)
SLOT = Slot(1, "present", "charging", "closed", True, 80.0, 25.0)
CABINET = Cabinet("c1", True, (SLOT,), True, 30.0, False)
PRESENCE = Presence(NOON, True)


class Told:
    """A sensor that says what the test tells it to say, or fails as told."""

    def __init__(self, *readings: Reading, id: str = "told", interval_s: float = 1) -> None:
        self.info = SensorInfo(id, "told")
        self.interval_s = interval_s
        self.readings: Sequence[Reading] = readings
        self.error: Exception | None = None
        self.asked: list[int] = []
        self.closed = False

    def parts(self) -> Parts:
        return Parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        self.asked.append(now.mono_ms)
        if self.error is not None:
            raise self.error
        return self.readings

    def close(self) -> None:
        self.closed = True


def at(mono_ms: int, *, wall_ms: int | None = None) -> Instant:
    return Instant(NOON + mono_ms if wall_ms is None else wall_ms, mono_ms, "synced")


class Run:
    """A sampler that is called once a second, as by the agent, and what it kept."""

    def __init__(self, *sensors: Told, station: str = "") -> None:
        self.sampler = Sampler(sensors, BOOT, station=station, heartbeat_ms=BEAT_MS)
        self.kept: list[Sample] = []
        self.mono_ms = 0

    def seconds(self, count: float, step_ms: int = 1000) -> list[Sample]:
        """What is kept in the next seconds."""
        before = len(self.kept)
        for _ in range(round(count * 1000 / step_ms)):
            self.at(at(self.mono_ms))
            self.mono_ms += step_ms
        return self.kept[before:]

    def at(self, now: Instant) -> Snapshot | None:
        sample = self.sampler.sample(now, STREAM, len(self.kept) + 1)
        if sample is not None:
            self.kept.append(sample)
        return sample.snapshot if sample else None
