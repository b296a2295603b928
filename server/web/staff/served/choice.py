"""Which report somebody asks for: the place and the period of an address. Pure but for the visit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlencode

from server.accounts.roles import Place, place_of
from server.served.gather import today_of
from server.served.held import Held, usual
from server.served.model import Scope
from server.served.periods import STEPS, Kind, Period, PeriodError, a_day, containing, named
from server.web.shapes import Name
from server.web.staff.places import Registered
from server.web.staff.visit import MISSING, Refused, Visit

KINDS: Final[tuple[Kind, ...]] = ("month", "week", "year", "range")
"""What the page offers; a day is a range of one."""
MOST_DAYS: Final = 366
"""Of a report in the browser; ``waystation report`` makes longer ones."""
MOST_TYPED: Final = 40
"""Characters of a field that are shown again."""

Known = Callable[[], Held | None]
"""Finds out for which days there is data."""


class WrongPeriod(Refused):
    """400: it is none, or none that there can be a report of; ``field`` of the form says so."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(400, f"staff.served.wrong.{reason}", most=MOST_DAYS)
        self.field = field


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

    @property
    def chosen(self) -> str:
        """What stands for the place in the form: a street and a station as a piece of their address."""
        if self.scope.station:
            return urlencode({"station": self.scope.station})
        return (
            urlencode({"place": self.place, "street": self.scope.street}) if self.scope.street else self.place
        )

    def of_kind(self, kind: Kind) -> dict[str, str]:
        """The same place by another kind of period, the one around the last of these days."""
        period = replace(self.period, kind="range") if kind == "range" else containing(kind, self.period.last)
        return self.parameters(period)


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields as they stand in the form."""

    place: str
    by: Kind
    period: str = ""
    first: str = ""
    last: str = ""

    @classmethod
    def of(cls, choice: Choice) -> "Filled":
        """Of a report that is shown."""
        period = choice.period
        by = period.kind if period.kind in KINDS else "range"
        return cls(choice.chosen, by, str(period), period.first.isoformat(), period.last.isoformat())

    @classmethod
    def typed(cls, visit: Visit, place: str) -> "Filled":
        """As somebody typed it, however wrong."""
        by = next((each for each in KINDS if each == visit.query.get("by")), KINDS[0])
        return cls(place, by, *(visit.query.get(name, "")[:MOST_TYPED] for name in ("period", "from", "to")))

    def native(self, field: str) -> bool:
        """Whether a field that knows of months or days can show it; such a one would come up empty else."""
        try:
            if field == "period":
                named(self.by, self.period)
            else:
                a_day(self.first if field == "from" else self.last)
        except PeriodError:
            return False
        return True


def choices_with(visit: Visit, choice: Choice) -> Iterator[tuple[str, str]]:
    """Those that there are, the street or station before them that is looked at: what is sent stays there."""
    scope = choice.scope
    name = Registered.of(visit).named(visit.text, Place(scope.network, scope.district))
    if scope.station and (state := visit.staff.live.state(scope.station)):
        station = visit.text.name(Name(state.station.name_zh, state.station.name_en))
        yield choice.chosen, f"{station} · {name}"
    elif scope.street:
        yield choice.chosen, f"{scope.street} · {name}"
    yield from choices(visit)


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


def chosen(visit: Visit, scope: Scope, known: Known) -> Choice:
    """The report of a scope that is asked for.

    Raises:
        WrongPeriod: no period, one that is too long, or one that lies ahead.
    """
    today = today_of(visit.staff.live.networks()[scope.network], visit.now_ms)
    period = _period(visit, today, known)
    last_field = "to" if period.kind == "range" else "period"
    if period.days > MOST_DAYS:
        raise WrongPeriod(last_field, "days")
    if period.first > today:
        raise WrongPeriod("from" if period.kind == "range" else "period", "ahead")
    return Choice(scope, period, place_value(scope))


def place_value(scope: Scope) -> str:
    """What the place of a scope is called in an address."""
    return value_of(Place(scope.network, scope.district))


def asked_scope(visit: Visit) -> Scope | None:
    """The place that is asked for, else the first that the person sees; None where there is none.

    Raises:
        Refused: 404 for a place that is not there or not theirs.
    """
    given = _placed(visit.query)
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


def _placed(query: Mapping[str, str]) -> Mapping[str, str]:
    """With the street or station that was sent as :attr:`Choice.chosen`; a network's id has no such sign."""
    sent = query.get("place", "")
    if not sent.startswith(("place=", "station=")):
        return query
    given = dict(parse_qsl(sent, keep_blank_values=True))
    if not all(given.values()):
        # Nothing asked for is the first place; a piece of an address that names none is not.
        raise Refused(404, MISSING)
    return given


def _period(visit: Visit, today: date, known: Known) -> Period:
    given = visit.query
    by = given.get("by", "month")
    kind: Kind | None = next((each for each in (*STEPS, "range") if each == by), None)
    if kind is None:
        raise WrongPeriod("by", "by")
    if kind == "range":
        return _between(given.get("from", ""), given.get("to", ""))
    text = given.get("period", "")
    try:
        return named(kind, text) if text else usual(kind, today, known())
    except PeriodError as error:
        raise WrongPeriod("period", kind) from error


def _between(first: str, last: str) -> Period:
    days = []
    for field, text in (("from", first), ("to", last)):
        try:
            days.append(a_day(text))
        except PeriodError as error:
            raise WrongPeriod(field, "day") from error
    if days[1] < days[0]:
        raise WrongPeriod("to", "order")
    return Period("range", *days)
