"""A CSV file that somebody else recorded, told apart by its description, row by row.

Nothing here knows what a row means; :mod:`edge.sensors.recorded` does. Files are streamed, so a recording
may be larger than the memory. Whatever in a file does not fit its description is a
:class:`~edge.options.ConfigError` with file, line, column, value and what is allowed.
"""

import csv
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo

from edge.options import ConfigError

MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null", "None", "?")
"""What recorders write where they measured nothing."""

Where = tuple[tuple[str, str], ...]
"""Rows that count: ``((column, text), …)``, all of which must be equal."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file is written.

    A column is named as in the header, or by its position from 1. ``time`` are the columns that make up
    the time, joined by a space. ``time_format`` is ``iso``, ``unix`` (seconds), ``unix_ms`` or a strptime
    pattern; ``time_zone`` (IANA name) is where times without a zone of their own are read.
    """

    path: Path
    time: tuple[str, ...]
    separator: str = ","
    header: bool = True
    skip_lines: int = 0
    encoding: str = "utf-8-sig"
    decimal: str = "."
    missing: tuple[str, ...] = MISSING
    time_format: str = "iso"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Column:
    """Where one number stands, and how it becomes the contract's unit: ``number * scale + offset``.

    ``low`` to ``high`` is what is possible afterwards; ``whole`` allows only whole numbers.
    """

    name: str
    scale: float = 1.0
    offset: float = 0.0
    where: Where = ()
    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """A recording: the file, the rows of it that count, and the numbers in them by name."""

    layout: Layout
    columns: Mapping[str, Column] = field(default_factory=dict)
    where: Where = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row. A value is None where nothing was measured, and absent where its filter left it out."""

    at_ms: int
    line: int
    values: Mapping[str, float | None]


def rows(description: Description) -> Generator[Row]:
    """The rows of a recording in their order, which must be that of time."""
    layout = description.layout
    read_time = _time_reader(layout)
    before_ms = None
    for record in _records(layout):
        if not record.matches(description.where):
            continue
        at_ms = read_time(record, before_ms)
        if before_ms is not None and at_ms < before_ms:
            raise record.wrong(layout.time[0], "a time not before that of the row above")
        before_ms = at_ms
        yield Row(at_ms, record.line, _values(record, description))


@cache
def span(layout: Layout) -> tuple[int, int]:
    """The first and the last moment in the whole file, UTC milliseconds."""
    read_time = _time_reader(layout)
    ends: tuple[int, int] | None = None
    for record in _records(layout):
        at_ms = read_time(record, None)
        ends = (min(ends[0], at_ms), max(ends[1], at_ms)) if ends else (at_ms, at_ms)
    if ends is None:
        raise ConfigError(str(layout.path), "", None, "a recording has at least one row")
    return ends


@dataclass(frozen=True, slots=True)
class _Record:
    """One line of the file, its fields by name or position."""

    layout: Layout
    line: int
    fields: Sequence[str]
    places: Mapping[str, int]

    def text(self, column: str) -> str:
        try:
            return self.fields[self.places[column]].strip()
        except KeyError:
            return self.fields[self._position(column)].strip()

    def matches(self, where: Where) -> bool:
        return all(self.text(column) == text for column, text in where)

    def wrong(self, column: str, allowed: str) -> ConfigError:
        return ConfigError(self._here(), f"column {column}", self.text(column), allowed)

    def _position(self, column: str) -> int:
        if column.isdecimal() and 1 <= int(column) <= len(self.fields):
            return int(column) - 1
        known = ", ".join(self.places) or "none has a name"
        raise ConfigError(
            self._here(), "column", column, f"a position from 1 to {len(self.fields)} or one of: {known}"
        )

    def _here(self) -> str:
        return f"{self.layout.path.name}: line {self.line}"


def _records(layout: Layout) -> Iterator[_Record]:
    try:
        with layout.path.open(encoding=layout.encoding, newline="") as stream:
            yield from _parse(layout, stream)
    except OSError as error:
        raise ConfigError(str(layout.path), "", None, f"cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            str(layout.path), "", None, f"must be text in {layout.encoding} ({error})"
        ) from None


def _parse(layout: Layout, stream: TextIO) -> Iterator[_Record]:
    for _ in range(layout.skip_lines):
        stream.readline()
    reader = csv.reader(stream, delimiter=layout.separator, skipinitialspace=True, strict=True)
    names = next(reader, []) if layout.header else []
    places: dict[str, int] = {}
    width = 0
    for fields in reader:
        if not fields:
            continue
        if not width:
            width, places = len(fields), _places(names, fields)
        record = _Record(layout, layout.skip_lines + reader.line_num, fields, places)
        if len(fields) != width:
            raise ConfigError(record._here(), "fields", len(fields), f"{width}, as in the first row")
        yield record


def _places(names: Sequence[str], fields: Sequence[str]) -> dict[str, int]:
    # R writes a row number before the first column and gives it no name in the header.
    unnamed = 1 if len(fields) == len(names) + 1 and fields[-1] != "" else 0
    return {name.strip(): place + unnamed for place, name in enumerate(names)}


def _values(record: _Record, description: Description) -> dict[str, float | None]:
    columns = description.columns.items()
    return {name: _number(record, column) for name, column in columns if record.matches(column.where)}


def _number(record: _Record, column: Column) -> float | None:
    text = record.text(column.name)
    if text in record.layout.missing:
        return None
    try:
        number = float(text.replace(record.layout.decimal, ".")) * column.scale + column.offset
    except ValueError:
        raise record.wrong(
            column.name, f"a number, or one of {', '.join(record.layout.missing[1:])}"
        ) from None
    if not column.low <= number <= column.high or (column.whole and not number.is_integer()):
        noun = "a whole number" if column.whole else "a number"
        raise record.wrong(column.name, f"{noun} from {column.low:g} to {column.high:g} after conversion")
    return number


def _time_reader(layout: Layout) -> Callable[[_Record, int | None], int]:
    zone = ZoneInfo(layout.time_zone)
    parse = _PARSERS.get(layout.time_format) or partial(_strptime, layout.time_format)

    def read(record: _Record, before_ms: int | None) -> int:
        text = " ".join(record.text(column) for column in layout.time)
        try:
            moment = parse(text)
        except (ValueError, OverflowError, OSError):
            raise record.wrong(layout.time[0], f"a time like {layout.time_format} (read {text!r})") from None
        return _utc_ms(moment, zone, before_ms)

    return read


def _strptime(pattern: str, text: str) -> datetime:
    return datetime.strptime(text, pattern)  # noqa: DTZ007 - the layout names the zone, see _utc_ms


_PARSERS: Final[dict[str, Callable[[str], datetime]]] = {
    "iso": datetime.fromisoformat,
    "unix": lambda text: datetime.fromtimestamp(float(text), UTC),
    "unix_ms": lambda text: datetime.fromtimestamp(float(text) / 1000, UTC),
}


def _utc_ms(moment: datetime, zone: ZoneInfo, before_ms: int | None) -> int:
    if moment.tzinfo is not None:
        return round(moment.timestamp() * 1000)
    at_ms = round(moment.replace(tzinfo=zone).timestamp() * 1000)
    if before_ms is not None and at_ms < before_ms:
        # In autumn an hour of local time comes twice: a step back can be its second coming.
        at_ms = round(moment.replace(tzinfo=zone, fold=1).timestamp() * 1000)
    return at_ms
