"""The numbers of the contract: unit and possible range of each.

A range says what is physically possible for the place and the sensor, not what is normal: a value
outside it is a lie of the wire or of the sensor and is refused, never clipped.
"""

from dataclasses import dataclass

from contract.errors import ContractError

MAX_INT = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that may be carried.

    Attributes:
        unit: as it is written, "" for a plain count.
        low, high: the closed range of possible values.
        whole: only whole numbers are possible.
        meaning: one line for the documentation.
    """

    unit: str
    low: float
    high: float
    whole: bool
    meaning: str


def _measured(unit: str, low: float, high: float, meaning: str) -> Quantity:
    return Quantity(unit, low, high, False, meaning)


def _counted(unit: str, low: int, high: int, meaning: str) -> Quantity:
    return Quantity(unit, low, high, True, meaning)


QUANTITIES: dict[str, Quantity] = {
    "temperature_c": _measured("°C", -40, 125, "temperature of the air, a cabinet or a battery"),
    "humidity_pct": _measured("%", 0, 100, "relative humidity"),
    "co2_ppm": _measured("ppm", 0, 40_000, "carbon dioxide"),
    "power_w": _measured("W", 0, 10_000, "active power drawn at a socket"),
    "soc_pct": _measured("%", 0, 100, "state of charge of a battery"),
    "cpu_c": _measured("°C", -40, 125, "temperature of the agent's processor"),
    "disk_free_pct": _measured("%", 0, 100, "free space on the outbox's disk"),
    "in_total": _counted("", 0, MAX_INT, "people counted in through a door, never decreasing"),
    "out_total": _counted("", 0, MAX_INT, "people counted out through a door, never decreasing"),
    "outbox_rows": _counted("", 0, MAX_INT, "snapshots that wait for the server's commit"),
    "dropped_total": _counted("", 0, MAX_INT, "snapshots lost unsent: outbox or disk full, file replaced"),
    "refused_total": _counted("", 0, MAX_INT, "snapshots the server refused, kept aside"),
    "uptime_s": _counted("s", 0, MAX_INT, "time since the agent started"),
    "at_ms": _counted("ms", 0, MAX_INT, "when it was measured, UTC since 1970"),
    "since_ms": _counted("ms", 0, MAX_INT, "when the state began, UTC since 1970"),
    "motion_at_ms": _counted("ms", 0, MAX_INT, "when motion was last seen, UTC since 1970"),
    "mono_ms": _counted("ms", 0, MAX_INT, "time since the boot, on the clock that never jumps"),
    "sent_mono_ms": _counted("ms", 0, MAX_INT, "mono_ms at the moment of sending"),
    "seq": _counted("", 1, MAX_INT, "number of the snapshot within its stream, from 1"),
    "n": _counted("", 1, 999, "number of a slot within its cabinet, as written on its door"),
    "sample_s": _measured("s", 0.1, 3600, "interval of sampling"),
    "heartbeat_s": _measured("s", 1, 3600, "interval of a snapshot when nothing changes"),
    "slots_count": _counted("", 1, 256, "slots of a cabinet"),
    "voltage_v": _measured("V", 1, 1000, "nominal voltage of a cabinet's batteries"),
}


def check(name: str, value: float) -> None:
    """Raise :class:`ContractError` unless ``value`` is possible for the quantity ``name``."""
    quantity = QUANTITIES[name]
    # The exact types: true is an int to Python. The comparison also refuses NaN and the infinities.
    right = type(value) is int or (type(value) is float and not quantity.whole)
    if not (right and quantity.low <= value <= quantity.high):
        raise ContractError(name, value, describe(name))


def describe(name: str) -> str:
    """The allowed values in words, e.g. ``a number from -40 to 125 °C``."""
    quantity = QUANTITIES[name]
    noun = "a whole number" if quantity.whole else "a number"
    return f"{noun} from {quantity.low:g} to {_plain(quantity.high)} {quantity.unit}".rstrip()


def _plain(high: float) -> str:
    return str(int(high)) if high == int(high) else f"{high:g}"
