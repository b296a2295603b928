from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.store import Bucket
from server.web.past import FEWEST_VISITS, QUARTER_MS, SETTLED_MS, Step, grid_ms, visits
from server.web.public import iso
from server.web.query import DAY_MS, STEPS

CHINA = ZoneInfo("Asia/Shanghai")
MIDNIGHT_MS = 1_782_835_200_000
"""1 July 2026, 00:00 in Taiyuan."""
LATER_MS = MIDNIGHT_MS + 30 * DAY_MS


def quarters(*counts: int, start_ms: int = MIDNIGHT_MS) -> list[Bucket]:
    """Quarters of an hour with so many visits each."""
    return [Bucket(start_ms + n * QUARTER_MS, 30, count, 0, 1, 0) for n, count in enumerate(counts)]


def told(*counts: int, step: str = "15m", now_ms: int = LATER_MS) -> list[float | None]:
    """What the public hears of them."""
    return [each.value for each in visits(quarters(*counts), MIDNIGHT_MS, STEPS[step], now_ms, CHINA)]


@pytest.mark.parametrize(
    ("counts", "step", "values", "why"),
    [
        ((0, 3, 40), "15m", [None, 3, 40], "from three on as it is"),
        ((2, 2), "15m", [None, 4], "the first two are counted to the next quarter"),
        ((1, 0, 1, 1), "15m", [None, None, None, 3], "until three have come together"),
        ((1, 5, 2, 0), "15m", [None, 6, None, None], "too few are left over"),
        ((1, 5, 2, 0), "1h", [6], "the hour does not tell them either"),
        ((1, 0, 1, 0), "1h", [None], "nothing to tell"),
        ((5, 5, 5, 5, 5), "30m", [10, 10, 5], "the sum of its quarters"),
    ],
)
def test_no_number_stands_for_fewer_than_three(
    counts: tuple[int, ...], step: str, values: list[float | None], why: str
) -> None:
    assert told(*counts, step=step) == values, why


def test_the_quarter_that_is_running_is_not_seen_growing() -> None:
    end_ms = MIDNIGHT_MS + 2 * QUARTER_MS
    assert told(5, 5, now_ms=end_ms + SETTLED_MS - 1) == [5]
    assert told(5, 5, now_ms=end_ms + SETTLED_MS) == [5, 5]
    assert told(5, 5, step="1d", now_ms=end_ms) == [5], "nor in a longer step"


def test_what_is_left_at_midnight_is_dropped() -> None:
    late = quarters(2, 2, start_ms=MIDNIGHT_MS - QUARTER_MS)
    steps = visits(late, MIDNIGHT_MS - DAY_MS, DAY_MS, LATER_MS, CHINA)
    assert steps == (Step(iso(MIDNIGHT_MS - DAY_MS)), Step(iso(MIDNIGHT_MS)))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=96), st.integers(0, 95), st.sampled_from(list(STEPS)))
def test_no_two_answers_differ_by_fewer_than_three(counts: list[int], start: int, step: str) -> None:
    """Every answer is a sum of the same published quarters, none of which is 1 or 2."""
    published = dict(zip(range(96), told(*counts), strict=False))
    assert all(value is None or value >= FEWEST_VISITS for value in published.values())
    step_ms = STEPS[step]
    from_ms = grid_ms(MIDNIGHT_MS + start * QUARTER_MS, step_ms, CHINA)
    for each in visits(quarters(*counts), from_ms, step_ms, LATER_MS, CHINA):
        held = [value or 0 for n, value in published.items()
                if iso(grid_ms(MIDNIGHT_MS + n * QUARTER_MS, step_ms, CHINA)) == each.at]  # fmt: skip
        assert (each.value or 0) == sum(held)
    assert 0 <= sum(counts) - sum(value or 0 for value in published.values()) < FEWEST_VISITS


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
