"""Drawings: what was measured where it belongs, gaps as gaps, and the same in words."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.web.staff.plots.lanes import lanes
from server.web.staff.plots.lines import MOST_PATIENCE_MS, ROWS, SIZE, Line, Span, line
from server.web.text import Text

MIN = 60_000
HOUR = 60 * MIN
DAY = 24 * HOUR
START = 1_782_835_200_000  # 2026-07-01 00:00 in Beijing
SPAN = Span(START, START + DAY, "Asia/Shanghai")
TEXT = Text("en", START + DAY)
STEP = 5 * MIN


def every_minute(from_min: int, to_min: int, value: float = 20.0) -> list[tuple[int, float]]:
    return [(START + minute * MIN, value) for minute in range(from_min, to_min)]


def drawn(points: Sequence[tuple[int, float]], **options: float) -> Line:
    return line(points, SPAN, TEXT, unit="°C", **options)  # type: ignore[arg-type]  # limit alone


def places(path: str) -> list[tuple[int, int]]:
    """Where the corners of a path are."""
    numbers = path.removeprefix("M").removesuffix("h0").removesuffix("z").split("L")
    return [(int(x), int(y)) for x, y in (each.split() for each in numbers)]


def test_what_is_measured_all_day_is_one_line_over_all_of_it() -> None:
    found = drawn(every_minute(0, 24 * 60))
    assert len(found.paths) == 1
    xs = [x for x, _ in places(found.paths[0])]
    assert xs == sorted(xs)
    assert (xs[0], xs[-1]) == (2, 998)  # the middles of the first and the last five minutes
    assert found.said == "Lowest 20 °C, highest 20 °C, last 20 °C."


def test_a_gap_is_a_gap_and_is_said() -> None:
    found = drawn(every_minute(0, 600) + every_minute(660, 24 * 60))
    assert [len(places(path)) for path in found.paths] == [120, 156]
    assert found.said.endswith("No readings 7-1 9:59–7-1 11:00.")


def test_silence_at_the_end_is_a_gap() -> None:
    assert "21:59" in drawn(every_minute(0, 22 * 60)).said


@pytest.mark.parametrize("minutes", [10, 15])
def test_readings_that_are_minutes_apart_are_one_line_until_one_is_really_missing(minutes: int) -> None:
    seldom = [(START + at * MIN, 20.0) for at in range(0, 12 * 60, minutes)]
    often = every_minute(12 * 60, 24 * 60)
    found = drawn(seldom + often)
    assert (len(found.paths), "No readings" in found.said) == (1, False)
    words = lanes([(at_ms, "a") for at_ms, _ in seldom + often], {"a": "A"}, SPAN, TEXT)
    assert [row.label for row in words.rows] == ["A"]
    torn = drawn(seldom[:20] + seldom[26:] + often)
    assert len(torn.paths) == 2
    assert len(drawn(every_minute(0, 600) + every_minute(607, 1440)).paths) == 2, "where it is said often"


def test_no_gap_lies_in_the_future_and_both_its_ends_have_their_day() -> None:
    now_ms = START + 22 * HOUR + 34 * MIN
    said = line(every_minute(0, 18 * 60), SPAN, Text("en", now_ms)).said
    assert said.endswith("No readings 7-1 17:59–7-1 22:34.")
    span = Span(START - 12 * HOUR, START + 12 * HOUR, "Asia/Shanghai")
    assert span.between(START - HOUR, START + HOUR) == "6-30 23:00–7-1 1:00"
    assert span.between(START + HOUR, START + 2 * HOUR) == "1:00–2:00"


def test_one_step_without_a_reading_is_a_gap_and_a_late_reading_is_none() -> None:
    late = [(START + 270_000, 20.0), (START + 310_000, 20.0), (START + 899_000, 20.0)]
    assert len(drawn(late).paths) == 1
    assert len(drawn([late[0], (START + 12 * MIN, 20.0)]).paths) == 2


def test_a_reading_alone_is_a_dot() -> None:
    assert drawn([(START + HOUR, 21.0)]).paths == ("M43 1000h0",)


def test_a_peak_between_means_is_seen_in_the_band_and_in_the_table() -> None:
    found = drawn([*every_minute(0, 62), (START + 62 * MIN, 90.0), *every_minute(63, 200)])
    tops = min(y for _, y in places(found.bands[0]))
    assert tops < min(y for _, y in places(found.paths[0]))
    assert found.rows[0].high == "90"
    assert (found.rows[0].low, found.rows[1].high) == ("20", "20")


def test_the_limit_is_in_the_drawing_even_far_from_what_was_measured() -> None:
    found = drawn(every_minute(0, 60), limit=30)
    assert found.limit is not None
    assert 0 <= found.limit < min(y for _, y in places(found.paths[0]))


def test_without_readings_it_says_so_and_draws_nothing() -> None:
    found = drawn([(START - 1, 20.0), (START + DAY, 20.0), (START, float("nan"))])
    assert (found.paths, found.bands, found.said) == ((), (), "No readings in this time.")
    assert len(found.rows) == ROWS
    assert all(row.mean is None for row in found.rows)


def test_times_are_those_of_the_place_and_none_is_cut_off() -> None:
    found = drawn(every_minute(0, 60))
    assert [(each.at, each.label) for each in found.times] == [
        (250, "6:00"),
        (500, "12:00"),
        (750, "18:00"),
    ]
    elsewhere = Span(START, START + DAY, "America/New_York")
    assert [each.label for each in line([], elsewhere, TEXT).times] == ["18:00", "7-1", "6:00"]


def test_marks_outside_are_left_out() -> None:
    marks = ((START - 1, "before"), (START + 12 * HOUR, "noon"), (START + DAY, "after"))
    assert [(each.at, each.label) for each in line([], SPAN, TEXT, marks=marks).marks] == [(500, "noon")]


@given(
    st.lists(
        st.tuples(st.integers(0, DAY - 1), st.floats(-1e6, 1e6, allow_subnormal=False)),
        min_size=1,
        max_size=60,
    ),
    st.none() | st.floats(-1e6, 1e6, allow_subnormal=False),
)
def test_whatever_is_measured_is_inside_and_never_joined_over_a_gap(
    found: list[tuple[int, float]], limit: float | None
) -> None:
    points = sorted((START + at_ms, value) for at_ms, value in found)
    made = line(points, SPAN, TEXT, limit=limit)
    corners = [place for path in (*made.paths, *made.bands) for place in places(path)]
    assert all(0 <= x <= SIZE and 0 <= y <= SIZE for x, y in corners)
    ticks = [each.at for each in made.values]
    assert all(0 <= at <= SIZE for at in ticks)
    assert ticks == sorted(ticks, reverse=True)
    steps = sorted({(at_ms - START) // STEP for at_ms, _ in points})
    apart = [(after - before) * STEP for before, after in pairwise(steps)]
    surely, perhaps = (sum(each > least for each in apart) for least in (MOST_PATIENCE_MS, STEP))
    assert 1 + surely <= len(made.paths) <= 1 + perhaps


@pytest.mark.parametrize(
    ("said", "rows", "why"),
    [
        ([], (), "nothing was ever said"),
        (
            [(0, "a"), (2, "a"), (4, "b")],
            ("0:00–0:04 A", "0:04–0:09 B", "0:09–0:00 no readings"),
            "it changed",
        ),
        (
            [(0, "a"), (20, "a")],
            ("0:00–0:05 A", "0:05–0:20 no readings", "0:20–0:25 A", "0:25–0:00 no readings"),
            "what is not said again holds for five minutes",
        ),
        ([(3, "a")], ("0:03–0:08 A", "0:08–0:00 no readings"), "the first word need not come at once"),
        (
            [(30, "a")],
            ("0:00–0:30 no readings", "0:30–0:35 A", "0:35–0:00 no readings"),
            "silence before it is silence",
        ),
        ([(0, "a"), (0, "b")], ("0:00–0:05 B", "0:05–0:00 no readings"), "of two words at once the last"),
    ],
)
def test_lanes_tell_what_was_so_when(said: list[tuple[int, str]], rows: tuple[str, ...], why: str) -> None:
    points = [(START + minute * MIN, state) for minute, state in said]
    found = lanes(points, {"a": "A", "b": "B"}, SPAN, TEXT)
    told = tuple(f"{row.time} {row.label}".replace("7-1 ", "").replace("7-2 ", "") for row in found.rows)
    assert told == rows, why
    assert [lane.label for lane in found.lanes] == ["A", "B"]


def test_what_is_short_is_still_seen() -> None:
    found = lanes([(START + HOUR, "a"), (START + HOUR + 1000, "b")], {"a": "A", "b": "B"}, SPAN, TEXT)
    assert found.lanes[0].parts == ((42, 2),)
