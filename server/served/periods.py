"""Periods of local days: a day, an ISO week, a month, a year, any range; and the one before. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

Kind = Literal["day", "week", "month", "year", "range"]
STEPS: Final[tuple[Kind, ...]] = ("day", "week", "month", "year")
"""What a period is divided into, the finest first."""
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2200
_FORMS: Final[dict[Kind, str]] = {
    "week": r"(\d{4})-W(\d{2})",
    "month": r"(\d{4})-(\d{2})",
    "year": r"(\d{4})()",
}
_EXAMPLES: Final[dict[Kind, str]] = {"week": "2026-W28", "month": "2026-07", "year": "2026"}


class PeriodError(ValueError):
    """What was asked for is no period; the message says what is expected."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    kind: Kind
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """The period before: a month before a month, however long; else as many days."""
        eve = self.first - timedelta(days=1)
        if self.kind == "range":
            return Period("range", self.first - timedelta(days=self.days), eve)
        return containing(self.kind, eve)

    def after(self) -> "Period":
        """The one that begins when this ends."""
        morrow = self.last + timedelta(days=1)
        if self.kind == "range":
            return Period("range", morrow, self.last + timedelta(days=self.days))
        return containing(self.kind, morrow)

    def until(self, today: date) -> "Period | None":
        """What of it has come by ``today``, which counts though it is not over; None before its first day."""
        return None if today < self.first else replace(self, last=min(self.last, today))

    def cut(self, days: int) -> "Period":
        """Its first days only, for comparing with a period that is not over."""
        return self if days >= self.days else replace(self, last=self.first + timedelta(days=days - 1))

    def parts(self, step: Kind) -> Iterator["Period"]:
        """The days, weeks, months or years that it touches, cut where it begins and ends."""
        part = containing(step, self.first)
        while part.first <= self.last:
            yield Period(step, max(part.first, self.first), min(part.last, self.last))
            part = part.after()

    def __str__(self) -> str:
        """As it is asked for: ``2026-07``, ``2026-W28``, ``2026``, a day, or two days."""
        match self.kind:
            case "week":
                year, week, _ = self.first.isocalendar()
                return f"{year}-W{week:02}"
            case "month":
                return f"{self.first:%Y-%m}"
            case "year":
                return f"{self.first:%Y}"
            case "day":
                return self.first.isoformat()
        return f"{self.first.isoformat()}_{self.last.isoformat()}"


def containing(kind: Kind, day: date) -> Period:
    """The day, week (Monday to Sunday), month or year that ``day`` is in; a range is a day of itself."""
    match kind:
        case "week":
            monday = day - timedelta(days=day.weekday())
            return Period("week", monday, monday + timedelta(days=6))
        case "month":
            first = day.replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
            return Period("month", first, following - timedelta(days=1))
        case "year":
            return Period("year", date(day.year, 1, 1), date(day.year, 12, 31))
    return Period(kind, day, day)


def named(kind: Kind, text: str) -> Period:
    """The period of a name: ``2026-07-01``, ``2026-W28``, ``2026-07`` or ``2026``.

    Raises:
        PeriodError: there is none of that kind.
    """
    if kind in ("day", "range"):
        day = a_day(text)
        return Period(kind, day, day)
    found = re.fullmatch(_FORMS[kind], text.strip(), re.ASCII)
    try:
        if found is None:
            raise ValueError
        year, part = _year(found[1]), int(found[2] or 1)
        return containing(
            kind, date.fromisocalendar(year, part, 1) if kind == "week" else date(year, part, 1)
        )
    except ValueError:
        raise PeriodError(f"expected a {kind} such as {_EXAMPLES[kind]}, got {text!r}") from None


def between(first: str, last: str) -> Period:
    """The range of two days, both included.

    Raises:
        PeriodError: one is no day, or they are the wrong way round.
    """
    begin, end = a_day(first), a_day(last)
    if end < begin:
        raise PeriodError(f"the last day, {end}, is before the first, {begin}")
    return Period("range", begin, end)


def a_day(text: str) -> date:
    """A day of ``2026-07-01``.

    Raises:
        PeriodError: it is none, or of a year that nothing was counted in.
    """
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip(), re.ASCII):
            raise ValueError
        day = date.fromisoformat(text.strip())
        _year(text.strip()[:4])
    except ValueError:
        raise PeriodError(f"expected a day such as 2026-07-01, got {text!r}") from None
    return day


def _year(text: str) -> int:
    year = int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError
    return year
