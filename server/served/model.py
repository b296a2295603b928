"""What a report of service counts holds. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from server.hours import DayKind
from server.model import Network, Qualifier, Station
from server.served.periods import Period

HOURS: Final = 24
HOUR_MS: Final = 3_600_000
PlaceLevel = Literal["network", "district", "street", "station"]
TimeLevel = Literal["day", "week", "month", "year", "kind"]
Level = Literal["total", "network", "district", "street", "station", "day", "week", "month", "year", "kind"]
LEVELS: Final[tuple[Level, ...]] = (
    "total", "network", "district", "street", "station", "kind", "day", "week", "month", "year"
)  # fmt: skip
NumberKind = Literal["count", "event"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which stations: a network with those inside it, a district of it, a street there, or a station."""

    network: str
    district: str = ""
    street: str = ""
    station: str = ""

    def covers(self, station: Station) -> bool:
        """Whether a station of the network belongs to it."""
        return (
            self.station in ("", station.id)
            and self.district in ("", district_of(station))
            and self.street in ("", street_of(station))
        )


def district_of(station: Station) -> str:
    """The first level of its region, "" where it has none."""
    return station.region[0] if station.region else ""


def street_of(station: Station) -> str:
    """The second level of its region, "" where it has none."""
    return station.region[1] if len(station.region) > 1 else ""


@dataclass(slots=True)
class Sum:
    """What the doors and meters of some stations counted on some days.

    Attributes:
        visits, exits: people who came in and who went out, as the doors counted them.
        people_s: people inside times seconds, for the mean stay; estimated, as beams miss people.
        measured: station-days that were measured; a half of two days is one.
        counting: of these days with a measurement, how many.
        corrected: people by which corrections moved the count of those inside; in no other number.
        corrections: how many corrections there were.
        energy_wh, swaps: None where nothing meters them.
        oldest_ms, newest_ms: when the days' sums were made; 0 without a day.
    """

    visits: int = 0
    exits: int = 0
    people_s: int = 0
    measured: float = 0.0
    counting: int = 0
    corrected: int = 0
    corrections: int = 0
    energy_wh: float | None = None
    swaps: int | None = None
    oldest_ms: int = 0
    newest_ms: int = 0

    @property
    def known(self) -> bool:
        """Whether anything was measured: without it, no number here is one."""
        return self.counting > 0

    @property
    def stay_min(self) -> float | None:
        """Estimated minutes that a visit lasted; None without visits."""
        return self.people_s / self.visits / 60 if self.visits else None


@dataclass(frozen=True, slots=True)
class Entered:
    """Sums of what staff have entered.

    Attributes:
        events, attendance: how many events there were, and who came to them.
        count: persons served that somebody wrote down, None where nobody did.
        partly: entries that reach beyond the period, which nobody can divide.
        count_rough, attendance_rough: one of the numbers was entered as 约, 多, 余 or 超.
    """

    count: int | None = None
    events: int = 0
    attendance: int | None = None
    partly: int = 0
    count_rough: bool = False
    attendance_rough: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number that staff have entered for a place and some days.

    Attributes:
        count: persons served, or who came to the events.
        events: how many of them, at least 1; 0 for a plain count.
        qualifier: 约, 多, 余 or 超, as it was reported.
        title, note: what it was, where the number is from.
    """

    kind: NumberKind
    network: str
    district: str
    station: str
    first: date
    last: date
    count: int
    qualifier: Qualifier = ""
    events: int = 0
    title: str = ""
    note: str = ""


COMPARABLE: Final = 0.1
"""Two periods are compared while their measured shares differ by no more: what was not measured is not
counted, and the difference would be one of the devices."""
LEAST_MEASURED: Final = 0.9
"""From that share on a daily mean is told: what was not measured would pull it down, and is not guessed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table.

    Attributes:
        key: of the place or the period: an id, names with ``/`` between them, ``2026-07-01``, ``workday``.
        name_zh, name_en: of a place; a period is named by its days.
        stations: how many the registry has there; ``instrumented`` of them have a device that
            counts, or were not heard at all though the registry says that they have one.
        counted: how many counted at least once.
        days: how many have come so far.
        share: of the instrumented stations' time that was measured, 0 to 1; None where there are none.
        running: today is in it, a part of a day: it has no mean, and is compared with no whole days.
        before: of the period before, for places, only its visits and what was measured; ``before_share``: as
            ``share``, of that period.
    """

    level: Level
    key: str
    name_zh: str
    name_en: str
    first: date
    last: date
    stations: int
    instrumented: int
    counted: int
    days: int
    sum: Sum
    share: float | None
    before: Sum | None = None
    entered: Entered = field(default_factory=Entered)
    district: str = ""
    street: str = ""
    before_share: float | None = None
    running: bool = False

    @property
    def visits(self) -> int | None:
        """People who came in; None where nothing was measured."""
        return self.sum.visits if self.sum.known else None

    @property
    def per_day(self) -> float | None:
        """Visits a day; None while it runs, and where less than nine tenths were measured."""
        if self.running or not self.days or not self.measured:
            return None
        return self.sum.visits / self.days

    @property
    def measured(self) -> bool:
        """Whether so much of the time was measured that a mean would say something."""
        return self.sum.known and (self.share or 0) >= LEAST_MEASURED

    @property
    def comparable(self) -> bool:
        """Whether as much of the one period was measured as of the other, by and large."""
        if self.share is None or self.before_share is None:
            return False
        return abs(self.share - self.before_share) <= COMPARABLE

    @property
    def change_pct(self) -> float | None:
        """Against the period before.

        None while it runs, where one of them has no data, the earlier had no visit, or they are not
        :attr:`comparable`.
        """
        if (
            self.running
            or self.before is None
            or not (self.before.known and self.before.visits and self.sum.known)
        ):
            return None
        if not self.comparable:
            return None
        return 100 * (self.sum.visits - self.before.visits) / self.before.visits


@dataclass(frozen=True, slots=True)
class Report:
    """A network's, a part's or a station's service counts in a period.

    Attributes:
        elapsed: the days of it that have come, None when it lies ahead.
        compared: what :attr:`Line.before` is of: the period before, cut to as many days while this one runs.
        total: all of the scope; ``places``: network by network, then districts, streets, stations.
        times: by day, week, month, year; ``kinds``: workdays, weekends, holidays.
        hours: visits of each hour of the local day; ``hours_by_kind`` the same for workdays and others.
        running: the period is not over, or its last day is today.
        simulated: a network of it is.
        at_ms: when this report was computed.
    """

    scope: Scope
    network: Network
    station: Station | None
    period: Period
    elapsed: Period | None
    compared: Period | None
    total: Line
    places: tuple[Line, ...]
    times: tuple[Line, ...]
    kinds: tuple[Line, ...]
    hours: tuple[int, ...]
    hours_by_kind: Mapping[DayKind, Sequence[int]]
    numbers: tuple[Number, ...]
    running: bool
    simulated: bool
    at_ms: int

    @property
    def until_ms(self) -> int:
        """Up to when was counted, while it runs: hours are summed up once they are over."""
        return min(self.at_ms, self.total.sum.newest_ms // HOUR_MS * HOUR_MS)

    def lines(self) -> tuple[Line, ...]:
        """All lines, the whole first."""
        return (self.total, *self.places, *self.kinds, *self.times)

    def busiest(self, most: int = 3) -> list[int]:
        """The hours in which most came, most first; none that nobody came in."""
        ranked = sorted(range(HOURS), key=lambda hour: (-self.hours[hour], hour))
        return [hour for hour in ranked[:most] if self.hours[hour]]
