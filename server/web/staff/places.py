"""The registry's networks and districts, for pages on which somebody chooses among them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from server.accounts.roles import Place, place_of
from server.model import Network
from server.web.shapes import Name
from server.web.staff import choosing
from server.web.staff.visit import Visit
from server.web.text import Text

FIELD = "place"
"""Name of the boxes."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What there is to choose from.

    Attributes:
        present: where stations are, each place once.
        districts: of each network and of those inside it.
    """

    networks: Mapping[str, Network]
    present: frozenset[Place]
    districts: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, visit: Visit) -> Self:
        """As it is now."""
        live = visit.staff.live
        networks = live.networks()
        stations = [state.station for id_ in networks for state in live.states(id_)]
        present = frozenset(map(place_of, stations))
        return cls(networks, present, choosing.districts(networks, stations))

    def branches(self, chosen: Collection[Place]) -> tuple[choosing.Branch, ...]:
        """All of it as boxes."""
        return choosing.branches(self.networks, self.districts, chosen)

    def unknown(self, places: Iterable[Place]) -> Iterator[Place]:
        """Those that are not there."""
        return choosing.unknown(places, self.networks, self.districts)

    def named(self, text: Text, place: Place) -> str:
        """``小店区 · 太原市`` or the network's name."""
        network = self.networks.get(place.network)
        name = text.name(Name(network.name_zh, network.name_en)) if network else place.network
        return f"{place.district} · {name}" if place.district else name


def ticked(visit: Visit) -> tuple[Place, ...]:
    """The places that were sent."""
    return choosing.chosen(visit.many(FIELD))
