"""What the numbers of a Modbus device mean, and how few requests fetch them. No bus in here."""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from edge.sensors.values import Value

Function = Literal["coil", "discrete", "holding", "input"]
"""The four tables of a device; read with the function codes 1, 2, 3 and 4."""

BITS: Final = ("coil", "discrete")
MOST_REGISTERS: Final = 125
MOST_BITS: Final = 2000
"""What one answer can carry by the protocol."""

_FORMATS: Final = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q", "f32": ">f"}
TYPES: Final = ("bit", *_FORMATS)
WORD_ORDERS: Final = ("high_first", "low_first")


class ImpossibleError(ValueError):
    """A number outside of what can be, so the map or the device is wrong."""


@dataclass(frozen=True, slots=True)
class Register:
    """One entry of a map.

    Attributes:
        value: what it is, e.g. ``power_w`` or ``door``.
        slot: which slot of a cabinet it speaks of; 0 for the device as a whole.
        type: ``bit`` for coils and discrete inputs.
        bit: only this bit of the register, 0 is the lowest; None for all of it.
        factor, summand: lead from the raw number to the unit of ``value``.
        low, high: what is possible, in that unit.
        unit: of ``value``, for people.
        words: what each raw number means; None for a quantity.
        missing: the raw number that stands for "not measured".
    """

    value: str
    function: Function
    address: int
    type: str = "u16"
    slot: int = 0
    word_order: str = "high_first"
    bit: int | None = None
    factor: float = 1.0
    summand: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    words: Mapping[int, str] | None = None
    missing: int | None = None

    @property
    def length(self) -> int:
        """How many registers or bits it takes up."""
        return 1 if self.type == "bit" else struct.calcsize(_FORMATS[self.type]) // 2


@dataclass(frozen=True, slots=True)
class Span:
    """One request: ``count`` registers or bits from ``address`` on."""

    function: Function
    address: int
    count: int

    def holds(self, register: Register) -> bool:
        """Whether all of ``register`` is in it."""
        same = register.function == self.function
        end = register.address + register.length
        return same and self.address <= register.address and end <= self.address + self.count


@dataclass(frozen=True, slots=True)
class Identity:
    """A register from which the device is known: it holds ``equals``, or the device's own address if None."""

    register: Register
    equals: int | None

    @property
    def span(self) -> Span:
        """The request that reads it."""
        return Span(self.register.function, self.register.address, self.register.length)

    def expected(self, address: int) -> int:
        """What the device at ``address`` must answer."""
        return address if self.equals is None else self.equals


@dataclass(frozen=True, slots=True)
class Line:
    """How a serial line is set."""

    baud: int = 9600
    parity: str = "none"
    stop_bits: int = 1


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """All about one kind of device.

    Attributes:
        slots: of a cabinet; 0 for a socket.
        spans: the requests that fetch all of ``registers``.
        identity: None when no register tells this device from another.
    """

    name: str
    slots: int
    registers: tuple[Register, ...]
    spans: tuple[Span, ...]
    identity: Identity | None = None
    line: Line = Line()


@dataclass(frozen=True, slots=True)
class Found:
    """One register as it was read: the raw words beside what they mean."""

    register: Register
    raw: tuple[int, ...]
    value: Value


def plan(
    registers: Iterable[Register],
    *,
    most_registers: int = MOST_REGISTERS,
    most_bits: int = MOST_BITS,
    gap: int = 0,
) -> tuple[Span, ...]:
    """The fewest requests that fetch ``registers``.

    Args:
        registers: none longer than a request may be.
        most_registers, most_bits: what the device gives in one answer.
        gap: so many unwanted registers or bits between two wanted ones are read along. Many devices refuse a
            request that touches an address which they do not have; for those it is 0.
    """
    spans: list[Span] = []
    for register in sorted(registers, key=lambda each: (each.function, each.address, -each.length)):
        most = most_bits if register.function in BITS else most_registers
        joined = _joined(spans[-1], register, gap) if spans else None
        if joined is not None and joined.count <= most:
            spans[-1] = joined
        else:
            spans.append(Span(register.function, register.address, register.length))
    return tuple(spans)


def _joined(span: Span, register: Register, gap: int) -> Span | None:
    end = span.address + span.count
    if register.function != span.function or register.address > end + gap:
        return None
    return Span(span.function, span.address, max(end, register.address + register.length) - span.address)


def understand(registers: Iterable[Register], answers: Mapping[Span, Sequence[int]]) -> tuple[Found, ...]:
    """Every register with its raw words and its meaning.

    Raises:
        ImpossibleError: naming the register, the number and what is possible.
    """
    found = []
    for register in registers:
        span = next(span for span in answers if span.holds(register))
        first = register.address - span.address
        raw = tuple(answers[span][first : first + register.length])
        found.append(Found(register, raw, meaning(register, raw)))
    return tuple(found)


def meaning(register: Register, raw: Sequence[int]) -> Value:
    """What ``raw`` says.

    Raises:
        ImpossibleError: it is a number that cannot be.
    """
    number = decoded(register, raw)
    if number == register.missing:
        return None
    if register.words is not None:
        return register.words.get(int(number))
    # Fewer digits than a float has hide that 0.1 is none: 2301 * 0.1 is 230.10000000000002.
    value = round(number * register.factor + register.summand, 6)
    if not register.low <= value <= register.high:
        possible = f"{register.low:g} to {register.high:g} {register.unit}".rstrip()
        raise ImpossibleError(
            f"{register.value} at {register.function} {register.address} is {value:g}; {possible}"
        )
    return value


def decoded(register: Register, raw: Sequence[int]) -> float:
    """The number that the words make up, without scale or unit; NaN and infinity are impossible."""
    if register.type == "bit":
        return int(raw[0])
    words = raw if register.word_order == "high_first" else raw[::-1]
    number: float = struct.unpack(
        _FORMATS[register.type], b"".join(word.to_bytes(2, "big") for word in words)
    )[0]
    if not math.isfinite(number):
        raise ImpossibleError(f"{register.value} at {register.function} {register.address} is {number}")
    return number if register.bit is None else int(number) >> register.bit & 1


def shown(found: Found) -> tuple[str, str, str]:
    """One line for a technician: what it is, where it stands with its raw words, what it means."""
    register = found.register
    name = f"slot {register.slot} {register.value}" if register.slot else register.value
    last = register.address + register.length - 1
    where = f"{register.address}" if last == register.address else f"{register.address}-{last}"
    bit = "" if register.bit is None else f" bit {register.bit}"
    raw = " ".join(str(word) if register.type == "bit" else f"0x{word:04X}" for word in found.raw)
    return name, f"{register.function} {where}{bit} = {raw}", _said(found)


def _said(found: Found) -> str:
    if isinstance(found.value, str):
        return found.value
    if found.value is not None:
        return f"{found.value:g} {found.register.unit}".rstrip()
    return "not measured" if found.register.words is None else "not in the map's values, so unknown"
