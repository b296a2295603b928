"""Where to go instead: the stations around one that suit a rider at its door better. Pure."""

from collections.abc import Sequence
from math import cos, radians
from typing import Final

from server.model import Network
from server.ranking import Place, Ranked, judge, rank
from server.state import StationState
from server.web.compact import Words
from server.web.networks import Live
from server.web.order import candidate

REACH_KM: Final = 7.0
"""Nobody rides half an hour for a break: so far it is in a straight line, at the usual speed by road."""
NEARBY_M: Final = 5_000
"""What is farther is not "nearby", and is told of only where nothing is nearer."""
_DEGREE_KM: Final = 111.2


def around(
    live: Live,
    network: Network,
    state: StationState,
    count: int,
    now_ms: int,
    *,
    words: Words | None = None,
) -> list[tuple[StationState, float, int]]:
    """Up to ``count`` stations, the best first, each with minutes of riding and metres in a straight line.

    Better is what has fewer penalties than the station itself, without the ride, and is not closed when the
    rider arrives; those known to be open then come first, those of which it is not known after
    them, each in the order of the ranking. What is farther than :data:`NEARBY_M` is left out unless nothing
    is nearer. All networks count that share the outermost parent of
    ``network``, whose thresholds they are compared by. Without coordinates there is nothing around.
    """
    place = _place(state)
    if place is None:
        return []
    limits = network.thresholds
    own = judge(candidate(state), place, (), now_ms, limits)
    if not own.closed and not own.penalties:
        return []
    near = {
        other.station.id: other
        for other in live.states(_outermost(live, network))
        if other.station.id != state.station.id and _within_reach(place, _place(other))
    }
    others = [candidate(each, (words and words(id_, now_ms)) or "") for id_, each in near.items()]
    better = [
        each
        for each in rank(others, place, (), now_ms, limits)
        if not each.closed and (own.closed or sum(each.penalties.values()) < sum(own.penalties.values()))
    ]
    told = _nearby_and_open_first(better)[:count]
    return [(near[each.candidate.id], each.riding_min or 0, each.metres or 0) for each in told]


def _nearby_and_open_first(ranked: Sequence[Ranked]) -> list[Ranked]:
    nearby = [each for each in ranked if (each.metres or 0) <= NEARBY_M] or ranked
    return sorted(nearby, key=lambda each: "access_unknown" in each.penalties)


def _place(state: StationState) -> Place | None:
    lat, lon = state.station.lat, state.station.lon
    return None if lat is None or lon is None else (lat, lon)


def _within_reach(here: Place, there: Place | None) -> bool:
    """Whether it is worth a closer look."""
    if there is None:
        return False
    east_km = (there[1] - here[1]) * _DEGREE_KM * cos(radians(here[0]))
    return abs(there[0] - here[0]) * _DEGREE_KM <= REACH_KM and abs(east_km) <= REACH_KM


def _outermost(live: Live, network: Network) -> str:
    known, seen = live.networks(), {network.id}
    parent = network.parent
    while parent is not None and parent in known and parent not in seen:
        seen.add(parent)
        network, parent = known[parent], known[parent].parent
    return network.id
