"""Tallied days into a report: lines by place, by time and by kind of day. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from server.hours import DayKind, day_kind
from server.model import Network, Station
from server.served.model import (
    Entered,
    Level,
    Line,
    Number,
    Report,
    Scope,
    Sum,
    district_of,
    street_of,
)
from server.served.periods import STEPS, Period
from server.served.tally import Earlier, Tally, hours_of, merged

KINDS: Final[tuple[DayKind, ...]] = ("workday", "weekend", "holiday")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report.

    Attributes:
        stations: all of the scope, in the registry's order.
        networks: those of the scope, the outermost first.
        today: of the scope's time zone; ``gone``: the part of it that is over, 0 to 1.
    """

    scope: Scope
    network: Network
    networks: Sequence[Network]
    stations: Sequence[Station]
    period: Period
    today: date
    at_ms: int
    gone: float = 1.0

    @property
    def elapsed(self) -> Period | None:
        """What of the period has come."""
        return self.period.until(self.today)

    def lasted(self, days: Iterable[date]) -> float:
        """How many days these have been so far: today is not over."""
        return sum(self.gone if day == self.today else 1.0 for day in days)

    @property
    def compared(self) -> Period | None:
        """What it is compared with: as many days of the period before while it is not over."""
        elapsed = self.elapsed
        if elapsed is None:
            return None
        before = self.period.before()
        return before if elapsed.last == self.period.last else before.cut(elapsed.days)


def report(asked: Asked, now: Tally, before: Earlier, numbers: Sequence[Number]) -> Report:
    """The report of what was tallied in :attr:`Asked.elapsed` and in :attr:`Asked.compared`."""
    making = _Making(asked, now, before, tuple(numbers))
    elapsed = asked.elapsed
    zone = asked.network.time_zone
    kinds = {day: day_kind(day, zone) for day in _days(elapsed)}
    return Report(
        scope=asked.scope,
        network=asked.network,
        station=asked.stations[0] if asked.scope.station and asked.stations else None,
        period=asked.period,
        elapsed=elapsed,
        compared=asked.compared,
        total=making.place("total", asked.scope.network, (asked.network.name_zh, asked.network.name_en)),
        places=tuple(making.places()),
        times=tuple(making.times()),
        kinds=tuple(making.kinds(kinds)),
        hours=hours_of(now.hours.values()),
        hours_by_kind={
            kind: hours_of(now.hours[day] for day in now.hours if kinds.get(day) == kind) for kind in KINDS
        },
        numbers=tuple(filter(making.holds, numbers)),
        running=elapsed is None or elapsed.last == asked.today,
        simulated=_simulated(asked),
        at_ms=asked.at_ms,
    )


def _simulated(asked: Asked) -> bool:
    """Whether any of its numbers may be."""
    here = {asked.network.id} | {station.network for station in asked.stations}
    return any(each.simulated for each in (asked.network, *asked.networks) if each.id in here)


@dataclass(slots=True)
class _Making:
    """What all lines are made from.

    Attributes:
        instrumented: of the whole scope.
        elapsed, compared: as :class:`Asked` has them.
        lasted: days of the one, today in part.
    """

    asked: Asked
    now: Tally
    before: Earlier
    numbers: tuple[Number, ...]
    instrumented: int = field(init=False)
    elapsed: Period | None = field(init=False)
    compared: Period | None = field(init=False)
    lasted: float = field(init=False)

    def __post_init__(self) -> None:
        self.instrumented = sum(map(self._counts, self.asked.stations))
        self.elapsed, self.compared = self.asked.elapsed, self.asked.compared
        self.lasted = self.asked.lasted(_days(self.elapsed))

    def _counts(self, station: Station) -> bool:
        """Said by what was counted there, now or before; by the registry where nothing at all was heard.

        A device without a counter, or whose counter is out of order all along, counts nobody: the time in
        which it spoke is not one in which nobody came.
        """
        sums = [each[station.id] for each in (self.now.stations, self.before.stations) if station.id in each]
        return any(each.known for each in sums) if sums else station.instrumented

    def places(self) -> Iterator[Line]:
        """Networks where there are several, districts and streets where there are any, stations."""
        asked, names = self.asked, {each.id: each for each in self.asked.networks}
        if asked.scope.station:
            return
        here = list(dict.fromkeys(station.network for station in asked.stations))
        for id_ in here if len(here) > 1 else ():
            inside = [each for each in asked.stations if each.network == id_]
            yield self.place("network", id_, (names[id_].name_zh, names[id_].name_en), inside)
        yield from self._regions()
        for station in asked.stations:
            yield self.place(
                "station", station.id, (station.name_zh, station.name_en), [station],
                (district_of(station), street_of(station)),
            )  # fmt: skip

    def _regions(self) -> Iterator[Line]:
        scope = self.asked.scope
        districts: dict[str, list[Station]] = {}
        streets: dict[tuple[str, str], list[Station]] = {}
        for station in self.asked.stations:
            districts.setdefault(district_of(station), []).append(station)
            streets.setdefault((district_of(station), street_of(station)), []).append(station)
        if any(districts) and not scope.district:
            for name in sorted(districts, key=_last_if_empty):
                yield self.place("district", name, (name, name), districts[name], (name, ""))
        if any(street for _, street in streets) and not scope.street:
            for pair in sorted(streets, key=lambda pair: tuple(map(_last_if_empty, pair))):
                yield self.place("street", "/".join(pair), (pair[1], pair[1]), streets[pair], pair)

    def place(
        self,
        level: Level,
        key: str,
        names: tuple[str, str],
        stations: Sequence[Station] | None = None,
        where: tuple[str, str] = ("", ""),
    ) -> Line:
        """One line of some stations, all of the scope without ``stations``."""
        asked = self.asked
        inside = asked.stations if stations is None else stations
        ids = [station.id for station in inside]
        sums = [self.now.stations[id_] for id_ in ids if id_ in self.now.stations]
        total, devices = merged(sums), sum(map(self._counts, inside))
        days = self.elapsed.days if self.elapsed else 0
        before = merged(self.before.stations[id_] for id_ in ids if id_ in self.before.stations)
        compared = self.compared.days if self.compared else 0
        told = self.elapsed or asked.period
        return Line(
            level, key, *names,
            told.first, told.last, len(ids), devices, sum(each.known for each in sums),
            days, total, _share(total, devices * self.lasted), before,
            self._entered(level, key, inside, where[0]), *where, _share(before, devices * compared),
            self._running(told.last),
        )  # fmt: skip

    def _running(self, last: date) -> bool:
        """Whether a line that ends with this day has today in it."""
        return last >= self.asked.today

    def _entered(self, level: Level, key: str, inside: Sequence[Station], district: str) -> Entered:
        """What was entered for a place or for one inside it; what is for more than it is not divided."""
        ids = {station.id for station in inside}
        networks = {key} if level == "network" else {each.id for each in self.asked.networks}
        scope = self.asked.scope

        def belongs(number: Number) -> bool:
            if number.station:
                return number.station in ids
            if level in ("station", "street") or scope.station or scope.street:
                return False
            return number.network in networks and (district or scope.district) in ("", number.district)

        if level == "district" and not district:
            return entered((n for n in self.numbers if n.station in ids), self.asked.period)
        return entered(filter(belongs, self.numbers), self.asked.period)

    def times(self) -> Iterator[Line]:
        """By day, and by week, month and year where there are several."""
        elapsed = self.asked.elapsed
        for step in STEPS if elapsed else ():
            parts = list(elapsed.parts(step)) if elapsed else []
            if len(parts) > 1:
                yield from (self._time(step, part) for part in parts)  # type: ignore[arg-type]  # no range

    def _time(self, level: Level, part: Period) -> Line:
        days = [day for day in _days(part) if day in self.now.days]
        total = merged(self.now.days[day] for day in days)
        name = str(part)
        inside = [n for n in self.numbers if self.holds(n)]
        return Line(
            level, name, name, name, part.first, part.last, len(self.asked.stations), self.instrumented,
            max((self.now.days[day].counting for day in days), default=0), part.days, total,
            _share(total, self.instrumented * self.asked.lasted(_days(part))), None, entered(inside, part),
            running=self._running(part.last),
        )  # fmt: skip

    def holds(self, number: Number) -> bool:
        """Whether it is of the whole scope; one of another district is none of its readers' business."""
        scope = self.asked.scope
        if number.station:
            return number.station in {station.id for station in self.asked.stations}
        return not (scope.station or scope.street) and scope.district in ("", number.district)

    def kinds(self, kinds: Mapping[date, DayKind]) -> Iterator[Line]:
        """Workdays, weekends and holidays, those that there are."""
        for kind in KINDS:
            days = [day for day in kinds if kinds[day] == kind]
            if not days:
                continue
            known = [day for day in days if day in self.now.days]
            total = merged(self.now.days[day] for day in known)
            yield Line(
                "kind", kind, kind, kind, days[0], days[-1], len(self.asked.stations), self.instrumented,
                max((self.now.days[day].counting for day in known), default=0), len(days), total,
                _share(total, self.instrumented * self.asked.lasted(days)), running=self._running(days[-1]),
            )  # fmt: skip


def entered(numbers: Iterable[Number], period: Period) -> Entered:
    """Their sums; what lies only partly in the period is counted as such, and in no sum."""
    count: int | None = None
    attendance: int | None = None
    events = partly = 0
    rough = {"count": False, "event": False}
    for each in numbers:
        if each.last < period.first or each.first > period.last:
            continue
        if each.first < period.first or each.last > period.last:
            partly += 1
            continue
        rough[each.kind] |= bool(each.qualifier)
        if each.kind == "event":
            events, attendance = events + each.events, (attendance or 0) + each.count
        else:
            count = (count or 0) + each.count
    return Entered(count, events, attendance, partly, rough["count"], rough["event"])


def _days(period: Period | None) -> Iterator[date]:
    return (part.first for part in period.parts("day")) if period else iter(())


def _share(total: Sum, station_days: float) -> float | None:
    return min(1.0, total.measured / station_days) if station_days else None


def _last_if_empty(name: str) -> tuple[bool, str]:
    return not name, name
