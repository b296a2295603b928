"""Where a recording lies on the station's clock, and what happens when it is over."""

from pathlib import Path

import pytest

from edge.playback import DAY_MS, WEEK_MS, Playback
from edge.recordings import Column, Description, Layout

MONDAY_MS = 4 * DAY_MS
"""The first Monday of 1970."""


def recording(folder: Path, *hours: float) -> Description:
    """Rows at these hours after a Monday's midnight, numbered from 0."""
    path = folder / "recording.csv"
    lines = [f"{MONDAY_MS + round(hour * 3_600_000)},{i}\n" for i, hour in enumerate(hours)]
    path.write_text("t,v\n" + "".join(lines))
    return Description(Layout(path, ("t",), time_format="unix_ms"), {"v": Column("v")})


def due(playback: Playback, at_ms: int) -> list[tuple[int, float | None]]:
    return [(row.at_ms, row.values["v"]) for row in playback.due(at_ms)]


ENDS = [
    (0, "the very end: no shift is needed"),
    (1, "a moment later"),
    (WEEK_MS - 1, "almost a week later"),
    (WEEK_MS, "a week later: moved by one"),
    (52 * WEEK_MS + DAY_MS, "a year later"),
    (-1, "a moment before its end: moved back"),
]


@pytest.mark.parametrize(("later_ms", "reason"), ENDS, ids=[row[1] for row in ENDS])
def test_moved_by_whole_weeks_to_end_by_now(tmp_path: Path, later_ms: int, reason: str) -> None:
    now_ms = MONDAY_MS + 3 * DAY_MS + later_ms
    playback = Playback(recording(tmp_path, 0, 72), now_ms, repeat=False)
    assert now_ms - WEEK_MS < playback.last_ms <= now_ms, reason
    assert (playback.first_ms - MONDAY_MS) % WEEK_MS == 0, "a Monday stays a Monday"
    assert playback.last_ms - playback.first_ms == 3 * DAY_MS


def test_rows_come_once_and_in_time(tmp_path: Path) -> None:
    playback = Playback(recording(tmp_path, 0, 1, 1, 2), MONDAY_MS + DAY_MS, repeat=False)
    hour = 3_600_000
    assert due(playback, MONDAY_MS - 1) == []
    assert due(playback, MONDAY_MS) == [(MONDAY_MS, 0)]
    assert playback.next_ms == MONDAY_MS + hour
    assert [value for _, value in due(playback, MONDAY_MS + 2 * hour)] == [1, 2, 3]
    assert playback.next_ms is None


def test_once_is_once(tmp_path: Path) -> None:
    playback = Playback(recording(tmp_path, 0), MONDAY_MS, repeat=False)
    assert due(playback, MONDAY_MS + 1000 * WEEK_MS) == [(MONDAY_MS, 0)]


PERIODS = [
    ((0.0, 23.9), DAY_MS, "a day's recording comes every day"),
    ((0.0, 24.0), 2 * DAY_MS, "a moment more than a day: every second day"),
    ((0.0, 7 * 24 - 0.5), WEEK_MS, "a week's recording comes every week"),
    ((0.0, 70 * 24 - 0.5), 10 * WEEK_MS, "ten weeks, to the half hour: without a gap"),
    ((0.0, 8 * 24.0), 2 * WEEK_MS, "longer than a week: by whole weeks, so that Mondays stay Mondays"),
]


@pytest.mark.parametrize(("hours", "period_ms", "reason"), PERIODS, ids=[row[2] for row in PERIODS])
def test_begins_again(tmp_path: Path, hours: tuple[float, ...], period_ms: int, reason: str) -> None:
    playback = Playback(recording(tmp_path, *hours), MONDAY_MS + 300 * DAY_MS, repeat=True)
    first_ms = playback.first_ms
    assert [at for at, value in due(playback, first_ms + 3 * period_ms) if value == 0] == [
        first_ms,
        first_ms + period_ms,
        first_ms + 2 * period_ms,
        first_ms + 3 * period_ms,
    ], reason


def test_skipping_goes_straight_to_the_right_pass(tmp_path: Path) -> None:
    """An agent that starts now does not live through the recording so far."""
    playback = Playback(recording(tmp_path, 0, 12), MONDAY_MS + DAY_MS, repeat=True)
    playback.skip_to(MONDAY_MS + 5 * DAY_MS + 1)
    assert due(playback, MONDAY_MS + 6 * DAY_MS) == [
        (MONDAY_MS + 5 * DAY_MS + DAY_MS // 2, 1),
        (MONDAY_MS + 6 * DAY_MS, 0),
    ]
