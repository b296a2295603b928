"""Networks as the public sees them: the tree, and four counts that are never added into one.

Declared (what the operator says, with its qualifier and date) ≠ registered (on our list) ≠ instrumented (has
a Raspberry Pi) ≠ online (fresh readings now). A sub-network's stations are inside its parent: the parent's
counts hold them, and a total adds only the networks that have no parent.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from server.model import Network, Qualifier, family
from server.state import StationState
from server.web.shapes import Name, Struct


class Live(Protocol):
    """What the web reads of :class:`server.live.Live`; states are immutable and safe to share."""

    def networks(self) -> Mapping[str, Network]:
        """All networks by id, as last read from the registry."""

    def state(self, station_id: str) -> StationState | None:
        """The state of one station, None when the registry has no such station."""

    def states(self, network_id: str) -> Sequence[StationState]:
        """The states of all stations in a network and its sub-networks, in the registry's order."""

    def network_version(self, network_id: str) -> int:
        """Counts up with every change of that network that a rider would see."""

    def listen(self, news: Callable[[], None]) -> None:
        """Have ``news`` called, in the writing thread, after changes that a rider would see."""


class Declared(Struct, frozen=True):
    """What the operator says, as it was said: the number, 约 多 余 超 or nothing, and the date."""

    count: int
    qualifier: Qualifier = ""
    as_of: str = ""


class Promise(Struct, frozen=True, omit_defaults=False):
    """A standard that the network promises for its stations, e.g. 十有 and its ten items."""

    name: str
    items: tuple[str, ...]


class District(Struct, frozen=True, omit_defaults=False):
    """First level below a network, with the number of registered stations."""

    name: str
    registered: int


class NetworkSummary(Struct, frozen=True, omit_defaults=False):
    """A network with its four counts, which include its sub-networks."""

    id: str
    name: Name
    parent: str | None
    declared: Declared | None
    registered: int
    instrumented: int
    online: int
    time_zone: str
    standards: tuple[Promise, ...]
    simulated: bool
    districts: tuple[District, ...]


class Totals(Struct, frozen=True, omit_defaults=False):
    """Sums over the networks without a parent; declared numbers are not added, they differ in kind."""

    registered: int
    instrumented: int
    online: int


def version(live: Live, network_id: str | None) -> tuple[int, ...]:
    """Changes whenever a rider would see a change in the network (None: in any network)."""
    networks = live.networks()
    members = tuple(networks) if network_id is None else family(networks, network_id)
    return tuple(live.network_version(member) for member in members)


def district(state: StationState) -> str:
    """First level of the region, "" for a station without one."""
    return state.station.region[0] if state.station.region else ""


def summary(live: Live, network: Network) -> NetworkSummary:
    """One network with its four counts."""
    members = live.states(network.id)
    return NetworkSummary(
        network.id,
        Name(network.name_zh, network.name_en),
        network.parent,
        _declared(network),
        len(members),
        sum(state.station.instrumented for state in members),
        sum(state.freshness == "fresh" for state in members),
        network.time_zone,
        tuple(Promise(standard.name, standard.items) for standard in network.standards),
        network.simulated or any(state.simulated for state in members),
        _districts(members),
    )


def roots(networks: Mapping[str, Network]) -> list[Network]:
    """The networks that are not inside another one."""
    return [network for network in networks.values() if network.parent not in networks]


def summaries(live: Live) -> list[NetworkSummary]:
    """All networks, each parent followed by what is inside it."""
    networks = live.networks()
    ordered = [member for root in roots(networks) for member in family(networks, root.id)]
    rest = [network_id for network_id in networks if network_id not in ordered]
    return [summary(live, networks[network_id]) for network_id in ordered + rest]


def totals(rows: Sequence[NetworkSummary]) -> Totals:
    """Sums that count nothing twice: only networks that are not inside another one of the rows."""
    ids = {row.id for row in rows}
    outer = [row for row in rows if row.parent not in ids]
    return Totals(
        sum(row.registered for row in outer),
        sum(row.instrumented for row in outer),
        sum(row.online for row in outer),
    )


def _declared(network: Network) -> Declared | None:
    if network.declared is None:
        return None
    return Declared(network.declared, network.declared_qualifier, network.declared_as_of)


def _districts(members: Sequence[StationState]) -> tuple[District, ...]:
    counts: dict[str, int] = {}
    for state in members:
        name = district(state)
        if name:
            counts[name] = counts.get(name, 0) + 1
    return tuple(District(name, count) for name, count in counts.items())
