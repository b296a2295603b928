"""Which notice decides, what riders read, and what the next change is; the reason beside each row."""

from collections.abc import Callable

import pytest

from server import status
from server.model import Thresholds
from server.state import Access, Notice, Posted
from server.status.notices import AHEAD_MS

MIN = 60_000
HOUR = 60 * MIN
DAY = 24 * HOUR
NOW = 1_753_430_400_000
T = Thresholds()


def hours(now_ms: int) -> Posted:
    """Open for eight hours, then shut for sixteen, and so on; it closes two hours from NOW."""
    into = (now_ms - NOW + 6 * HOUR) % DAY
    return Posted(into < 8 * HOUR, now_ms - into + (8 * HOUR if into < 8 * HOUR else DAY))


def never(now_ms: int) -> Posted:
    del now_ms
    return Posted(False)


def always(now_ms: int) -> Posted:
    del now_ms
    return Posted(True)


def unpublished(now_ms: int) -> Posted:
    del now_ms
    return Posted(None)


def closed(start: int, end: int | None) -> Notice:
    return Notice("closed", NOW + start, None if end is None else NOW + end)


def opened(start: int, end: int) -> Notice:
    return Notice("open", NOW + start, NOW + end)


def words(start: int, end: int) -> Notice:
    return Notice("", NOW + start, NOW + end, zh="话")


@pytest.mark.parametrize(
    ("posted_at", "notices", "change", "then", "why"),
    [
        (hours, [], 2 * HOUR, None, "no notices: the hours as they are"),
        (hours, [words(0, HOUR)], 2 * HOUR, None, "words change nothing"),
        (hours, [closed(HOUR, 3 * HOUR)], HOUR, "closed", "a closure before closing time"),
        (hours, [closed(3 * HOUR, 4 * HOUR)], 2 * HOUR, "closed", "a closure while it is shut anyway"),
        (hours, [opened(2 * HOUR, 5 * HOUR)], 5 * HOUR, "closed", "open longer in the heat"),
        (hours, [opened(HOUR, 5 * HOUR)], 5 * HOUR, "closed", "the same, from before closing time"),
        (hours, [closed(-HOUR, HOUR)], HOUR, "open", "shut by a notice that ends in opening hours"),
        (hours, [closed(-HOUR, 3 * HOUR)], 18 * HOUR, "open", "one that ends at night: opens in the morning"),
        (hours, [closed(-HOUR, HOUR), closed(HOUR, 3 * HOUR)], 18 * HOUR, "open", "one after the other"),
        (hours, [opened(-HOUR, 4 * HOUR), closed(HOUR, 2 * HOUR)], 4 * HOUR, "closed", "the first decides"),
        (hours, [closed(HOUR, 2 * HOUR), opened(-HOUR, 4 * HOUR)], HOUR, "closed", "in the other order too"),
        (hours, [closed(-HOUR, None)], None, None, "until it is taken back"),
        (always, [], None, None, "day and night"),
        (always, [closed(HOUR, 2 * HOUR)], HOUR, "closed", "day and night, but for an hour"),
        (always, [opened(-HOUR, HOUR)], None, None, "open anyway"),
        (always, [closed(-HOUR, 30 * DAY)], 30 * DAY, "open", "for a month: the end is told however far"),
        (always, [closed(20 * DAY, 21 * DAY)], None, None, "in three weeks: not yet of interest"),
        (never, [opened(HOUR, 2 * HOUR)], HOUR, "open", "opened for once"),
        (unpublished, [closed(HOUR, 2 * HOUR)], HOUR, "closed", "nobody knows, but then it is shut"),
        (unpublished, [closed(-HOUR, HOUR)], HOUR, "unknown", "and afterwards nobody knows again"),
    ],
)
def test_the_next_change(
    posted_at: Callable[[int], Posted],
    notices: list[Notice],
    change: int | None,
    then: str | None,
    why: str,
) -> None:
    told = status.outlook(posted_at(NOW), notices, NOW, posted_at)
    expected = None if change is None else NOW + change
    assert (told.open, told.changes_at_ms, told.then) == (posted_at(NOW).open, expected, then), why


def test_hours_that_change_all_the_time_come_to_an_end() -> None:
    def restless(now_ms: int) -> Posted:
        return Posted(True, now_ms + 1)

    assert status.outlook(restless(NOW), [closed(6 * DAY, 7 * DAY)], NOW, restless).changes_at_ms is None


@pytest.mark.parametrize(
    ("notices", "expected", "why"),
    [
        ([], None, "none"),
        ([words(-HOUR, HOUR)], None, "words do not decide"),
        ([closed(1, HOUR)], None, "not yet"),
        ([closed(-HOUR, 0)], None, "over"),
        ([closed(0, HOUR)], 0, "from its first moment"),
        ([words(-HOUR, HOUR), opened(-HOUR, HOUR), closed(-HOUR, HOUR)], 1, "the first with a word"),
    ],
)
def test_which_one_decides(notices: list[Notice], expected: int | None, why: str) -> None:
    assert status.deciding(notices, NOW) == (None if expected is None else notices[expected]), why


def test_riders_read_what_holds_first_and_a_week_ahead() -> None:
    now_words, now_shut = words(-HOUR, HOUR), closed(-2 * HOUR, HOUR)
    soon, later = closed(HOUR, 2 * HOUR), words(AHEAD_MS, AHEAD_MS + HOUR)
    far, over = closed(AHEAD_MS + 1, AHEAD_MS + HOUR), closed(-HOUR, 0)
    shown = status.shown([far, later, over, now_words, soon, now_shut], NOW)
    assert shown == (now_shut, now_words, soon, later)


@pytest.mark.parametrize(
    ("posted", "notice", "expected", "why"),
    [
        (
            Posted(True, NOW + HOUR, then="open"),
            closed(-HOUR, HOUR),
            Access("closed", "notice", NOW + HOUR, at_ms=NOW - HOUR, then="open"),
            "shut by a notice, and known what comes then",
        ),
        (
            Posted(True, None),
            closed(-HOUR, HOUR),
            Access("closed", "notice", NOW + HOUR, at_ms=NOW - HOUR),
            "its own end where nothing more is known",
        ),
        (
            Posted(True, NOW + 20 * MIN, then="closed"),
            None,
            Access("closing_soon", "timetable", NOW + 20 * MIN, then="closed"),
            "a planned closure in twenty minutes is closing time",
        ),
        (
            Posted(None, NOW + HOUR, then="closed"),
            None,
            Access("unknown", "none", NOW + HOUR, then="closed"),
            "nobody knows now, but then",
        ),
        (Posted(True), words(-HOUR, HOUR), Access("open", "timetable"), "words leave it as it is"),
        (Posted(True), closed(MIN, HOUR), Access("open", "timetable"), "one that has not begun"),
    ],
)
def test_access(posted: Posted, notice: Notice | None, expected: Access, why: str) -> None:
    assert status.access(posted, NOW, T, notice=notice) == expected, why
