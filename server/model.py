"""The nouns of the server: networks, stations, and what riders are told of them.

Values only. Who makes them: :mod:`server.registry` the networks and stations, :mod:`server.status` the
words, :mod:`server.live` the state of each station.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from contract.messages import SocketKind
from contract.messages import SocketState as SocketWord

Qualifier = Literal["", "约", "多", "余", "超"]
"""How a declared number was qualified; kept through every import, page and export."""
Datum = Literal["wgs84", "gcj02", "bd09"]

AccessValue = Literal["open", "closing_soon", "closed", "locked", "unknown"]
CrowdingValue = Literal["quiet", "busy", "crowded", "full", "unknown"]
ComfortValue = Literal["cool", "warm", "mild", "hot", "cold", "unknown"]
Freshness = Literal["fresh", "stale", "offline", "none"]
"""Age of the newest snapshot: fresh to 5 min, stale to 10 min, then offline; none: no live data."""
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


class Posted(NamedTuple):
    """What the opening hours say of one moment.

    Attributes:
        open: None when no hours are published, or when they say "unknown" themselves.
        changes_at_ms: next change of ``open`` within a week.
        unconfirmed: the holiday table of the year is not published yet and could change the answer.
        then: what is true from ``changes_at_ms`` on, where notices have a say in it: ``open``, ``closed`` or
            ``unknown``; None: the opposite of ``open``.
    """

    open: bool | None
    changes_at_ms: int | None = None
    unconfirmed: bool = False
    then: AccessValue | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Staff's own word on a station; one with a ``value`` stands above hours and sensors until it ends.

    Attributes:
        value: whether riders can get in meanwhile; "": words only.
        at_ms: from when on it holds.
        until_ms: when it ends, None: until it is taken back.
        id: of the notice as staff wrote it.
        zh, en: what riders read, as staff typed it; "" where there is none in that language.
        works: the place is closed for works.
    """

    value: AccessValue | Literal[""]
    at_ms: int
    until_ms: int | None = None
    id: str = ""
    zh: str = ""
    en: str = ""
    works: bool = False

    def over(self, now_ms: int) -> bool:
        """Whether it has ended."""
        return self.until_ms is not None and self.until_ms <= now_ms

    def holds(self, now_ms: int) -> bool:
        """Whether it has begun and not ended."""
        return self.at_ms <= now_ms and not self.over(now_ms)


Evidence = Literal["verified", "timetable", "notice", "contact", "none"]


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a rider can get in.

    Attributes:
        evidence: why we say so; ``verified`` by crossings or motion in the last minutes, ``contact``
            by a bolt, ``none`` when no hours are published and nothing else is known.
        changes_at_ms: next change by the timetable within a week, or the end of the notice.
        hours_unconfirmed: the year's holiday table is not published yet.
        at_ms: time of the crossing, the contact or the notice; None for the timetable, which is
            true by the clock.
        then: what is true from ``changes_at_ms`` on, where a notice has a say in it; see :class:`Posted`.
    """

    value: AccessValue
    evidence: Evidence = "none"
    changes_at_ms: int | None = None
    hours_unconfirmed: bool = False
    at_ms: int | None = None
    then: AccessValue | None = None


CrowdingReason = Literal["places", "held", "no_places", "no_count", "offline", "no_live_data"]


@dataclass(frozen=True, slots=True)
class Crowding:
    """How full the room is; ``people`` is for staff, the public sees words and ``places``.

    Attributes:
        reason: ``places``: people of places; ``held``: it is better already, but not for long enough;
            ``no_places``, ``no_count``: that number is not known.
        estimated: crossings may have been missed since the last correction.
        better, since_better_ms: the word that waits out the hold, and since when it has been true.
    """

    value: CrowdingValue
    people: int | None = None
    places: int | None = None
    estimated: bool = False
    at_ms: int | None = None
    reason: CrowdingReason = "no_live_data"
    better: CrowdingValue | None = None
    since_better_ms: int | None = None


ComfortReason = Literal["temperature", "heat_index", "no_sensor", "no_reading", "offline", "no_live_data"]


@dataclass(frozen=True, slots=True)
class Comfort:
    """What the air feels like, with the numbers behind the word.

    Attributes:
        heat_index_c: what the air feels like, from 27 °C on; None below or without humidity.
        reason: ``heat_index``: too humid, the temperature alone would have given a better word;
            ``no_sensor``: the station has no thermometer, ``no_reading``: it gives nothing.
    """

    value: ComfortValue
    temperature_c: float | None = None
    humidity_pct: float | None = None
    at_ms: int | None = None
    heat_index_c: float | None = None
    reason: ComfortReason = "no_live_data"


@dataclass(frozen=True, slots=True)
class SocketCounts:
    """Charging sockets by what a rider can do with them; occupied, broken, unknown are three things.

    ``faulty`` counts those that are switched off too: nobody can charge there.
    """

    total: int = 0
    free: int = 0
    occupied: int = 0
    faulty: int = 0
    unknown: int = 0
    at_ms: int | None = None


SlotWord = Literal[
    "charged", "charging", "empty", "present", "open", "disabled", "faulty", "offline", "unknown"
]

Heat = Literal["", "hot", "smoke"]


@dataclass(frozen=True, slots=True)
class CabinetState:
    """A swap cabinet: each slot's word, and the sums a rider asks for.

    ``empty`` slots are those that a spent battery can be returned into. ``heat`` is the last that the cabinet
    said of a battery too hot or of smoke: it stays when the cabinet falls silent after it.
    """

    id: str
    label: str = ""
    voltage_v: float | None = None
    online: bool = False
    slots: tuple[tuple[int, SlotWord], ...] = ()
    charged: int = 0
    empty: int = 0
    faulty: int = 0
    at_ms: int | None = None
    heat: Heat = ""


class SocketState(NamedTuple):
    """One socket as a rider sees it; ``since_ms`` is None for one that was never heard of.

    A tuple: a city makes 800 a second.
    """

    id: str
    label: str
    kind: SocketKind
    state: SocketWord
    power_w: float | None
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class StationState:
    """Everything told of one station, each fact with its time. Immutable: a change makes a new one.

    Attributes:
        version: counts up with every change that a rider would see, per process.
        at_ms: time of the newest snapshot, None without live data.
        simulated: said by the agent or the network; shown on every page.
        notices: what staff tell riders now and for the next days, what matters most first.
    """

    station: Station
    freshness: Freshness
    access: Access
    crowding: Crowding
    comfort: Comfort
    sockets: SocketCounts
    socket_list: tuple[SocketState, ...] = ()
    cabinets: tuple[CabinetState, ...] = ()
    at_ms: int | None = None
    simulated: bool = False
    version: int = 0
    notices: tuple[Notice, ...] = ()
