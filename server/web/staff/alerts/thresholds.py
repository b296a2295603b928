"""``/staff/thresholds``: the numbers that alerts are raised by, of a network or a station."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import Response

from server.accounts.roles import Place, place_of
from server.alerts import limits
from server.alerts.kinds import AlertThresholds, overridden
from server.model import Network, Station
from server.registry import RegistryError
from server.web.shapes import Name
from server.web.staff import choosing
from server.web.staff.alerts import limit_form
from server.web.staff.gate import Gate
from server.web.staff.visit import MISSING, Refused, Visit

PATH: Final = "/staff/thresholds"
MOST_FOUND: Final = 20
"""Stations listed for a piece of a name."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose numbers are looked at, as the registry has them now.

    Attributes:
        inherited: what holds where it has none of its own.
        place: where it has to be allowed to change them.
        parameters: of its address.
    """

    noun: Network | Station
    name: Name
    inherited: AlertThresholds
    place: Place
    parameters: Mapping[str, str]

    @property
    def own(self) -> Mapping[str, float]:
        """Its own numbers."""
        return self.noun.alert_limits

    @property
    def seen(self) -> str:
        """Stands for its own numbers: who changes others than they have seen is told so."""
        return hashlib.blake2b(msgspec.json.encode(sorted(self.own.items())), digest_size=8).hexdigest()


def add_thresholds(gate: Gate) -> None:
    """Add the page: all may look, managers change."""
    gate.page(PATH, "look")(thresholds)
    gate.form(PATH, "set_thresholds")(change)


def thresholds(visit: Visit) -> Response:
    """The numbers of what the address names; else what there is to choose from."""
    whose = _whose(visit, visit.query)
    return _chooser(visit) if whose is None else _form(visit, whose)


def change(visit: Visit) -> Response:
    """Set all that was filled in, and take back what was left empty."""
    whose = _whose(visit, visit.form)
    if whose is None:
        raise Refused(404, MISSING)
    visit.require("set_thresholds", whose.place)
    if visit.form.get("seen") != whose.seen:
        raise Refused(409, "staff.thresholds.wrong.changed")
    numbers, wrong = limit_form.read(visit.form)
    wrong = wrong or limit_form.together(overridden(whose.inherited, numbers))
    if wrong:
        return _form(visit, whose, visit.form, wrong)
    staff = visit.staff
    try:
        limits.change(
            staff.desk, staff.registry, whose.noun, numbers, by=visit.user.name, now_ms=visit.now_ms
        )
    except RegistryError as error:
        raise Refused(503, "staff.thresholds.wrong.registry") from error
    return visit.back(PATH, "staff.done.thresholds", **whose.parameters)


def _form(
    visit: Visit,
    whose: Whose,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    return visit.page(
        "staff/thresholds.html",
        400 if wrong else 200,
        whose=whose,
        groups=limit_form.rows(whose.inherited, whose.own, visit.text, typed, wrong),
        wrong=wrong or {},
        may=visit.may("set_thresholds", whose.place),
        station=isinstance(whose.noun, Station),
    )


def _chooser(visit: Visit) -> Response:
    """The networks that the person sees, the stations with numbers of their own, and a search for others."""
    networks, asked = visit.staff.registry.networks(), visit.query.get("q", "").strip()
    stations = [each for each in visit.staff.registry.stations().values() if visit.sees(place_of(each))]
    found = choosing.matching(asked, stations) if asked else []
    return visit.page(
        "staff/thresholds_of.html",
        networks=[each for each in networks.values() if visit.sees(Place(each.id))],
        stations=[each for each in stations if each.alert_limits],
        asked=asked,
        found=found[:MOST_FOUND],
        more=max(0, len(found) - MOST_FOUND),
    )


def _whose(visit: Visit, given: Mapping[str, Any]) -> Whose | None:
    """What is named, None when nothing is.

    Raises:
        Refused: 404, there is no such thing, or not for who asks.
    """
    station_id, network_id = given.get("station", ""), given.get("place", "").partition("/")[0]
    networks = visit.staff.registry.networks()
    if station_id:
        whose = _station(visit.staff.registry.stations().get(station_id), networks)
    elif network_id:
        whose = _network(networks.get(network_id), networks)
    else:
        return None
    if whose is None or not visit.sees(whose.place):
        raise Refused(404, MISSING)
    return whose


def _station(station: Station | None, networks: Mapping[str, Network]) -> Whose | None:
    if station is None:
        return None
    name, inherited = Name(station.name_zh, station.name_en), limits.of_network(station.network, networks)
    return Whose(station, name, inherited, place_of(station), {"station": station.id})


def _network(network: Network | None, networks: Mapping[str, Network]) -> Whose | None:
    if network is None:
        return None
    around = limits.of_network(network.parent, networks) if network.parent else AlertThresholds()
    name = Name(network.name_zh, network.name_en)
    return Whose(network, name, around, Place(network.id), {"place": network.id})
