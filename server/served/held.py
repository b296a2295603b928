"""For which days there is data, so that nobody has to guess which report says something."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from server.served.gather import Rollups
from server.served.periods import Kind, Period, containing

MONTHS: Final = 12
"""So many months are looked through, the present one the last."""


@dataclass(frozen=True, slots=True)
class Held:
    """When some stations were measured.

    Attributes:
        first, last: days, with the first and the last data there are.
        months: of the last :data:`MONTHS` those with data, oldest first.
    """

    first: date
    last: date
    months: Sequence[Period]


def held(rollups: Rollups, stations: Collection[str], today: date) -> Held | None:
    """When these stations were measured; None where they never were."""
    found = rollups.span(stations)
    if found is None:
        return None
    months = [containing("month", today)]
    while len(months) < MONTHS:
        months.insert(0, months[0].before())
    months = [month for month in months if month.first <= found[1] and found[0] <= month.last]
    known = rollups.measured([(month.first, month.last) for month in months], stations)
    return Held(*found, [month for month, there in zip(months, known, strict=True) if there])


def nearest(rollups: Rollups, stations: Collection[str], empty: Period) -> Period | None:
    """The period with data that is nearest to one without, the earlier of two; of the same kind.

    A range becomes the month. None where there is no data at all.
    """
    before = rollups.span(stations, last=empty.first - timedelta(days=1))
    after = rollups.span(stations, first=empty.last + timedelta(days=1))
    days = [*([before[1]] if before else []), *([after[0]] if after else [])]
    if not days:
        return None
    day = min(days, key=lambda each: max(empty.first - each, each - empty.last))
    return containing("month" if empty.kind in ("range", "day") else empty.kind, day)


def usual(kind: Kind, today: date, known: Held | None) -> Period:
    """What is shown unasked: the last whole one, as an official is asked for it at the beginning of a month.

    Where the counting only began in it, the present one as soon as that has more days with data.
    """
    present = containing(kind, today)
    last = present.before()
    if known is None or known.first <= last.first:
        return last
    began = max((last.last - known.first).days + 1, 0)
    return present if (today - max(present.first, known.first)).days + 1 > began else last
