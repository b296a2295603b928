"""The API's JSON of a station: what it is made of. What of it is told to whom stands in ``public``."""

import msgspec

from server.model import Qualifier
from server.state import (
    AccessValue,
    ComfortReason,
    ComfortValue,
    CrowdingReason,
    CrowdingValue,
    Evidence,
    Freshness,
    SlotWord,
)


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of the public answers: what is not known is left out."""


class Name(Struct, frozen=True):
    """A name in both languages; ``en`` is left out where there is none."""

    zh: str
    en: str = ""


class AccessFact(Struct, frozen=True):
    """Whether a rider can get in, why we say so, and when that changes by the timetable or a notice.

    ``then``: what is true from ``changes_at`` on where a notice has a say in it, else the opposite.
    """

    value: AccessValue
    evidence: Evidence = "none"
    changes_at: str | None = None
    hours_unconfirmed: bool = False
    measured_at: str | None = None
    then: AccessValue | None = None


class NoticeFact(Struct, frozen=True):
    """What staff tell riders. ``access``: whether one can get in meanwhile; left out: words only."""

    id: str
    text: Name
    start: str
    end: str | None = None
    access: AccessValue | None = None
    works: bool = False


class CrowdingFact(Struct, frozen=True):
    """How full the room is. ``taken_pct_from``: taken places in percent, rounded down to 0, 25 … 100."""

    value: CrowdingValue
    reason: CrowdingReason = "places"
    places: int | None = None
    taken_pct_from: int | None = None
    estimated: bool = False
    measured_at: str | None = None


class ComfortFact(Struct, frozen=True):
    """What the air feels like, with the numbers behind the word (°C, % relative humidity)."""

    value: ComfortValue
    reason: ComfortReason = "temperature"
    temperature_c: float | None = None
    humidity_pct: float | None = None
    measured_at: str | None = None


class SocketsFact(Struct, frozen=True, omit_defaults=False):
    """Charging sockets; occupied, faulty and unknown are three different things."""

    total: int
    free: int
    occupied: int
    faulty: int
    unknown: int
    measured_at: str | None = None


class BatteriesFact(Struct, frozen=True, omit_defaults=False):
    """Swap batteries: charged ones to take, empty slots to return into, faulty slots."""

    charged: int
    empty: int
    faulty: int
    slots: int
    measured_at: str | None = None


class StationStatus(Struct, frozen=True):
    """The changing part of a station. ``measured_at`` is the time of its newest reading."""

    id: str
    freshness: Freshness
    access: AccessFact
    crowding: CrowdingFact
    comfort: ComfortFact
    sockets: SocketsFact | None = None
    batteries: BatteriesFact | None = None
    measured_at: str | None = None
    simulated: bool = False
    notices: tuple[NoticeFact, ...] = ()


class StationSummary(StationStatus, frozen=True, kw_only=True):
    """A station in the list: its status and what the registry knows of it. Coordinates are WGS-84."""

    network: str
    name: Name
    region: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None
    places: int | None = None
    area_m2: float | None = None
    area_qualifier: Qualifier = ""
    hours: str = ""
    host_kind: str = ""
    amenities: tuple[str, ...] = ()
    instrumented: bool = False


class SocketRow(Struct, frozen=True):
    """One socket; ``since`` is when its state began."""

    id: str
    label: str
    kind: str
    state: str
    since: str | None = None


class SlotRow(Struct, frozen=True):
    """One slot of a cabinet, by the number on its door."""

    n: int
    word: SlotWord


class CabinetRow(Struct, frozen=True):
    """A swap cabinet: the word of each slot and the sums a rider asks for."""

    id: str
    label: str
    online: bool
    slots: tuple[SlotRow, ...]
    charged: int
    empty: int
    faulty: int
    voltage_v: float | None = None
    measured_at: str | None = None


class StationDetail(StationSummary, frozen=True, kw_only=True):
    """A station with each socket and each cabinet."""

    time_zone: str = "Asia/Shanghai"
    socket_list: tuple[SocketRow, ...] = ()
    cabinets: tuple[CabinetRow, ...] = ()
