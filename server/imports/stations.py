"""Stations from a CSV file: one a line, columns by name, in any order."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from server import geo, hours
from server.imports.problems import Problems, UnusableError, read_text
from server.imports.values import (
    a_list,
    a_number,
    a_whole_number,
    alert_limits,
    an_id,
    plain_text,
    qualified,
    thresholds,
    yes_or_no,
)
from server.model import RANKING, Datum, Network, Station, Thresholds


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file. An empty cell is the station's default, except where ``required``."""

    name: str
    parse: Callable[[str], Any]
    required: bool = False


def _datum(text: str) -> Datum:
    for datum in get_args(Datum):
        if text.lower().replace("-", "") == datum:
            return datum  # type: ignore[no-any-return]  # one of the literal's own values
    raise UnusableError(f"one of {', '.join(get_args(Datum))} (Amap and Tencent: gcj02, Baidu: bd09)")


def _opening_hours(text: str) -> str:
    try:
        hours.check_hours(text)
    except hours.HoursError as error:
        raise UnusableError(str(error)) from error
    return text


def _numbers(text: str) -> dict[str, object]:
    """``busy_pct=40|full_pct=90`` as numbers by name."""
    pairs = [item.partition("=") for item in a_list(text, "|")]
    try:
        return {
            name.strip(): int(value) if value.strip().isdigit() else float(value) for name, _, value in pairs
        }
    except ValueError:
        raise UnusableError("name=number, several with | between them") from None


COLUMNS: Final = (
    Column("id", an_id, required=True),
    Column("network", an_id, required=True),
    Column("name_zh", plain_text, required=True),
    Column("name_en", plain_text),
    Column("aliases", partial(a_list, separator="|")),
    Column("region", partial(a_list, separator="/")),
    Column("lat", partial(a_number, low=-90, high=90, what="a latitude")),
    Column("lon", partial(a_number, low=-180, high=180, what="a longitude")),
    Column("datum", _datum),
    Column("places", partial(a_whole_number, low=1, high=10_000)),
    Column("area_m2", partial(qualified, high=100_000)),
    Column("hours", _opening_hours),
    Column("host_kind", plain_text),
    Column("amenities", partial(a_list, separator="|")),
    Column("instrumented", yes_or_no),
    Column("thresholds", _numbers),
    Column("alert_thresholds", _numbers),
)
_BY_NAME: Final = {column.name: column for column in COLUMNS}
_NONE: Final[Mapping[str, Station]] = {}


def read_stations(
    file: Path, networks: Mapping[str, Network], known: Mapping[str, Station] = _NONE
) -> list[Station]:
    """The stations of ``file``; their networks must be known.

    In a file without the column for thresholds of alerts, the ``known`` stations keep theirs.

    Raises:
        ImportFailed: with everything that is wrong with it.
    """
    problems = Problems(file)
    text = read_text(file, problems)
    stations: list[Station] = []
    seen: dict[str, int] = {}
    for line, cells in _rows(text, problems):
        station = _Row(line, cells, problems).station(networks, known)
        name = cells["id"]
        if name in seen:
            problems.add(line, "id", name, f"an id that is not on line {seen[name]} too")
        seen[name] = line
        stations += [station] if station else []
    problems.stop_if_any()
    return stations


def _rows(text: str, problems: Problems) -> Iterator[tuple[int, dict[str, str]]]:
    """The first line and the cells of each row, by column."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not header:
                header = _header(line, cells, problems)
            elif len(cells) == len(header):
                yield line, dict(zip(header, (cell.strip() for cell in cells), strict=True))
            elif cells:
                problems.add(line, "", f"{len(cells)} cells", f"{len(header)}, as in the first line")
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add(reader.line_num, "", str(error), "comma-separated values")
    if not header:
        problems.add(1, "", "an empty file", "column names in the first line")


def _header(line: int, cells: list[str], problems: Problems) -> list[str]:
    names = [cell.strip() for cell in cells]
    for separator, name in ((";", ";"), ("\t", "a tab")):
        if len(names) == 1 and separator in names[0]:
            problems.refuse(line, f"the separator is {name}, expected ,")
    for name in names:
        if name not in _BY_NAME or names.count(name) > 1:
            problems.add(line, "", name, f"each once, of {', '.join(_BY_NAME)}")
    for column in COLUMNS:
        if column.required and column.name not in names:
            problems.add(line, "", "no such column", f"a column {column.name}")
    problems.stop_if_any()
    return names


class _Row:
    """One row on its way to a station; what is wrong goes to ``problems``."""

    def __init__(self, line: int, cells: Mapping[str, str], problems: Problems) -> None:
        self._line = line
        self._cells = cells
        self._problems = problems
        self._good = True
        self._values = {name: self._value(_BY_NAME[name], text) for name, text in cells.items()}

    def station(self, networks: Mapping[str, Network], before: Mapping[str, Station]) -> Station | None:
        """The station, or None when anything is wrong with the row."""
        values = {name: value for name, value in self._values.items() if value is not None}
        network = networks.get(values.get("network", ""))
        if network is None and "network" in values:
            known = ", ".join(networks) or "none yet: waystation networks import"
            self._wrong("network", f"a known network ({known})")
        values |= self._place()
        area, values["area_qualifier"] = values.pop("area_m2", (None, ""))
        values["thresholds"] = self._thresholds(values.pop("thresholds", None), network)
        values["alert_limits"] = self._alert_limits(
            values.pop("alert_thresholds", {}), before.get(self._cells["id"])
        )
        values.pop("datum", None)
        return Station(**values | {"area_m2": area}) if self._good else None

    def _value(self, column: Column, text: str) -> Any:
        if not text:
            if column.required:
                self._wrong(column.name, "a value")
            return None
        try:
            return column.parse(text)
        except UnusableError as error:
            self._wrong(column.name, str(error))
            return None

    def _wrong(self, column: str, expected: str) -> None:
        self._good = False
        self._problems.add(self._line, column, self._cells.get(column, ""), expected)

    def _place(self) -> dict[str, float]:
        lat, lon, datum = (self._values.get(name) for name in ("lat", "lon", "datum"))
        given = [name for name in ("lat", "lon", "datum") if self._cells.get(name)]
        if not given:
            if hours.follows_sun(self._cells.get("hours", "")):
                self._wrong("hours", "lat and lon too, or hours that do not follow the sun")
            return {}
        for name in ("lat", "lon", "datum"):
            if name not in given:
                self._wrong(name, "lat, lon and datum together, or none of them")
        if lat is None or lon is None or datum is None:
            return {}
        lat, lon = geo.to_wgs84(lat, lon, datum)
        return {"lat": round(lat, 7), "lon": round(lon, 7)}

    def _thresholds(self, given: dict[str, object] | None, network: Network | None) -> Thresholds | None:
        if given is None or network is None:
            return None
        own, wrong = thresholds(given, network.thresholds, without=RANKING)
        self._note("thresholds", wrong)
        return own

    def _alert_limits(self, given: dict[str, object], before: Station | None) -> Mapping[str, float]:
        if before and "alert_thresholds" not in self._cells:
            return before.alert_limits
        own, wrong = alert_limits(given)
        self._note("alert_thresholds", wrong)
        return own

    def _note(self, column: str, wrong: Iterable[tuple[str, object, str]]) -> None:
        for name, value, expected in wrong:
            self._good = False
            self._problems.add(self._line, f"{column}: {name}", value, expected)
