"""Which days have data, and which period is shown unasked."""

from datetime import date, timedelta

import pytest

from server.served.held import Held, held, nearest, usual
from server.served.periods import Kind, between, containing, named
from tests.support.served import TableRollups, a_day

TODAY = date(2026, 8, 20)


def rollups(*days: str, station: str = "one") -> TableRollups:
    """A station that counted on these days."""
    return TableRollups([a_day(station, date.fromisoformat(day), 1) for day in days])


def test_the_first_and_the_last_day_and_the_months_of_a_year() -> None:
    found = held(rollups("2024-02-29", "2025-08-31", "2025-09-01", "2026-08-20"), ["one"], TODAY)
    assert found is not None
    assert (found.first, found.last) == (date(2024, 2, 29), TODAY)
    assert [str(month) for month in found.months] == ["2025-09", "2026-08"]


def test_days_of_others_and_days_on_which_nothing_was_measured_do_not_count() -> None:
    silent = TableRollups([a_day("one", TODAY, 0, 0.0)])
    assert held(silent, ["one"], TODAY) is None
    assert held(rollups("2026-08-01"), ["two"], TODAY) is None


@pytest.mark.parametrize(
    ("empty", "found"),
    [
        (named("month", "2026-05"), "2026-04"),  # a month before, two behind
        (named("month", "2026-06"), "2026-07"),
        (named("month", "2027-06"), "2026-07"),
        (named("week", "2026-W26"), "2026-W27"),
        (named("year", "2020"), "2026"),
        (between("2026-07-03", "2026-07-04"), "2026-07"),
    ],
)
def test_the_nearest_with_data(empty: object, found: str) -> None:
    assert str(nearest(rollups("2026-04-10", "2026-07-02"), ["one"], empty)) == found  # type: ignore[arg-type]
    assert nearest(rollups("2026-04-10"), ["two"], empty) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "today", "kind", "shown"),
    [
        ("2024-01-01", "2026-08-01", "month", "2026-07"),  # a whole month
        ("2024-01-01", "2026-08-31", "month", "2026-07"),  # as long as the present is not over
        ("2026-07-01", "2026-08-31", "month", "2026-07"),
        ("2026-07-20", "2026-08-12", "month", "2026-07"),  # 12 days of each
        ("2026-07-20", "2026-08-13", "month", "2026-08"),
        ("2026-08-20", "2026-08-20", "month", "2026-08"),  # since today
        ("2026-08-14", "2026-08-20", "week", "2026-W34"),  # three days of the last, four of this
    ],
)
def test_what_is_shown_unasked(first: str, today: str, kind: Kind, shown: str) -> None:
    known = Held(date.fromisoformat(first), date.fromisoformat(today), [])
    assert str(usual(kind, date.fromisoformat(today), known)) == shown
    assert usual(kind, TODAY, None) == containing(kind, TODAY).before()


def test_it_is_not_asked_for_more_days_than_there_are() -> None:
    asked = TableRollups([a_day("one", TODAY - timedelta(days=n), 1) for n in range(400)])
    found = held(asked, ["one"], TODAY)
    assert found is not None
    assert len(found.months) == 12
    assert asked.asked == [], "no day is read whole"
