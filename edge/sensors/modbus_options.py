"""The keys of a register map, in the station file or in a file of its own, read into a map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast, get_args

from contract.messages import CODE, MAX_UNITS, Battery, Charge, SlotDoor
from contract.quantities import QUANTITIES
from edge.options import ConfigError, Options
from edge.sensors.modbus_map import (
    BITS,
    MOST_BITS,
    MOST_REGISTERS,
    NO_ALARM,
    TYPES,
    WORD_ORDERS,
    DeviceMap,
    Function,
    Identity,
    Line,
    Register,
    plan,
)
from edge.sensors.units import CURRENT, ENERGY, PLAIN, POWER, SHARE, TEMPERATURE, VOLTAGE, Units

FUNCTIONS: Final[tuple[str, ...]] = get_args(Function)
PARITIES: Final = ("none", "even", "odd")
YES_NO: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class _Number:
    units: Units
    low: float
    high: float


_Words = tuple[str, ...]
_ALARM: Final[_Words] = ()
"""Any code, or ``none``."""


def _quantity(name: str, units: Units) -> _Number:
    return _Number(units, QUANTITIES[name].low, QUANTITIES[name].high)


_HEAT: Final = _quantity("temperature_c", TEMPERATURE)

SOCKET_VALUES: Final[Mapping[str, _Number | _Words]] = {
    "power_w": _quantity("power_w", POWER),
    "voltage_v": _Number(VOLTAGE, 0, 1000),
    "current_a": _Number(CURRENT, 0, 1000),
    "energy_wh": _Number(ENERGY, 0, 1e12),
    "frequency_hz": _Number({"Hz": (1, 0)}, 0, 1000),
    "power_factor": _Number(PLAIN, -1, 1),
    "temperature_c": _HEAT,
    "on": YES_NO,
    "plugged": YES_NO,
    "alarm": _ALARM,
}
CABINET_VALUES: Final[Mapping[str, _Number | _Words]] = {
    "temperature_c": _HEAT,
    "mains_ok": YES_NO,
    "smoke": YES_NO,
}
SLOT_VALUES: Final[Mapping[str, _Number | _Words]] = {
    "battery": get_args(Battery),
    "charge": get_args(Charge),
    "door": get_args(SlotDoor),
    "enabled": YES_NO,
    "soc_pct": _quantity("soc_pct", SHARE),
    "temperature_c": _HEAT,
    "alarm": _ALARM,
}
"""What a register may be: a quantity with its units, or words."""

STATES: Final = ("power_w", "on", "plugged", "alarm")
"""Without one of these a socket has no state."""

_REGISTER_KEYS: Final = (
    *("value", "function", "address", "type", "order", "bit"),
    *("scale", "unit", "values", "missing"),
)


def read_map(options: Options) -> DeviceMap:
    """A whole map.

    Raises:
        ConfigError: naming the file, the register, the key, its value and what is allowed.
    """
    options.only(
        *("name", "device", "slots", "baud", "parity", "stop_bits"),
        *("max_registers", "max_bits", "gap", "identity", "register", "slot_register"),
    )
    cabinet = options.choice("device", ("socket", "cabinet")) == "cabinet"
    slots = options.whole("slots", low=1, high=MAX_UNITS) if cabinet else 0
    if not cabinet and (options.has("slots") or options.has("slot_register")):
        raise options.wrong("slot_register", 'slots only with device = "cabinet"')
    registers = _registers(options, slots)
    most_registers = options.whole("max_registers", default=MOST_REGISTERS, low=4, high=MOST_REGISTERS)
    most_bits = options.whole("max_bits", default=MOST_BITS, low=1, high=MOST_BITS)
    gap = options.whole("gap", default=0, high=MOST_BITS)
    return DeviceMap(
        options.text("name", default=""),
        slots,
        registers,
        plan(registers, most_registers=most_registers, most_bits=most_bits, gap=gap),
        _identity(options),
        read_line(options, Line()),
    )


def read_line(options: Options, usual: Line) -> Line:
    """``baud``, ``parity`` and ``stop_bits``."""
    return Line(
        options.whole("baud", default=usual.baud, low=300, high=1_000_000),
        options.choice("parity", PARITIES, default=usual.parity),
        options.whole("stop_bits", default=usual.stop_bits, low=1, high=2),
    )


def _registers(options: Options, slots: int) -> tuple[Register, ...]:
    kinds = CABINET_VALUES if slots else SOCKET_VALUES
    found = [_register(table, kinds) for table in options.tables("register")]
    for table in options.tables("slot_register"):
        found += _slot_registers(table, slots)
    said = {register.value for register in found}
    if slots and not any(register.slot for register in found):
        raise ConfigError(options.where, "slot_register", None, "at least one [[slot_register]]")
    if not slots and not said & set(STATES):
        raise ConfigError(options.where, "register", None, f"a [[register]] with one of {', '.join(STATES)}")
    _check_distinct(options, found)
    return tuple(found)


def _check_distinct(options: Options, registers: Sequence[Register]) -> None:
    """A value comes from one register; only alarms may come from several."""
    seen = set()
    for register in registers:
        key = register.slot, register.value
        if key in seen and register.value != "alarm":
            raise ConfigError(options.where, "value", register.value, "each value once")
        seen.add(key)


def _slot_registers(table: Options, slots: int) -> list[Register]:
    table.only("step", *_REGISTER_KEYS)
    first = _described(table, SLOT_VALUES)
    step = table.whole("step", default=first.length, low=1, high=10_000)
    last = first.address + (slots - 1) * step + first.length - 1
    if last > 0xFFFF:
        raise table.wrong("address", f"slot {slots} would be at {last}; at most 65535")
    return [
        replace(first, slot=slot, address=first.address + (slot - 1) * step) for slot in range(1, slots + 1)
    ]


def _register(table: Options, kinds: Mapping[str, _Number | _Words]) -> Register:
    table.only(*_REGISTER_KEYS)
    return _described(table, kinds)


def _described(table: Options, kinds: Mapping[str, _Number | _Words]) -> Register:
    name = table.choice("value", tuple(kinds))
    function, kind, address = _place(table)
    bit = table.whole("bit", low=0, high=15) if table.has("bit") else None
    if bit is not None and kind != "u16":
        raise table.wrong("bit", 'a bit of a register of type "u16"')
    missing = table.whole("missing", low=-(2**63), high=2**64) if table.has("missing") else None
    order = table.choice("order", WORD_ORDERS, default="high_first")
    meant = kinds[name]
    if isinstance(meant, tuple):
        words = _words(table, meant)
        return Register(
            name, function, address, kind, word_order=order, bit=bit, words=words, missing=missing
        )
    factor, summand, unit = _scale(table, meant)
    return Register(
        *(name, function, address, kind),
        word_order=order,
        bit=bit,
        factor=factor,
        summand=summand,
        low=meant.low,
        high=meant.high,
        unit=unit,
        missing=missing,
    )


def _place(table: Options) -> tuple[Function, str, int]:
    function = cast(Function, table.choice("function", FUNCTIONS))
    bits = function in BITS
    kind = table.choice("type", TYPES[:1] if bits else TYPES[1:], default="bit" if bits else "u16")
    length = Register("", function, 0, kind).length
    return function, kind, table.whole("address", low=0, high=0x10000 - length)


def _scale(table: Options, meant: _Number) -> tuple[float, float, str]:
    unit = table.choice("unit", tuple(meant.units), default=next(iter(meant.units)))
    factor, summand = meant.units[unit]
    if table.has("values"):
        raise table.wrong("values", "no values for a quantity, but scale and unit")
    return table.number("scale", default=1) * factor, summand, next(iter(meant.units))


def _words(table: Options, allowed: _Words) -> dict[int, str]:
    for key in ("scale", "unit"):
        if table.has(key):
            raise table.wrong(key, "left out: words have none")
    values = table.table("values")
    found = {_number(values, key): _word(values, key, word, allowed) for key, word in values.rest().items()}
    if not found:
        raise table.wrong("values", 'what each number means, e.g. { 0 = "no", 1 = "yes" }')
    return found


def _number(values: Options, key: str) -> int:
    try:
        return int(key, 0)
    except ValueError:
        raise ConfigError(values.where, key, key, "a whole number, e.g. 0 or 0xFFFF") from None


def _word(values: Options, key: str, word: object, allowed: _Words) -> str:
    if allowed is _ALARM:
        if isinstance(word, str) and CODE.fullmatch(word):
            return word
        raise ConfigError(values.where, key, word, f"{NO_ALARM}, or a code of a-z, 0-9 and '_'")
    if not isinstance(word, str) or word not in allowed:
        raise ConfigError(values.where, key, word, f"one of {', '.join(allowed)}")
    return word


def _identity(options: Options) -> Identity | None:
    if not options.has("identity"):
        return None
    table = options.table("identity")
    table.only("function", "address", "type", "order", "equals", "equals_address")
    function, kind, address = _place(table)
    order = table.choice("order", WORD_ORDERS, default="high_first")
    if table.has("equals") == table.has("equals_address"):
        raise table.wrong("equals", "exactly one of equals and equals_address")
    equals = None
    if table.has("equals"):
        equals = table.whole("equals", low=-(2**63), high=2**64)
    elif not table.flag("equals_address"):
        raise table.wrong("equals_address", "true, or left out")
    return Identity(Register("identity", function, address, kind, word_order=order), equals)
