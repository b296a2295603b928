"""Days of stations for reports, and a report of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from server.model import Network, Station
from server.rollups import Day, Visits
from server.served.gather import Progress, Sources, gather
from server.served.model import Number, Report, Scope
from server.served.periods import Period, named
from server.served.summing import Asked, report
from server.served.tally import Earlier, Tally

NETWORK: Final = Network("liuyang", "浏阳市“奔跑者”红色驿站", "Liuyang")
STATIONS: Final = (
    Station("one", "liuyang", "一号驿站", "One", region=("关口街道", "长兴社区"), instrumented=True),
    Station("two", "liuyang", "二号驿站", region=("关口街道", "金口社区"), instrumented=True),
    Station("three", "liuyang", "三号驿站", region=("集里街道",)),
)  # fmt: skip
WHOLE: Final = Scope("liuyang")
JULY: Final = named("month", "2026-07")
AUGUST: Final = date(2026, 8, 3)


def a_day(
    station_id: str, day: date, visits: int = 0, measured: float = 1.0, hour: int = 12, **other: Any
) -> Day:
    """A day on which all came in one hour."""
    hours = tuple(visits if each == hour else 0 for each in range(24))
    usual = {
        "corrected": 0, "corrections": 0, "people_s": visits * 600, "temperature": None, "occupancy": None,
        "energy_wh": None, "swaps": None, "made_ms": 1_785_600_000_000,
    }  # fmt: skip
    return Day(
        station_id=station_id, day=day, visits=visits, exits=visits, visits_by_hour=hours,
        measured=measured, **usual | other,
    )  # fmt: skip


@dataclass
class TableRollups:
    """Daily sums by hand."""

    rows: list[Day] = field(default_factory=list)
    asked: list[tuple[date, date]] = field(default_factory=list)

    def days(self, first: date, last: date, stations: Collection[str] | None = None) -> Iterator[Day]:
        """Those of these days."""
        self.asked.append((first, last))
        for row in self.rows:
            if first <= row.day <= last and (stations is None or row.station_id in stations):
                yield row

    def visits(self, first: date, last: date, stations: Collection[str] | None = None) -> Iterator[Visits]:
        """Of those days, how many came."""
        for row in self.days(first, last, stations):
            yield Visits(row.station_id, row.day, row.visits, row.measured)

    def span(
        self, stations: Collection[str], first: date = date.min, last: date = date.max
    ) -> tuple[date, date] | None:
        """The first and the last of them."""
        days = [
            row.day
            for row in self.rows
            if row.station_id in stations and first <= row.day <= last and (row.visits or row.measured)
        ]
        return (min(days), max(days)) if days else None

    def measured(self, spans: Sequence[tuple[date, date]], stations: Collection[str]) -> list[bool]:
        """Whether there are any in each span."""
        return [self.span(stations, *each) is not None for each in spans]


def noon_ms(day: date) -> int:
    """Noon of a day in China."""
    return round(
        datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000
    )


def reported(
    rows: Sequence[Day],
    period: Period = JULY,
    scope: Scope = WHOLE,
    today: date = AUGUST,
    numbers: Sequence[Number] = (),
) -> Report:
    """The report of some days."""
    stations = [station for station in STATIONS if scope.covers(station)]
    asked = Asked(scope, NETWORK, [NETWORK], stations, period, today, noon_ms(today))
    now, before = Tally(), Earlier()
    rollups, ids = TableRollups(list(rows)), {station.id for station in stations}
    if asked.elapsed and asked.compared:
        now.add(rollups.days(asked.elapsed.first, asked.elapsed.last, ids))
        before.add(rollups.visits(asked.compared.first, asked.compared.last, ids))
    return report(asked, now, before, numbers)


def gathered(
    rollups: TableRollups, period: Period = JULY, scope: Scope = WHOLE, progress: Progress = lambda *_: None
) -> Report:
    """The same as the server does it."""
    sources = Sources({NETWORK.id: NETWORK}, {each.id: each for each in STATIONS}, rollups, None)
    return gather(scope, period, sources, noon_ms(AUGUST), progress)
