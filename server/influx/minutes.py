"""What a network comes to at present, once a minute. It cannot be made again later, so its lines are kept."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from server.alerts.model import Alert, Place, Subject
from server.influx import points
from server.model import Network
from server.state import StationState
from server.today import Today

MINUTE_MS: Final = 60_000
_FULL: Final = frozenset({"crowded", "full"})
_OPEN: Final = frozenset({"open", "closing_soon"})
_TOLD: Final = ("safety", "critical", "warning")


class Live(Protocol):
    """What is read of :class:`server.live.Live`; from any thread."""

    def networks(self) -> Mapping[str, Network]:
        """All networks."""

    def states(self, network_id: str) -> list[StationState]:
        """The stations of a network and of those inside it."""


class Engine(Protocol):
    """What is read of :class:`server.alerts.engine.Engine`; from any thread."""

    passed_ms: int | None
    """When all was judged last; None before it ever was: then nobody knows what is wrong."""

    def alerts(self) -> tuple[Alert, ...]:
        """All that are not closed."""

    def hidden(self) -> Mapping[str, str]:
        """Alerts that another says already."""

    def place(self, subject: Subject) -> Place:
        """Where a subject is."""


def lines(live: Live, engine: Engine | None, today: Today, now_ms: int) -> list[str]:
    """A line for each network, of the full minute that ``now_ms`` is in."""
    at_ms = now_ms // MINUTE_MS * MINUTE_MS
    judged = engine is not None and engine.passed_ms is not None
    alerts = _alerts(engine) if engine and judged else {}
    made = []
    for network in live.networks().values():
        states = live.states(network.id)
        counts = _counts(states)
        counts["visits_today"] = _visits(today, states, network.time_zone, now_ms)
        if judged:
            found = alerts.get(network.id, Counter())
            counts |= {f"alerts_{severity}": found[severity] for severity in _TOLD}
        made.append(points.network(network.id, network.name_zh, counts, at_ms))
    return made


def _counts(states: Sequence[StationState]) -> dict[str, int | None]:
    """What the wall says of so many stations; those that are offline say nothing of sockets and batteries."""
    ages = Counter(state.freshness for state in states if state.station.instrumented)
    return {
        "registered": len(states),
        "instrumented": sum(state.station.instrumented for state in states),
        "online": ages["fresh"],
        "stale": ages["stale"],
        "offline": ages["offline"] + ages["none"],
        "open": sum(state.access.value in _OPEN for state in states),
        "crowded": sum(state.crowding.value in _FULL for state in states),
        "hot": sum(state.comfort.value == "hot" for state in states),
        "batteries_charged": sum(cabinet.charged for state in states for cabinet in state.cabinets),
        "sockets_free": sum(state.sockets.free for state in states),
    }


def _visits(today: Today, states: Iterable[StationState], time_zone: str, now_ms: int) -> int | None:
    """None where nobody is counted."""
    zone = ZoneInfo(time_zone)
    known = today.visits({state.station.id: zone for state in states}, now_ms)
    return sum(known.values()) if known else None


def _alerts(engine: Engine) -> dict[str, Counter[str]]:
    """Active alerts that no other says already, by network and severity; those around it count them too."""
    hidden, found = engine.hidden(), dict[str, Counter[str]]()
    for alert in engine.alerts():
        if alert.active and alert.id not in hidden:
            for network_id in engine.place(alert.subject).networks:
                found.setdefault(network_id, Counter())[alert.severity] += 1
    return found
