"""Days of stations for reports, and a report of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from server.model import Network, Station
from server.rollups import Day
from server.served.gather import Sources, gather
from server.served.model import Number, Report, Scope
from server.served.periods import Period, named
from server.served.summing import Asked, Tally, report

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

    def days(self, first: date, last: date, stations: Collection[str] | None = None) -> list[Day]:
        """Those of these days."""
        self.asked.append((first, last))
        return [
            row
            for row in self.rows
            if first <= row.day <= last and (stations is None or row.station_id in stations)
        ]


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
    now, before = Tally(), Tally()
    for tally, span in ((now, asked.elapsed), (before, asked.compared)):
        if span is not None:
            ids = {station.id for station in stations}
            tally.add(row for row in rows if span.first <= row.day <= span.last and row.station_id in ids)
    return report(asked, now, before, numbers)


def gathered(rollups: TableRollups, period: Period = JULY, scope: Scope = WHOLE) -> Report:
    """The same as the server does it."""
    sources = Sources({NETWORK.id: NETWORK}, {each.id: each for each in STATIONS}, rollups, None)
    return gather(scope, period, sources, noon_ms(AUGUST))
