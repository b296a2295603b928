"""Reads what a report is made of: the registry's stations, the daily roll-ups, what staff have entered."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from server.model import Network, Station, family
from server.rollups import Day, Visits
from server.served.model import Number, Report, Scope, district_of, street_of
from server.served.numbers import Numbers
from server.served.periods import Period
from server.served.summing import Asked, report
from server.served.tally import Earlier, Tally

AT_ONCE: Final = 2_000
"""Days of stations that are summed up in one step, and then forgotten: a city's month is 64,000."""

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Told how many days of stations of at most how many are read."""


class Rollups(Protocol):
    """What is read of :class:`server.rollups.Rollups`."""

    def days(self, first: date, last: date, stations: Collection[str] | None = None) -> Iterator[Day]:
        """The daily sums of these days, both included."""

    def visits(self, first: date, last: date, stations: Collection[str] | None = None) -> Iterator[Visits]:
        """Of each only how many came and how much of it was measured."""

    def span(
        self, stations: Collection[str], first: date = date.min, last: date = date.max
    ) -> tuple[date, date] | None:
        """The first and the last day between these on which one of the stations was measured."""

    def measured(self, spans: Sequence[tuple[date, date]], stations: Collection[str]) -> list[bool]:
        """Of each span of days whether one of the stations was measured in it."""


class ScopeError(ValueError):
    """There is no such place; the message says what there is."""


def scoped(scope: Scope, networks: Mapping[str, Network], stations: Mapping[str, Station]) -> list[Station]:
    """The stations of a scope, in the registry's order.

    Raises:
        ScopeError: the registry has no such network, district, street or station.
    """
    if scope.network not in networks:
        raise ScopeError(f"no network {scope.network!r}; there are: {', '.join(networks) or 'none'}")
    inside = family(networks, scope.network)
    here = [station for station in stations.values() if station.network in inside]
    for name, of in (("district", district_of), ("street", street_of)):
        wanted = getattr(scope, name)
        known = sorted({of(station) for station in here} - {""})
        if wanted and wanted not in known:
            raise ScopeError(
                f"no {name} {wanted!r} in {scope.network}; there are: {', '.join(known) or 'none'}"
            )
        here = [station for station in here if wanted in ("", of(station))]
    found = [station for station in here if scope.station in ("", station.id)]
    if scope.station and not found:
        raise ScopeError(f"no station {scope.station!r} in {scope.network}")
    return found


def today_of(network: Network, now_ms: int) -> date:
    """The local date there."""
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(network.time_zone)).date()


@dataclass(frozen=True, slots=True)
class Sources:
    """What reports are made from; ``numbers`` is None where nobody can enter any."""

    networks: Mapping[str, Network]
    stations: Mapping[str, Station]
    rollups: Rollups
    numbers: Numbers | None


def gather(
    scope: Scope,
    period: Period,
    sources: Sources,
    now_ms: int,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """The report as of now.

    Raises:
        ScopeError: there is no such place.
    """
    inside = scoped(scope, sources.networks, sources.stations)
    network, around = sources.networks[scope.network], family(sources.networks, scope.network)
    networks = [sources.networks[id_] for id_ in around]
    moment = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(network.time_zone))
    gone = (moment.hour * 60 + moment.minute) / (24 * 60)
    asked = Asked(scope, network, networks, inside, period, moment.date(), now_ms, gone)
    ids = [station.id for station in inside]
    now, before = Tally(), Earlier()
    if (elapsed := asked.elapsed) and (compared := asked.compared):
        whole, read = (elapsed.days + compared.days) * len(ids), 0
        for days in _portions(sources.rollups.days(elapsed.first, elapsed.last, ids)):
            now.add(days)
            progress(read := read + len(days), whole)
        for visits in _portions(sources.rollups.visits(compared.first, compared.last, ids)):
            before.add(visits)
            progress(read := read + len(visits), whole)
    return report(asked, now, before, _entered(sources.numbers, around, period))


def _portions(rows: Iterator[T]) -> Iterator[list[T]]:
    while portion := list(islice(rows, AT_ONCE)):
        yield portion


def _entered(numbers: Numbers | None, networks: Sequence[str], period: Period) -> list[Number]:
    if numbers is None:
        return []
    return [kept.number for kept in numbers.within(networks, period.first, period.last)]
