"""Days of stations into sums by station, by date and by hour of the day. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from server.rollups import Day, Visits
from server.served.model import HOURS, Sum


class Tally:
    """Takes days in any order and portions, and keeps sums only: a year of a city is 760,000 days."""

    def __init__(self) -> None:
        self.stations: dict[str, Sum] = {}
        self.days: dict[date, Sum] = {}
        self.hours: dict[date, Sequence[int]] = {}

    def add(self, days: Iterable[Day]) -> None:
        """Days of stations, each once."""
        stations: dict[str, list[Day]] = {}
        dates: dict[date, list[Day]] = {}
        for day in days:
            stations.setdefault(day[0], []).append(day)
            dates.setdefault(day[1], []).append(day)
        for id_, rows in stations.items():
            self.stations[id_] = merged((self.stations.get(id_, _NOTHING), total_of(rows)))
        for date_, rows in dates.items():
            self.days[date_] = merged((self.days.get(date_, _NOTHING), total_of(rows)))
            known = [self.hours[date_]] if date_ in self.hours else []
            self.hours[date_] = hours_of([*known, *(row.visits_by_hour for row in rows if row.visits)])


class Earlier:
    """The period before, of which only how many came to each station and what was measured is told."""

    def __init__(self) -> None:
        self.stations: dict[str, Sum] = {}

    def add(self, days: Iterable[Visits]) -> None:
        """Days of stations, each once."""
        for id_, _, visits, measured in days:
            total = self.stations.setdefault(id_, Sum())
            total.visits += visits
            total.measured += measured
            total.counting += bool(measured or visits)


_NOTHING: Final = Sum()


def total_of(days: Sequence[Day]) -> Sum:
    """The sum of some days, at least one.

    Column by column, as that is ten times faster than day by day, and a month of a city is 64,000 days.
    """
    (
        _, _, visits, exits, _, corrected, corrections, measured, people_s, _, _, energy_wh, swaps, made_ms
    ) = zip(*days, strict=True)  # fmt: skip
    metered = [each for each in energy_wh if each is not None]
    swapped = [each for each in swaps if each is not None]
    return Sum(
        visits=sum(visits),
        exits=sum(exits),
        people_s=sum(people_s),
        measured=sum(measured),
        counting=sum(map(any, zip(measured, visits, strict=True))),
        corrected=sum(corrected),
        corrections=sum(corrections),
        energy_wh=sum(metered) if metered else None,
        swaps=sum(swapped) if swapped else None,
        oldest_ms=min(made_ms),
        newest_ms=max(made_ms),
    )


def merged(sums: Iterable[Sum]) -> Sum:
    """Several as one."""
    total = Sum()
    for each in sums:
        total.visits += each.visits
        total.exits += each.exits
        total.people_s += each.people_s
        total.measured += each.measured
        total.counting += each.counting
        total.corrected += each.corrected
        total.corrections += each.corrections
        if each.energy_wh is not None:
            total.energy_wh = (total.energy_wh or 0.0) + each.energy_wh
        if each.swaps is not None:
            total.swaps = (total.swaps or 0) + each.swaps
        total.newest_ms = max(total.newest_ms, each.newest_ms)
        if each.oldest_ms:
            total.oldest_ms = min(total.oldest_ms or each.oldest_ms, each.oldest_ms)
    return total


def hours_of(days: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """Visits by the hour of the day, summed hour by hour; all 0 of no day."""
    return tuple(sum(each) for each in zip(*days, strict=True)) or (0,) * HOURS
