"""What a device may say of a socket, a cabinet or a slot, and how a table of the station file describes it.

The same names, units and words for every device whose meaning is data: registers of Modbus, JSON of MQTT.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from contract.messages import CODE, Battery, Charge, SlotDoor
from contract.quantities import QUANTITIES
from edge.options import ConfigError, Options
from edge.sensors.units import CURRENT, ENERGY, PLAIN, POWER, SHARE, TEMPERATURE, VOLTAGE, Units

Value = float | str | None
"""A number in the unit of its name, a word, or None: not measured, or a word that the map does not know."""

NO_ALARM: Final = "none"
YES_NO: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity: the units that it may come in, and what is possible in the first of them."""

    units: Units
    low: float
    high: float


Words = tuple[str, ...]
Meant = Number | Words
ALARM: Final[Words] = ()
"""Any code, or ``none``."""


def _quantity(name: str, units: Units) -> Number:
    return Number(units, QUANTITIES[name].low, QUANTITIES[name].high)


_HEAT: Final = _quantity("temperature_c", TEMPERATURE)

SOCKET_VALUES: Final[Mapping[str, Meant]] = {
    "power_w": _quantity("power_w", POWER),
    "voltage_v": Number(VOLTAGE, 0, 1000),
    "current_a": Number(CURRENT, 0, 1000),
    "energy_wh": Number(ENERGY, 0, 1e12),
    "frequency_hz": Number({"Hz": (1, 0)}, 0, 1000),
    "power_factor": Number(PLAIN, -1, 1),
    "temperature_c": _HEAT,
    "on": YES_NO,
    "plugged": YES_NO,
    "alarm": ALARM,
}
CABINET_VALUES: Final[Mapping[str, Meant]] = {
    "temperature_c": _HEAT,
    "mains_ok": YES_NO,
    "smoke": YES_NO,
}
SLOT_VALUES: Final[Mapping[str, Meant]] = {
    "battery": get_args(Battery),
    "charge": get_args(Charge),
    "door": get_args(SlotDoor),
    "enabled": YES_NO,
    "soc_pct": _quantity("soc_pct", SHARE),
    "temperature_c": _HEAT,
    "alarm": ALARM,
}
"""What a device may say: a quantity with its units, or words."""


def unit_of(name: str) -> str:
    """In what a value is told here, "" for words and plain numbers."""
    meant = SOCKET_VALUES.get(name) or SLOT_VALUES.get(name)
    return next(iter(meant.units)) if isinstance(meant, Number) else ""


STATES: Final = ("power_w", "on", "plugged", "alarm")
"""Without one of these a socket has no state."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From the number that a device says to the ``unit`` of the value."""

    factor: float
    summand: float
    unit: str


def read_scale(table: Options, meant: Number) -> Scale:
    """``scale`` and ``unit``; a quantity has no ``values``."""
    unit = table.choice("unit", tuple(meant.units), default=next(iter(meant.units)))
    factor, summand = meant.units[unit]
    if table.has("values"):
        raise table.wrong("values", "no values for a quantity, but scale and unit")
    return Scale(table.number("scale", default=1) * factor, summand, next(iter(meant.units)))


def read_words(table: Options, allowed: Words, example: str) -> dict[str, str]:
    """``values``: what each text that the device says means; ``example`` shows how it is written."""
    for key in ("scale", "unit"):
        if table.has(key):
            raise table.wrong(key, "left out: words have none")
    values = table.table("values")
    found = {said: _word(values, said, word, allowed) for said, word in values.rest().items()}
    if not found:
        raise table.wrong("values", f"what each of its words means, e.g. {example}")
    return found


def _word(values: Options, key: str, word: object, allowed: Words) -> str:
    if allowed is ALARM:
        if isinstance(word, str) and CODE.fullmatch(word):
            return word
        raise ConfigError(values.where, key, word, f"{NO_ALARM}, or a code of a-z, 0-9 and '_'")
    if not isinstance(word, str) or word not in allowed:
        raise ConfigError(values.where, key, word, f"one of {', '.join(allowed)}")
    return word
