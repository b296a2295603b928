"""Points of demand from a CSV file: where riders are, and how much each place counts. Pure.

What cannot be taken is told as facts, without a word of any language: :mod:`server.served.demand_words` says
it to readers of the page and at the terminal.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from server import geo
from server.imports.problems import quoted
from server.model import Datum
from server.served.demand_columns import Columns, Head, Key

MOST_POINTS: Final = 50_000
MOST_WEIGHT: Final = 1_000_000_000
MOST_PROBLEMS: Final = 100
Kind = Literal[
    "lon", "lat", "weight", "swapped", "no_lon", "no_lat", "no_place", "no_points", "weightless", "many",
    "binary", "broken",
]  # fmt: skip
_LINE_END: Final = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
_LIMITS: Final[dict[Key, tuple[float, float]]] = {
    "lon": (-180, 180),
    "lat": (-90, 90),
    "weight": (0, MOST_WEIGHT),
}


@dataclass(frozen=True, slots=True)
class Point:
    """A place in WGS-84 degrees, and its weight, 0 or more; ``line``: of the file, from 1."""

    lat: float
    lon: float
    weight: float = 1.0
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Demand:
    """All points of a file, and which of its columns they are from."""

    points: Sequence[Point]
    columns: Columns


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be taken.

    Attributes:
        line: from 1, as an editor shows it; of several the first.
        found: what stands there, quoted and shortened.
        column: its heading, as it is told; "" where it is about the whole line.
        count: lines of which the same is true.
    """

    kind: Kind
    line: int
    found: str
    column: str = ""
    count: int = 1


class DemandError(ValueError):
    """A file that cannot be taken, with all reasons in the order of its lines."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(sorted(problems, key=lambda each: each.line))
        super().__init__("; ".join(f"line {each.line}: {each.kind} {each.found}" for each in self.problems))


class _Rows(Protocol):
    """A reader of CSV."""

    @property
    def line_num(self) -> int:
        """Of the row that came last."""

    def __iter__(self) -> Iterator[list[str]]:
        """The rows."""

    def __next__(self) -> list[str]:
        """The next one."""


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, else GB 18030, as spreadsheets in China save it; only digits matter."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def read(text: str, datum: Datum = "wgs84") -> Demand:
    """The points of a table with ``lon``, ``lat`` and perhaps ``weight``; other columns are passed over.

    Args:
        datum: what the coordinates are given by; Amap and Tencent have gcj02, Baidu bd09.

    Raises:
        DemandError: by line and column, what cannot be taken; then nothing is.
    """
    if "\0" in text:
        raise DemandError(Problem("binary", text.count("\n", 0, text.index("\0")) + 1, quoted("\0")))
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    rows: _Rows = csv.reader(lines)
    began = 1
    try:
        head = Head(next(rows, []))
        _require_places(head)
        reading = _Reading(head, datum)
        for row in rows:
            reading.take(rows.line_num, row)
            began = rows.line_num + 1
    except csv.Error:
        raise DemandError(Problem("broken", began, quoted(lines[began - 1].strip(), 40))) from None
    return reading.done()


def _require_places(head: Head) -> None:
    missing = [key for key in ("lon", "lat") if head.at[key] < 0]
    if missing:
        kinds: dict[str, Kind] = {"lon": "no_lon", "lat": "no_lat", "lonlat": "no_place"}
        raise DemandError(Problem(kinds["".join(missing)], 1, head.told()))


class _Reading:
    """The rows after the first, one by one."""

    def __init__(self, head: Head, datum: Datum) -> None:
        self._head, self._datum = head, datum
        self._points: list[Point] = []
        self._problems: list[Problem] = []
        self._swapped: Problem | None = None

    def take(self, line: int, row: Sequence[str]) -> None:
        """One more; after so many problems nothing is gained by more of them."""
        if not any(cell.strip() for cell in row) or len(self._problems) >= MOST_PROBLEMS:
            return
        self._head.look(row)
        cells = {key: row[at].strip() if 0 <= at < len(row) else "" for key, at in self._head.at.items()}
        if _swapped(cells):
            self._note_swapped(line, cells)
            return
        values = {key: _value(key, cell) for key, cell in cells.items()}
        wrong = [key for key, value in values.items() if value is None]
        self._problems += (
            Problem(key, line, quoted(cells[key], 40), self._head.heading(key)) for key in wrong
        )
        lon, lat, weight = values.values()
        if lon is None or lat is None or weight is None:
            return
        self._points.append(Point(*geo.to_wgs84(lat, lon, self._datum), weight, line))
        if len(self._points) > MOST_POINTS:
            raise DemandError(Problem("many", line, ",".join(quoted(cell, 40) for cell in row[:3])))

    def _note_swapped(self, line: int, cells: dict[Key, str]) -> None:
        """Of a whole file that is the wrong way round one line is told, not each."""
        if self._swapped:
            self._swapped = replace(self._swapped, count=self._swapped.count + 1)
            return
        names = (self._head.heading(key) for key in ("lon", "lat"))
        found = f"{quoted(cells['lon'], 40)}, {quoted(cells['lat'], 40)}"
        self._swapped = Problem("swapped", line, found, ", ".join(names))

    def done(self) -> Demand:
        """All points.

        Raises:
            DemandError: some row cannot be taken, or there is none that counts.
        """
        problems = [*self._problems, *([self._swapped] if self._swapped else [])]
        if problems:
            raise DemandError(*problems)
        if not self._points:
            raise DemandError(Problem("no_points", 1, self._head.told()))
        if not any(point.weight for point in self._points):
            raise DemandError(
                Problem("weightless", self._points[0].line, "'0'", self._head.heading("weight"))
            )
        return Demand(self._points, self._head.columns())


def _value(key: Key, cell: str) -> float | None:
    """The number of a cell; None for one that cannot be taken."""
    if key == "weight" and not cell:
        return 1.0
    low, high = _LIMITS[key]
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if low <= number <= high else None


def _swapped(cells: dict[Key, str]) -> bool:
    """Whether a place is none, but would be one the other way round."""
    lon, lat = cells["lon"], cells["lat"]
    return _value("lat", lat) is None and _value("lon", lat) is not None and _value("lat", lon) is not None
