"""Puts what the sensors say together into snapshots, and decides when one is worth keeping.

A snapshot is due as a heartbeat, and when something changed that a rider would notice. Changes are
gathered for :data:`SETTLE_MS` first, so that people who come in together are one snapshot. Nothing here
waits, writes or sends; ``now`` is handed in.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contract.messages import Cabinet, Climate, Door, Fault, Health, Presence, Snapshot, Socket
from edge.changes import dangers, differs
from edge.clock import Instant
from edge.devices_file import Device
from edge.polling import Polled
from edge.sensors import Alarming, Reading, Sensor

SETTLE_MS: Final = 2000
"""A change is gathered with what follows it for this long: short beside the 5 s that riders may wait."""

CLOCK_STEP_MS: Final = 2000
"""The wall clock was set, rather than slewed, when it moved further than this against the boot clock."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A snapshot on its way into the outbox; ``event`` when a change caused it, not the heartbeat."""

    snapshot: Snapshot
    event: bool


class _Anchors:
    """Keeps moments true when the wall clock is set after they were noted.

    A sensor says ``since_ms`` by the wall clock of that time. The first time a moment is said, its
    distance between both clocks is noted; when that distance jumps, the moment jumps with it.
    """

    def __init__(self) -> None:
        self._noted: dict[object, tuple[int, int]] = {}

    def say(self, key: object, at_ms: int, now: Instant) -> int:
        offset = now.at_ms - now.mono_ms
        raw, noted = self._noted.get(key, (None, offset))
        if raw != at_ms:
            noted = offset
            self._noted[key] = (at_ms, offset)
        moved = offset - noted
        return max(0, at_ms + moved) if abs(moved) > CLOCK_STEP_MS else at_ms


class Sampler:
    """Asks each sensor at its interval and says when there is a snapshot to keep."""

    def __init__(
        self,
        sensors: Sequence[Sensor],
        boot_id: str,
        *,
        station: str = "",
        heartbeat_ms: int = 30_000,
        settle_ms: int = SETTLE_MS,
    ) -> None:
        """``station`` only sets the phase of the heartbeat, so that a city does not beat at once."""
        self._polled = [Polled(sensor) for sensor in sensors]
        self._boot_id = boot_id
        self._heartbeat_ms = heartbeat_ms
        self._phase_ms = zlib.crc32(station.encode()) % heartbeat_ms
        self._settle_ms = settle_ms
        self._anchors = _Anchors()
        self._health: Health | None = None
        self._heartbeat_due_ms: int | None = None
        self._kept: Snapshot | None = None
        self._changed_ms: int | None = None

    def sample(
        self,
        now: Instant,
        stream: str,
        seq: int,
        health: Health | None = None,
        faults: Iterable[Fault] = (),
        *,
        danger: bool = False,
    ) -> Sample | None:
        """Ask the sensors that are due, and return a sample if one is due, else None.

        Smoke, heat and other new alarms of a cabinet do not wait for what may follow them.

        Args:
            now: the present moment; must never go back in ``mono_ms``.
            stream, seq: the identity that the sample is to carry.
            health: travels with the next snapshot, whenever that is.
            faults: those that are not a sensor's, e.g. the outbox's.
            danger: a sensor called out: it is asked now, due or not.
        """
        self._health = health or self._health
        snapshot = self._look(now, stream, seq, faults, danger=danger)
        heartbeat = self._heartbeat_due_ms is None or now.mono_ms >= self._heartbeat_due_ms
        if not (self._settled(now.mono_ms, snapshot) or heartbeat):
            return None
        return self._keep(snapshot, heartbeat)

    def last(self, now: Instant, stream: str, seq: int, faults: Iterable[Fault] = ()) -> Sample:
        """The sample that is kept when the agent stops, due or not."""
        return self._keep(self._look(now, stream, seq, faults), heartbeat=False)

    def devices(self, now: Instant) -> list[Device]:
        """Every sensor with what it said last, in the order of the station file."""
        return [each.device(now) for each in self._polled]

    def close(self) -> None:
        """Close every sensor."""
        for each in self._polled:
            each.sensor.close()

    def _look(
        self, now: Instant, stream: str, seq: int, faults: Iterable[Fault], *, danger: bool = False
    ) -> Snapshot:
        for each in self._polled:
            each.ask(now, at_once=danger and isinstance(each.sensor, Alarming))
        readings = [
            self._anchored(reading, each.sensor.info.id, now)
            for each in self._polled
            for reading in each.readings.values()
        ]
        return Snapshot(
            stream=stream,
            seq=seq,
            at_ms=max(0, now.at_ms),
            mono_ms=now.mono_ms,
            boot_id=self._boot_id,
            clock=now.clock,
            climate=_climate([item for item in readings if isinstance(item, Climate)]),
            doors=tuple(item for item in readings if isinstance(item, Door)),
            presence=_presence([item for item in readings if isinstance(item, Presence)]),
            sockets=tuple(item for item in readings if isinstance(item, Socket)),
            cabinets=tuple(item for item in readings if isinstance(item, Cabinet)),
            health=self._health,
            faults=tuple(self._faults(now, faults)),
        )

    def _faults(self, now: Instant, others: Iterable[Fault]) -> list[Fault]:
        found = [*(each.fault for each in self._polled if each.fault is not None), *others]
        anchor = self._anchors.say
        return [replace(f, since_ms=anchor(("fault", f.sensor), f.since_ms, now)) for f in found]

    def _anchored(self, reading: Reading, sensor: str, now: Instant) -> Reading:
        say: Callable[[object, int, Instant], int] = self._anchors.say
        match reading:
            case Climate():
                return replace(reading, at_ms=say(("climate", sensor), reading.at_ms, now))
            case Presence(motion_at_ms=int(moment)):
                return replace(reading, motion_at_ms=say(("motion", sensor), moment, now))
            case Socket():
                return replace(reading, since_ms=say(("socket", reading.id), reading.since_ms, now))
            case _:
                return reading

    def _settled(self, mono_ms: int, snapshot: Snapshot) -> bool:
        if self._kept is None or not differs(self._kept, snapshot):
            self._changed_ms = None
            return False
        if dangers(snapshot) - dangers(self._kept):
            return True
        if self._changed_ms is None:
            self._changed_ms = mono_ms
        return mono_ms - self._changed_ms >= self._settle_ms

    def _keep(self, snapshot: Snapshot, heartbeat: bool) -> Sample:
        event = self._kept is not None and differs(self._kept, snapshot)
        if heartbeat:
            beat, phase = self._heartbeat_ms, self._phase_ms
            self._heartbeat_due_ms = ((snapshot.mono_ms - phase) // beat + 1) * beat + phase
        self._kept, self._changed_ms, self._health = snapshot, None, None
        return Sample(snapshot, event)


def _climate(said: Sequence[Climate]) -> Climate | None:
    """One climate from all that measure a part of it; as old as the oldest part."""
    if not said:
        return None
    return Climate(
        min(item.at_ms for item in said),
        next((item.temperature_c for item in said if item.temperature_c is not None), None),
        next((item.humidity_pct for item in said if item.humidity_pct is not None), None),
        next((item.co2_ppm for item in said if item.co2_ppm is not None), None),
    )


def _presence(said: Sequence[Presence]) -> Presence | None:
    """Motion seen by any; well only if all are, because an empty room is inferred from silence."""
    if not said:
        return None
    moments = [item.motion_at_ms for item in said if item.motion_at_ms is not None]
    return Presence(max(moments, default=None), all(item.ok for item in said))
