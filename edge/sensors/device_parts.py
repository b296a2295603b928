"""What a device says, by register or by topic, made into the socket or cabinet that it stands for."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Protocol, cast

from contract.messages import Battery, Cabinet, Charge, Slot, SlotDoor, Socket
from edge.clock import Instant
from edge.options import Options
from edge.sensors import Parts, Reading
from edge.sensors.parts import cabinet_info, socket_info
from edge.sensors.power import LIMIT_KEYS, SAFETY_KEYS, Outlet, Signals, read_limits, read_safety
from edge.sensors.slot_doubt import doubt_of
from edge.sensors.values import Value

log = logging.getLogger(__name__)


class Fact(Protocol):
    """All that a device said in one look, and when."""

    @property
    def at(self) -> Instant: ...

    def of(self, slot: int) -> Mapping[str, Value]:
        """Values of a slot, or of the device as a whole (0), by their names."""

    def alarms(self, slot: int) -> tuple[str, ...]:
        """Codes of what is wrong with it, each once."""


class Part(Protocol):
    """What the device stands for."""

    def parts(self) -> Parts: ...

    def feed(self, fact: Fact) -> None: ...

    def forget(self) -> None:
        """The device was away: what it said before says nothing of what goes on now."""

    def readings(self, now: Instant) -> Sequence[Reading]: ...

    def doubt(self, mono_ms: int) -> str:
        """Why it is unknown although the device speaks; "" where it is not."""


SOCKET_KEYS: Final = ("socket_kind", *LIMIT_KEYS, *SAFETY_KEYS)
CABINET_KEYS: Final = ("voltage_v",)


def part_of_map(sensor: str, options: Options, slots: int, silent_ms: int) -> "Part":
    """What a device with a map stands for: a cabinet where the map has ``slots``, else a socket.

    Raises:
        ConfigError: a key that belongs to the other of the two.
    """
    this, other, others = (
        ("a cabinet", "sockets", SOCKET_KEYS) if slots else ("a socket", "cabinets", CABINET_KEYS)
    )
    for key in others:
        if options.has(key):
            raise options.wrong(key, f"left out: the map is of {this}, and this key belongs to {other}")
    return CabinetPart(sensor, options, slots) if slots else SocketPart(sensor, options, silent_ms)


class SocketPart:
    """The device is one socket."""

    def __init__(self, sensor: str, options: Options, silent_ms: int) -> None:
        self._info = socket_info(options, sensor)
        safety = read_safety(options, self._info.kind)
        self._anew = partial(Outlet, read_limits(options), safety, silent_ms=silent_ms)
        self._outlet = self._anew()
        self._state = self._outlet.state
        self._since_ms = 0
        self._power_w: float | None = None

    def parts(self) -> Parts:
        return Parts(sockets=(self._info,))

    def feed(self, fact: Fact) -> None:
        said = fact.of(0)
        self._power_w = _number(said.get("power_w"))
        signals = Signals(
            self._power_w,
            _number(said.get("voltage_v")),
            _number(said.get("temperature_c")),
            _yes(said.get("on")),
            _yes(said.get("plugged")),
            next(iter(fact.alarms(0)), ""),
        )
        self._outlet.feed(fact.at.mono_ms, signals)
        self._note(fact.at)

    def forget(self) -> None:
        self._outlet, self._power_w = self._anew(), None

    def readings(self, now: Instant) -> Sequence[Reading]:
        self._outlet.wait(now.mono_ms)
        self._note(now)
        return [Socket(self._info.id, self._info.kind, self._state, self._since_ms, self._power_w)]

    def doubt(self, mono_ms: int) -> str:
        return self._outlet.doubt(mono_ms)

    def _note(self, at: Instant) -> None:
        """Date a new state once, so that a clock that is slewed does not move it."""
        if self._state != self._outlet.state or not self._since_ms:
            if self._outlet.fault:
                log.warning("socket=%s fault=%s", self._info.id, self._outlet.fault)
            self._state = self._outlet.state
            self._since_ms = max(1, at.at_ms - (at.mono_ms - self._outlet.since_ms))


class CabinetPart:
    """The device is a swap cabinet."""

    def __init__(self, sensor: str, options: Options, slots: int) -> None:
        self._info = cabinet_info(options, sensor, slots)
        self._fact: Fact | None = None
        self._smoke: bool | None = None

    def parts(self) -> Parts:
        return Parts(cabinets=(self._info,))

    def feed(self, fact: Fact) -> None:
        self._fact = fact
        smoke = _yes(fact.of(0).get("smoke"))
        # It ends by the cabinet's word, not by its silence.
        self._smoke = smoke if smoke is not None else self._smoke or None

    def forget(self) -> None:
        self._fact = None

    def readings(self, now: Instant) -> Sequence[Reading]:
        del now
        if self._fact is None:
            return []
        said = self._fact.of(0)
        return [
            Cabinet(
                self._info.id,
                online=True,
                slots=self._slots(self._fact),
                mains_ok=_yes(said.get("mains_ok")),
                temperature_c=_number(said.get("temperature_c")),
                smoke=self._smoke,
            )
        ]

    def doubt(self, mono_ms: int) -> str:
        del mono_ms
        fact = self._fact
        return doubt_of(self._slots(fact), partial(_understood, fact)) if fact else ""

    def _slots(self, fact: Fact) -> tuple[Slot, ...]:
        return tuple(_slot(fact, n) for n in range(1, self._info.slots_count + 1))


def _slot(fact: Fact, n: int) -> Slot:
    """Every signal for itself: what they mean together, and which goes before which, the server derives."""
    said = fact.of(n)
    return Slot(
        n,
        # The map takes no other words.
        cast(Battery, said.get("battery") or "unknown"),
        cast(Charge, said.get("charge") or "unknown"),
        cast(SlotDoor, said.get("door") or "unknown"),
        _yes(said.get("enabled")),
        _number(said.get("soc_pct")),
        _number(said.get("temperature_c")),
        fact.alarms(n),
    )


def _understood(fact: Fact, n: int) -> dict[str, bool]:
    return {name: value is not None for name, value in fact.of(n).items()}


def _number(value: Value) -> float | None:
    return value if isinstance(value, float) else None


def _yes(value: Value) -> bool | None:
    return None if value is None else value == "yes"
