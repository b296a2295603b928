"""Points of demand from a CSV file: where riders are, and how much each place counts."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from server import geo
from server.imports.problems import Problems, UnusableError
from server.imports.values import a_number
from server.model import Datum

MOST_POINTS: Final = 50_000
MOST_WEIGHT: Final = 1_000_000_000
MOST_PROBLEMS: Final = 100
_NAMES: Final = {
    "lon": ("lon", "lng", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "weight": ("weight", "权重", "人数", "数量"),
}
"""Columns by what they may be called; the weight may be missing, then each point counts 1."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in WGS-84 degrees, and its weight, 0 or more."""

    lat: float
    lon: float
    weight: float = 1.0


class _Rows(Protocol):
    """A reader of CSV."""

    @property
    def line_num(self) -> int:
        """Of the row that came last."""

    def __iter__(self) -> Iterator[list[str]]:
        """The rows."""


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, else GB 18030, as spreadsheets in China save it; only digits matter."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def read(text: str, datum: Datum = "wgs84", file: str = "demand.csv") -> list[Point]:
    """The points of a table with ``lon``, ``lat`` and perhaps ``weight``; other columns are passed over.

    Args:
        datum: what the coordinates are given by; Amap and Tencent have gcj02, Baidu bd09.

    Raises:
        ImportFailed: by line and column, what cannot be taken; then nothing is.
    """
    problems = Problems(Path(file))
    if "\0" in text:
        problems.refuse(1, "this is no CSV file")
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        columns = _columns(next(rows, []), problems)
        points = _points(rows, columns, datum, problems)
    except csv.Error as error:
        problems.refuse(rows.line_num, f"no line of CSV ({error})")
    problems.stop_if_any()
    if not points:
        problems.refuse(1, "there is no point in it, only the line with names")
    if not any(point.weight for point in points):
        problems.refuse(1, "all weights are 0")
    return points


def _columns(head: Sequence[str], problems: Problems) -> dict[str, int]:
    names = [name.strip().lower() for name in head]
    found = {
        key: next((at for at, name in enumerate(names) if name in known), -1) for key, known in _NAMES.items()
    }
    for key in ("lon", "lat"):
        if found[key] < 0:
            problems.refuse(
                1, f"no column {key}; the first line names the columns: lon,lat or lon,lat,weight"
            )
    return found


def _points(rows: _Rows, columns: dict[str, int], datum: Datum, problems: Problems) -> list[Point]:
    points: list[Point] = []
    wrong = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        line = rows.line_num
        cells = [row[at].strip() if 0 <= at < len(row) else "" for at in columns.values()]
        values = [_value(name, cell, line, problems) for name, cell in zip(columns, cells, strict=True)]
        lon, lat, weight = values
        if lon is None or lat is None or weight is None:
            wrong += 1
            if wrong >= MOST_PROBLEMS:
                break
            continue
        points.append(Point(*geo.to_wgs84(lat, lon, datum), weight))
        if len(points) > MOST_POINTS:
            problems.refuse(
                line, f"more than {MOST_POINTS} points; thin them out, or add them up with weights"
            )
    return points


_LIMITS: Final[dict[str, tuple[float, float, str]]] = {
    "lon": (-180, 180, "a longitude"),
    "lat": (-90, 90, "a latitude"),
    "weight": (0, MOST_WEIGHT, "a weight"),
}


def _value(name: str, cell: str, line: int, problems: Problems) -> float | None:
    """The number of a cell; None for one that cannot be taken, which is noted."""
    if name == "weight" and not cell:
        return 1.0
    try:
        return a_number(cell, *_LIMITS[name])
    except UnusableError as error:
        problems.add(line, name, cell, error)
        return None
