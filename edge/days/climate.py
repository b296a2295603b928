"""The air outside and in the room.

Outside: the year's and the day's curve of a city, with weather wandering over days. Inside: what the
conditioning wants, and how much of the outside leaks in; a failing one lets the afternoon in.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from edge.days.calendar import DAY_MS, HOUR_MS, MINUTE_MS, UTC_OFFSET_MS, Window, midnight_ms
from edge.days.noise import key, smooth, unit
from edge.days.profile import Profile

_LAG_MS: Final = 2 * HOUR_MS
"""Walls follow the weather about two hours late."""


@dataclass(frozen=True, slots=True)
class Weather:
    """A city's year, °C and % relative humidity.

    Attributes:
        mean_c, year_c: mean of the year and how far July is above it.
        day_c: how far the afternoon is above the day's mean.
        humid_pct: mean humidity.
        heated: district heating in winter, so rooms are warm and dry.
    """

    mean_c: float
    year_c: float
    day_c: float
    humid_pct: float
    heated: bool


WEATHER: Final = {
    "taiyuan": Weather(10.5, 15.0, 6.0, 55, heated=True),
    "beijing": Weather(13.0, 15.5, 5.0, 52, heated=True),
    "chengdu": Weather(17.0, 10.5, 3.5, 78, heated=False),
    "liuyang": Weather(18.0, 12.0, 4.0, 78, heated=False),
    "hangzhou": Weather(17.5, 12.5, 4.0, 75, heated=False),
}

_COLD_BELOW_C: Final = 12.0
_HOT_ABOVE_C: Final = 24.0
_COOLED_TO_C: Final = 26.0
"""The public-building rule of China: not below 26 °C in summer."""
_LEAK: Final = {"good": 0.08, "weak": 0.24, "failing": 0.12, "none": 0.8}
_LEAK_BROKEN: Final = 0.65
_LEAK_CLOSED: Final = 0.45
_RESET_H: Final = 27
"""Hour after midnight by which a tripped air conditioner has recovered."""


@lru_cache(maxsize=16_384)
def outside_c(climate: str, minute: int) -> float:
    """Temperature outdoors, °C, at ``minute`` minutes of UTC since 1970."""
    weather = WEATHER[climate]
    local_ms = minute * MINUTE_MS + UTC_OFFSET_MS
    day_of_year = local_ms / DAY_MS % 365.2425
    hour = local_ms % DAY_MS / HOUR_MS
    year = -weather.year_c * math.cos(2 * math.pi * (day_of_year - 20) / 365.2425)
    day = weather.day_c * math.cos(2 * math.pi * (hour - 15) / 24)
    return weather.mean_c + year + day + 3.5 * smooth(key(climate), local_ms / DAY_MS / 2.5)


def inside_c(profile: Profile, day: int, at_ms: int, openness: float, people: int) -> float:
    """Temperature in the room, °C, in the steps of 0.1 that a DHT22 gives.

    Args:
        openness: from 0, long closed, to 1, open; see :func:`openness_at`.
        people: how many are inside, each adds a little warmth.
    """
    outside = outside_c(profile.climate, (at_ms - _LAG_MS) // MINUTE_MS)
    leak = _leak(profile, day, at_ms)
    leak += (1 - openness) * max(0.0, _LEAK_CLOSED - leak)
    room = wanted_c(profile, outside) * (1 - leak) + outside * leak + 0.04 * people
    ripple = 0.35 * math.sin(at_ms / (1_500_000 + 600_000 * unit(profile.seed, 20)))
    return round(min(max(room + ripple + 0.3 * smooth(profile.seed, at_ms / HOUR_MS), -30.0), 60.0), 1)


def wanted_c(profile: Profile, outside: float) -> float:
    """What the room is conditioned to, between its heating and its cooling point."""
    heated = 19.5 if WEATHER[profile.climate].heated else 18.0
    heated += 2 * unit(profile.seed, 21)
    cooled = _COOLED_TO_C + 1.2 * (unit(profile.seed, 22) - 0.5)
    share = (outside - _COLD_BELOW_C) / (_HOT_ABOVE_C - _COLD_BELOW_C)
    return heated + (cooled - heated) * min(max(share, 0.0), 1.0)


def openness_at(minute: float, opening: Window | None) -> float:
    """How far the room is conditioned: from an hour before opening, fading over three after closing.

    Args:
        minute: minutes after local midnight.
    """
    if opening is None:
        return 0.0
    opens, closes = opening
    if minute < opens:
        return min(max((minute - opens + 60) / 60, 0.0), 1.0)
    return min(max(1 - (minute - closes) / 180, 0.0), 1.0)


def humidity_pct(profile: Profile, at_ms: int, inside: float, people: int) -> float:
    """Relative humidity in the room, %: the outside's, dried by heating and by cooling."""
    outside = outside_c(profile.climate, (at_ms - _LAG_MS) // MINUTE_MS)
    dried = 1.6 * max(0.0, inside - outside) + 0.8 * max(0.0, outside - inside)
    humid = WEATHER[profile.climate].humid_pct - dried + 0.4 * people
    return round(min(max(humid + 7 * smooth(profile.seed + 1, at_ms / (3 * HOUR_MS)), 18.0), 95.0), 1)


def co2_ppm(profile: Profile, people_lately: float, at_ms: int) -> float:
    """Carbon dioxide, ppm, from the mean number of people in the last half hour."""
    return float(round(430 + 55 * people_lately + 15 * smooth(profile.seed + 2, at_ms / HOUR_MS)))


def _leak(profile: Profile, day: int, at_ms: int) -> float:
    leak = _LEAK[profile.conditioning]
    if profile.conditioning != "failing" or unit(profile.seed, day, 23) < 0.4:
        return leak
    tripped_h = 11 + 4 * unit(profile.seed, day, 24)
    hour = (at_ms - midnight_ms(day)) / HOUR_MS
    gone = min(max((hour - tripped_h) / 2, 0.0), 1.0)
    back = min(max((_RESET_H - hour) / 3, 0.0), 1.0)
    return leak + min(gone, back) * (_LEAK_BROKEN - leak)
