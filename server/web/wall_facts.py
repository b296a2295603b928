"""What a wall tells of a network: counts, districts, what is wrong. Pure.

Nothing measured is told of a station that is silent, as to riders (:data:`server.web.public.SILENT`), so
old data never looks fine: the figure that it was part of is then of fewer stations, and says of how many.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.alerts.model import SEVERITIES, Alert, Place, Severity
from server.model import family
from server.state import StationState
from server.web.networks import Live, district
from server.web.public import SILENT

OPEN: Final = frozenset({"open", "closing_soon"})
CROWDED: Final = frozenset({"crowded", "full"})
SHOWN: Final[tuple[Severity, ...]] = ("safety", "critical", "warning")
"""Severities that a wall tells one by one; notes for technicians stay in the console."""


@dataclass(slots=True)
class Part:
    """A count, and of how many stations it is known at all."""

    count: int = 0
    known: int = 0

    def add(self, known: bool, counts: bool) -> None:
        """Take in a station."""
        self.known += known
        self.count += known and counts


@dataclass(slots=True)
class Figures:
    """The figures of a network or a district.

    Attributes:
        registered: stations in all; ``heard``: with readings of the last ten minutes; ``late``: of those,
            with none of the last five; ``silent``: with a device that is not heard.
        open, crowded, hot: of the stations of which that is known.
        visits: of today, of the ``counting`` stations.
        charged, slots: batteries and the slots that they are in. ``free``, ``sockets``: those that can be
            used, and all.
    """

    registered: int = 0
    heard: int = 0
    late: int = 0
    silent: int = 0
    open: Part = field(default_factory=Part)
    crowded: Part = field(default_factory=Part)
    hot: Part = field(default_factory=Part)
    visits: int = 0
    counting: int = 0
    charged: int = 0
    slots: int = 0
    free: int = 0
    sockets: int = 0

    @property
    def not_counting(self) -> int:
        """Stations of which nobody knows how many came today."""
        return self.registered - self.counting

    def add(self, state: StationState, visits: int | None) -> None:
        """Take in a station; ``visits`` of today, None where nobody counts."""
        heard = state.freshness not in SILENT
        self.registered += 1
        self.heard += heard
        self.late += state.freshness == "stale"
        self.silent += not heard and state.station.instrumented
        self.open.add(state.access.value != "unknown", state.access.value in OPEN)
        self.crowded.add(heard and state.crowding.value != "unknown", state.crowding.value in CROWDED)
        self.hot.add(heard and state.comfort.value != "unknown", state.comfort.value == "hot")
        if visits is not None:
            self.visits, self.counting = self.visits + visits, self.counting + 1
        if heard:
            self._add_power(state)

    def _add_power(self, state: StationState) -> None:
        self.charged += sum(cabinet.charged for cabinet in state.cabinets)
        self.slots += sum(len(cabinet.slots) for cabinet in state.cabinets)
        self.free += state.sockets.free
        self.sockets += state.sockets.total


@dataclass(frozen=True, slots=True)
class Facts:
    """All figures; ``districts`` by name, the one with most stations first, "" for stations without one.

    ``newest_ms``: when the newest reading was measured, None where there is none.
    """

    whole: Figures
    districts: Mapping[str, Figures]
    newest_ms: int | None


def facts(states: Iterable[StationState], visits: Mapping[str, int]) -> Facts:
    """The figures of some stations; ``visits`` of today by station, of those that count."""
    whole, parts, newest = Figures(), dict[str, Figures](), None
    for state in states:
        count = visits.get(state.station.id)
        whole.add(state, count)
        parts.setdefault(district(state), Figures()).add(state, count)
        if state.at_ms is not None:
            newest = max(newest or 0, state.at_ms)
    ordered = sorted(parts.items(), key=lambda part: (part[0] == "", -part[1].registered, part[0]))
    return Facts(whole, dict(ordered), newest)


def wrong(
    alerts: Iterable[Alert],
    place: Callable[[Alert], Place],
    hidden: Mapping[str, str],
    members: Sequence[str],
) -> list[Alert]:
    """What is wrong now in these networks, the worst first, then the newest.

    ``hidden``: alerts that another one says already, by id. Of one that staff have silenced it is told all
    the same: a silence keeps messages away, not the trouble.
    """
    here = set(members)
    found = [
        alert
        for alert in alerts
        if alert.active
        and alert.severity in SHOWN
        and alert.id not in hidden
        and here & set(place(alert).networks[:1])
    ]
    return sorted(found, key=lambda alert: (SEVERITIES.index(alert.severity), -alert.since_ms, alert.id))


def members(live: Live, network_id: str) -> tuple[str, ...]:
    """The network and those inside it."""
    return family(live.networks(), network_id)
