"""Periods of local days: names, parts, and the one before."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.served.periods import Kind, Period, PeriodError, between, containing, named

DAYS = st.dates(date(2001, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("kind", "text", "first", "last", "why"),
    [
        ("day", "2026-07-01", "2026-07-01", "2026-07-01", "a day is itself"),
        ("week", "2026-W01", "2025-12-29", "2026-01-04", "ISO: the week of the first Thursday"),
        ("week", "2026-W53", "2026-12-28", "2027-01-03", "2026 has 53 weeks"),
        ("month", "2026-02", "2026-02-01", "2026-02-28", "a short month"),
        ("month", "2028-02", "2028-02-01", "2028-02-29", "and a leap year's"),
        ("month", "2026-12", "2026-12-01", "2026-12-31", "the last of a year"),
        ("year", "2026", "2026-01-01", "2026-12-31", "a year"),
    ],
)
def test_a_name_is_its_days(kind: Kind, text: str, first: str, last: str, why: str) -> None:
    period = named(kind, text)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last), why
    assert str(period) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("month", "2026-13"), ("month", "2026-7"), ("month", "2026"), ("month", "٢٠٢٦-07"), ("month", ""),
        ("week", "2027-W53"), ("week", "2026-28"), ("year", "26"), ("year", "9999"), ("year", "0001"),
        ("day", "2026-02-30"), ("day", "20260701"), ("day", "x"),
    ],
)  # fmt: skip
def test_what_is_no_period_says_what_is_expected(kind: Kind, text: str) -> None:
    with pytest.raises(PeriodError, match="expected a"):
        named(kind, text)


def test_a_range_is_the_right_way_round() -> None:
    assert between("2026-07-05", "2026-07-05").days == 1
    with pytest.raises(PeriodError, match="before the first"):
        between("2026-07-05", "2026-07-04")


@pytest.mark.parametrize(
    ("period", "before", "why"),
    [
        (named("month", "2026-03"), "2026-02", "a month before a month, three days shorter"),
        (named("month", "2026-01"), "2025-12", "over New Year"),
        (named("week", "2026-W01"), "2025-W52", "by weeks"),
        (named("year", "2026"), "2025", "by years"),
        (between("2026-07-11", "2026-07-20"), "2026-07-01_2026-07-10", "as many days as the range has"),
    ],
)
def test_the_period_before(period: Period, before: str, why: str) -> None:
    assert str(period.before()) == before, why


@given(DAYS, st.sampled_from(["day", "week", "month", "year"]))
def test_periods_are_next_to_each_other_and_none_overlap(day: date, kind: Kind) -> None:
    period = containing(kind, day)
    assert period.first <= day <= period.last
    assert period.before().after() == period
    assert (period.first - period.before().last).days == 1


@given(DAYS, DAYS, st.sampled_from(["day", "week", "month", "year"]))
def test_parts_are_all_days_once(one: date, other: date, kind: Kind) -> None:
    first, last = sorted((one, other))
    period = Period("range", first, min(last, first + timedelta(days=400)))
    parts = list(period.parts(kind))
    assert sum(part.days for part in parts) == period.days
    assert (parts[0].first, parts[-1].last) == (period.first, period.last)


def test_what_has_come_of_a_period() -> None:
    july = named("month", "2026-07")
    assert july.until(date(2026, 6, 30)) is None
    assert july.until(date(2026, 7, 3)) == Period("month", date(2026, 7, 1), date(2026, 7, 3))
    assert july.until(date(2026, 9, 1)) == july
