"""What would reach nobody: places and kinds of alerts that no receiver takes. Pure.

``info`` is left out: not to be told of it is a choice that many make. Safety that is nobody's is everybody's,
so it is in nobody's way as long as there is a receiver at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from server.accounts.roles import Place
from server.alerts.kinds import KINDS
from server.alerts.model import Alert, Kind, Subject
from server.alerts.model import Place as Whereabouts
from server.model import Network
from server.notify.receivers.model import Receiver, receivers_of

_TOLD: Final = tuple(kind for kind in KINDS.values() if kind.severity != "info")
_OF_SERVER: Final = tuple(kind for kind in _TOLD if kind.scope == "server")
_ELSEWHERE: Final = tuple(kind for kind in _TOLD if kind.scope != "server")


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody would be told.

    Attributes:
        place: a network, a district of it, None for the server.
        kinds: codes of what is nobody's there; empty: all of it.
    """

    place: Place | None
    kinds: tuple[str, ...] = ()


def gaps(
    networks: Mapping[str, Network], present: Iterable[Place], receivers: Iterable[Receiver]
) -> tuple[Gap, ...]:
    """``present``: where the stations are (:func:`server.accounts.roles.place_of`), each once."""
    wheres = {place: Whereabouts.of_network(place.network, networks, place.district) for place in present}
    return _gaps(tuple(sorted(wheres.items(), key=lambda item: _order(item[0]))), tuple(receivers))


def is_nobodys(alert: Alert, where: Whereabouts, receivers: Iterable[Receiver]) -> bool:
    """Whether nobody is told of this alert."""
    return not receivers_of(alert, where, receivers)


@lru_cache(maxsize=8)
def _gaps(wheres: tuple[tuple[Place, Whereabouts], ...], receivers: tuple[Receiver, ...]) -> tuple[Gap, ...]:
    own = _nobodys(Whereabouts(), _OF_SERVER, receivers)
    found = [Gap(None, _short(own, _OF_SERVER))] if own else []
    by_network: dict[str, dict[Place, tuple[str, ...]]] = {}
    for place, where in wheres:
        by_network.setdefault(place.network, {})[place] = _nobodys(where, _ELSEWHERE, receivers)
    for network, left in by_network.items():
        alike = {Place(network): kinds for kinds in left.values()} if len(set(left.values())) == 1 else left
        found += [Gap(place, _short(kinds, _ELSEWHERE)) for place, kinds in alike.items() if kinds]
    return tuple(found)


def _nobodys(where: Whereabouts, kinds: tuple[Kind, ...], receivers: tuple[Receiver, ...]) -> tuple[str, ...]:
    return tuple(kind.code for kind in kinds if is_nobodys(_would_be(kind), where, receivers))


def _short(codes: tuple[str, ...], of: tuple[Kind, ...]) -> tuple[str, ...]:
    """Empty where it is everything but safety, which somebody always gets."""
    ordinary = {kind.code for kind in of if not kind.safety}
    return () if ordinary <= set(codes) else codes


def _would_be(kind: Kind) -> Alert:
    return Alert("", kind.code, kind.severity, Subject(kind.scope, ""), "firing", 0)


def _order(place: Place) -> tuple[str, str]:
    return place.network, place.district
