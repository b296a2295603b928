"""How to get there: links that open a station in the map of the rider's choice. Pure.

Each map reads coordinates in its own datum: Amap and Tencent GCJ-02, Baidu BD-09, a phone's own map WGS-84
(``geo:``, RFC 5870, with the label as Android reads it). Outside China nothing is shifted. No link carries
where the rider is: the map finds that out on the phone.

Addresses as their makers document them: lbs.amap.com/api/uri-api/guide/travel/route;
lbs.qq.com/webApi/uriV1/uriGuide/uriWebRoute, whose web address knows no bicycle: walking is nearest to it;
lbsyun.baidu.com/docs/webapi?title=mapadjustment/uri/web, whose route needs a starting point: its marker is
opened, from which the route is one touch away.
"""

import unicodedata
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from server.geo import gcj02_to_bd09, in_china, wgs84_to_gcj02
from server.model import Station
from server.web.public import finite

_SOURCE: Final = "waystation"
_LONGEST_NAME: Final = 60
_SEPARATORS: Final = str.maketrans(dict.fromkeys(",|:;()&=?#", " "))
"""Signs that mean something inside a map's parameter; a name must not move its place."""


class Link(NamedTuple):
    """A map by its name in the locales, and the address that opens it."""

    app: str
    url: str


def to_station(station: Station) -> tuple[Link, ...]:
    """Links to a station; none to one whose position is not recorded."""
    lat, lon = finite(station.lat), finite(station.lon)
    return () if lat is None or lon is None else links(lat, lon, station.name_zh)


def links(lat: float, lon: float, name: str) -> tuple[Link, ...]:
    """Links to a place given in WGS-84 degrees."""
    label = _label(name)
    return (
        Link("amap", _amap(lat, lon, label)),
        Link("tencent", _tencent(lat, lon, label)),
        Link("baidu", _baidu(lat, lon, label)),
        Link("geo", f"geo:{lat:.6f},{lon:.6f}?q={lat:.6f},{lon:.6f}({quote(label, safe='')})"),
    )


def _amap(lat: float, lon: float, label: str) -> str:
    lat, lon = wgs84_to_gcj02(lat, lon) if in_china(lat, lon) else (lat, lon)
    to = f"{lon:.6f},{lat:.6f},{label}"
    given = {"to": to, "mode": "ride", "coordinate": "gaode", "src": _SOURCE, "callnative": 1}
    return f"https://uri.amap.com/navigation?{urlencode(given, safe=',')}"


def _tencent(lat: float, lon: float, label: str) -> str:
    lat, lon = wgs84_to_gcj02(lat, lon) if in_china(lat, lon) else (lat, lon)
    given = {"type": "walk", "to": label, "tocoord": f"{lat:.6f},{lon:.6f}", "referer": _SOURCE}
    return f"https://apis.map.qq.com/uri/v1/routeplan?{urlencode(given, safe=',')}"


def _baidu(lat: float, lon: float, label: str) -> str:
    datum = "bd09ll" if in_china(lat, lon) else "wgs84"
    if datum == "bd09ll":
        lat, lon = gcj02_to_bd09(*wgs84_to_gcj02(lat, lon))
    given = {"location": f"{lat:.6f},{lon:.6f}", "title": label, "content": label, "coord_type": datum}
    given |= {"output": "html", "src": f"webapp.{_SOURCE}.{_SOURCE}"}
    return f"https://api.map.baidu.com/marker?{urlencode(given, safe=',')}"


def _label(name: str) -> str:
    """A name as other people's addresses can carry it: without signs of theirs and invisible characters."""
    seen = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")
    return " ".join(seen.translate(_SEPARATORS).split())[:_LONGEST_NAME]
