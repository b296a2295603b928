"""One device on a Modbus line: what it is asked, who it is, and its answers until the sampler takes them."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.clock import Clock, Instant
from edge.sensors import SensorError
from edge.sensors.modbus_bus import Exchange
from edge.sensors.modbus_map import (
    DeviceMap,
    Found,
    ImpossibleError,
    Register,
    Span,
    shown,
    understand,
)
from edge.sensors.modbus_turns import Turn
from edge.sensors.values import NO_ALARM, Value

MOST_FACTS: Final = 64
"""What waits for the sampler, which looks every second."""

UNKNOWABLE: Final = (
    "whether it is one cannot be known: it has no register that says so, and a 0 may come from an address "
    "that does nothing; open a door or plug something in, and see in 'waystation-edge read' that it changes"
)

Answers = Mapping[Span, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Fact:
    """All that a device said in one look, and when."""

    at: Instant
    found: tuple[Found, ...]

    def of(self, slot: int) -> dict[str, Value]:
        """Values of a slot, or of the device as a whole (0)."""
        return {each.register.value: each.value for each in self.found if each.register.slot == slot}

    def alarms(self, slot: int) -> tuple[str, ...]:
        told = [
            each.value for each in self.found if each.register.value == "alarm" and each.register.slot == slot
        ]
        return tuple(sorted({str(code) for code in told if code not in (None, NO_ALARM)}))


class Device:
    """One device: what to ask it, and its answers until the sampler takes them."""

    def __init__(self, device_map: DeviceMap, address: int, interval_ms: int, clock: Clock) -> None:
        self.turn = Turn(interval_ms)
        self.failure: SensorError | None = None
        self._map = device_map
        self._address = address
        self._clock = clock
        self._facts: deque[Fact] = deque(maxlen=MOST_FACTS)
        self._known = False

    def ask(self, exchange: Exchange) -> bool:
        """Fetch everything, after its identity where it has one and was not heard from before."""
        now = self._clock.now()
        try:
            self._check_identity(exchange)
            fact = Fact(now, self._fetch(exchange))
        except SensorError as error:
            # After a silence somebody else may have come back.
            self.failure, self._known = error, False
            return False
        self.failure, self._known = None, True
        self._facts.append(fact)
        return True

    def take(self) -> Sequence[Fact]:
        """The answers that were not taken yet, oldest first."""
        return [self._facts.popleft() for _ in range(len(self._facts))]

    def introduce(self, exchange: Exchange, place: str) -> str:
        """Who it is, in words.

        Raises:
            SensorError: it does not answer, or is something else.
        """
        who = f"{self._map.name or 'a device'} at address {self._address} of {place}"
        self._known = False
        self._check_identity(exchange)
        self._fetch(exchange)
        identity = self._map.identity
        if identity is None:
            return f"somebody answers as {who}, but {UNKNOWABLE}"
        register = identity.register
        equals = identity.expected(self._address)
        return f"{who}: {register.function} {register.address} is {equals}, as it must be"

    def _check_identity(self, exchange: Exchange) -> None:
        identity = self._map.identity
        if identity is None or self._known:
            return
        expected = identity.expected(self._address)
        answers = {identity.span: exchange(self._address, identity.span)}
        [found] = self._understood((identity.register,), answers)
        if found.value != expected:
            name, raw, _ = shown(found)
            hint = f"another device: {name} is {raw}, {self._map.name or 'the map'} has {expected} there"
            raise SensorError("other_device", hint)

    def _fetch(self, exchange: Exchange) -> tuple[Found, ...]:
        answers = {span: exchange(self._address, span) for span in self._map.spans}
        return self._understood(self._map.registers, answers)

    def _understood(self, registers: Sequence[Register], answers: Answers) -> tuple[Found, ...]:
        try:
            return understand(registers, answers)
        except ImpossibleError as error:
            raise SensorError("impossible", f"{error}; is it the right map?") from None
