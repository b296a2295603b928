"""States over time as lanes, drawn by the server, with the same in words. Pure; places as in ``lines``.

Each state has a lane of its own, so that none is told by its colour.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from server.web.staff.plots.lines import ROWS, Mark, Span, Tick, inside, marked, patience, times
from server.web.text import Text

HOLD_MS: Final = 300_000
"""So long a state is believed after it was last said: ten heartbeats."""


class Stretch(NamedTuple):
    """One state from a moment to another."""

    time: str
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """When one state was so: pairs of a place and a width."""

    label: str
    parts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Lanes:
    """States over time, a lane each, so that none is told by its colour; ``rows``: the newest last."""

    lanes: tuple[Lane, ...]
    times: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    rows: tuple[Stretch, ...]
    said: str


def lanes(
    points: Iterable[tuple[int, str]],
    words: Mapping[str, str],
    span: Span,
    text: Text,
    *,
    hold_ms: int = HOLD_MS,
    marks: Iterable[tuple[int, str]] = (),
) -> Lanes:
    """States as lanes, one for each of ``words`` in its order; ``points`` in time order.

    A state lasts until the next one is said, but no longer than ``hold_ms``, or what is usual there.
    """
    stretches = _stretches([point for point in points if inside(point[0], span)], span, hold_ms)
    rows = tuple(
        Stretch(
            span.between(since, until),
            words.get(code, code) if code else text("staff.plot.nothing"),
        )
        for since, until, code in stretches
    )
    return Lanes(
        tuple(Lane(label, _parts(code, stretches, span)) for code, label in words.items()),
        times(span),
        marked(marks, span),
        rows[-ROWS:],
        _all_said(rows, text),
    )


def _stretches(points: Sequence[tuple[int, str]], span: Span, hold_ms: int) -> list[tuple[int, int, str]]:
    """From, until and state, without a break; "" where nothing was said. Empty without any word."""
    stretches: list[tuple[int, int, str]] = []
    said_ms = span.from_ms
    holds_ms = patience([at_ms for at_ms, _ in points], hold_ms)
    for ((at_ms, code), (next_ms, _)), hold in zip(
        pairwise([*points, (span.to_ms, "")]), holds_ms, strict=True
    ):
        # The first word of the time that is drawn need not stand at its very beginning.
        if at_ms - said_ms > (0 if stretches else hold):
            stretches.append((said_ms, at_ms, ""))
        said_ms = min(next_ms, at_ms + hold)
        if stretches and stretches[-1][1:] == (at_ms, code):
            stretches[-1] = (stretches[-1][0], said_ms, code)
        elif said_ms > at_ms:
            stretches.append((at_ms, said_ms, code))
    if points and said_ms < span.to_ms:
        stretches.append((said_ms, span.to_ms, ""))
    return stretches


def _parts(code: str, stretches: Sequence[tuple[int, int, str]], span: Span) -> tuple[tuple[int, int], ...]:
    """Places and widths of one state; what is short is still to be seen."""
    places = [(span.at(since), span.at(until)) for since, until, state in stretches if state == code]
    return tuple((start, max(2, end - start)) for start, end in places)


def _all_said(rows: Sequence[Stretch], text: Text) -> str:
    if not rows:
        return text("staff.plot.empty")
    said = [text("staff.plot.stretch", time=row.time, state=row.label) for row in rows[-ROWS:]]
    return text("sentence.separator").join(said)
