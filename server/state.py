"""What is told of a station: the words that riders read, each with its reason and its time.

Values only, from what the hours post and staff announce to the whole :class:`StationState`. Who makes them:
:mod:`server.hours` and :mod:`server.board` what is posted and announced, :mod:`server.status` the words,
:mod:`server.live` the state of each station.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from contract.messages import SocketKind
from contract.messages import SocketState as SocketWord
from server.model import Station

AccessValue = Literal["open", "closing_soon", "closed", "locked", "unknown"]
CrowdingValue = Literal["quiet", "busy", "crowded", "full", "unknown"]
ComfortValue = Literal["cool", "warm", "mild", "hot", "cold", "unknown"]
Freshness = Literal["fresh", "stale", "offline", "none"]
"""Age of the newest snapshot: fresh to 5 min, stale to 10 min, then offline; none: no live data."""


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
