"""The open data row by row: what stands in the feeds under ``/feeds/v1/``, and its JSON Schema. Pure.

Shaped after GBFS: names are lists of text and language; every feed says when it last changed and when to
ask again. Each field is explained here, and the schemas repeat it. Privacy: :mod:`server.web.public`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from server.model import Network, Qualifier
from server.state import Freshness, StationState
from server.web import public
from server.web.networks import Declared, District, NetworkSummary, Promise
from server.web.shapes import (
    AccessFact,
    BatteriesFact,
    ComfortFact,
    CrowdingFact,
    NoticeFact,
    SocketsFact,
    Struct,
)
from server.web.text import amenity_codes

VERSION: Final = "1.0"
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

Data = TypeVar("Data")
Instant = Annotated[
    str, Meta(description="an instant in UTC, ISO 8601", extra_json_schema={"format": "date-time"})
]
Address = Annotated[
    str,
    Meta(
        description="an address, relative to the feed's own unless the operator has set a public one",
        extra_json_schema={"format": "uri-reference"},
    ),
]
StationId = Annotated[str, Meta(description="id of a station, for ever", pattern="^[a-z0-9][a-z0-9-]{2,31}$")]
NetworkId = Annotated[str, Meta(description="id of a network, for ever", pattern="^[a-z0-9][a-z0-9-]{2,31}$")]
Ttl = Annotated[int, Meta(description="seconds after which asking again is worthwhile", ge=1)]
Count = Annotated[int, Meta(ge=0)]
Latitude = Annotated[float, Meta(description="WGS-84 degrees", ge=-90, le=90)]
Longitude = Annotated[float, Meta(description="WGS-84 degrees", ge=-180, le=180)]


class Localised(Struct, frozen=True):
    """A text in one language."""

    text: str
    language: Literal["zh", "en"]


Texts = Annotated[
    tuple[Localised, ...], Meta(description="the same in each language there is, Chinese first")
]


class Feed(Struct, Generic[Data], frozen=True):
    """What every feed has around its data."""

    last_updated: Annotated[Instant, Meta(description="when the data last changed")]
    ttl: Ttl
    version: Literal["1.0"]
    data: Data


class FeedAddress(Struct, frozen=True):
    """A feed and where it is."""

    name: str
    url: Address
    schema_url: Annotated[Address, Meta(description="its JSON Schema")]


class Discovery(Struct, frozen=True):
    """All feeds there are."""

    feeds: tuple[FeedAddress, ...]


class NetworkRow(Struct, frozen=True):
    """A network with its four counts, which include the networks inside it and are never added up."""

    network_id: NetworkId
    name: Texts
    time_zone: Annotated[str, Meta(description="IANA name")]
    registered: Annotated[Count, Meta(description="stations on the list")]
    instrumented: Annotated[Count, Meta(description="stations with sensors")]
    online: Annotated[Count, Meta(description="stations with fresh readings now")]
    url: Annotated[Address, Meta(description="its page for riders")]
    parent_network_id: Annotated[NetworkId | None, Meta(description="the network that it is inside of")] = (
        None
    )
    declared: Annotated[Declared | None, Meta(description="what the operator says it has")] = None
    standards: tuple[Promise, ...] = ()
    districts: tuple[District, ...] = ()
    simulated: Annotated[bool, Meta(description="something of it is simulated")] = False


class Networks(Struct, frozen=True):
    """Parents before what is inside them."""

    networks: tuple[NetworkRow, ...]


class Area(Struct, frozen=True):
    """The room's area as it was declared: m², and 约 多 余 超 where it was said so."""

    m2: float
    qualifier: Qualifier = ""


class Amenity(Struct, frozen=True):
    """What a rider finds there, as the operator wrote it; ``code`` where the word is a usual one."""

    text: str
    code: str = ""


class InformationRow(Struct, frozen=True):
    """What the registry knows of a station; it changes when the operator says so."""

    station_id: StationId
    network_id: Annotated[NetworkId, Meta(description="the innermost network that it belongs to")]
    name: Texts
    time_zone: Annotated[str, Meta(description="IANA name; the opening hours go by it")]
    url: Annotated[Address, Meta(description="its page for riders")]
    aliases: Annotated[tuple[str, ...], Meta(description="other names and spellings")] = ()
    region: Annotated[tuple[str, ...], Meta(description="district, street, community")] = ()
    lat: Latitude | None = None
    lon: Longitude | None = None
    opening_hours: Annotated[
        str, Meta(description="OpenStreetMap opening_hours; none published: left out")
    ] = ""
    places: Annotated[int | None, Meta(description="seats, or how many may be inside")] = None
    area: Area | None = None
    host_kind: Annotated[str, Meta(description="what it is part of, in the operator's words")] = ""
    amenities: tuple[Amenity, ...] = ()
    instrumented: Annotated[bool, Meta(description="it has sensors")] = False
    simulated: Annotated[bool, Meta(description="its readings are simulated")] = False


class Information(Struct, frozen=True):
    """Stations in the registry's order."""

    stations: tuple[InformationRow, ...]


class StatusRow(Struct, frozen=True):
    """What is true of a station now, each fact with the instant of its measurement."""

    station_id: StationId
    freshness: Annotated[
        Freshness, Meta(description="fresh to 5 minutes, stale to 10, then offline; none: no sensors")
    ]
    access: AccessFact
    crowding: CrowdingFact
    comfort: ComfortFact
    last_reported: Annotated[Instant | None, Meta(description="its newest reading; none: left out")] = None
    sockets: SocketsFact | None = None
    batteries: BatteriesFact | None = None
    simulated: Annotated[bool, Meta(description="its readings are simulated")] = False
    notices: Annotated[
        tuple[NoticeFact, ...], Meta(description="what staff tell riders now and for the next seven days")
    ] = ()


class Status(Struct, frozen=True):
    """Stations in the registry's order."""

    stations: tuple[StatusRow, ...]


AlertType = Literal[
    "cabinet_heat", "closed_by_notice", "locked", "station_offline", "cabinet_offline", "sockets_faulty",
    "hours_unconfirmed", "notice",
]  # fmt: skip


class Span(Struct, frozen=True):
    """From when to when; without ``end`` until further notice."""

    start: Instant
    end: Instant | None = None


class AlertRow(Struct, frozen=True):
    """Something that a rider or an operator should know; gone from the feed when it is over."""

    alert_id: Annotated[str, Meta(description="stays the same while the alert lasts")]
    type: AlertType
    network_id: NetworkId
    station_ids: tuple[StationId, ...]
    summary: Texts
    times: Annotated[
        tuple[Span, ...],
        Meta(description="left out where nobody knows since when; what is planned begins later than now"),
    ] = ()
    cabinet_id: Annotated[str, Meta(description="the cabinet, where it is about one")] = ""


class Alerts(Struct, frozen=True):
    """What is dangerous first."""

    alerts: tuple[AlertRow, ...]


def texts(zh: str, en: str) -> tuple[Localised, ...]:
    """A name in the languages that it has."""
    return (Localised(zh, "zh"), Localised(en, "en")) if en else (Localised(zh, "zh"),)


def network(row: NetworkSummary, site: str) -> NetworkRow:
    """A network; ``site`` stands before the addresses of pages."""
    return NetworkRow(
        network_id=row.id,
        name=texts(row.name.zh, row.name.en),
        time_zone=row.time_zone,
        registered=row.registered,
        instrumented=row.instrumented,
        online=row.online,
        url=f"{site}/n/{row.id}",
        parent_network_id=row.parent,
        declared=row.declared,
        standards=row.standards,
        districts=row.districts,
        simulated=row.simulated,
    )


def information(state: StationState, networks: Mapping[str, Network], site: str) -> InformationRow:
    """What the registry knows of a station."""
    station = state.station
    area_m2 = public.finite(station.area_m2)
    home = networks.get(station.network)
    return InformationRow(
        station_id=station.id,
        network_id=station.network,
        name=texts(station.name_zh, station.name_en),
        time_zone=home.time_zone if home else "UTC",
        url=f"{site}/s/{station.id}",
        aliases=station.aliases,
        region=station.region,
        lat=degrees(station.lat),
        lon=degrees(station.lon),
        opening_hours=station.hours,
        places=station.places,
        area=None if area_m2 is None else Area(area_m2, station.area_qualifier),
        host_kind=station.host_kind,
        amenities=tuple(Amenity(word, _code(word)) for word in station.amenities),
        instrumented=station.instrumented,
        simulated=state.simulated,
    )


def degrees(value: float | None) -> float | None:
    """Degrees to a tenth of a metre."""
    known = public.finite(value)
    return None if known is None else round(known, 6)


@lru_cache(4096)
def _code(word: str) -> str:
    key = word.strip().lower()
    return key if key in amenity_codes().values() else amenity_codes().get(key, "")


def status(state: StationState) -> StatusRow:
    """What is true of a station now."""
    told = public.status(state)
    return StatusRow(
        station_id=told.id,
        freshness=told.freshness,
        access=told.access,
        crowding=told.crowding,
        comfort=told.comfort,
        last_reported=told.measured_at,
        sockets=told.sockets,
        batteries=told.batteries,
        simulated=told.simulated,
        notices=told.notices,
    )


def schema(kind: Any, name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a feed."""
    return {"$schema": DRAFT, "$id": f"{name}.schema.json", "title": name, **msgspec.json.schema(kind)}
