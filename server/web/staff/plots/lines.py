"""What was measured as a line, drawn by the server, with the same in words. Pure.

Nothing is drawn where nothing was measured: a gap is a gap. Places are given in thousandths of the drawing's
width and height (from the left and from the top), so that the page scales lines and not letters.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import median
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from server.web.text import Text

SIZE: Final = 1000
STEP_MS: Final = 300_000
"""Of a line: ten heartbeats, so that a step without any reading is a gap and not a delay."""
ROWS: Final = 12
"""Of the table beside a drawing."""
MOST_PATIENCE_MS: Final = 1_800_000
"""Twice the quarter of an hour between two readings of a simulated history."""
_NEAR: Final = 4
"""So many intervals on each side say what is usual there; fewer say nothing."""
_GAPS: Final = 3
"""At most so many gaps are told in words."""
_TICKS: Final = 4
_FLAT: Final = 0.02
"""Of the values: what moves by less is drawn as nearly level, not as a mountain."""
_ROUND: Final = (1, 2, 2.5, 5, 10)
_HOUR_MS: Final = 3_600_000
_LABELS: Final = (1, 2, 3, 6, 12, 24, 48, 168)
"""Hours between two labels of the time."""
_MOST_LABELS: Final = 5
_EDGE: Final = 60
"""A label nearer to the side than this would be cut off."""


class Span(NamedTuple):
    """The time that is drawn, and the zone in which it is told."""

    from_ms: int
    to_ms: int
    zone: str

    def at(self, at_ms: float) -> int:
        """Where a moment is drawn."""
        share = (at_ms - self.from_ms) / (self.to_ms - self.from_ms)
        return round(SIZE * min(1.0, max(0.0, share)))

    def clock(self, at_ms: int) -> str:
        """Clock time of a moment; with the day of the month where it is not the day of the end."""
        local, end = (datetime.fromtimestamp(ms / 1000, ZoneInfo(self.zone)) for ms in (at_ms, self.to_ms))
        time = f"{local.hour}:{local.minute:02}"
        return time if local.date() == end.date() else f"{local.month}-{local.day} {time}"

    def between(self, since_ms: int, until_ms: int) -> str:
        """From and until, both with their day or both without."""
        since, until = self.clock(since_ms), self.clock(until_ms)
        if " " in since and " " not in until:
            local = datetime.fromtimestamp(until_ms / 1000, ZoneInfo(self.zone))
            until = f"{local.month}-{local.day} {until}"
        return f"{since}–{until}"


class Tick(NamedTuple):
    """A label at the edge, and where it belongs."""

    at: int
    label: str


class Mark(NamedTuple):
    """A moment to be pointed at."""

    at: int
    label: str


class Range(NamedTuple):
    """Values of one row of the table; None where nothing was measured."""

    time: str
    low: str | None = None
    mean: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Values over time.

    Attributes:
        paths, bands: of each stretch without a gap: the means, and from the lowest to the highest value.
        limit: where the limit is drawn, None where there is none; ``limit_label`` says it.
        said: the same in a sentence.
    """

    paths: tuple[str, ...]
    bands: tuple[str, ...]
    limit: int | None
    limit_label: str
    times: tuple[Tick, ...]
    values: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    rows: tuple[Range, ...]
    unit: str
    said: str


class _Step(NamedTuple):
    """The values of one step of time, and when the first and the last of them were measured."""

    at_ms: int
    first_ms: int
    last_ms: int
    low: float
    mean: float
    high: float


def line(
    points: Iterable[tuple[int, float]],
    span: Span,
    text: Text,
    *,
    step_ms: int = STEP_MS,
    unit: str = "",
    limit: float | None = None,
    limit_label: str = "",
    marks: Iterable[tuple[int, str]] = (),
) -> Line:
    """Values as a line; ``points`` in time order, those outside ``span`` and what is no number left out."""
    found = [(at_ms, value) for at_ms, value in points if inside(at_ms, span) and math.isfinite(value)]
    steps = _steps(found, span.from_ms, step_ms)
    if limit is not None and not math.isfinite(limit):
        limit = None
    shown = [
        *(step.low for step in steps),
        *(step.high for step in steps),
        *([] if limit is None else [limit]),
    ]
    bottom, top, values = _scale(shown, text)
    moments = [at_ms for at_ms, _ in found]
    last = {
        (at_ms - span.from_ms) // step_ms: break_ms
        for at_ms, break_ms in zip(moments, patience(moments, step_ms), strict=True)
    }
    breaks_ms = list(last.values())
    runs = _runs(steps, breaks_ms)

    def place(value: float) -> int:
        return round(SIZE * (top - value) / (top - bottom))

    return Line(
        paths=tuple(
            _path([(_middle(each, span, step_ms), place(each.mean)) for each in run]) for run in runs
        ),
        bands=tuple(_band(run, span, step_ms, place) for run in runs if len(run) > 1),
        limit=None if limit is None else place(limit),
        limit_label=limit_label,
        times=times(span),
        values=tuple(Tick(place(value), label) for value, label in values),
        marks=marked(marks, span),
        rows=_rows(found, span, text),
        unit=unit,
        said=_values_said(found, unit, text)
        + _gaps_said(_gaps(runs, breaks_ms, span, text.now_ms), span, text),
    )


def patience(moments: Sequence[int], least_ms: int) -> list[int]:
    """How long nothing need be said after each moment until that is a gap.

    ``least_ms``, or twice the usual time between the moments around it where they come more seldom, but never
    more than :data:`MOST_PATIENCE_MS`: imported and simulated readings are minutes apart.
    """
    between = [after - before for before, after in pairwise(moments)]
    near = (between[max(0, number - _NEAR) : number + _NEAR + 1] for number in range(len(moments)))
    usual_ms = (median(each) if len(each) > _NEAR else 0 for each in near)
    return [max(least_ms, min(round(2 * each), MOST_PATIENCE_MS)) for each in usual_ms]


def inside(at_ms: int, span: Span) -> bool:
    """Whether a moment is drawn."""
    return span.from_ms <= at_ms < span.to_ms


def _steps(points: Sequence[tuple[int, float]], from_ms: int, step_ms: int) -> list[_Step]:
    steps = []
    for index, group in groupby(points, key=lambda point: (point[0] - from_ms) // step_ms):
        moments, values = zip(*group, strict=True)
        ends = from_ms + index * step_ms, moments[0], moments[-1]
        steps.append(_Step(*ends, min(values), math.fsum(values) / len(values), max(values)))
    return steps


def _runs(steps: Sequence[_Step], breaks_ms: Sequence[int]) -> list[list[_Step]]:
    """The steps that follow each other without a gap; ``breaks_ms``: after each, how far the next may be."""
    runs: list[list[_Step]] = []
    for step, break_ms in zip(steps, [0, *breaks_ms], strict=False):
        if runs and step.at_ms - runs[-1][-1].at_ms <= break_ms:
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


def _middle(step: _Step, span: Span, step_ms: int) -> int:
    return span.at(step.at_ms + step_ms / 2)


def _path(places: Sequence[tuple[int, int]]) -> str:
    """A stretch as an SVG path; of one step alone a dot, which a line of no length is with round ends."""
    (x, y), *rest = places
    return f"M{x} {y}" + ("h0" if not rest else "".join(f"L{x} {y}" for x, y in rest))


def _band(run: Sequence[_Step], span: Span, step_ms: int, place: Callable[[float], int]) -> str:
    over = [(_middle(step, span, step_ms), place(step.high)) for step in run]
    under = [(_middle(step, span, step_ms), place(step.low)) for step in reversed(run)]
    return _path([*over, *under]) + "z"


def _scale(values: Sequence[float], text: Text) -> tuple[float, float, list[tuple[float, str]]]:
    """The lowest and the highest value that are drawn, and round values between them with their labels."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    rough = max(high - low, max(abs(low), abs(high)) * _FLAT, _FLAT) / (_TICKS - 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(size * power for size in _ROUND if size * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step), math.ceil(high / step)
    last = max(last, first + 1)
    ticks = [(number * step, text.number(round(number * step, 6))) for number in range(first, last + 1)]
    return first * step, last * step, ticks


def times(span: Span) -> tuple[Tick, ...]:
    """Full hours of local time, as many as have room; midnight as the day of the month."""
    hours = (span.to_ms - span.from_ms) / _HOUR_MS
    every = next((each for each in _LABELS if hours / each <= _MOST_LABELS), _LABELS[-1])
    local = datetime.fromtimestamp(span.from_ms / 1000, ZoneInfo(span.zone))
    at = local.replace(hour=0, minute=0, second=0, microsecond=0)
    ticks = []
    while (at_ms := round(at.timestamp() * 1000)) < span.to_ms:
        place = span.at(at_ms)
        if at_ms > span.from_ms and _EDGE <= place <= SIZE - _EDGE:
            ticks.append(Tick(place, f"{at.month}-{at.day}" if at.hour == 0 else f"{at.hour}:00"))
        at += timedelta(hours=every)  # by the clock on the wall, which the label says
    return tuple(ticks)


def marked(marks: Iterable[tuple[int, str]], span: Span) -> tuple[Mark, ...]:
    """The moments to be pointed at that are drawn."""
    return tuple(Mark(span.at(at_ms), label) for at_ms, label in marks if inside(at_ms, span))


def _rows(points: Sequence[tuple[int, float]], span: Span, text: Text) -> tuple[Range, ...]:
    each_ms = -(-(span.to_ms - span.from_ms) // ROWS)
    steps = {step.at_ms: step for step in _steps(points, span.from_ms, each_ms)}
    starts = [span.from_ms + number * each_ms for number in range(ROWS)]
    return tuple(
        Range(span.clock(start), *(_number(value, text) for value in steps[start][3:]))
        if start in steps
        else Range(span.clock(start))
        for start in starts
    )


def _number(value: float, text: Text) -> str:
    return text.number(round(value, 1))


def _values_said(points: Sequence[tuple[int, float]], unit: str, text: Text) -> str:
    values = [value for _, value in points]
    if not values:
        return text("staff.plot.empty")
    low, high, last = (
        " ".join(filter(None, (_number(value, text), unit)))
        for value in (min(values), max(values), values[-1])
    )
    return text("staff.plot.said", low=low, high=high, last=last)


def _gaps(
    runs: Sequence[Sequence[_Step]], breaks_ms: Sequence[int], span: Span, now_ms: int
) -> list[tuple[int, int]]:
    """From and until of what holds no value; at the ends only when whole steps are missing."""
    if not runs:
        return []
    ends = [span.from_ms, *(run[-1].last_ms for run in runs)]
    starts = [*(run[0].first_ms for run in runs), min(span.to_ms, now_ms)]
    first, *inner, last = zip(ends, starts, strict=True)
    outer = ((first, breaks_ms[0]), (last, breaks_ms[-1]))
    begun, ended = ([gap] if gap[1] - gap[0] > break_ms else [] for gap, break_ms in outer)
    return [*begun, *inner, *ended]


def _gaps_said(gaps: Sequence[tuple[int, int]], span: Span, text: Text) -> str:
    if not gaps:
        return ""
    said = [span.between(since, until) for since, until in gaps[:_GAPS]]
    key = "staff.plot.gaps.more" if len(gaps) > _GAPS else "staff.plot.gaps"
    return text(key, times=text("list.separator").join(said), more=len(gaps) - _GAPS)
