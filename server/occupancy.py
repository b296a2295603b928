"""How many people are inside, from the totals of the doors. Pure.

Occupancy is a function of the time-ordered observations of a station: fold :func:`advance` over them,
in any portions. Door totals are increments that survive a lost message; a total smaller than before
starts a new sum. Beams miss people, so the count drifts; it is corrected when the room is surely empty
(a quiet night, a long silence) and when staff have counted, and each correction is recorded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from contract.messages import Door, Presence, Snapshot

Reason = Literal["quiet_hour", "idle", "staff"]

_QUARTER_MS: Final = 15 * 60_000
"""No time zone's offset is finer, so the hour of the day is looked up once a quarter."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When a room is surely empty. Hours are the station's local ones.

    Attributes:
        quiet_hour: from that hour for one hour, a quiet room is empty (04:00, the city's least hour).
        idle_ms: so long no crossing and no motion, and the room is empty ...
        nap_from, nap_to: ... but not in these hours, when riders sleep on the chairs.
        gap_ms: so long without an observation, and crossings may have been missed.
    """

    time_zone: str = "Asia/Shanghai"
    quiet_hour: int = 4
    idle_ms: int = 45 * 60_000
    nap_from: int = 12
    nap_to: int = 16
    gap_ms: int = 300_000


@dataclass(frozen=True, slots=True)
class Observation:
    """What one snapshot says of people: doors with their totals, motion (None: no such sensor)."""

    at_ms: int
    doors: tuple[Door, ...]
    presence: Presence | None = None


@dataclass(frozen=True, slots=True)
class StaffCount:
    """Staff looked into the room and counted."""

    at_ms: int
    people: int


@dataclass(frozen=True, slots=True)
class Correction:
    """The count was set, by what and from what."""

    at_ms: int
    reason: Reason
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What is known after the newest observation.

    Attributes:
        balance: in minus out since the last correction, plus what that set; below zero when entries
            were missed, and kept so (clamping would make a drift of it).
        visits, exits: people who came in and who went out, ever; the difference between two moments
            counts those between.
        estimated: crossings may have been missed since the last correction.
        crossed_at_ms, motion_at_ms: the newest of each.
        quiet_since_ms: since when both doors and motion sensor are watched and silent.
        has_motion: a motion sensor has been heard of; its silence is then a fault, not peace.
    """

    at_ms: int
    totals: tuple[tuple[str, int, int], ...] = ()
    balance: int = 0
    visits: int = 0
    exits: int = 0
    estimated: bool = True
    crossed_at_ms: int | None = None
    motion_at_ms: int | None = None
    quiet_since_ms: int = 0
    has_motion: bool = False

    @property
    def people(self) -> int | None:
        """How many to show; None without counted doors."""
        return max(0, self.balance) if self.totals else None

    @property
    def moved_at_ms(self) -> int | None:
        """Newest sign of life: a crossing or a motion."""
        return max((at for at in (self.crossed_at_ms, self.motion_at_ms) if at is not None), default=None)


def observe(snapshot: Snapshot, at_ms: int) -> Observation:
    """The part of a snapshot that concerns people, dated ``at_ms``."""
    return Observation(at_ms, snapshot.doors, snapshot.presence)


def advance(
    state: Occupancy | None, event: Observation | StaffCount, rules: Rules
) -> tuple[Occupancy, Correction | None]:
    """The state after ``event``, and the correction that it led to.

    The first observation is the base line: crossings before it were never seen by us. An event that
    is not later than the state changes nothing, so duplicates are harmless.
    """
    state = state or Occupancy(event.at_ms - 1, quiet_since_ms=event.at_ms)
    if event.at_ms <= state.at_ms:
        return state, None
    if isinstance(event, StaffCount):
        return _set(replace(state, quiet_since_ms=event.at_ms), event.at_ms, event.people, "staff")
    state = _counted(state, event, rules)
    reason = _surely_empty(state, rules)
    if reason and (state.balance != 0 or state.estimated):
        return _set(state, event.at_ms, 0, reason)
    return state, None


def fold(
    state: Occupancy | None, events: Iterable[Observation | StaffCount], rules: Rules
) -> tuple[Occupancy | None, list[Correction]]:
    """:func:`advance` over ``events``, oldest first."""
    corrections: list[Correction] = []
    for event in events:
        state, correction = advance(state, event, rules)
        if correction:
            corrections.append(correction)
    return state, corrections


def _set(state: Occupancy, at_ms: int, people: int, reason: Reason) -> tuple[Occupancy, Correction]:
    correction = Correction(at_ms, reason, state.balance, people)
    return replace(state, at_ms=at_ms, balance=people, estimated=False), correction


def _counted(state: Occupancy, seen: Observation, rules: Rules) -> Occupancy:
    before = {name: (in_total, out_total) for name, in_total, out_total in state.totals}
    came = left = 0
    missed = unwatched = _unwatched_doors(state, seen, rules)
    for door in seen.doors:
        in_before, out_before = before.get(door.id, (door.in_total, door.out_total))
        came += _increment(in_before, door.in_total)
        left += _increment(out_before, door.out_total)
        missed = missed or door.in_total < in_before or door.out_total < out_before
        before[door.id] = (door.in_total, door.out_total)
    return Occupancy(
        at_ms=seen.at_ms,
        totals=tuple((name, *pair) for name, pair in before.items()),
        balance=state.balance + came - left,
        visits=state.visits + came,
        exits=state.exits + left,
        estimated=state.estimated or missed,
        crossed_at_ms=seen.at_ms if came or left else state.crossed_at_ms,
        motion_at_ms=_newest_motion(state, seen),
        quiet_since_ms=_quiet_since(state, seen, bool(came or left) or unwatched),
        has_motion=state.has_motion or seen.presence is not None,
    )


def _increment(before: int, total: int) -> int:
    return total - before if total >= before else total


def _unwatched_doors(state: Occupancy, seen: Observation, rules: Rules) -> bool:
    """Nobody watched since the state before: a gap, a door that says nothing, a blocked beam."""
    if seen.at_ms - state.at_ms > rules.gap_ms or any(door.blocked for door in seen.doors):
        return True
    speaking = {door.id for door in seen.doors}
    return any(name not in speaking for name, _, _ in state.totals)


def _newest_motion(state: Occupancy, seen: Observation) -> int | None:
    motion = seen.presence.motion_at_ms if seen.presence else None
    return state.motion_at_ms if motion is None else max(motion, state.motion_at_ms or 0)


def _quiet_since(state: Occupancy, seen: Observation, disturbed: bool) -> int:
    blind = not seen.presence.ok if seen.presence else state.has_motion
    if disturbed or blind:
        return seen.at_ms
    return max(state.quiet_since_ms, _newest_motion(state, seen) or 0)


def _surely_empty(state: Occupancy, rules: Rules) -> Reason | None:
    if not state.totals or state.at_ms - state.quiet_since_ms < rules.idle_ms:
        return None
    hour = _hour(state.at_ms // _QUARTER_MS * _QUARTER_MS, rules.time_zone)
    if hour == rules.quiet_hour:
        return "quiet_hour"
    napping = rules.nap_from <= hour < rules.nap_to
    return "idle" if state.has_motion and not napping else None


@lru_cache(maxsize=256)
def _hour(at_ms: int, time_zone: str) -> int:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(time_zone)).hour
