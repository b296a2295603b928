"""The readings around an alert, from the store, as drawings with the same in words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Protocol

from contract.messages import Snapshot
from server.alerts.model import Alert
from server.model import Thresholds
from server.store import Bucket, Quantity, Stored
from server.web.staff.alerts.measures import MEASURES, States, Values
from server.web.staff.plots import lines
from server.web.staff.plots.lanes import Lanes, lanes
from server.web.text import Text

DAY_MS: Final = 86_400_000
QUARTER_MS: Final = 900_000

Rolled = Callable[[Quantity], list[Bucket]]
"""The quarters of an hour of a station in the span that is drawn."""


class Readings(Protocol):
    """The store, as far as it is read here."""

    def snapshots(self, station_id: str, from_ms: int, to_ms: int) -> Iterator[Stored]:
        """Whole snapshots, oldest first."""

    def history(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, step_ms: int
    ) -> list[Bucket]:
        """A quantity in steps."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A line or lanes, with the title."""

    title: str
    line: lines.Line | None = None
    lanes: Lanes | None = None


class _Sheet(NamedTuple):
    """What all drawings of an alert share."""

    alert: Alert
    span: lines.Span
    text: Text
    marks: tuple[tuple[int, str], ...]


def window(alert: Alert, now_ms: int) -> tuple[int, int]:
    """The day around an alert: half before it fired, half after it, and none of it in the future."""
    fired_ms = alert.since_ms if alert.fired_ms is None else alert.fired_ms
    to_ms = min(now_ms, fired_ms + DAY_MS // 2)
    return to_ms - DAY_MS, to_ms


def drawings(
    alert: Alert,
    readings: Readings,
    thresholds: Thresholds,
    span: lines.Span,
    text: Text,
    *,
    rolled: Rolled | None = None,
) -> list[Drawing]:
    """What was measured at the alert's station in ``span``; nothing for an alert about anything else.

    Args:
        rolled: where readings of the span are pruned, what is left of them.
    """
    measures = MEASURES.get(alert.kind, ())
    if alert.subject.scope != "station" or not measures:
        return []
    stored = readings.snapshots(alert.subject.id, span.from_ms, span.to_ms)
    seen = [each.snapshot for each in stored if each.dating != "received"]
    sheet = _Sheet(alert, span, text, _marks(alert, text))
    return [
        (_of_quarters(measure, rolled, sheet) if rolled else None)
        or _drawing(measure, seen, readings, thresholds, sheet)
        for measure in measures
    ]


def _of_quarters(measure: Values | States, rolled: Rolled, sheet: _Sheet) -> Drawing | None:
    """A line of means; None of what is not kept for longer than readings are."""
    if isinstance(measure, States) or measure.quantity is None:
        return None
    points = [(each.at_ms, each.mean) for each in rolled(measure.quantity)]
    line = _line(replace(measure, step_ms=QUARTER_MS), points, sheet)
    return Drawing(sheet.text(f"staff.plot.of.{measure.name}"), line=line)


def _drawing(
    measure: Values | States,
    seen: Sequence[Snapshot],
    readings: Readings,
    thresholds: Thresholds,
    sheet: _Sheet,
) -> Drawing:
    title, unit = sheet.text(f"staff.plot.of.{measure.name}"), sheet.alert.subject.unit
    if measure.pick is None:
        return Drawing(title, line=_line(measure, _people(readings, sheet), sheet))
    said = [(each.at_ms, measure.pick(each, unit, thresholds)) for each in seen]
    if isinstance(measure, States):
        states = [(at_ms, state) for at_ms, state in said if isinstance(state, str)]
        return Drawing(title, lanes=_lanes(measure, states, sheet))
    points = [(at_ms, value) for at_ms, value in said if isinstance(value, int | float)]
    return Drawing(title, line=_line(measure, points, sheet))


def _people(readings: Readings, sheet: _Sheet) -> list[tuple[int, float]]:
    span = sheet.span
    buckets = readings.history(sheet.alert.subject.id, "occupancy", span.from_ms, span.to_ms, lines.STEP_MS)
    return [(bucket.at_ms, bucket.last) for bucket in buckets]


def _marks(alert: Alert, text: Text) -> tuple[tuple[int, str], ...]:
    moments = ((alert.fired_ms, "fired"), (None if alert.active else alert.resolved_ms, "over"))
    return tuple((at_ms, text(f"staff.plot.mark.{name}")) for at_ms, name in moments if at_ms is not None)


def _line(measure: Values, points: Sequence[tuple[int, float]], sheet: _Sheet) -> lines.Line:
    limit, text = sheet.alert.values.get(measure.limit), sheet.text
    number = float(limit) if isinstance(limit, int | float) else None
    said = (
        ""
        if number is None
        else text("staff.plot.limit", value=text.number(round(number, 1)), unit=measure.unit)
    )
    return lines.line(
        points,
        sheet.span,
        text,
        step_ms=measure.step_ms,
        unit=measure.unit,
        limit=number,
        limit_label=said.strip(),
        marks=sheet.marks,
    )


def _lanes(measure: States, states: Sequence[tuple[int, str]], sheet: _Sheet) -> Lanes:
    """Lanes of the states that occurred, in the order of the measure."""
    met = {state for _, state in states}
    words = {state: sheet.text.known(measure.prefix, state) for state in measure.states if state in met}
    return lanes(states, words, sheet.span, sheet.text, hold_ms=measure.hold_ms, marks=sheet.marks)
