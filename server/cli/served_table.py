"""The tables of ``waystation report``: as many columns as the terminal has room for, the important first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.markup import escape
from rich.table import Column, Table

from server.served import columns
from server.served.columns import COLUMNS
from server.served.model import Level, Report
from server.served.tables import shown
from server.web.text import Text

IMPORTANCE: Final = (
    "name", "visits", "per_day", "share", "change", "before", "counted", "stations", "stay", "entered",
    "attendance", "events", "district", "street", "days", "energy", "swaps", "exits", "corrections",
    "corrected", "key",
)  # fmt: skip
"""Columns, the last of which goes first where there is no room."""
ALWAYS: Final = 4
"""So many of them stand in every table, however narrow the terminal."""
_GAP: Final = 2
_NAME: Final = 30
"""A name gets as much before a column more; what is longer goes on in the next line."""
_HEAD: Final = 8
"""A head in Chinese is folded at that many cells, one in English between its words."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A column with its cells, as they are written."""

    key: str
    head: str
    words: bool
    cells: Sequence[str]

    @property
    def width(self) -> int:
        """Cells that it takes: numbers are never folded."""
        words = (
            cell_len(word) if word.isascii() else min(cell_len(word), _HEAD) for word in self.head.split()
        )
        return max([*words, *map(cell_len, self.cells)], default=0)


def table(report: Report, text: Text, level: Level, width: int) -> tuple[Table, set[str]]:
    """The lines of a level within ``width`` cells, and the keys of the columns that have no room."""
    all_of_it = _columns(report, text, level)
    fitting, name_width = _fitting(all_of_it, _order(level), width)
    heads = [
        Column(
            escape(each.head), justify="left" if each.words else "right", overflow="fold",
            width=name_width if each.key == "name" else each.width,
        )
        for each in fitting
    ]  # fmt: skip
    made = Table(
        *heads,
        title=text(f"served.level.{level}"),
        title_justify="left",
        box=None,
        padding=(0, _GAP, 0, 0),
        pad_edge=False,
    )
    for row in zip(*(each.cells for each in fitting), strict=True):
        made.add_row(*map(escape, row))
    return made, {each.key for each in all_of_it} - {each.key for each in fitting}


def left_out(text: Text, keys: set[str], width: int) -> str:
    """Which columns had no room, and how to see them."""
    names = [text(f"served.column.{each.key}") for each in COLUMNS if each.key in keys]
    return text("served.left_out", width=width, columns=text("list.separator").join(names))


def _columns(report: Report, text: Text, level: Level) -> list[_Shown]:
    """Those that say something."""
    lines = [line for line in report.lines() if line.level == level]
    found = []
    for column in (each for each in columns.columns(level) if each.key in IMPORTANCE):
        values = [column.value(line, text) for line in lines]
        if (level, column.key) != ("station", "counted") and any(value is not None for value in values):
            head, cells = (
                text(f"served.column.{column.key}"),
                [_plain(shown(column, each, text)) for each in values],
            )
            found.append(_Shown(column.key, head, column.format == "text", cells))
    return found


def _order(level: Level) -> Sequence[str]:
    """Several districts may have a street of the same name."""
    return ("name", "district", *IMPORTANCE[1:]) if level == "street" else IMPORTANCE


def _fitting(all_of_it: Sequence[_Shown], order: Sequence[str], width: int) -> tuple[list[_Shown], int]:
    """Those that there is room for, in their order, and how much of it the name gets."""
    ranked = sorted(all_of_it, key=lambda each: order.index(each.key))
    name, others = ranked[0], ranked[1:]
    while len(others) >= ALWAYS and _taken(others) + min(name.width, _NAME) > width:
        others.pop()
    rest = max(width - _taken(others), 1)
    return [each for each in all_of_it if each is name or each in others], min(name.width, rest)


def _taken(others: Sequence[_Shown]) -> int:
    """Cells of all but the name, with the gaps between."""
    return sum(each.width + _GAP for each in others)


def _plain(cell: str) -> str:
    """As text: nothing moves the cursor or turns the line around."""
    return "".join(char if char.isprintable() else "?" for char in cell)
