"""A simulated station at one instant, answered from its service day.

A day is made when first asked for and kept while it is near, so that an instant costs a few look-ups.
Asking back and forth in time is right too, only slower.
"""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from contract.messages import Cabinet, Climate, Door, Presence, Socket
from edge.days import cabinets, climate, sockets, troubles, visits
from edge.days.calendar import MINUTE_MS, WHOLE_DAY, minute_of, service_day
from edge.days.noise import unit
from edge.days.profile import Profile

FIRST_DAY: Final = service_day(1_767_225_600_000)
"""The doors began to count on 1 January 2026, or nobody had come before."""
_MOTION_SLOT_MS: Final = 30_000
_SEEN: Final = (0.0, 0.35, 0.64, 0.77)
"""Chance that a motion sensor sees 0, 1, 2, 3 or more people within 30 s (measured in a real room)."""
_DAYS_BACK: Final = 4

T = TypeVar("T")


class Station:
    """What the sensors of a simulated station say at any instant (UTC milliseconds).

    Args:
        profile: what the station is like.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._totals = visits.Totals(profile, FIRST_DAY)
        self._visits = _Kept(partial(_visits_of, profile))
        self._sessions = _Kept(lambda day: [sockets.make(profile, info, day) for info in profile.sockets])
        self._slots = _Kept(lambda day: [cabinets.make(profile, info, day) for info in profile.cabinets])
        self._outages = _Kept(partial(troubles.outage, profile))
        self._faults: dict[str, _Kept[tuple[int, int] | None]] = {}

    def climate(self, at_ms: int) -> Climate:
        """Temperature and humidity of the room, and carbon dioxide where it is measured."""
        profile, day = self.profile, service_day(at_ms)
        people = self._visits.on(day).people(at_ms)
        opening = visits.window(profile, day)
        openness = climate.openness_at(minute_of(day, at_ms), opening)
        inside_c = climate.inside_c(profile, day, at_ms, openness, people)
        humidity_pct = climate.humidity_pct(profile, at_ms, inside_c, people)
        return Climate(at_ms, inside_c, humidity_pct, self._co2_ppm(day, at_ms) if profile.co2 else None)

    def doors(self, at_ms: int) -> list[Door]:
        """Every counted door; totals never fall. The bolt is at the front."""
        day = service_day(at_ms)
        crossings, (ins, outs) = self._visits.on(day), self._totals.before(day)
        locked = self._locked(day, at_ms) if self.profile.bolt else None
        return [
            Door(
                door,
                ins[i] + bisect_right(crossings.ins[i], at_ms),
                outs[i] + bisect_right(crossings.outs[i], at_ms),
                locked=None if i else locked,
            )
            for i, door in enumerate(self.profile.door_ids())
        ]

    def presence(self, at_ms: int) -> Presence:
        """When motion was last seen: at each crossing, and by chance while somebody is inside."""
        today = service_day(at_ms)
        well = not troubles.motion_sensor_fails(self.profile, today)
        for day in range(today, max(today - _DAYS_BACK, FIRST_DAY - 1), -1):
            crossing_ms = self._visits.on(day).last_crossing_ms(at_ms)
            if crossing_ms is not None:
                return Presence(self._motion_ms(at_ms, crossing_ms, self.people(at_ms)), well)
        return Presence(None, well)

    def sockets(self, at_ms: int) -> list[Socket]:
        """Every charging socket."""
        day = service_day(at_ms)
        pairs = zip(self.profile.sockets, self._sessions.on(day), strict=True)
        return [sockets.read(self.profile, info, day, sessions, at_ms) for info, sessions in pairs]

    def cabinets(self, at_ms: int) -> list[Cabinet]:
        """Every swap cabinet."""
        day = service_day(at_ms)
        pairs = zip(self.profile.cabinets, self._slots.on(day), strict=True)
        return [cabinets.read(self.profile, info, day, slots, at_ms) for info, slots in pairs]

    def people(self, at_ms: int) -> int:
        """How many are really inside, which no sensor knows."""
        return self._visits.on(service_day(at_ms)).people(at_ms)

    def fails(self, part: str, at_ms: int) -> bool:
        """Whether the sensor of ``part`` (climate, doors, …) gives no reading."""
        kept = self._faults.get(part)
        if kept is None:
            kept = self._faults[part] = _Kept(partial(troubles.sensor_fault, self.profile, part))
        spell = kept.on(service_day(at_ms))
        return spell is not None and spell[0] <= at_ms < spell[1]

    def cut_off(self, at_ms: int) -> troubles.Cut | None:
        """Why nothing arrives from the station now, ``None`` when it does."""
        outage = self._outages.on(service_day(at_ms))
        return outage.kind if outage is not None and outage.from_ms <= at_ms < outage.to_ms else None

    def _co2_ppm(self, day: int, at_ms: int) -> float:
        crossings = self._visits.on(day)
        lately = [crossings.people(at_ms - minutes * MINUTE_MS) for minutes in (0, 10, 20, 30)]
        return climate.co2_ppm(self.profile, sum(lately) / len(lately), at_ms)

    def _locked(self, day: int, at_ms: int) -> bool:
        opening = visits.window(self.profile, day)
        if opening is None or opening == WHOLE_DAY:
            return opening is None
        early_min = 10 * unit(self.profile.seed, day, 60)
        return not opening[0] - early_min <= minute_of(day, at_ms) < opening[1]

    def _motion_ms(self, at_ms: int, crossing_ms: int, people: int) -> int:
        chance = _SEEN[min(people, 3)]
        slot = at_ms // _MOTION_SLOT_MS
        while chance and slot * _MOTION_SLOT_MS > crossing_ms:
            if unit(self.profile.seed, slot, 61) < chance:
                return slot * _MOTION_SLOT_MS
            slot -= 1
        return crossing_ms


class _Kept(Generic[T]):
    """What was made for each of the last few days."""

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make = make
        self._days: dict[int, T] = {}

    def on(self, day: int) -> T:
        """The thing of ``day``."""
        try:
            return self._days[day]
        except KeyError:
            made = self._make(day)
        if len(self._days) >= _DAYS_BACK:
            del self._days[min(self._days)]
        self._days[day] = made
        return made


def _visits_of(profile: Profile, day: int) -> visits.DayVisits:
    if day < FIRST_DAY:
        return visits.nobody(profile)
    return visits.make(profile, day)
