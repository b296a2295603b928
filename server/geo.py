"""Coordinates as Chinese maps give them, back to WGS-84. Pure.

Maps in China show places shifted: Amap and Tencent by GCJ-02, Baidu by BD-09 on top of it. The shift has
no published definition; this is the form that everyone uses since it became known
(github.com/googollee/eviltransform, after en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China).
The inverse is found by iteration, to below a centimetre. Outside China nothing is shifted.
"""

from collections.abc import Callable
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import Final

from server.model import Datum

Place = tuple[float, float]
"""Latitude and longitude in degrees."""

_A: Final = 6_378_245.0
_EE: Final = 0.00669342162296594323
"""Semi-major axis (m) and squared eccentricity of the Krasovsky 1940 ellipsoid."""
_BD: Final = pi * 3000 / 180
_CLOSE_DEG: Final = 1e-9
"""A tenth of a millimetre on the ground."""
_ROUNDS: Final = 50


def to_wgs84(lat: float, lon: float, datum: Datum) -> Place:
    """A place given in ``datum`` as WGS-84."""
    if datum == "wgs84" or not in_china(lat, lon):
        return lat, lon
    if datum == "bd09":
        lat, lon = _inverse(gcj02_to_bd09, (lat, lon))
    return _inverse(wgs84_to_gcj02, (lat, lon))


def in_china(lat: float, lon: float) -> bool:
    """The rectangle inside which maps are shifted."""
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347


def wgs84_to_gcj02(lat: float, lon: float) -> Place:
    """A place in China as Amap and Tencent show it."""
    d_lat, d_lon = _shift_m(lon - 105, lat - 35)
    rad = lat / 180 * pi
    magic = 1 - _EE * sin(rad) ** 2
    d_lat = d_lat * 180 / (_A * (1 - _EE) / (magic * sqrt(magic)) * pi)
    d_lon = d_lon * 180 / (_A / sqrt(magic) * cos(rad) * pi)
    return lat + d_lat, lon + d_lon


def gcj02_to_bd09(lat: float, lon: float) -> Place:
    """A GCJ-02 place as Baidu shows it."""
    distance = hypot(lon, lat) + 0.00002 * sin(lat * _BD)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD)
    return distance * sin(angle) + 0.006, distance * cos(angle) + 0.0065


def _shift_m(x: float, y: float) -> Place:
    wave = 20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)
    lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    lat += (wave + 20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    lat += (160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)) * 2 / 3
    lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    lon += (wave + 20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    lon += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    return lat, lon


def _inverse(forward: Callable[[float, float], Place], shown: Place) -> Place:
    """The place that ``forward`` moves to ``shown``; the shift is smooth and small, so this converges."""
    lat, lon = shown
    for _ in range(_ROUNDS):
        there = forward(lat, lon)
        d_lat, d_lon = shown[0] - there[0], shown[1] - there[1]
        lat, lon = lat + d_lat, lon + d_lon
        if max(abs(d_lat), abs(d_lon)) < _CLOSE_DEG:
            break
    return lat, lon
