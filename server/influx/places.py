"""What the points of a station need to know beside its snapshots: where it is, its limits, hours, notices."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Protocol

from contract.messages import Info
from server import status
from server.hours import HoursError, Timetable, check_hours, follows_sun
from server.influx import points
from server.live import Registered
from server.model import Season
from server.occupancy import Rules
from server.state import Notice, Posted, StationState

HOUR_MS: Final = 3_600_000
MOST_HOURS: Final = 4_096
"""Different opening hours that are remembered."""


class Live(Protocol):
    """What is read of :class:`server.live.Live`; from any thread."""

    def registered(self) -> Mapping[str, Registered]:
        """All stations."""

    def state(self, station_id: str) -> StationState | None:
        """One station."""

    def info(self, station_id: str) -> Info | None:
        """What it has."""


class Place:
    """One station.

    Attributes:
        where: its tags; named: the fields that say its name and where it is.
        info: what it last said it has.
    """

    def __init__(self, known: Registered, notices: tuple[Notice, ...], info: Info | None) -> None:
        station, network = known.station, known.network
        self.known, self.notices, self.info = known, notices, info
        self.limits = known.thresholds
        self.rules = Rules(time_zone=network.time_zone)
        self.where = points.where(network.id, station.region[0] if station.region else "", station.id)
        self.named = points.name(station.name_zh, station.lat, station.lon)
        self.sockets = frozenset(each.id for each in info.sockets) if info else frozenset[str]()
        self.slots = {each.id: each.slots_count for each in info.cabinets} if info else {}
        sun = follows_sun(station.hours) and station.lat is not None and station.lon is not None
        at = (station.lat or 0.0, station.lon or 0.0) if sun else None
        self._timetable = _timetable(station.hours, network.time_zone, at)
        self._season: tuple[int, Season] | None = None
        self._told: tuple[Posted, Notice | None, Posted] | None = None

    def season(self, at_ms: int) -> Season:
        """Which season it was there."""
        hour = at_ms // HOUR_MS
        if self._season is None or self._season[0] != hour:
            self._season = (hour, status.season(self.known.network, at_ms))
        return self._season[1]

    def posted(self, at_ms: int) -> Posted:
        """The hours, with the next change as the notices make it; see :meth:`server.board.Board.posted`."""
        posted = self._timetable.at(at_ms)
        if not self.notices:
            return posted
        deciding, told = status.deciding(self.notices, at_ms), self._told
        if told is None or told[:2] != (posted, deciding) or _over(told[2], at_ms):
            looked = status.outlook(posted, self.notices, at_ms, self._timetable.at)
            told = self._told = (posted, deciding, looked)
        return told[2]


@lru_cache(maxsize=MOST_HOURS)
def _timetable(hours: str, time_zone: str, at: tuple[float, float] | None) -> Timetable:
    """Not the one of riders' words: it remembers one interval, and here the past is asked for."""
    try:
        if hours:
            check_hours(hours)
    except HoursError:  # said already by whoever shows them
        return Timetable("", time_zone)
    return Timetable(hours, time_zone, at)


def _over(posted: Posted, at_ms: int) -> bool:
    return posted.changes_at_ms is not None and posted.changes_at_ms <= at_ms


class Places:
    """All stations, as the registry, the board of notices and the stations themselves say now."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._places: dict[str, Place] = {}

    def of(self, station_id: str) -> Place | None:
        """One station; None for one that the registry does not know."""
        known = self._live.registered().get(station_id)
        if known is None:
            self._places.pop(station_id, None)
            return None
        state, info = self._live.state(station_id), self._live.info(station_id)
        notices = state.notices if state else ()
        place = self._places.get(station_id)
        if place is None or (place.known, place.notices, place.info) != (known, notices, info):
            place = self._places[station_id] = Place(known, notices, info)
        return place
