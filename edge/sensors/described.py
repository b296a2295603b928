"""The keys of the station file that describe a recording, read into a description."""

import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from contract.quantities import QUANTITIES
from edge.options import ConfigError, Options
from edge.recordings import MISSING, Column, Description, Layout, Where
from edge.sensors.units import PLAIN, Units

FOLDER: Final = "WAYSTATION_RECORDINGS"
"""The environment variable that names the folder of recordings."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A number that a recorded sensor can use: what is possible, and the units it may be written in."""

    low: float
    high: float
    whole: bool = False
    units: Units = field(default_factory=lambda: PLAIN)


def measured(quantity: str, units: Units = PLAIN) -> Wanted:
    """A number that becomes ``quantity`` of the contract."""
    bounds = QUANTITIES[quantity]
    return Wanted(bounds.low, bounds.high, bounds.whole, units)


def describe(options: Options, wanted: Mapping[str, Wanted]) -> Description:
    """Read the description of a recording that holds some of ``wanted``.

    Raises:
        ConfigError: naming the key, its value and what is allowed.
    """
    columns = {name: _column(options.table(name), wish) for name, wish in wanted.items() if options.has(name)}
    if not columns:
        raise ConfigError(options.where, "", None, f"at least one of the tables {', '.join(wanted)}")
    return Description(_layout(options), columns, _where(options))


def _layout(options: Options) -> Layout:
    layout = Layout(
        path=_path(options),
        time=tuple(options.texts("time")),
        separator=options.text("separator", default=",", pattern=r"(?s).", allowed="one character"),
        header=options.flag("header", default=True),
        skip_lines=options.whole("skip_lines", default=0, high=10_000),
        encoding=options.text("encoding", default="utf-8-sig"),
        decimal=options.choice("decimal", (".", ","), default="."),
        missing=tuple(options.texts("missing", default=MISSING)),
        time_format=options.text("time_format", default="iso"),
        time_zone=options.text("time_zone", default="UTC"),
    )
    if not layout.time:
        raise options.wrong("time", "the columns that make up the time")
    _check_known(options, layout)
    return layout


def _path(options: Options) -> Path:
    beside = options.path("path")
    folder = os.environ.get(FOLDER)
    return Path(folder) / options.text("path") if folder else beside


def _check_known(options: Options, layout: Layout) -> None:
    try:
        codecs.lookup(layout.encoding)
    except LookupError:
        raise options.wrong("encoding", "an encoding, e.g. utf-8 or gb18030") from None
    try:
        ZoneInfo(layout.time_zone)
    except (KeyError, ValueError, OSError):
        raise options.wrong("time_zone", "a time zone, e.g. Asia/Shanghai") from None


def _column(table: Options, wanted: Wanted) -> Column:
    unit = table.choice("unit", tuple(wanted.units), default=next(iter(wanted.units)))
    factor, summand = wanted.units[unit]
    column = Column(
        table.text("column", allowed="a column's name, or its position from 1 in quotes"),
        table.number("scale", default=1) * factor,
        summand,
        _where(table),
        wanted.low,
        wanted.high,
        wanted.whole,
    )
    table.done()
    return column


def _where(options: Options) -> Where:
    table = options.table("where")
    pairs = table.rest().items()
    for column, text in pairs:
        if isinstance(text, bool) or not isinstance(text, (str, int, float)):
            raise table.wrong(column, "the text or number that the column must hold")
    return tuple((column, str(text)) for column, text in pairs)
