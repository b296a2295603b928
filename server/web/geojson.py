"""The stations as GeoJSON (RFC 7946), for map programs. Pure."""

from typing import Annotated, Literal

from msgspec import Meta

from server.state import AccessValue, ComfortValue, CrowdingValue, Freshness, StationState
from server.web import public
from server.web.feed_rows import (
    Address,
    Count,
    Instant,
    Latitude,
    Longitude,
    NetworkId,
    StationId,
    Ttl,
    degrees,
)
from server.web.shapes import Struct


class Point(Struct, frozen=True, tag_field="type", tag="Point"):
    """Longitude and latitude."""

    coordinates: tuple[Longitude, Latitude]


class Properties(Struct, frozen=True):
    """The words of a station, flat, as map programs want them."""

    station_id: StationId
    network_id: NetworkId
    name: str
    freshness: Freshness
    access: AccessValue
    crowding: CrowdingValue
    comfort: ComfortValue
    url: Address
    name_en: str = ""
    opening_hours: str = ""
    sockets_free: Count | None = None
    batteries_charged: Count | None = None
    last_reported: Instant | None = None
    simulated: bool = False
    notice: Annotated[str, Meta(description="what staff tell riders now")] = ""
    notice_en: Annotated[str, Meta(description="the same in English, where they have written it")] = ""


class Feature(Struct, frozen=True, tag_field="type", tag="Feature"):
    """A station that has coordinates."""

    id: StationId
    geometry: Point
    properties: Properties


class Collection(Struct, frozen=True, tag_field="type", tag="FeatureCollection"):
    """GeoJSON (RFC 7946) with the feed's own members beside it."""

    last_updated: Annotated[Instant, Meta(description="when the data last changed")]
    ttl: Ttl
    version: Literal["1.0"]
    features: tuple[Feature, ...]


def feature(state: StationState, site: str, now_ms: int) -> Feature | None:
    """A station as a point; None without coordinates."""
    station, told = state.station, public.status(state)
    lat, lon = degrees(station.lat), degrees(station.lon)
    if lat is None or lon is None:
        return None
    told_now = next((each for each in state.notices if each.holds(now_ms)), None)
    properties = Properties(
        station_id=station.id,
        network_id=station.network,
        name=station.name_zh,
        freshness=told.freshness,
        access=told.access.value,
        crowding=told.crowding.value,
        comfort=told.comfort.value,
        url=f"{site}/s/{station.id}",
        name_en=station.name_en,
        opening_hours=station.hours,
        sockets_free=told.sockets.free if told.sockets else None,
        batteries_charged=told.batteries.charged if told.batteries else None,
        last_reported=told.measured_at,
        simulated=told.simulated,
        notice=told_now.zh if told_now else "",
        notice_en=told_now.en if told_now else "",
    )
    return Feature(station.id, Point((lon, lat)), properties)
