"""Which stations a list shows, and in which order, for a rider whose place nobody knows. Pure.

Phones that know where they are make their own order (``static/js/rank.js``); until then, and without scripts,
they show this one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from server.model import Thresholds
from server.ranking import Candidate, Wish, rank
from server.state import StationState
from server.web import networks
from server.web.text import amenity_codes
from server.web.wishes import lacks


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of a network's stations are asked for: a district, a piece of a name, wishes, a page."""

    district: str = ""
    search: str = ""
    wishes: tuple[Wish, ...] = ()
    page: int = 1

    def names(self, state: StationState) -> bool:
        """Whether a station is in the district and has the piece of a name; case and blanks do not matter."""
        if self.district and networks.district(state) != self.district:
            return False
        station = state.station
        names = (station.name_zh, station.name_en, *station.aliases, *station.region)
        return not self.search or any(_plain(self.search) in _plain(name) for name in names)


@dataclass(frozen=True, slots=True)
class Listed:
    """A station of the list, and what it lacks of the wishes."""

    state: StationState
    lacks: tuple[str, ...]


def choose(
    states: Iterable[StationState], choice: Choice, now_ms: int, thresholds: Thresholds
) -> list[Listed]:
    """Those that have all that is wished, by district and name, closed ones last.

    When none has it all: every one, the nearest to it first, each with what it lacks.
    """
    found = {state.station.id: state for state in states if choice.names(state)}
    ranked = rank(map(candidate, found.values()), None, choice.wishes, now_ms, thresholds)
    listed = [
        (sum(each.penalties.values()), Listed(found[each.candidate.id], lacks(each, choice.wishes)))
        for each in ranked
    ]
    fitting = [each for _, each in listed if not each.lacks]
    if fitting:
        return fitting
    nearest = sorted(listed, key=lambda pair: ("closed" in pair[1].lacks, pair[0]))
    return [each for _, each in nearest]


def candidate(state: StationState, forecast: str = "") -> Candidate:
    """A station as the ranking looks at it."""
    station, cabinets = state.station, state.cabinets
    return Candidate(
        station.id,
        networks.district(state),
        station.name_zh,
        None if station.lat is None or station.lon is None else (station.lat, station.lon),
        state.freshness,
        state.access.value,
        state.access.evidence,
        state.access.changes_at_ms,
        state.crowding.value,
        state.comfort.value,
        state.sockets.free if state.sockets.total else None,
        sum(cabinet.charged for cabinet in cabinets) if cabinets else None,
        _codes(station.amenities),
        forecast,
        state.access.then,
    )


@lru_cache(maxsize=4096)
def _codes(amenities: tuple[str, ...]) -> frozenset[str]:
    known = amenity_codes()
    return frozenset(known.get(word.strip().lower(), word) for word in amenities)


def _plain(words: str) -> str:
    return "".join(words.casefold().split())


def page_of(listed: Sequence[Listed], page: int, rows: int) -> tuple[Sequence[Listed], int, int]:
    """The rows of one page, its number and how many pages there are; a number too high is the last page."""
    pages = max(1, -(-len(listed) // rows))
    page = min(page, pages)
    return listed[(page - 1) * rows : page * rows], page, pages
