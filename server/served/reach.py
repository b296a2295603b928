"""The 15-minute circle: for how much of the demand an open station is near, hour by hour. Pure.

Near means what it means to riders when stations are ranked: so many minutes at the network's riding speed,
along the straight line times its detour. Open means posted as open at the full hour; stations that post no
hours are told apart, as nobody knows. Notices of single days are left out: this is about the usual day.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import cos, floor, radians
from typing import Final
from zoneinfo import ZoneInfo

from server.hours import DayKind, HoursError, day_kind, timetable
from server.model import Station, Thresholds
from server.ranking import distance_m, riding_minutes
from server.served.astray import DEGREE_M, LEAST_COS, Astray, astray
from server.served.demand import Point

HOURS: Final = 24
LEAST_MIN, MOST_MIN = 1, 120
ALL: Final = (1 << HOURS) - 1
SEARCH_DAYS: Final = 366
_NOTHING: Final = 1e-9
"""The share that adding up weights may be wrong by."""


class ReachError(ValueError):
    """It cannot be worked out; the message says why."""


@dataclass(frozen=True, slots=True)
class Hour:
    """Demand at a full hour by weight: with an open station near, only one of unknown hours, none."""

    hour: int
    served: float
    unknown: float
    unserved: float


def percent(part: float, whole: float) -> str:
    """``75.0%``; all of it only where nothing is missing."""
    said = f"{100 * part / whole:.1f}%"
    return "99.9%" if said == "100.0%" and whole - part > whole * _NOTHING else said


@dataclass(frozen=True, slots=True)
class Reach:
    """Who has a station near.

    Attributes:
        metres: the straight line of a ride of ``minutes``.
        weight: of all points.
        stations: that were looked at; ``unplaced`` more have no coordinates, ``unposted`` no hours.
        opened: for each point the hours, as bits, at which an open station is near; ``unknown`` the same for
            one of unknown hours.
        posted: for each station that has a place, by id, what :func:`hours_of` says.
        astray: where the points lie, None where there is none.
    """

    day: date
    kind: DayKind
    minutes: float
    metres: float
    points: Sequence[Point]
    weight: float
    stations: int
    unplaced: int
    unposted: int
    opened: "array[int]"
    unknown: "array[int]"
    posted: Mapping[str, tuple[int, int]]
    astray: Astray | None

    def at(self, hour: int) -> Hour:
        """One hour of the day."""
        bit, served, unknown = 1 << hour, 0.0, 0.0
        for point, opened, maybe in zip(self.points, self.opened, self.unknown, strict=True):
            if opened & bit:
                served += point.weight
            elif maybe & bit:
                unknown += point.weight
        return Hour(hour, served, unknown, max(0.0, self.weight - served - unknown))

    def hours(self) -> Iterator[Hour]:
        """All of them."""
        return map(self.at, range(HOURS))


@dataclass(frozen=True, slots=True)
class _Place:
    lat: float
    lon: float
    opened: int
    unknown: int


def next_day(kind: DayKind, today: date, time_zone: str) -> date:
    """The first day of that kind from today on.

    Raises:
        ReachError: the table of holidays knows none.
    """
    for ahead in range(SEARCH_DAYS):
        day = today + timedelta(days=ahead)
        if day_kind(day, time_zone) == kind:
            return day
    raise ReachError(f"no {kind} from {today} on is known yet; name a day instead, such as 2026-07-01")


def reach(
    points: Sequence[Point],
    stations: Iterable[Station],
    day: date,
    *,
    minutes: float,
    zones: Mapping[str, str],
    thresholds: Thresholds,
) -> Reach:
    """Which points have a station near at which hours of ``day``.

    Args:
        zones: time zone of each network; ``thresholds``: of the network that is asked about.
    """
    metres = minutes / riding_minutes(1_000_000, thresholds) * 1_000_000
    known = list(stations)
    by_id = {each.id: _place(each, day, zones[each.network]) for each in known if each.lat is not None}
    placed = list(by_id.values())
    zone = zones[known[0].network] if known else "UTC"
    grid = _Grid(placed, points, metres)
    opened, unknown = array("L"), array("L")
    for point in points:
        bits = grid.near(point)
        opened.append(bits[0])
        unknown.append(bits[1])
    return Reach(
        day=day,
        kind=day_kind(day, zone),
        minutes=minutes,
        metres=metres,
        points=points,
        weight=sum(point.weight for point in points),
        stations=len(placed),
        unplaced=len(known) - len(placed),
        unposted=sum(each.unknown == ALL for each in placed),
        opened=opened,
        unknown=unknown,
        posted={id_: (each.opened, each.unknown) for id_, each in by_id.items()},
        astray=astray(points, placed, metres) if points else None,
    )


def hours_of(station: Station, day: date, zone: str) -> tuple[int, int]:
    """As bits: the full hours at which a station is posted as open, and those of which nobody knows."""
    try:
        table = timetable(station.hours, zone, station.lat, station.lon)
    except HoursError:
        return 0, ALL
    opened = unknown = 0
    for hour in range(HOURS):
        moment = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
        posted = table.at(round(moment.timestamp() * 1000))
        if posted.open is None:
            unknown |= 1 << hour
        elif posted.open:
            opened |= 1 << hour
    return opened, unknown


def _place(station: Station, day: date, zone: str) -> _Place:
    assert station.lat is not None
    assert station.lon is not None
    return _Place(station.lat, station.lon, *hours_of(station, day, zone))


class _Grid:
    """Stations by squares as wide as the circle, so that only nine of them have to be looked at."""

    def __init__(self, places: Iterable[_Place], points: Iterable[Point], metres: float) -> None:
        known = list(places)
        lats = [place.lat for place in known] + [point.lat for point in points]
        furthest = max(map(abs, lats), default=0.0)
        self._metres = metres
        self._high = metres / DEGREE_M
        self._wide = self._high / max(cos(radians(furthest)), LEAST_COS)
        self._squares: dict[tuple[int, int], list[_Place]] = {}
        for place in known:
            self._squares.setdefault(self._square(place), []).append(place)

    def _square(self, at: _Place | Point) -> tuple[int, int]:
        return floor(at.lat / self._high), floor(at.lon / self._wide)

    def near(self, point: Point) -> tuple[int, int]:
        """The hours at which an open one is within the circle, and one of unknown hours."""
        row, column = self._square(point)
        opened = unknown = 0
        for square in ((row + a, column + b) for a in (0, -1, 1) for b in (0, -1, 1)):
            for place in self._squares.get(square, ()):
                # What adds no hour need not be measured; most of a city is settled by the first few.
                if not (place.opened & ~opened or place.unknown & ~unknown):
                    continue
                if distance_m((point.lat, point.lon), (place.lat, place.lon)) <= self._metres:
                    opened |= place.opened
                    unknown |= place.unknown
            if opened == ALL:
                break
        return opened, unknown
