"""What stands in a report's tables: the same columns in CSV, XLSX and on the terminal. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from server.served.model import Level, Line, Report
from server.served.periods import Period
from server.served.words import span
from server.web.shapes import Name
from server.web.text import Text

Format = Literal["text", "date", "whole", "tenths", "share", "change"]
"""``share`` and ``change`` are parts of one."""
Value = str | date | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        key: its name for programs, and of its string ``served.column.<key>``.
        value: of a line; None where nothing is known, which is no 0.
        levels: that it says something of; empty: all.
    """

    key: str
    format: Format
    value: Callable[[Line, Text], Value]
    levels: frozenset[Level] = frozenset()

    def of(self, level: Level) -> bool:
        """Whether it belongs into a table of that level."""
        return not self.levels or level in self.levels


_PLACES: Final[frozenset[Level]] = frozenset({"total", "network", "district", "street", "station"})
_INSIDE: Final[frozenset[Level]] = frozenset({"street", "station"})
_STATION: Final[frozenset[Level]] = frozenset({"station"})
_NOT_KIND: Final[frozenset[Level]] = _PLACES | {"day", "week", "month", "year"}


def name_of(line: Line, text: Text) -> str:
    """What a line is called."""
    match line.level:
        case "kind":
            return text(f"served.kind.{line.key}")
        case "day" | "week" | "month" | "year":
            return span(text, Period(line.level, line.first, line.last))
        case "total":
            return text("served.level.total")
    return text.name(Name(line.name_zh, line.name_en)) or text("served.unnamed")


def _known(line: Line, value: float) -> float | None:
    return value if line.sum.known else None


COLUMNS: Final[Sequence[Column]] = (
    Column("name", "text", name_of),
    Column("key", "text", lambda line, _: line.key, _STATION),
    Column("district", "text", lambda line, _: line.district, _INSIDE),
    Column("street", "text", lambda line, _: line.street, _STATION),
    Column("first", "date", lambda line, _: line.first, _NOT_KIND),
    Column("last", "date", lambda line, _: line.last, _NOT_KIND),
    Column("days", "whole", lambda line, _: line.days),
    Column("stations", "whole", lambda line, _: line.stations, _PLACES - _STATION),
    Column("counted", "whole", lambda line, _: line.counted),
    Column("visits", "whole", lambda line, _: line.visits),
    Column("per_day", "tenths", lambda line, _: line.per_day),
    Column("before", "whole", lambda line, _: _before(line), _PLACES),
    Column("change", "change", lambda line, _: _part(line.change_pct), _PLACES),
    Column("share", "share", lambda line, _: line.share),
    Column("stay", "tenths", lambda line, _: line.sum.stay_min),
    Column("exits", "whole", lambda line, _: _known(line, line.sum.exits)),
    Column("energy", "tenths", lambda line, _: _kwh(line)),
    Column("swaps", "whole", lambda line, _: line.sum.swaps),
    Column("corrections", "whole", lambda line, _: _known(line, line.sum.corrections)),
    Column("corrected", "whole", lambda line, _: _known(line, line.sum.corrected)),
    Column("entered", "whole", lambda line, _: line.entered.count, _NOT_KIND),
    Column("events", "whole", lambda line, _: line.entered.events or None, _NOT_KIND),
    Column("attendance", "whole", lambda line, _: line.entered.attendance, _NOT_KIND),
)
"""All of them, in order."""


def columns(level: Level) -> list[Column]:
    """Those of a level."""
    return [column for column in COLUMNS if column.of(level)]


def levels(report: Report) -> list[Level]:
    """Those that the report has lines of, in its order."""
    return list(dict.fromkeys(line.level for line in report.lines()))


def _before(line: Line) -> int | None:
    return line.before.visits if line.before is not None and line.before.known else None


def _part(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _kwh(line: Line) -> float | None:
    return None if line.sum.energy_wh is None else line.sum.energy_wh / 1000
