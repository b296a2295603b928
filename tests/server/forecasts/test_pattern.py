"""The forecast as a function of past days, row by row with the reason."""

import math
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forecasts.pattern import (
    LEAST_WEEKS,
    MOST_LASTING,
    Day,
    Pattern,
    expected_at,
    forecast,
    pattern,
    quantiles,
)
from server.hours import DayKind, day_kind
from server.model import Thresholds
from server.rollups.calendar import QUARTER_MS, QUARTERS
from server.state import CrowdingValue

CHINA = "Asia/Shanghai"
FRIDAY = date(2026, 9, 11)
"""With twelve weeks before it that hold no holiday."""
NATIONAL_DAY = date(2026, 10, 1)
NOON = 12 * 4
T0 = 1_782_864_000_000
"""A whole quarter of an hour."""


def flat(people: float | None) -> Day:
    return [people] * QUARTERS


def past(people: Mapping[int, float], day: date = FRIDAY) -> dict[date, Day]:
    """Flat days by how many days ago they were."""
    return {day - timedelta(days=ago): flat(each) for ago, each in people.items()}


def weeks(count: int, people: float = 4, day: date = FRIDAY) -> dict[date, Day]:
    """Every day of the last weeks, the same."""
    return past(dict.fromkeys(range(1, 7 * count + 1), people), day)


@pytest.mark.parametrize(
    ("day", "zone", "kind", "reason"),
    [
        (date(2026, 7, 3), CHINA, "workday", "a Friday"),
        (date(2026, 7, 4), CHINA, "weekend", "a Saturday"),
        (date(2026, 10, 1), CHINA, "holiday", "National Day, a Thursday"),
        (date(2026, 10, 3), CHINA, "holiday", "a Saturday within the National Day holiday"),
        (date(2026, 10, 10), CHINA, "workday", "a Saturday that makes up for the holiday"),
        (date(2019, 10, 1), "Europe/Berlin", "workday", "no table is known there: the weekday decides"),
        (date(2099, 10, 1), CHINA, "workday", "the table of 2099 is not published: a Thursday"),
    ],
)
def test_kinds_of_days(day: date, zone: str, kind: DayKind, reason: str) -> None:
    assert day_kind(day, zone) == kind, reason


@pytest.mark.parametrize(
    ("weighted", "shares", "found", "reason"),
    [
        ([(5.0, 1.0)], (0.1, 0.5, 0.9), [5, 5, 5], "one value is all of them"),
        ([(3.0, 1.0), (1.0, 1.0), (2.0, 1.0)], (0.1, 0.5, 0.9), [1, 2, 3], "in order of value"),
        ([(1.0, 9.0), (100.0, 1.0)], (0.5, 0.9), [1, 1], "a light value moves nothing"),
        ([(1.0, 1.0), (100.0, 9.0)], (0.05, 0.5), [1, 100], "a heavy one does"),
    ],
)
def test_quantiles(
    weighted: list[tuple[float, float]], shares: tuple[float, ...], found: list[float], reason: str
) -> None:
    assert quantiles(weighted, shares) == found, reason


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(1e-6, 10)), min_size=1, max_size=50),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_quantiles_rise_and_are_values(weighted: list[tuple[float, float]], one: float, other: float) -> None:
    low, high = quantiles(weighted, sorted((one, other)))
    assert low <= high
    assert {low, high} <= {value for value, _ in weighted}


@pytest.mark.parametrize(
    ("people", "expected", "reason"),
    [
        ({7: 2, 14: 4, 21: 6}, 4, "the same weekday of three weeks: the middle one"),
        ({7: 2, 14: 9, 21: 9, 28: 9}, 9, "last week alone does not decide"),
        ({7: 2, 14: 2, 21: 9, 28: 9, 35: 9, 42: 9}, 2, "what was lately weighs more than what was long ago"),
        ({7: 5, 14: 5, 21: 5, 1: 9, 2: 9, 3: 9}, 5, "other weekdays weigh a fifth"),
        ({7: 5, 14: 5, 21: 5, 5: 90, 6: 90, 12: 90, 13: 90}, 5, "a Friday learns nothing of weekends"),
        ({7: 5, 14: 50, 21: 5, 28: 5}, 5, "one event moves nothing"),
        ({7: 5, 14: 5, 21: 5, 91: 90, 98: 90, 105: 90}, 5, "older than twelve weeks"),
    ],
)
def test_the_pattern(people: dict[int, float], expected: float, reason: str) -> None:
    told = pattern(past(people), FRIDAY, CHINA).at(NOON)
    assert told is not None
    assert told.people == expected, reason


@pytest.mark.parametrize(
    ("days", "day", "count", "reason"),
    [
        ({}, FRIDAY, 0, "nothing was ever measured"),
        (weeks(1), FRIDAY, 1, "one week"),
        (weeks(2), FRIDAY, 2, "two weeks"),
        (past({0: 5, -1: 5, -7: 5}), FRIDAY, 0, "the day itself and those after it are not its past"),
        (past({1: 5, 6: 5, 7: 5, 8: 5, 14: 5}), FRIDAY, 2, "many days in two weeks are two weeks"),
        (past({6: 5, 13: 5, 20: 5, 27: 5}), FRIDAY, 0, "four Saturdays are no workdays"),
    ],
)
def test_silent_below_three_weeks(days: dict[date, Day], day: date, count: int, reason: str) -> None:
    told = pattern(days, day, CHINA)
    assert told.weeks == count, reason
    assert [told.at(quarter) for quarter in range(QUARTERS)] == [None] * QUARTERS
    assert forecast(told, T0, 16, Thresholds()).silence == "too_few_weeks"
    assert forecast(told, T0, 16, Thresholds()).quarters == ()


def test_a_quarter_that_was_measured_too_rarely_is_a_hole() -> None:
    days = weeks(3)
    rare = [None if quarter == NOON else 4.0 for quarter in range(QUARTERS)]
    holed = {day: rare if (FRIDAY - day).days <= 7 else each for day, each in days.items()}
    told = forecast(pattern(holed, FRIDAY, CHINA), T0, 16, Thresholds())
    assert T0 + NOON * QUARTER_MS not in [quarter.at_ms for quarter in told.quarters]
    assert len(told.quarters) == QUARTERS - 1
    assert {quarter.weeks for quarter in told.quarters} == {3}


@pytest.mark.parametrize(
    ("day", "days", "source", "people", "reason"),
    [
        (
            NATIONAL_DAY,
            weeks(4, 3, NATIONAL_DAY) | past({4: 8, 5: 8, 11: 8, 12: 8, 18: 8}, NATIONAL_DAY),
            "weekend",
            8,
            "a holiday that has no three weeks of its like takes the weekends",
        ),
        (
            date(2026, 10, 7),
            weeks(4, 3, NATIONAL_DAY) | past({1: 20, 2: 20, 3: 20, 4: 20, 5: 20, 6: 20}, date(2026, 10, 7)),
            "weekend",
            3,
            "six days of the same holiday are one week",
        ),
        (
            date(2026, 10, 10),
            weeks(5, 6, date(2026, 10, 10)) | past({20: 1, 21: 1, 27: 1, 28: 1}, date(2026, 10, 10)),
            "workday",
            6,
            "a make-up Saturday is a workday",
        ),
        (FRIDAY, weeks(3, 4), "workday", 4, "a workday"),
        (FRIDAY + timedelta(days=1), weeks(4, 4), "weekend", 4, "a Saturday"),
    ],
)
def test_days_of_its_kind(
    day: date, days: dict[date, Day], source: DayKind, people: float, reason: str
) -> None:
    told = pattern(days, day, CHINA)
    noon = told.at(NOON)
    assert (told.kind, told.source) == (day_kind(day, CHINA), source), reason
    assert noon is not None
    assert noon.people == people, reason


def test_the_band_holds_what_was_usual_and_leaves_the_odd_day_out() -> None:
    usual = {7 * week: 10 + week % 3 for week in range(1, 11)}
    told = pattern(past(usual | {77: 90.0}), FRIDAY, CHINA).at(NOON)
    assert told is not None
    assert (told.low, told.people, told.high, told.weeks) == (10, 11, 12, 11)


@pytest.mark.parametrize(
    ("people", "places", "word", "reason"),
    [
        (0, 16, "quiet", "nobody"),
        (7.9, 16, "quiet", "just below half"),
        (8, 16, "busy", "half"),
        (12.8, 16, "crowded", "80 %"),
        (16, 16, "full", "all"),
        (40, 16, "full", "more than all"),
    ],
)
def test_words(people: float, places: int, word: CrowdingValue, reason: str) -> None:
    told = forecast(pattern(weeks(3, people), FRIDAY, CHINA), T0, places, Thresholds())
    assert {quarter.word for quarter in told.quarters} == {word}, reason
    assert [quarter.at_ms for quarter in told.quarters] == [
        T0 + QUARTER_MS * each for each in range(QUARTERS)
    ]


def test_without_places_there_is_no_word_to_tell() -> None:
    told = forecast(pattern(weeks(5), FRIDAY, CHINA), T0, None, Thresholds())
    assert (told.silence, told.quarters, told.weeks) == ("no_places", (), 5)


def lasting(persistence: float) -> Pattern:
    """Days that are off by +4 or -4 at midnight, of which ``persistence`` is left each hour."""
    days = {}
    for ago in range(1, 36):
        off = 4.0 if ago % 2 else -4.0
        days[FRIDAY - timedelta(days=ago)] = [
            10 + off * math.pow(persistence, quarter / 4) for quarter in range(QUARTERS)
        ]
    middle = {FRIDAY - timedelta(days=7 * week): flat(10) for week in range(1, 6)}
    return pattern(days | middle, FRIDAY, CHINA)


@pytest.mark.parametrize("persistence", [0.3, 0.6, 0.85])
def test_how_long_a_difference_lasts_is_learnt(persistence: float) -> None:
    assert lasting(persistence).lasting == pytest.approx(persistence, abs=0.02)


def test_a_difference_always_fades() -> None:
    assert lasting(1.0).lasting == MOST_LASTING


def test_a_day_without_differences_learns_none() -> None:
    assert pattern(weeks(3), FRIDAY, CHINA).lasting == 0


@pytest.mark.parametrize(
    ("ahead", "people", "expected", "reason"),
    [
        (0, 16, 16, "now it is as it is"),
        (4, 16, 13, "an hour later half of the difference is left"),
        (8, 16, 11.5, "after two hours a quarter"),
        (4, 4, 7, "also when there are fewer than usual"),
        (4, None, 10, "without a count the pattern alone speaks"),
    ],
)
def test_the_next_hours_keep_what_is_left_of_the_difference(
    ahead: int, people: float | None, expected: float, reason: str
) -> None:
    told = lasting(0.5)
    found = expected_at(told, NOON + ahead, ahead * QUARTER_MS, people, NOON)
    assert found == pytest.approx(expected, rel=0.03), reason


def test_nobody_is_the_least_that_is_expected() -> None:
    days = {
        FRIDAY - timedelta(days=ago): [20.0] * NOON + [1.0 if ago % 2 else 0.0] * (QUARTERS - NOON)
        for ago in range(1, 29)
    }
    told = pattern(days, FRIDAY, CHINA)
    assert told.lasting > 0
    assert expected_at(told, NOON, QUARTER_MS, 0, NOON - 1) == 0


def test_beyond_the_day_and_in_holes_nothing_is_expected() -> None:
    told = pattern(weeks(LEAST_WEEKS), FRIDAY, CHINA)
    assert expected_at(told, QUARTERS, QUARTER_MS, 5, QUARTERS - 1) is None
    assert told.at(QUARTERS) is None
