from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.store import Bucket
from server.web.past import QUARTER_MS, SETTLED_MS, TOGETHER, crossings, grid_ms
from server.web.query import DAY_MS, STEPS

MIDNIGHT_MS = 1_782_835_200_000
"""1 July 2026, 00:00 in Taiyuan."""
LATER_MS = MIDNIGHT_MS + 30 * DAY_MS


def quarters(*counts: int, start_ms: int = MIDNIGHT_MS) -> list[Bucket]:
    """Quarters of an hour with so many people each."""
    return [Bucket(start_ms + n * QUARTER_MS, 30, count, 0, 1, 0) for n, count in enumerate(counts)]


def told(*counts: int, step: str = "15m", before: int = 0, now_ms: int = LATER_MS) -> list[float | None]:
    """What the public hears of them."""
    steps = crossings(quarters(*counts), before, MIDNIGHT_MS, STEPS[step], now_ms)
    return [each.value for each in steps]


@pytest.mark.parametrize(
    ("counts", "step", "before", "values", "why"),
    [
        ((0, 3, 42), "15m", 0, [None, 3, 42], "whole threes are told as they are"),
        ((2, 2), "15m", 0, [None, 3], "the third has come in the second quarter, the fourth waits"),
        ((1, 0, 1, 1), "15m", 0, [None, None, None, 3], "until three have come together"),
        ((1, 0), "15m", 2, [3, None], "two were waiting from before"),
        ((1, 5, 2, 0), "1h", 0, [6], "the hour does not tell the two that wait"),
        ((1, 0, 1, 0), "1h", 0, [None], "nothing to tell"),
        ((5, 5, 5, 5, 5), "30m", 0, [9, 9, 6], "24 of the 25"),
    ],
)
def test_people_are_told_in_threes(
    counts: tuple[int, ...], step: str, before: int, values: list[float | None], why: str
) -> None:
    assert told(*counts, step=step, before=before) == values, why


def test_the_quarter_that_is_running_is_not_seen_growing() -> None:
    end_ms = MIDNIGHT_MS + 2 * QUARTER_MS
    assert told(6, 6, now_ms=end_ms + SETTLED_MS - 1) == [6]
    assert told(6, 6, now_ms=end_ms + SETTLED_MS) == [6, 6]
    assert told(6, 6, step="1d", now_ms=end_ms) == [6], "nor in a longer step"


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=96),
    st.integers(0, 1000),
    st.integers(0, 95),
    st.sampled_from(list(STEPS)),
)
def test_every_answer_and_every_difference_of_answers_is_a_multiple_of_three(
    counts: list[int], before: int, start: int, step: str
) -> None:
    """Whatever the window: so nobody can be found alone by comparing two of them."""
    start = min(start, len(counts) - 1)
    from_ms, step_ms = MIDNIGHT_MS + start * QUARTER_MS, STEPS[step]
    asked = quarters(*counts[start:], start_ms=from_ms)
    steps = crossings(asked, before + sum(counts[:start]), from_ms, step_ms, LATER_MS)
    numbers = [round(each.value or 0) for each in steps]
    assert all(number % TOGETHER == 0 for number in numbers)
    assert abs(sum(numbers) - sum(counts[start:])) < TOGETHER, "any number of steps is right to two people"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns", "UTC"])
def test_the_grid_begins_at_local_midnight_and_each_step_divides_the_next(zone: str) -> None:
    where = ZoneInfo(zone)
    for at_ms in range(MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS, 7_777_777):
        begins = [grid_ms(at_ms, step_ms, where) for step_ms in STEPS.values()]
        assert all(later <= earlier <= at_ms for earlier, later in pairwise(begins))
        assert grid_ms(begins[-1], DAY_MS, where) == begins[-1]
        for begin, step_ms in zip(begins, STEPS.values(), strict=True):
            assert (begin - begins[-1]) % step_ms == 0
            assert begin % QUARTER_MS == 0, "quarters are the same everywhere"
