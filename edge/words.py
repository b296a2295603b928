"""Readings in words, for people at a terminal."""

from dataclasses import fields
from datetime import UTC, datetime

from contract.messages import Cabinet
from contract.quantities import QUANTITIES
from edge.sensors import Reading


def describe(reading: Reading) -> str:
    """A reading in one line, with units; what was not measured is left out."""
    if isinstance(reading, Cabinet):
        return _cabinet(reading)
    pairs = ((field.name, getattr(reading, field.name)) for field in fields(reading))
    return ", ".join(_pair(name, value) for name, value in pairs if value is not None and name != "id")


def _cabinet(cabinet: Cabinet) -> str:
    own = ((name, getattr(cabinet, name)) for name in ("mains_ok", "temperature_c", "smoke"))
    slots = ", ".join(f"{slot.n} {slot.battery}/{slot.charge}/{slot.door}" for slot in cabinet.slots)
    alarms = [f"slot {slot.n} alarm {code}" for slot in cabinet.slots for code in slot.alarms]
    said = ["online" if cabinet.online else "offline"]
    said += [_pair(name, value) for name, value in own if value is not None]
    return "; ".join([", ".join(said), *alarms, f"slot battery/charge/door: {slots}"])


def _pair(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{name} {'yes' if value else 'no'}"
    if isinstance(value, int) and name.endswith("_ms"):
        moment = datetime.fromtimestamp(value / 1000, UTC).astimezone()
        return f"{name.removesuffix('_ms')} {moment:%H:%M:%S}"
    unit = QUANTITIES[name].unit if name in QUANTITIES else ""
    return f"{name.rsplit('_', 1)[0] if unit else name} {value} {unit}".rstrip()
