"""What one snapshot says of a unit, for a plot: a number, a state, or None when it says nothing. Pure."""

from collections.abc import Callable
from typing import Final

from contract.messages import Cabinet, Climate, Health, Snapshot
from server import status
from server.model import Thresholds

Pick = Callable[[Snapshot, str, Thresholds], float | str | None]
"""Of a snapshot, a unit, and the riders' thresholds."""
STALE_MS: Final = 300_000
"""Air older than this is not drawn again with every snapshot that repeats it."""


def _air(snapshot: Snapshot) -> Climate | None:
    climate = snapshot.climate
    return climate if climate and snapshot.at_ms - climate.at_ms <= STALE_MS else None


def temperature(snapshot: Snapshot, _unit: str, _thresholds: Thresholds) -> float | None:
    """Degrees Celsius of the room."""
    air = _air(snapshot)
    return air.temperature_c if air else None


def humidity(snapshot: Snapshot, _unit: str, _thresholds: Thresholds) -> float | None:
    """Percent."""
    air = _air(snapshot)
    return air.humidity_pct if air else None


def heard(_snapshot: Snapshot, _unit: str, _thresholds: Thresholds) -> str:
    """That something was heard at all."""
    return "heard"


def sensor(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> str:
    """Whether a sensor gives readings."""
    unwell = unit == "motion" and snapshot.presence is not None and not snapshot.presence.ok
    return "faulty" if unwell or any(fault.sensor == unit for fault in snapshot.faults) else "well"


def outbox(snapshot: Snapshot, _unit: str, thresholds: Thresholds) -> str:
    """Whether readings can be kept."""
    return sensor(snapshot, "outbox", thresholds)


def beams(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> str | None:
    """Whether a door's beams are free."""
    door = next((door for door in snapshot.doors if door.id == unit), None)
    return None if door is None else "blocked" if door.blocked else "clear"


def bolts(snapshot: Snapshot, _unit: str, _thresholds: Thresholds) -> str | None:
    """Whether all bolts are shut."""
    bolted = status.bolted(snapshot.doors)
    return None if bolted is None else "locked" if bolted else "unlocked"


def socket(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> str | None:
    """The state of a socket."""
    return next((socket.state for socket in snapshot.sockets if socket.id == unit), None)


def power(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> float | None:
    """Watts of a socket."""
    return next((socket.power_w for socket in snapshot.sockets if socket.id == unit), None)


def _cabinet(snapshot: Snapshot, unit: str) -> Cabinet | None:
    wanted = unit.partition("/")[0]
    return next((cabinet for cabinet in snapshot.cabinets if cabinet.id == wanted), None)


def answers(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> str:
    """Whether a cabinet answers; one that is not spoken of does not."""
    cabinet = _cabinet(snapshot, unit)
    return "online" if cabinet and cabinet.online else "offline"


def mains(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> str | None:
    """Whether a cabinet has mains."""
    cabinet = _cabinet(snapshot, unit)
    if cabinet is None or cabinet.mains_ok is None:
        return None
    return "mains" if cabinet.mains_ok else "no_mains"


def smoke(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> str | None:
    """Whether a cabinet's detector has tripped."""
    cabinet = _cabinet(snapshot, unit)
    if cabinet is None or cabinet.smoke is None:
        return None
    return "smoke" if cabinet.smoke else "no_smoke"


def hottest(snapshot: Snapshot, unit: str, _thresholds: Thresholds) -> float | None:
    """The highest temperature in a cabinet."""
    cabinet = _cabinet(snapshot, unit)
    if cabinet is None:
        return None
    measured = (cabinet.temperature_c, *(slot.temperature_c for slot in cabinet.slots))
    return max((each for each in measured if each is not None), default=None)


def charged(snapshot: Snapshot, unit: str, thresholds: Thresholds) -> float | None:
    """How many batteries of a cabinet are charged."""
    cabinet = _cabinet(snapshot, unit)
    if cabinet is None or not cabinet.online:
        return None
    return sum(status.slot_word(slot, thresholds) == "charged" for slot in cabinet.slots)


def slot(snapshot: Snapshot, unit: str, thresholds: Thresholds) -> str | None:
    """A slot as riders are told of it; the unit is ``<cabinet>/<number>``."""
    cabinet, number = _cabinet(snapshot, unit), unit.partition("/")[2]
    slots = cabinet.slots if cabinet and cabinet.online else ()
    return next((status.slot_word(slot, thresholds) for slot in slots if str(slot.n) == number), None)


def clock(snapshot: Snapshot, _unit: str, _thresholds: Thresholds) -> str:
    """Whether the station knows the time."""
    return snapshot.clock


def supply(snapshot: Snapshot, _unit: str, _thresholds: Thresholds) -> str | None:
    """Whether the machine's supply is strong enough."""
    health = snapshot.health
    return (
        None if health is None or health.undervoltage is None else "weak" if health.undervoltage else "strong"
    )


def of_health(value: Callable[[Health], float | None]) -> Pick:
    """A number of the machine's report."""
    return lambda snapshot, _unit, _thresholds: value(snapshot.health) if snapshot.health else None
