"""One sensor, asked at its interval: what it said last, and what is wrong with it.

A sensor that fails has a fault and unknown values; nobody else notices. ``now`` is handed in.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from contract import ContractError
from contract.messages import Cabinet, Fault, Presence, Socket
from edge.clock import Instant
from edge.devices_file import Device
from edge.sensors import Accountable, Reading, Sensor, SensorError, Standing
from edge.sensors.slot_doubt import is_unknown
from edge.words import describe

log = logging.getLogger(__name__)


class Polled:
    """A sensor with its last readings by kind and id, and its fault, None while it is well."""

    def __init__(self, sensor: Sensor) -> None:
        self.sensor = sensor
        self.due_ms: int | None = None
        self.readings: dict[tuple[type, str], Reading] = {}
        self.fault: Fault | None = None
        self.said_mono_ms: int | None = None
        self._hint = ""

    def ask(self, now: Instant, *, at_once: bool = False) -> None:
        """Read the sensor if its time has come; a failure stays with this sensor."""
        if not at_once and self.due_ms is not None and now.mono_ms < self.due_ms:
            return
        self._schedule(now.mono_ms)
        try:
            readings = self.sensor.read(now)
        except SensorError as error:
            self._failed(now, error.code, error.hint)
        except ContractError as error:
            self._failed(now, "impossible", str(error))
        except OSError as error:
            self._failed(now, "io", str(error))
        else:
            self._said(now, readings)

    def _schedule(self, mono_ms: int) -> None:
        interval_ms = round(self.sensor.interval_s * 1000)
        planned = (self.due_ms if self.due_ms is not None else mono_ms) + interval_ms
        # On the grid of its own interval, unless the sampler was held up for long.
        self.due_ms = planned if planned > mono_ms + interval_ms // 2 else mono_ms + interval_ms

    def _said(self, now: Instant, readings: Sequence[Reading]) -> None:
        if self.fault is not None:
            log.info("sensor=%s state=well", self.sensor.info.id)
            self.fault = None
        if readings:
            self.said_mono_ms = now.mono_ms
        for reading in readings:
            self.readings[type(reading), getattr(reading, "id", "")] = reading

    def _failed(self, now: Instant, code: str, hint: str) -> None:
        if self.fault is None or self.fault.code != code:
            log.warning("sensor=%s fault=%s hint=%r", self.sensor.info.id, code, hint)
            self.fault = Fault(self.sensor.info.id, code, max(0, now.at_ms))
        self._hint = hint
        lost = {key: _unknown(reading, now.at_ms) for key, reading in self.readings.items()}
        self.readings = {key: reading for key, reading in lost.items() if reading is not None}

    def device(self, now: Instant) -> Device:
        """The sensor for people."""
        info = self.sensor.info
        behind = self.sensor.standing(now) if isinstance(self.sensor, Accountable) else Standing()
        unsure = all(map(_is_unsure, self.readings.values()))
        said = tuple(describe(reading) for reading in self.readings.values())
        fault = f"{self.fault.code}: {self._hint}" if self.fault else ""
        return Device(
            *(info.id, info.kind, said, self.said_mono_ms),
            heard_mono_ms=behind.heard_mono_ms,
            doubt=behind.doubt if unsure and not fault else "",
            blind=behind.blind,
            fault=fault,
        )


def _is_unsure(reading: Reading) -> bool:
    """Whether people would ask why: a socket, or a slot of a cabinet, is unknown."""
    match reading:
        case Socket():
            return reading.state == "unknown"
        case Cabinet():
            return any(map(is_unknown, reading.slots))
        case _:
            return False


def _unknown(reading: Reading, at_ms: int) -> Reading | None:
    """What is left of a reading when its sensor fails: that the thing exists, and nothing about it."""
    match reading:
        case Socket(state="unknown"):
            return replace(reading, power_w=None)
        case Socket():
            return Socket(reading.id, reading.kind, "unknown", max(0, at_ms))
        case Cabinet():
            slots = tuple(type(slot)(slot.n, "unknown") for slot in reading.slots)
            # Smoke is not over because a cabinet falls silent.
            return Cabinet(reading.id, online=False, slots=slots, smoke=reading.smoke or None)
        case Presence():
            return replace(reading, ok=False)
        case _:
            return None
