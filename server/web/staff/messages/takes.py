"""What is a receiver's, as a form says it: places, kinds and severities; and as matchers say it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from server.accounts.roles import Place
from server.alerts.kinds import KINDS
from server.alerts.model import Severity
from server.alerts.silences import Matcher

SERVER_KINDS: Final = tuple(code for code, kind in KINDS.items() if kind.scope == "server")
"""What is wrong with the server itself is at no network, so it has a box of its own."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What is ticked.

    Attributes:
        everywhere: all networks and the server.
        server: the server's own troubles; with ``everywhere`` it adds nothing.
        kinds, severities: none ticked means all.
    """

    everywhere: bool = False
    server: bool = False
    places: tuple[Place, ...] = ()
    kinds: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()


def matchers(theirs: Theirs) -> tuple[Matcher, ...]:
    """An alert that fits one of them is theirs; none: nothing ever would be."""
    return tuple(_matchers(theirs))


def theirs_of(takes: tuple[Matcher, ...]) -> Theirs:
    """What was ticked for these matchers: the reverse of :func:`matchers`."""
    everywhere = [each for each in takes if not each.networks and not _of_server(each)]
    placed = [each for each in takes if each.networks]
    first = next(iter((*everywhere, *placed, *takes)), Matcher())
    kinds = first.kinds if everywhere or placed or set(first.kinds) != set(SERVER_KINDS) else ()
    server = not everywhere and any(_of_server(each) for each in takes)
    places = dict.fromkeys(place for each in placed for place in _places(each))
    return Theirs(bool(everywhere), server, tuple(places), kinds, first.severities)


def _matchers(theirs: Theirs) -> Iterator[Matcher]:
    kinds, severities = theirs.kinds, theirs.severities
    if theirs.everywhere:
        yield Matcher(kinds=kinds, severities=severities)
        return
    if whole := tuple(place.network for place in theirs.places if not place.district):
        yield Matcher(networks=whole, kinds=kinds, severities=severities)
    for network in dict.fromkeys(place.network for place in theirs.places if place.district):
        names = tuple(
            place.district for place in theirs.places if place.network == network and place.district
        )
        yield Matcher(networks=(network,), districts=names, kinds=kinds, severities=severities)
    own = tuple(code for code in SERVER_KINDS if not kinds or code in kinds)
    if theirs.server and own:
        yield Matcher(kinds=own, severities=severities)


def _of_server(matcher: Matcher) -> bool:
    placed = matcher.networks or matcher.districts or matcher.stations
    return not placed and bool(matcher.kinds) and set(matcher.kinds) <= set(SERVER_KINDS)


def _places(matcher: Matcher) -> Iterator[Place]:
    for network in matcher.networks:
        yield from (Place(network, district) for district in matcher.districts or ("",))
