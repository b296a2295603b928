"""What a rule may look at. Values only; whoever runs the rules fills them in from what is live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.messages import Climate, Snapshot, Status
from server.alerts.model import ACTIVE, State
from server.alerts.trends import Days, Trend
from server.model import Season, Station, Thresholds
from server.state import StationState

RECENTLY_MS: Final = 600_000
"""``rejected`` and ``unknown`` messages are those of so long before now."""

Open = Mapping[tuple[str, str], State]
"""The state of every alert that is not closed, by its kind and unit."""


def raised(alerts: Open, kind: str, unit: str) -> bool:
    """Whether an alert is on its way or active: it then takes more to call things well again."""
    return alerts.get((kind, unit)) in ("pending", *ACTIVE)


@dataclass(frozen=True, slots=True)
class Facts:
    """One station, now.

    Attributes:
        snapshot: the newest, None before the first.
        thresholds: the riders' numbers, which say how old is fresh and how hot a battery may be.
        hearing_since_ms: since when the server hears stations (broker connected, store taking), None while
            it does not: silence counts from then.
        link: the broker's word on the connection.
        rejected: messages of the station refused in the last :data:`RECENTLY_MS`.
        alerts: the station's own, not yet closed.
    """

    station: Station
    state: StationState
    snapshot: Snapshot | None
    thresholds: Thresholds
    season: Season
    hearing_since_ms: int | None
    link: Status | None = None
    trend: Trend = field(default_factory=Trend)
    days: Days = field(default_factory=Days)
    rejected: int = 0
    alerts: Open = field(default_factory=dict)

    def raised(self, kind: str, unit: str = "") -> bool:
        """Whether this station has such an alert on its way or active."""
        return raised(self.alerts, kind, unit)

    def fresh(self, at_ms: int | None, now_ms: int) -> bool:
        """Whether something measured at ``at_ms`` may still be judged."""
        return at_ms is not None and now_ms - at_ms <= self.thresholds.fresh_ms

    def climate(self, now_ms: int) -> Climate | None:
        """The air as it is now, None when that is not known."""
        climate = self.snapshot.climate if self.snapshot else None
        return climate if climate and self.fresh(climate.at_ms, now_ms) else None

    @property
    def open(self) -> bool:
        """Whether riders may expect to be let in. Without published hours they may at any time."""
        access = self.state.access
        return access.value != "closed" and (access.value, access.evidence) != ("locked", "notice")


@dataclass(frozen=True, slots=True)
class DistrictFacts:
    """The stations with a Raspberry Pi in one district of a network (``""``: in all of it).

    Attributes:
        heard: those that ever spoke; of them ``offline`` those that count as offline now, ``unknown`` those
            of which nobody can say, as the server was deaf.
    """

    network: str
    district: str
    heard: int
    offline: int
    unknown: int = 0
    alerts: Open = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server itself, now. None means that it is not known or not used.

    Attributes:
        stalled: why the store takes nothing, "" when it does.
        moved_aside: damaged files of the store that were replaced by new ones and lie beside them.
        not_pruned: old readings stay, as the store is damaged there.
        not_made: roll-ups do not follow the readings.
        lost: readings that were pruned before roll-ups had them.
        influx_since_ms: when the oldest reading was received that InfluxDB has not taken; None: it has all.
        channels: by id of a channel, since when nothing could be delivered; None when it is well.
        unknown: messages of the last :data:`RECENTLY_MS` by ids that are not in the registry.
        future: stations that lately sent readings from the future, of ``heard`` that ever sent any.
    """

    broker_connected: bool
    stalled: str = ""
    moved_aside: tuple[str, ...] = ()
    not_pruned: bool = False
    not_made: bool = False
    lost: int = 0
    disk_free_pct: float | None = None
    influx: bool = False
    influx_since_ms: int | None = None
    channels: Mapping[str, int | None] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    future: int = 0
    heard: int = 0
    alerts: Open = field(default_factory=dict)
