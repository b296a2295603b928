"""No bot is spoken to more often than it bears, whatever is waiting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.notify.outbox.pace import MOST, SPARE, WINDOW_MS, Pace

NOW_MS = 1_782_883_200_000
BEARS = 20
"""Messages a minute that WeCom and DingTalk take."""


def test_a_bot_that_was_left_alone_is_free() -> None:
    assert Pace().wait_ms("a", NOW_MS) == 0


def test_the_spare_ones_are_for_safety() -> None:
    pace = Pace(("a", NOW_MS + n) for n in range(MOST - SPARE))
    later_ms = NOW_MS + 1000
    assert pace.wait_ms("a", later_ms) == NOW_MS + WINDOW_MS - later_ms, "until the first is a minute old"
    assert pace.wait_ms("a", later_ms, safety=True) == 0
    assert pace.wait_ms("b", later_ms) == 0, "another bot"
    for n in range(SPARE):
        pace.spend("a", later_ms + n)
    assert pace.wait_ms("a", later_ms + SPARE, safety=True) > 0


@pytest.mark.parametrize(
    ("asked_s", "after_ms", "wait_ms", "why"),
    [
        (600, 0, 600_000, "ten minutes, as DingTalk wants"),
        (600, 599_999, 1, "nearly over"),
        (600, 600_000, 0, "over"),
        (10**9, 0, 3_600_000, "nobody closes a channel for ever"),
        (600, -7_200_000, 0, "a clock that was set back does not make it longer"),
    ],
)
def test_a_bot_that_asked_for_a_pause_gets_it(asked_s: int, after_ms: int, wait_ms: int, why: str) -> None:
    pace = Pace()
    pace.close("a", NOW_MS, asked_s)
    assert pace.wait_ms("a", NOW_MS + after_ms) == wait_ms, why
    assert pace.wait_ms("a", NOW_MS + after_ms, safety=True) == wait_ms, "safety would be refused as well"


def test_a_clock_that_was_set_back_closes_nothing() -> None:
    pace = Pace(("a", NOW_MS) for _ in range(MOST))
    assert pace.wait_ms("a", NOW_MS - 3_600_000) == 0


@given(
    steps=st.lists(st.tuples(st.integers(0, 20_000), st.booleans(), st.booleans()), max_size=120),
)
def test_no_minute_has_more_than_it_may_have(steps: list[tuple[int, bool, bool]]) -> None:
    """Whoever waits as told, with restarts between, never sends more than 18 in any minute."""
    now_ms, pace = NOW_MS, Pace()
    sent: list[int] = []
    for gap_ms, safety, restart in steps:
        if restart:
            pace = Pace(("a", at_ms) for at_ms in sent[-MOST:])
        now_ms += gap_ms // 20
        now_ms += pace.wait_ms("a", now_ms, safety=safety)
        assert pace.wait_ms("a", now_ms, safety=safety) == 0, "it waits as long as told and no longer"
        pace.spend("a", now_ms)
        sent.append(now_ms)
    for at_ms in sent:
        assert sum(at_ms <= other < at_ms + WINDOW_MS for other in sent) <= MOST < BEARS
