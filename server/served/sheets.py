"""A report as a workbook of Excel: a sheet for each level, written row by row in constant memory."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]  # the package carries no types

from server.served.columns import Column, Format, Value, columns, levels, name_of
from server.served.model import HOURS, Level, Report
from server.served.summing import KINDS
from server.served.words import headline, notes, place, sentence, span
from server.web.shapes import Name
from server.web.text import Text

_NUMBERS: Final[dict[Format, str]] = {
    "whole": "#,##0",
    "tenths": "#,##0.0",
    "share": "0.0%",
    "change": "+0.0%;-0.0%;0.0%",
    "date": "yyyy-mm-dd",
    "text": "@",
}
_WIDTHS: Final[dict[Format, int]] = {
    "text": 24, "date": 12, "whole": 13, "tenths": 13, "share": 13, "change": 10
}  # fmt: skip
_FORBIDDEN: Final = frozenset("[]:*?/\\")
"""What no name of a sheet may hold."""


def write_xlsx(report: Report, text: Text, to: BinaryIO | Path) -> None:
    """The workbook. All text is written as text, so that no name becomes a formula or a link."""
    options = {
        "constant_memory": True, "strings_to_formulas": False,
        "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(to, options) as book:
        # The moment of the report and not of the file, so that the same report is the same file.
        book.set_properties({"title": text("served.title"), "created": _local(report, report.at_ms)})
        writing = _Writing(book, report, text)
        writing.summary()
        for level in levels(report)[1:]:
            writing.level(level)
        writing.hours()
        if report.numbers:
            writing.numbers()


class _Writing:
    """A workbook in the making."""

    def __init__(self, book: Any, report: Report, text: Text) -> None:
        self._book, self._report, self._text = book, report, text
        self._formats = {name: book.add_format({"num_format": code}) for name, code in _NUMBERS.items()}
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._bold = book.add_format({"bold": True, "font_size": 16})
        self._wrap = book.add_format({"text_wrap": True, "valign": "top"})

    def summary(self) -> None:
        """Sentences, the numbers of all, and the notes."""
        text, report = self._text, self._report
        sheet = self._book.add_worksheet(text("served.level.summary"))
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 80)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, text("served.title"), self._bold)
        rows: list[tuple[str, Format, Value]] = [
            ("served.place", "text", place(text, report)),
            ("served.period", "text", span(text, report.period)),
            ("served.made", "text", f"{_local(report, report.at_ms):%Y-%m-%d %H:%M}"),
            ("served.title", "text", headline(text, report)),
            ("", "text", sentence(text, report)),
        ]
        rows += [
            (f"served.column.{each.key}", each.format, each.value(report.total, text))
            for each in columns("total")
            if each.key != "name"
        ]
        rows += [("", "text", note) for note in notes(text, report)]
        for row, (key, form, value) in enumerate(rows, 1):
            sheet.write_string(row, 0, text(key) if key else "")
            self._write(sheet, (row, 1), form, value, self._wrap if form == "text" else None)

    def level(self, level: Level) -> None:
        """A table of a level."""
        chosen = columns(level)
        rows = (
            [each.value(line, self._text) for each in chosen]
            for line in self._report.lines()
            if line.level == level
        )
        self._table(f"served.level.{level}", chosen, rows)

    def hours(self) -> None:
        """Visits by hour of the day, of all days and of each kind."""
        text, report = self._text, self._report
        names = [text("served.column.hour"), text("served.column.visits")]
        names += [text(f"served.kind.{kind}") for kind in KINDS]
        forms: list[Format] = ["text", "whole"]
        forms += ["whole"] * len(KINDS)
        sheet = self._sheet("served.level.hours", names, forms)
        for hour in range(HOURS):
            told = [report.hours[hour], *(report.hours_by_kind[kind][hour] for kind in KINDS)]
            sheet.write_string(hour + 1, 0, text("served.hour", hour=hour))
            for column, value in enumerate(told, 1):
                self._write(sheet, (hour + 1, column), "whole", value if report.total.sum.known else None)

    def numbers(self) -> None:
        """What staff have entered, one by one."""
        keys = ("first", "last", "kind", "place", "count", "qualifier", "events", "title", "note")
        forms: list[Format] = ["date", "date", "text", "text", "whole", "text", "whole", "text", "text"]
        names = [self._text(f"served.column.{key}") for key in keys]
        sheet = self._sheet("served.level.numbers", names, forms)
        for row, values in enumerate(self._entered(), 1):
            for column, (form, value) in enumerate(zip(forms, values, strict=True)):
                self._write(sheet, (row, column), form, value)

    def _entered(self) -> Iterator[Sequence[Value]]:
        names = {(line.level, line.key): name_of(line, self._text) for line in self._report.places}
        network = self._report.network
        names["network", network.id] = self._text.name(Name(network.name_zh, network.name_en))
        for each in self._report.numbers:
            at: tuple[Level, str] = ("station", each.station) if each.station else ("network", each.network)
            where = each.district if each.district and not each.station else names.get(at, at[1])
            kind = self._text(f"served.number.{each.kind}")
            events = each.events or None
            yield (
                each.first, each.last, kind, where, each.count, each.qualifier, events, each.title, each.note
            )  # fmt: skip

    def _table(self, key: str, chosen: Sequence[Column], rows: Iterator[list[Value]]) -> None:
        names = [self._text(f"served.column.{each.key}") for each in chosen]
        sheet = self._sheet(key, names, [each.format for each in chosen])
        last = 0
        for last, values in enumerate(rows, 1):
            for column, (each, value) in enumerate(zip(chosen, values, strict=True)):
                self._write(sheet, (last, column), each.format, value)
        sheet.autofilter(0, 0, last, len(chosen) - 1)

    def _sheet(self, key: str, names: Sequence[str], forms: Sequence[Format]) -> Any:
        """A sheet with a head that stays in sight, on paper too."""
        title = "".join(char for char in self._text(key) if char not in _FORBIDDEN)[:31]
        sheet = self._book.add_worksheet(title)
        for column, form in enumerate(forms):
            sheet.set_column(column, column, _WIDTHS[form])
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for column, name in enumerate(names):
            sheet.write_string(0, column, name, self._head)
        return sheet

    def _write(self, sheet: Any, at: tuple[int, int], form: Format, value: Value, look: Any = None) -> None:
        """A cell; an empty one for what is not known."""
        style = look or self._formats[form]
        if value is None:
            sheet.write_blank(*at, None, style)
        elif isinstance(value, str):
            sheet.write_string(*at, value, style)
        elif isinstance(value, date):
            sheet.write_datetime(*at, datetime.combine(value, time()), style)
        else:
            sheet.write_number(*at, value, style)


def _local(report: Report, at_ms: int) -> datetime:
    """A moment by the network's clocks; Excel knows no zones."""
    there = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(report.network.time_zone))
    return there.replace(tzinfo=None)
