"""Networks and districts as boxes to tick in a form, and a station by a piece of its name. Pure.

A box is called ``network`` or ``network/district``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from server.accounts.roles import Place, place_of
from server.alerts.model import Place as Whereabouts
from server.model import Network, Station
from server.web.shapes import Name


@dataclass(frozen=True, slots=True)
class Box:
    """One thing to tick.

    Attributes:
        value: what the form sends.
        gone: ticked before, and no longer in the registry.
    """

    value: str
    name: Name
    ticked: bool
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """A network with its districts; ``inside``: the network that it is part of."""

    network: Box
    districts: tuple[Box, ...]
    inside: Name | None = None

    @property
    def open(self) -> bool:
        """Whether a district is ticked, so that nobody overlooks it in a folded list."""
        return any(box.ticked for box in self.districts)


def districts(networks: Mapping[str, Network], stations: Iterable[Station]) -> dict[str, tuple[str, ...]]:
    """The districts of each network and of those inside it, by name."""
    found: dict[str, set[str]] = {network: set() for network in networks}
    for here in {place_of(station) for station in stations}:
        for network in Whereabouts.of_network(here.network, networks).networks:
            found.setdefault(network, set()).add(here.district)
    return {network: tuple(sorted(names - {""})) for network, names in found.items()}


def branches(
    networks: Mapping[str, Network], known: Mapping[str, tuple[str, ...]], ticked: Collection[Place]
) -> tuple[Branch, ...]:
    """All networks, ticked or not; what was ticked and is gone comes with them. ``known``: the districts."""
    present = [_branch(network, networks, known.get(network.id, ()), ticked) for network in networks.values()]
    gone = {place.network for place in ticked} - networks.keys()
    return (*present, *(_gone(network, ticked) for network in sorted(gone)))


def value(place: Place) -> str:
    """What the box of a place is called."""
    return f"{place.network}/{place.district}" if place.district else place.network


def chosen(values: Iterable[str]) -> tuple[Place, ...]:
    """The places of ticked boxes, each once; a district of a network that is ticked whole goes without."""
    split = (text.partition("/") for text in values)
    places = dict.fromkeys(Place(network, district) for network, _, district in split)
    return tuple(place for place in places if not place.district or Place(place.network) not in places)


def unknown(
    places: Iterable[Place], networks: Mapping[str, Network], known: Mapping[str, tuple[str, ...]]
) -> Iterator[Place]:
    """Those that are not in the registry."""
    for place in places:
        if place.network not in networks or place.district not in ("", *known.get(place.network, ())):
            yield place


def _branch(
    network: Network, networks: Mapping[str, Network], names: tuple[str, ...], ticked: Collection[Place]
) -> Branch:
    here = [place.district for place in ticked if place.network == network.id and place.district]
    boxes = [_district(network.id, name, name in here, gone=False) for name in names]
    boxes += [_district(network.id, name, ticked=True, gone=True) for name in here if name not in names]
    outer = networks.get(network.parent or "")
    whole = Box(network.id, Name(network.name_zh, network.name_en), Place(network.id) in ticked)
    return Branch(whole, tuple(boxes), Name(outer.name_zh, outer.name_en) if outer else None)


def _gone(network: str, ticked: Collection[Place]) -> Branch:
    here = [place.district for place in ticked if place.network == network and place.district]
    boxes = tuple(_district(network, name, ticked=True, gone=True) for name in here)
    return Branch(Box(network, Name(network, network), Place(network) in ticked, gone=True), boxes)


def _district(network: str, name: str, ticked: bool, gone: bool) -> Box:
    return Box(value(Place(network, name)), Name(name, name), ticked, gone)


def matching(wanted: str, stations: Iterable[Station]) -> list[Station]:
    """The station of that id, or those of that very name, or those that have it in their names."""
    known, key = list(stations), _plain(wanted)
    exact = [each for each in known if each.id == wanted.strip().lower()]
    same = [each for each in known if key in map(_plain, _names(each))]
    return exact or same or [each for each in known if any(key in _plain(name) for name in _names(each))]


def _names(station: Station) -> tuple[str, ...]:
    return (station.name_zh, station.name_en, *station.aliases)


def _plain(words: str) -> str:
    return "".join(words.casefold().split())
