"""Which station suits a rider best: minutes to ride, and minutes more for what they would find. Pure.

The same as ``static/js/rank.js``, which does it on the phone; ``tests/ranking_cases.json`` holds both to the
same answers. The rules in words: ``docs/status.md``. Distances in whole metres, instants in milliseconds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import asin, cos, floor, inf, radians, sin, sqrt
from typing import Any, Final, Literal

from server.model import RANKING, Thresholds
from server.state import AccessValue, ComfortValue, CrowdingValue, Evidence, Freshness

Wish = Literal["socket", "battery", "water", "meal", "toilet", "places"]
AMENITIES: Final[Mapping[Wish, frozenset[str]]] = {
    "water": frozenset({"water", "drinking_water"}),
    "meal": frozenset({"microwave", "canteen", "self_heating_pot"}),
    "toilet": frozenset({"toilet"}),
}
"""Amenities, as codes of ``locales/amenities.json``, of which any one meets the wish."""
EQUIPPED: Final[Mapping[Wish, frozenset[str]]] = {
    "socket": frozenset({"sockets", "phone_charging"}),
    "battery": frozenset({"battery_swap"}),
}
"""Amenities that say that a station has it, but not whether one is free."""
FORECAST_FROM_MIN: Final = 15
"""So long a ride, and the crowding at its end is another than now: forecasts are made by quarters."""

_EARTH_M: Final = 6_371_008.8
_FORECAST: Final[Mapping[str, CrowdingValue]] = {"q": "quiet", "b": "busy", "c": "crowded", "f": "full"}

Place = tuple[float, float]
"""Latitude and longitude in degrees, WGS-84."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the ranking looks at of a station.

    Attributes:
        access_changes_at_ms: next change by the timetable or a notice.
        access_then: what is true from then on where a notice has a say in it; None: the opposite.
        sockets_free, batteries_charged: None where there are none or nothing is heard of them.
        amenities: codes; words that have none do not matter here.
        forecast: crowding now and in 15, 30 and 45 minutes as ``q``, ``b``, ``c``, ``f`` or ``-`` (none).
    """

    id: str
    district: str
    name: str
    place: Place | None
    freshness: Freshness
    access: AccessValue
    access_evidence: Evidence = "none"
    access_changes_at_ms: int | None = None
    crowding: CrowdingValue = "unknown"
    comfort: ComfortValue = "unknown"
    sockets_free: int | None = None
    batteries_charged: int | None = None
    amenities: frozenset[str] = frozenset()
    forecast: str = ""
    access_then: AccessValue | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its minutes and why.

    Attributes:
        metres, riding_min: None where a place is not known.
        minutes: riding and penalties; None where there is no riding time.
        penalties: minutes by reason: ``crowded``, ``full``, ``crowding_unknown``, ``hot``, ``cold``,
            ``comfort_unknown``, ``access_unknown``, and ``no_…`` or ``unknown_…`` for each wish.
        closed: closed or locked on arrival; comes after all that are not.
        crowding: the word on arrival, ``by_forecast`` or as it is now.
    """

    candidate: Candidate
    metres: int | None
    riding_min: float | None
    minutes: float | None
    penalties: Mapping[str, float]
    closed: bool
    crowding: CrowdingValue
    by_forecast: bool


def rank(
    candidates: Iterable[Candidate],
    place: Place | None,
    wishes: Collection[Wish],
    now_ms: int,
    thresholds: Thresholds,
) -> list[Ranked]:
    """Best first, for a rider at ``place`` (None: not known); the listed network's ``thresholds``."""
    ranked = [judge(each, place, wishes, now_ms, thresholds) for each in candidates]
    return sorted(ranked, key=_order)


def judge(
    candidate: Candidate, place: Place | None, wishes: Collection[Wish], now_ms: int, thresholds: Thresholds
) -> Ranked:
    """One station, seen from ``place``."""
    metres = None if place is None or candidate.place is None else distance_m(place, candidate.place)
    riding_min = None if metres is None else riding_minutes(metres, thresholds)
    arrival_ms = now_ms + (riding_min or 0) * 60_000
    crowding, by_forecast = _crowding(candidate, riding_min or 0)
    access = _access(candidate, arrival_ms)
    words = _word_penalties(candidate, access, crowding, thresholds)
    penalties = words | _wish_penalties(candidate, crowding, wishes, thresholds)
    minutes = None if riding_min is None else riding_min + sum(penalties.values())
    return Ranked(
        candidate, metres, riding_min, minutes, penalties, access == "closed", crowding, by_forecast
    )


def rules(thresholds: Thresholds) -> dict[str, Any]:
    """What a phone has to be told to rank by itself."""
    numbers: dict[str, Any] = {name: getattr(thresholds, name) for name in RANKING}
    tables = {"amenities": AMENITIES, "equipped": EQUIPPED}
    return numbers | {
        name: {wish: sorted(codes) for wish, codes in table.items()} for name, table in tables.items()
    }


def distance_m(one: Place, other: Place) -> int:
    """The straight line along the ground."""
    lat, lon = radians(other[0] - one[0]), radians(other[1] - one[1])
    share = sin(lat / 2) ** 2 + cos(radians(one[0])) * cos(radians(other[0])) * sin(lon / 2) ** 2
    return floor(2 * _EARTH_M * asin(sqrt(min(1.0, share))) + 0.5)


def riding_minutes(metres: int, thresholds: Thresholds) -> float:
    """How long a ride of ``metres`` in a straight line takes by road."""
    return metres * thresholds.detour * 60 / (1000 * thresholds.riding_kmh)


def _order(ranked: Ranked) -> tuple[bool, float, str, str, str]:
    candidate = ranked.candidate
    minutes = inf if ranked.minutes is None else ranked.minutes
    return ranked.closed, minutes, candidate.district, candidate.name, candidate.id


def _access(candidate: Candidate, arrival_ms: float) -> AccessValue:
    """``open``, ``closed`` (also for locked) or ``unknown`` on arrival."""
    changes_ms, is_open = candidate.access_changes_at_ms, candidate.access in ("open", "closing_soon")
    changed = changes_ms is not None and changes_ms <= arrival_ms
    if changed and candidate.access_then:
        return candidate.access_then
    if candidate.access_evidence == "contact" and candidate.freshness != "fresh":
        return "unknown"
    if candidate.access == "unknown" or (changed and candidate.access_evidence == "notice"):
        return "unknown"
    if candidate.access == "locked":
        return "closed"
    return "open" if is_open != changed else "closed"


def _crowding(candidate: Candidate, riding_min: float) -> tuple[CrowdingValue, bool]:
    if riding_min >= FORECAST_FROM_MIN:
        quarter = min(3, floor(riding_min / 15 + 0.5))
        word = _FORECAST.get(candidate.forecast[quarter : quarter + 1])
        if word:
            return word, True
    return candidate.crowding if candidate.freshness == "fresh" else "unknown", False


def _word_penalties(
    candidate: Candidate, access: AccessValue, crowding: CrowdingValue, thresholds: Thresholds
) -> dict[str, float]:
    comfort = candidate.comfort if candidate.freshness == "fresh" else "unknown"
    found = {
        "crowded": (crowding == "crowded", thresholds.crowded_penalty_min),
        "full": (crowding == "full", thresholds.full_penalty_min),
        "crowding_unknown": (crowding == "unknown", thresholds.unknown_penalty_min),
        "hot": (comfort == "hot", thresholds.discomfort_penalty_min),
        "cold": (comfort == "cold", thresholds.discomfort_penalty_min),
        "comfort_unknown": (comfort == "unknown", thresholds.unknown_penalty_min),
        "access_unknown": (access == "unknown", thresholds.unknown_penalty_min),
    }
    return {reason: minutes for reason, (true, minutes) in found.items() if true}


def _wish_penalties(
    candidate: Candidate, crowding: CrowdingValue, wishes: Collection[Wish], thresholds: Thresholds
) -> dict[str, float]:
    penalties = {}
    for wish in wishes:
        met = _meets(candidate, crowding, wish)
        if met is False:
            penalties[f"no_{wish}"] = thresholds.missing_penalty_min
        elif met is None:
            penalties[f"unknown_{wish}"] = thresholds.unknown_penalty_min
    return penalties


def _meets(candidate: Candidate, crowding: CrowdingValue, wish: Wish) -> bool | None:
    """None: the station may have it, which is not known now. An unknown room costs once, as a word."""
    if wish == "places":
        return crowding != "full"
    if wish in AMENITIES:
        return bool(candidate.amenities & AMENITIES[wish])
    free = candidate.sockets_free if wish == "socket" else candidate.batteries_charged
    if candidate.freshness == "fresh":
        return bool(free)
    if candidate.freshness == "offline" or free is not None:
        return None
    return None if candidate.amenities & EQUIPPED[wish] else False
