"""What the registry holds: networks with their promises and thresholds, and their stations.

Values only. :mod:`server.registry` keeps them; what is true of a station now is in :mod:`server.state`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Qualifier = Literal["", "约", "多", "余", "超"]
"""How a declared number was qualified; kept through every import, page and export."""
Datum = Literal["wgs84", "gcj02", "bd09"]
Season = Literal["summer", "winter", "between"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every number behind the words; set for a network, overridable for a station.

    Crowding in percent of places, comfort in °C, ages and holds in milliseconds. The last ones, of the
    ranking (:data:`RANKING`), are a network's alone. Where each default comes from stands in
    ``docs/status.md``.
    """

    busy_pct: float = 50
    crowded_pct: float = 80
    full_pct: float = 100
    crowding_hysteresis_pct: float = 5
    crowding_hold_ms: int = 180_000
    cool_max_c: float = 28
    mild_max_c: float = 30
    hot_heat_index_c: float = 32
    warm_min_c: float = 18
    cold_below_c: float = 14
    comfort_hysteresis_c: float = 0.5
    fresh_ms: int = 300_000
    offline_ms: int = 600_000
    closing_soon_ms: int = 1_800_000
    evidence_ms: int = 600_000
    full_soc_pct: float = 95
    overheat_c: float = 60
    riding_kmh: float = 18
    detour: float = 1.3
    crowded_penalty_min: float = 5
    full_penalty_min: float = 15
    discomfort_penalty_min: float = 10
    unknown_penalty_min: float = 3
    missing_penalty_min: float = 20


RANKING: Final = (
    "riding_kmh",
    "detour",
    "crowded_penalty_min",
    "full_penalty_min",
    "discomfort_penalty_min",
    "unknown_penalty_min",
    "missing_penalty_min",
)
"""Thresholds by which stations are compared: the same for all stations of a list."""


@dataclass(frozen=True, slots=True)
class Standard:
    """A promise that a network makes for its stations: 十有 and its ten items, 八可 and its eight."""

    name: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """The stations of a city, or of a street in it.

    Attributes:
        parent: id of the network that this one is inside of; its stations are not added again.
        declared: how many stations the operator says it has, with qualifier and date (ISO, any
            precision: ``2025-03``); never the same as registered, instrumented or online.
        summer, winter: first and last month, both included; months of neither are between.
        standards: the network's promises; a station may have more than they ask for.
        thresholds: for all stations of the network that have none of their own.
        alert_limits: numbers that alerts are raised by, where they differ from those of the network around it
            (:class:`server.alerts.kinds.AlertThresholds`); they hold for networks and stations inside it.
    """

    id: str
    name_zh: str
    name_en: str
    parent: str | None = None
    declared: int | None = None
    declared_qualifier: Qualifier = ""
    declared_as_of: str = ""
    time_zone: str = "Asia/Shanghai"
    summer: tuple[int, int] = (5, 9)
    winter: tuple[int, int] = (11, 3)
    standards: tuple[Standard, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    simulated: bool = False
    alert_limits: Mapping[str, float] = field(default_factory=dict, hash=False)


def family(networks: Mapping[str, Network], network_id: str) -> tuple[str, ...]:
    """The network and everything inside it, each once; a ring of parents ends where it began."""
    members = [network_id]
    for member in members:
        members += [
            network.id
            for network in networks.values()
            if network.parent == member and network.id not in members
        ]
    return tuple(members)


@dataclass(frozen=True, slots=True)
class Station:
    """A rest station as the registry knows it; coordinates are WGS-84 degrees.

    Attributes:
        region: path below the network, e.g. district, street, community.
        places: how many may sit or be inside, as somebody has said; never made from the area.
        hours: OpenStreetMap opening_hours, "" when not published.
        instrumented: a Raspberry Pi belongs to it; others are static, which is a normal state.
        thresholds: the station's own, complete; None: those of its network.
        alert_limits: those of :attr:`Network.alert_limits` in which it differs from its network.
    """

    id: str
    network: str
    name_zh: str
    name_en: str = ""
    aliases: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None
    places: int | None = None
    area_m2: float | None = None
    area_qualifier: Qualifier = ""
    hours: str = ""
    host_kind: str = ""
    amenities: tuple[str, ...] = ()
    instrumented: bool = False
    thresholds: Thresholds | None = None
    alert_limits: Mapping[str, float] = field(default_factory=dict, hash=False)
