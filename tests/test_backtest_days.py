"""Means of quarters, out of people at moments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.backtest_days import quarter_means
from server.rollups.calendar import BRIDGE_MS

MINUTE_MS = 60_000
T0 = 1_782_864_000_000
"""A whole quarter of an hour."""


@pytest.mark.parametrize(
    ("minutes", "means", "reason"),
    [
        ({0: 4, 15: 4}, {0: 4}, "two snapshots at the ends of a quarter"),
        ({0: 0, 15: 8}, {0: 4}, "it goes evenly from one number to the other"),
        ({0: 2, 5: 2, 6: 8, 15: 8}, {0: 5.8}, "each number weighs as long as it lasted"),
        ({0: 3, 30: 9}, {0: 4.5, 15: 7.5}, "a gap of 30 minutes is bridged: totals tell its ends"),
        ({0: 3, 31: 9}, {}, "a longer one is not"),
        ({0: 5, 7: 5}, {}, "less than half of a quarter is too little"),
        ({0: 5, 8: 5}, {0: 5}, "more than half counts"),
        ({8: 5, 22: 5}, {}, "7 minutes of each quarter are too little"),
        ({0: 5, 60: 5, 75: 1, 90: 1}, {60: 3, 75: 1}, "on after a gap"),
        ({0: 5}, {}, "one snapshot has no duration"),
        ({}, {}, "nothing was measured"),
    ],
)
def test_means_of_quarters(minutes: dict[int, int], means: dict[int, float], reason: str) -> None:
    found = quarter_means((T0 + minute * MINUTE_MS, people) for minute, people in minutes.items())
    assert {(at_ms - T0) // MINUTE_MS: mean for at_ms, mean in found.items()} == pytest.approx(means), reason


@given(st.lists(st.tuples(st.integers(1, BRIDGE_MS), st.integers(0, 500)), min_size=2, max_size=40))
def test_a_mean_lies_between_the_least_and_the_most(steps: list[tuple[int, int]]) -> None:
    at_ms, points = T0, []
    for step_ms, people in steps:
        at_ms += step_ms
        points.append((at_ms, people))
    numbers = [people for _, people in points]
    for mean in quarter_means(points).values():
        assert min(numbers) - 1e-6 <= mean <= max(numbers) + 1e-6
