"""A station's last day or week, from the store, as lines with the same in words."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from server.alerts.kinds import AlertThresholds
from server.model import Thresholds
from server.store import Quantity
from server.store.sqlite import Store
from server.web.staff.plots import lines
from server.web.staff.plots.lines import Line, Span
from server.web.text import Text

Range = Literal["day", "week"]
DAY_MS: Final = 86_400_000
MOST_KEPT: Final = 64
_LENGTHS: Final[dict[Range, tuple[int, int]]] = {"day": (DAY_MS, 900_000), "week": (7 * DAY_MS, 3_600_000)}
"""How long, and the step of each."""
_HEALTH_STEP_MS: Final = 1_800_000
"""The machine's report comes every ten minutes: one that is lost makes no gap."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A line and what it is of."""

    name: str
    line: Line


@dataclass(frozen=True, slots=True)
class Fittings:
    """What a station has; only that is drawn."""

    doors: bool
    sockets: bool
    cabinets: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all lines of a page share."""

    station: str
    span: Span
    step_ms: int
    text: Text
    thresholds: Thresholds
    limits: AlertThresholds


class Kept:
    """Drawings of late. A page that stays open asks every half minute, and a week is a second's reading.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._drawn: OrderedDict[Hashable, list[Drawing]] = OrderedDict()
        self._lock = threading.Lock()

    def drawings(self, store: Store, sheet: Sheet, has: Fittings, now_ms: int) -> list[Drawing]:
        """:func:`drawings`, at most a fifteenth of a step old."""
        moment = now_ms // (sheet.step_ms // 15)
        language, limits = sheet.text.language, (sheet.thresholds, sheet.limits)
        key = (sheet.station, sheet.span, moment, has, language, limits)
        with self._lock:
            found = self._drawn.get(key)
        if found is None:
            found = drawings(store, sheet, has)
            with self._lock:
                self._drawn[key] = found
                while len(self._drawn) > MOST_KEPT:
                    self._drawn.popitem(last=False)
        return found


def span_of(wanted: Range, now_ms: int, zone: str) -> tuple[Span, int]:
    """The time that is drawn, ending now, and its step."""
    length_ms, step_ms = _LENGTHS[wanted]
    end_ms = -(-now_ms // step_ms) * step_ms
    return Span(end_ms - length_ms, end_ms, zone), step_ms


def drawings(store: Store, sheet: Sheet, has: Fittings) -> list[Drawing]:
    """All that was measured, in the order in which it is looked at. Reads the whole span of the store."""
    drawn = [
        _quantity(store, sheet, "temperature_c", "°C", sheet.limits.too_hot_c, sheet.limits.too_cold_c),
        _quantity(store, sheet, "humidity_pct", "%"),
    ]
    if has.doors:
        drawn.append(_quantity(store, sheet, "occupancy", sheet.text("staff.device.people.unit")))
    if has.sockets:
        drawn.append(_quantity(store, sheet, "sockets_free"))
    if has.cabinets:
        drawn.append(_quantity(store, sheet, "batteries_charged"))
    return [*drawn, *_machine(store, sheet)]


def _quantity(store: Store, sheet: Sheet, quantity: Quantity, unit: str = "", *limits: float) -> Drawing:
    """A line, with the nearest of the limits to what was measured last."""
    span = sheet.span
    found = store.history(
        sheet.station, quantity, span.from_ms, span.to_ms, sheet.step_ms, thresholds=sheet.thresholds
    )
    newest = found[-1].mean if found else None
    limit = None if newest is None else min(limits, key=lambda each: abs(each - newest), default=None)
    label = "" if limit is None else sheet.text("staff.device.limit", value=f"{limit:g}")
    points = ((bucket.at_ms, bucket.mean) for bucket in found)
    line = lines.line(
        points, span, sheet.text, step_ms=sheet.step_ms, unit=unit, limit=limit, limit_label=label
    )
    return Drawing(quantity, line)


def _machine(store: Store, sheet: Sheet) -> Iterator[Drawing]:
    healths = store.healths(sheet.station, sheet.span.from_ms, sheet.span.to_ms)
    step_ms = max(sheet.step_ms, _HEALTH_STEP_MS)
    cpu = [(at_ms, health.cpu_c) for at_ms, health in healths if health.cpu_c is not None]
    yield Drawing("cpu_c", lines.line(cpu, sheet.span, sheet.text, step_ms=step_ms, unit="°C"))
    waiting = [(at_ms, float(health.outbox_rows)) for at_ms, health in healths]
    yield Drawing("backlog", lines.line(waiting, sheet.span, sheet.text, step_ms=step_ms))
