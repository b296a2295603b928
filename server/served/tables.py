"""A report as CSV and as JSON. Pure."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from server.cells import harmless
from server.served.columns import COLUMNS, Column, Value, levels
from server.served.model import LEVELS, Entered, Level, Line, Number, Report, Sum
from server.served.periods import Period
from server.served.words import changed, headline, notes, place, sentence, share, span, tenths
from server.web.text import Text

BOM: Final = "\ufeff"
"""Without it Excel takes Chinese for another encoding."""


class Writable(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Take some."""


def write_csv(report: Report, text: Text, to: Writable, wanted: Iterable[Level] = LEVELS) -> None:
    """All lines of these levels as one table with all columns, the level in the first.

    Whoever gets a piece of it can still read in its last two where it is from and when it was computed.
    An empty cell is not known, which is no 0; nothing in a cell is a formula to a spreadsheet.
    """
    chosen = set(wanted)
    to.write(BOM)
    writer = csv.writer(to)
    last = (text(f"served.origin.{'simulated' if report.simulated else 'doors'}"), _moment(report))
    heads = [text(f"served.column.{each.key}") for each in COLUMNS]
    writer.writerow([text("served.column.level"), *heads, text("served.column.origin"), text("served.made")])
    for line in report.lines():
        if line.level in chosen:
            writer.writerow(
                [text(f"served.level.{line.level}"), *(_cell(each, line, text) for each in COLUMNS), *last]
            )


def _moment(report: Report) -> str:
    there = datetime.fromtimestamp(report.at_ms / 1000, ZoneInfo(report.network.time_zone))
    return f"{there:%Y-%m-%d %H:%M}"


def _cell(column: Column, line: Line, text: Text) -> str:
    return plain(column, column.value(line, text)) if column.of(line.level) else ""


def plain(column: Column, value: Value) -> str:
    """A value for a machine: no grouping, a point, days as ``2026-07-01``."""
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, date):
        return value.isoformat()
    if column.format in ("share", "change"):
        return f"{value:.4f}"
    return f"{value:.1f}" if column.format == "tenths" else f"{value:d}"


def shown(column: Column, value: Value, text: Text) -> str:
    """A value for eyes; ``–`` where nothing is known."""
    if value is None:
        return "–"
    if isinstance(value, str | date):
        return str(value)
    if column.format == "share":
        return share(text, value)
    if column.format == "change":
        return changed(100 * value)
    return tenths(text, value) if column.format == "tenths" else text.number(value)


def as_json(report: Report, text: Text) -> dict[str, Any]:
    """The report as an object; what is not known is null."""
    total = report.total
    return {
        "network": report.scope.network,
        "district": report.scope.district,
        "street": report.scope.street,
        "station": report.scope.station,
        "place": place(text, report),
        "period": _period(report.period),
        "elapsed": _period(report.elapsed),
        "compared": _period(report.compared),
        "said": span(text, report.period),
        "headline": headline(text, report),
        "sentence": sentence(text, report),
        "notes": list(notes(text, report)),
        "running": report.running,
        "simulated": report.simulated,
        "computed_at": iso(report.at_ms),
        "made_from": iso(total.sum.oldest_ms) if total.sum.oldest_ms else None,
        "made_to": iso(total.sum.newest_ms) if total.sum.newest_ms else None,
        "total": as_object(total),
        "hours": list(report.hours) if total.sum.known else None,
        "hours_by_kind": {kind: list(hours) for kind, hours in report.hours_by_kind.items()},
        "busiest": report.busiest(),
        "lines": {
            level: [as_object(line) for line in report.lines() if line.level == level]
            for level in levels(report)
            if level != "total"
        },
        "numbers": [_number(each) for each in report.numbers],
    }


def as_object(line: Line) -> Mapping[str, Any]:
    """A line; corrections and what staff entered have objects of their own."""
    told = line.sum
    return {
        "key": line.key,
        "name": {"zh": line.name_zh, "en": line.name_en} if line.level not in ("total", "kind") else None,
        "district": line.district,
        "street": line.street,
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
        "days": line.days,
        "stations": line.stations,
        "instrumented": line.instrumented,
        "counted": line.counted,
        "visits": line.visits,
        "exits": told.exits if told.known else None,
        "visits_per_day": _round(line.per_day, 2),
        "measured_share": _round(line.share, 4),
        "stay_min_estimated": _round(told.stay_min, 1),
        "energy_wh": _round(told.energy_wh, 1),
        "swaps": told.swaps,
        "visits_before": line.before.visits if line.before is not None and line.before.known else None,
        "change_pct": _round(line.change_pct, 2),
        "corrections": _corrections(told),
        "entered": _entered(line.entered),
    }


def iso(at_ms: int) -> str:
    """``2026-08-01T01:30:00Z``."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _corrections(told: Sum) -> Mapping[str, int] | None:
    return {"count": told.corrections, "people": told.corrected} if told.known else None


def _entered(entered: Entered) -> Mapping[str, int | None]:
    return {
        "count": entered.count,
        "events": entered.events,
        "attendance": entered.attendance,
        "left_out": entered.partly,
    }


def _number(number: Number) -> Mapping[str, Any]:
    names = ("kind", "network", "district", "station", "count", "qualifier", "events", "title", "note")
    days = {"first": number.first.isoformat(), "last": number.last.isoformat()}
    return {name: getattr(number, name) for name in names} | days


def _period(period: Period | None) -> Mapping[str, str] | None:
    if period is None:
        return None
    return {
        "kind": period.kind, "name": str(period),
        "first": period.first.isoformat(), "last": period.last.isoformat(),
    }  # fmt: skip


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
