"""Which report somebody asks for: the place and the period of an address. Pure but for the visit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from server.accounts.roles import Place, place_of
from server.served.gather import today_of
from server.served.model import Scope
from server.served.periods import STEPS, Kind, Period, PeriodError, between, containing, named
from server.web.staff.places import Registered
from server.web.staff.visit import MISSING, Refused, Visit

KINDS: Final[tuple[Kind, ...]] = ("month", "week", "year", "range")
"""What the page offers; a day is a range of one."""
MOST_DAYS: Final = 366
"""Of a report in the browser; ``waystation report`` makes longer ones."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A report as it is asked for by an address.

    Attributes:
        place: ``network`` or ``network/district``, as the list of places has it.
    """

    scope: Scope
    period: Period
    place: str

    def parameters(self, period: Period | None = None, **other: str) -> dict[str, str]:
        """Of the address, with another period or place."""
        asked = period or self.period
        where = {"place": self.place, "street": self.scope.street, "station": self.scope.station} | other
        if asked.kind == "range":
            return where | {"by": "range", "from": asked.first.isoformat(), "to": asked.last.isoformat()}
        return where | {"by": asked.kind, "period": str(asked)}

    def of_kind(self, kind: Kind) -> dict[str, str]:
        """The same place by another kind of period, the one around the last of these days."""
        period = replace(self.period, kind="range") if kind == "range" else containing(kind, self.period.last)
        return self.parameters(period)


def choices(visit: Visit) -> Iterator[tuple[str, str]]:
    """Networks and districts that the person may look at, each with its name."""
    registered = Registered.of(visit)
    for network_id, names in registered.districts.items():
        for place in (Place(network_id), *(Place(network_id, name) for name in names)):
            if visit.sees(place):
                yield value_of(place), registered.named(visit.text, place)


def value_of(place: Place) -> str:
    """What a place is called in an address."""
    return f"{place.network}/{place.district}" if place.district else place.network


def chosen(visit: Visit) -> Choice | None:
    """The report that is asked for; without a place the first that the person sees, None where there is none.

    Raises:
        Refused: 404 for a place that is not there or not theirs, 400 for no period.
    """
    scope = _scope(visit)
    if scope is None:
        return None
    period = _period(visit, scope)
    if period.days > MOST_DAYS:
        raise Refused(400, "staff.served.wrong.days", most=MOST_DAYS)
    return Choice(scope, period, value_of(Place(scope.network, scope.district)))


def _scope(visit: Visit) -> Scope | None:
    given = visit.query
    if station_id := given.get("station", ""):
        state = visit.staff.live.state(station_id)
        if state is None:
            raise Refused(404, MISSING)
        visit.require("look", place_of(state.station))
        return Scope(state.station.network, station=station_id)
    wanted = given.get("place", "") or next((value for value, _ in choices(visit)), "")
    if not wanted:
        return None
    network, _, district = wanted.partition("/")
    if network not in visit.staff.live.networks():
        raise Refused(404, MISSING)
    visit.require("look", Place(network, district))
    return Scope(network, district, given.get("street", ""))


def _period(visit: Visit, scope: Scope) -> Period:
    given = visit.query
    by = given.get("by", "month")
    kind: Kind | None = next((each for each in (*STEPS, "range") if each == by), None)
    today = today_of(visit.staff.live.networks()[scope.network], visit.now_ms)
    try:
        if kind == "range":
            return between(given.get("from", ""), given.get("to", ""))
        if kind is None:
            raise PeriodError(by)
        text = given.get("period", "")
        # Without a name the last whole one: what an official is asked for at the beginning of a month.
        return named(kind, text) if text else containing(kind, today).before()
    except PeriodError as error:
        raise Refused(400, "staff.served.wrong.period") from error
