"""Who comes and goes in one service day.

Riders come to eat at noon, rest in the afternoon (14 to 17 h, longest stays) and wait for the night's
orders after 21 h; they stay 5 to 40 minutes. The door counts nearly all of it and misses more exits than
entries, as real counters do: a wide entrance lost 4 % of the exits over 105 days of CalIt2.
"""

from array import array
from bisect import bisect, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

from edge.days.calendar import DAY_STARTS_MIN, MINUTE_MS, WHOLE_DAY, Window, midnight_ms, weekday
from edge.days.noise import Draws, unit
from edge.days.profile import LEAST_VISITS, MOST_VISITS, Profile

_MISSED_EXITS: Final = 0.02
_MISSED_ENTRIES: Final = 0.006
_BACK_DOOR: Final = 0.3
_DAY_OFF: Final = 0.008
"""Chance that a station stays locked for a day although it is posted as open."""

# Arrivals by hour, from 04:00 to 04:00.
_ARRIVALS: Final = (
    *(0.15, 0.3, 0.8, 1.1, 1.0, 1.0, 1.3, 2.7, 2.8, 1.6, 1.9, 2.0),
    *(1.8, 1.2, 1.0, 1.2, 1.4, 2.3, 2.1, 1.5, 0.7, 0.35, 0.2, 0.12),
)
_SLOT_MIN: Final = 15
_REST_HOURS: Final = range(14, 17)


@dataclass(frozen=True, slots=True)
class DayCounts:
    """How many a day has, known without making the day.

    Attributes:
        visits: people who came.
        ins, outs: crossings that each door counted.
    """

    visits: int
    ins: tuple[int, ...]
    outs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DayVisits:
    """The crossings of a service day, each list sorted, UTC milliseconds.

    Attributes:
        came, left: of everybody, counted or not.
        ins, outs: counted, by door.
    """

    came: Sequence[int]
    left: Sequence[int]
    ins: tuple[Sequence[int], ...]
    outs: tuple[Sequence[int], ...]

    def people(self, at_ms: int) -> int:
        """How many are really inside."""
        return bisect_right(self.came, at_ms) - bisect_right(self.left, at_ms)

    def last_crossing_ms(self, at_ms: int) -> int | None:
        """When somebody last crossed, ``None`` before the first of the day."""
        came, left = bisect_right(self.came, at_ms), bisect_right(self.left, at_ms)
        if not came:
            return None
        return max(self.came[came - 1], self.left[left - 1] if left else 0)


def window(profile: Profile, day: int) -> Window | None:
    """When the station is really open on ``day``: as posted, but for the rare day off."""
    posted = profile.week[weekday(day)]
    if posted is None or unit(profile.seed, day, 1) < _DAY_OFF * profile.troubles:
        return None
    return posted


def counts(profile: Profile, day: int) -> DayCounts:
    """The numbers of ``day``."""
    if window(profile, day) is None:
        nothing = (0,) * profile.doors
        return DayCounts(0, nothing, nothing)
    visits = _visits(profile, day)
    missed_in = int(visits * _MISSED_ENTRIES + unit(profile.seed, day, 3))
    missed_out = int(visits * _MISSED_EXITS + unit(profile.seed, day, 4))
    ins = _by_door(profile, visits - missed_in, unit(profile.seed, day, 5))
    outs = _by_door(profile, visits - missed_out, unit(profile.seed, day, 6))
    return DayCounts(visits, ins, outs)


def make(profile: Profile, day: int) -> DayVisits:
    """All crossings of ``day``."""
    opening = window(profile, day)
    if opening is None:
        return nobody(profile)
    numbers = counts(profile, day)
    draws = Draws(profile.seed, day, 7)
    stays = [_stay(draws, opening) for _ in range(numbers.visits)]
    start_ms = midnight_ms(day)
    came = [start_ms + int(entry * MINUTE_MS) for entry, _ in stays]
    left = [start_ms + int(leave * MINUTE_MS) for _, leave in stays]
    ins, outs = _counted(draws, came, numbers.ins), _counted(draws, left, numbers.outs)
    return DayVisits(array("q", sorted(came)), array("q", sorted(left)), ins, outs)


def nobody(profile: Profile) -> DayVisits:
    """A day on which nobody comes."""
    none: tuple[Sequence[int], ...] = ((),) * profile.doors
    return DayVisits((), (), none, none)


def arrival_min(draws: Draws, opening: Window) -> float:
    """A minute at which somebody comes, minutes after local midnight."""
    weights = _cumulated(opening)
    slot = bisect(weights, draws.unit() * weights[-1])
    return DAY_STARTS_MIN + (slot + draws.unit()) * _SLOT_MIN


@lru_cache(maxsize=256)
def _cumulated(opening: Window) -> list[float]:
    starts = range(WHOLE_DAY[0], WHOLE_DAY[1], _SLOT_MIN)
    inside = (opening[0] <= start and start + _SLOT_MIN <= opening[1] - 10 for start in starts)
    weights = (_ARRIVALS[(start - DAY_STARTS_MIN) // 60] for start in starts)
    return list(accumulate(w if ok else 0.0 for w, ok in zip(weights, inside, strict=True)))


def _visits(profile: Profile, day: int) -> int:
    weekend = 0.55 + 0.7 * unit(profile.seed, 8)
    mean = profile.visits_per_day * (weekend if weekday(day) >= 5 else 1)
    visits = round(mean * (0.8 + 0.4 * unit(profile.seed, day, 2)))
    return min(max(visits, LEAST_VISITS), MOST_VISITS)


def _by_door(profile: Profile, crossings: int, chance: float) -> tuple[int, ...]:
    if profile.doors == 1:
        return (crossings,)
    back = int(crossings * _BACK_DOOR + chance)
    return crossings - back, back


def _stay(draws: Draws, opening: Window) -> tuple[float, float]:
    entry = arrival_min(draws, opening)
    low, high = (14, 40) if entry // 60 in _REST_HOURS else (5, 28)
    return entry, min(entry + draws.between(low, high), opening[1] - 1)


def _counted(draws: Draws, times: list[int], by_door: tuple[int, ...]) -> tuple[Sequence[int], ...]:
    """Give each door its number of crossings; whoever is left over was missed."""
    order = list(range(len(times)))
    order.sort(key=[draws.unit() for _ in order].__getitem__)
    doors, taken = [], 0
    for crossings in by_door:
        doors.append(array("q", sorted(times[i] for i in order[taken : taken + crossings])))
        taken += crossings
    return tuple(doors)


class Totals:
    """What each door had counted when a service day began; the sum of all days since the first.

    Args:
        profile: whose doors.
        first_day: the service day on which the doors began to count, from 0.
    """

    def __init__(self, profile: Profile, first_day: int) -> None:
        nothing = (0,) * profile.doors
        self._profile = profile
        self._first_day = first_day
        self._sums = [(nothing, nothing)]

    def before(self, day: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """In and out totals of each door at 04:00 of ``day``."""
        days = max(day - self._first_day, 0)
        while len(self._sums) <= days:
            numbers = counts(self._profile, self._first_day + len(self._sums) - 1)
            ins, outs = self._sums[-1]
            self._sums.append((_plus(ins, numbers.ins), _plus(outs, numbers.outs)))
        return self._sums[days]


def _plus(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(left, right, strict=True))
