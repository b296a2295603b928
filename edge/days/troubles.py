"""What goes wrong in one service day: a sensor that does not answer, a station that is cut off."""

from dataclasses import dataclass
from typing import Final, Literal

from edge.days.calendar import HOUR_MS, MINUTE_MS, midnight_ms
from edge.days.noise import Draws, key, unit
from edge.days.profile import Profile

Cut = Literal["power", "network"]
"""Without power nothing is measured; without network it is measured and sent later."""

_SENSOR_FAILS: Final = 0.02
_SENSOR_DEAD: Final = 0.008
_DEAD_SPELL_DAYS: Final = 5
_CUT: Final = 0.04
_DARK: Final = 0.012
"""Share of the stations whose Pi has been dead for days."""
_MOTION_FAILS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without the station, UTC milliseconds."""

    kind: Cut
    from_ms: int
    to_ms: int


def sensor_fault(profile: Profile, part: str, day: int) -> tuple[int, int] | None:
    """From when to when the sensor of ``part`` gives no reading on ``day``, UTC milliseconds."""
    if unit(profile.seed, key(part), day // _DEAD_SPELL_DAYS, 50) < _SENSOR_DEAD * profile.troubles:
        return midnight_ms(day), midnight_ms(day + 2)
    draws = Draws(profile.seed, key(part), day, 51)
    if draws.unit() >= _SENSOR_FAILS * profile.troubles:
        return None
    start_ms = midnight_ms(day) + int(draws.between(5, 26) * HOUR_MS)
    return start_ms, start_ms + int(draws.between(4, 90) * MINUTE_MS)


def motion_sensor_fails(profile: Profile, day: int) -> bool:
    """Whether the motion sensor says on ``day`` that it is not well."""
    return unit(profile.seed, day, 52) < _MOTION_FAILS * profile.troubles


def outage(profile: Profile, day: int) -> Outage | None:
    """The time of ``day`` through which nothing arrives from the station."""
    if unit(profile.seed, day // _DEAD_SPELL_DAYS, 53) < _DARK * profile.troubles:
        return Outage("power", midnight_ms(day), midnight_ms(day + 2))
    draws = Draws(profile.seed, day, 54)
    if draws.unit() >= _CUT * profile.troubles:
        return None
    kind: Cut = "network" if draws.unit() < 0.6 else "power"
    start_ms = midnight_ms(day) + int(draws.between(5, 26) * HOUR_MS)
    return Outage(kind, start_ms, start_ms + int(draws.between(10, 150) * MINUTE_MS))
