"""The keys of a register map, in the station file or in a file of its own, read into a map."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast, get_args

from contract.messages import MAX_UNITS
from edge.options import ConfigError, Options
from edge.sensors.modbus_map import (
    BITS,
    MOST_BITS,
    MOST_REGISTERS,
    TYPES,
    WORD_ORDERS,
    DeviceMap,
    Function,
    Identity,
    Line,
    Register,
    plan,
)
from edge.sensors.values import (
    CABINET_VALUES,
    SLOT_VALUES,
    SOCKET_VALUES,
    STATES,
    Meant,
    Words,
    read_scale,
    read_words,
)

FUNCTIONS: Final[tuple[str, ...]] = get_args(Function)
PARITIES: Final = ("none", "even", "odd")

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


def _register(table: Options, kinds: Mapping[str, Meant]) -> Register:
    table.only(*_REGISTER_KEYS)
    return _described(table, kinds)


def _described(table: Options, kinds: Mapping[str, Meant]) -> Register:
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
    scale = read_scale(table, meant)
    return Register(
        *(name, function, address, kind),
        word_order=order,
        bit=bit,
        factor=scale.factor,
        summand=scale.summand,
        low=meant.low,
        high=meant.high,
        unit=scale.unit,
        missing=missing,
    )


def _place(table: Options) -> tuple[Function, str, int]:
    function = cast(Function, table.choice("function", FUNCTIONS))
    bits = function in BITS
    kind = table.choice("type", TYPES[:1] if bits else TYPES[1:], default="bit" if bits else "u16")
    length = Register("", function, 0, kind).length
    return function, kind, table.whole("address", low=0, high=0x10000 - length)


def _words(table: Options, allowed: Words) -> dict[int, str]:
    words = read_words(table, allowed, '{ 0 = "no", 1 = "yes" }')
    return {_number(table.table("values"), key): word for key, word in words.items()}


def _number(values: Options, key: str) -> int:
    try:
        return int(key, 0)
    except ValueError:
        raise ConfigError(values.where, key, key, "a whole number, e.g. 0 or 0xFFFF") from None


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
