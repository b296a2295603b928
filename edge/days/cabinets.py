"""What happens in a battery-swap cabinet in one service day.

A rider puts a spent battery into an empty slot and takes the fullest one; each charges for two to three
hours. At 04:00 the operator's van leaves everything charged. At the noon and night peaks the cabinet
runs out; a slot may be broken, and the whole cabinet may lose its link for a while.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from contract.messages import Cabinet, CabinetInfo, Charge, Slot, SlotDoor
from edge.days import visits
from edge.days.calendar import DAY_STARTS_MIN, HOUR_MS, MINUTE_MS, WHOLE_DAY, midnight_ms
from edge.days.climate import outside_c
from edge.days.noise import Draws, key, unit
from edge.days.profile import Profile

_SWAPS_PER_SLOT: Final = (1.5, 4.0)
_CHARGE_MIN: Final = (120, 180)
_SPENT_PCT: Final = (8.0, 35.0)
_WORTH_TAKING_PCT: Final = 80.0
_DOOR_OPEN_MS: Final = 25_000
_BROKEN: Final = 0.1
_BROKEN_SPELL_DAYS: Final = 8
_OFFLINE: Final = 0.03


_said = lru_cache(maxsize=16_384)(Slot)
"""Most of a city's slots say what they said before."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A slot's content from ``since_ms`` on: no battery, or one that charges until ``full_ms``."""

    since_ms: int
    start_pct: float | None
    full_ms: int

    def soc_pct(self, at_ms: int) -> float | None:
        """State of charge, %, ``None`` without a battery."""
        if self.start_pct is None:
            return None
        if at_ms >= self.full_ms:
            return 100.0
        share = (at_ms - self.since_ms) / (self.full_ms - self.since_ms)
        return self.start_pct + (100 - self.start_pct) * share


@dataclass(frozen=True, slots=True)
class DaySlots:
    """Every slot's stays in order, and when the cabinet is without a link (UTC ms)."""

    stays: tuple[Sequence[Stay], ...]
    starts: tuple[Sequence[int], ...]
    offline: tuple[int, int] | None


def make(profile: Profile, info: CabinetInfo, day: int) -> DaySlots:
    """All that happens to the slots of ``info`` on ``day``."""
    draws = Draws(profile.seed, day, key(info.id), 40)
    start_ms = midnight_ms(day) + DAY_STARTS_MIN * MINUTE_MS
    broken = _broken_slot(profile, info, day)
    empty = draws.chosen(max(1, info.slots_count // 8), info.slots_count) - {broken}
    stays = [[Stay(start_ms, None if n in empty else 100.0, start_ms)] for n in range(info.slots_count)]
    for minute in _swap_minutes(draws, info):
        _swap(stays, midnight_ms(day) + int(minute * MINUTE_MS), broken, draws)
    starts = tuple([stay.since_ms for stay in slot] for slot in stays)
    return DaySlots(tuple(stays), starts, _offline(profile, info, day))


def read(profile: Profile, info: CabinetInfo, day: int, slots: DaySlots, at_ms: int) -> Cabinet:
    """The cabinet at ``at_ms``, which lies in ``day``."""
    online = slots.offline is None or not slots.offline[0] <= at_ms < slots.offline[1]
    air_c = round(outside_c(profile.climate, at_ms // MINUTE_MS) + 6, 1)
    broken = _broken_slot(profile, info, day)
    states = tuple(
        _broken(n + 1) if n == broken else _slot(n + 1, _now(slots, n, at_ms), at_ms, day, air_c)
        for n in range(info.slots_count)
    )
    return Cabinet(info.id, online, states, mains_ok=True, temperature_c=air_c, smoke=False)


def _swap_minutes(draws: Draws, info: CabinetInfo) -> list[float]:
    swaps = int(info.slots_count * draws.between(*_SWAPS_PER_SLOT))
    return sorted(visits.arrival_min(draws, WHOLE_DAY) for _ in range(swaps))


def _swap(stays: list[list[Stay]], at_ms: int, broken: int | None, draws: Draws) -> None:
    """Spent battery in, fullest out; a rider who finds neither rides on."""
    charge_min, spent_pct = draws.between(*_CHARGE_MIN), draws.between(*_SPENT_PCT)
    working = [n for n in range(len(stays)) if n != broken]
    levels = {n: stays[n][-1].soc_pct(at_ms) for n in working}
    free = next((n for n in working if levels[n] is None), None)
    best = max(working, key=lambda n: levels[n] or 0.0)
    if free is None or (levels[best] or 0.0) < _WORTH_TAKING_PCT:
        return
    stays[free].append(Stay(at_ms, spent_pct, at_ms + int(charge_min * MINUTE_MS)))
    stays[best].append(Stay(at_ms, None, at_ms))


def _now(slots: DaySlots, n: int, at_ms: int) -> Stay:
    return slots.stays[n][max(bisect_right(slots.starts[n], at_ms) - 1, 0)]


def _slot(n: int, stay: Stay, at_ms: int, day: int, air_c: float) -> Slot:
    moved = stay.since_ms > midnight_ms(day) + DAY_STARTS_MIN * MINUTE_MS
    door: SlotDoor = "open" if moved and at_ms < stay.since_ms + _DOOR_OPEN_MS else "closed"
    soc_pct = stay.soc_pct(at_ms)
    if soc_pct is None:
        return _said(n, "absent", "idle", door, True)
    charge: Charge = "full" if soc_pct >= 100 else "charging"
    warmth_c = air_c + (9.0 if charge == "charging" else 2.0)
    return _said(n, "present", charge, door, True, float(int(soc_pct)), round(warmth_c))


def _broken(n: int) -> Slot:
    return _said(n, "present", "fault", "closed", False, alarms=("charger_fault",))


def _broken_slot(profile: Profile, info: CabinetInfo, day: int) -> int | None:
    """Index of the slot that is broken through a spell of days."""
    spell = day // _BROKEN_SPELL_DAYS
    if unit(profile.seed, key(info.id), spell, 41) >= _BROKEN * profile.troubles:
        return None
    return int(unit(profile.seed, key(info.id), spell, 42) * info.slots_count)


def _offline(profile: Profile, info: CabinetInfo, day: int) -> tuple[int, int] | None:
    draws = Draws(profile.seed, day, key(info.id), 43)
    if draws.unit() >= _OFFLINE * profile.troubles:
        return None
    start_ms = midnight_ms(day) + int(draws.between(6, 24) * HOUR_MS)
    return start_ms, start_ms + int(draws.between(0.4, 3) * HOUR_MS)
