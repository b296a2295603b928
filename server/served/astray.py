"""Points of demand that lie where no station is, and the part of the world that is worth a look. Pure.

A digit too many moves a point by hundreds of kilometres. It stays in the sum, as whoever brought it may mean
it; but it is told, and a map does not begin with half of the country for its sake.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians
from statistics import median
from typing import Final, Protocol

from server.ranking import distance_m
from server.served.demand import Point

DEGREE_M: Final = 111_195
"""Metres of a degree of latitude."""
LEAST_COS: Final = 0.01
FAR_M: Final = 20_000
"""Nobody is surprised by a point so far from the stations."""
APART_M: Final = 100_000
"""Nor by a station so far from the middle of its network: that is one of a town of its own."""
_BULK: Final = 0.8
_BEYOND: Final = 3
"""What lies beyond so many times the distance within which the bulk lies is no part of it."""


class Place(Protocol):
    """What is somewhere, in WGS-84 degrees."""

    @property
    def lat(self) -> float:
        """North of the equator."""

    @property
    def lon(self) -> float:
        """East of Greenwich."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the world, in degrees."""

    south: float
    west: float
    north: float
    east: float

    @classmethod
    def around(cls, places: Sequence[Place]) -> "Box":
        """The least one that holds all of these, of which there is one at least."""
        lats, lons = [each.lat for each in places], [each.lon for each in places]
        return cls(min(lats), min(lons), max(lats), max(lons))

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a place is in it."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east

    def metres_to(self, lat: float, lon: float) -> float:
        """From its edge, 0 inside."""
        if self.holds(lat, lon):
            return 0.0
        edge = min(max(lat, self.south), self.north), min(max(lon, self.west), self.east)
        return distance_m((lat, lon), edge)

    def grown(self, metres: float) -> "Box":
        """With so much more on each side."""
        high = metres / DEGREE_M
        wide = high / max(cos(radians(max(abs(self.south), abs(self.north)))), LEAST_COS)
        return Box(self.south - high, self.west - wide, self.north + high, self.east + wide)

    def joined(self, other: "Box") -> "Box":
        """The least one that holds both."""
        south, west = min(self.south, other.south), min(self.west, other.west)
        return Box(south, west, max(self.north, other.north), max(self.east, other.east))


@dataclass(frozen=True, slots=True)
class Astray:
    """Where the points lie.

    Attributes:
        frame: what a map shows at first: the stations with their circles, and the bulk of the points.
        hidden: points outside of it.
        limit_m: ``far`` points are farther than this from where the stations are.
        farthest_m: of these the farthest from its nearest station, which is of ``line``.
        swapped: far points that would be near if latitude and longitude changed places; ``swapped_line``: the
            first one's.
    """

    frame: Box
    hidden: int
    limit_m: float
    far: int = 0
    farthest_m: float = 0.0
    line: int = 0
    swapped: int = 0
    swapped_line: int = 0


def astray(points: Sequence[Point], stations: Sequence[Place], metres: float) -> Astray:
    """Where ``points``, of which there is one at least, lie; ``metres``: of the circle around a station."""
    limit = max(FAR_M, metres)
    if not stations:
        return _framed(Box.around(_bulk(points, limit)), points, limit)
    home = Box.around(_bulk(stations, APART_M))
    distances = [home.metres_to(point.lat, point.lon) for point in points]
    most = max(limit, _limit(distances))
    shown = [point for point, distance in zip(points, distances, strict=True) if distance <= most]
    found = _framed(home.grown(metres).joined(Box.around(shown)), points, limit)
    far = [point for point, distance in zip(points, distances, strict=True) if distance > limit]
    return _with_far(found, far, home, stations) if far else found


def _with_far(found: Astray, far: Sequence[Point], home: Box, stations: Iterable[Place]) -> Astray:
    farthest = max(far, key=lambda point: home.metres_to(point.lat, point.lon))
    nearest = min(
        distance_m((farthest.lat, farthest.lon), (station.lat, station.lon)) for station in stations
    )
    swapped = [point for point in far if home.metres_to(point.lon, point.lat) <= found.limit_m]
    return Astray(
        found.frame,
        found.hidden,
        found.limit_m,
        far=len(far),
        farthest_m=nearest,
        line=farthest.line,
        swapped=len(swapped),
        swapped_line=swapped[0].line if swapped else 0,
    )


def _framed(frame: Box, points: Sequence[Point], limit: float) -> Astray:
    hidden = sum(not frame.holds(point.lat, point.lon) for point in points)
    return Astray(frame, hidden, limit)


def _bulk(places: Sequence[Place], least: float) -> list[Place]:
    """Those that are not far from all others, by ``least`` at least: one wrong coordinate must not count."""
    middle = median(each.lat for each in places), median(each.lon for each in places)
    distances = [distance_m(middle, (each.lat, each.lon)) for each in places]
    most = max(least, _limit(distances))
    return [place for place, distance in zip(places, distances, strict=True) if distance <= most]


def _limit(distances: Sequence[float]) -> float:
    return sorted(distances)[int(_BULK * (len(distances) - 1))] * _BEYOND
