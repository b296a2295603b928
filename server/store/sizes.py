"""How much of the disk what takes, in a data folder; read beside a running server."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

_STATION_DAYS: Final[Mapping[tuple[str, str], str]] = {
    ("readings.db", "snapshot"): (
        "SELECT count(*) / 24.0 FROM (SELECT DISTINCT station, at_ms / 3600000 FROM snapshot)"
    ),
    ("readings.db", "people"): "SELECT count(*) / 24.0 FROM people",
    ("readings.db", "occupancy"): "SELECT count(*) / 24.0 FROM occupancy",
    ("rollups.db", "quarters"): "SELECT count(*) FROM quarters",
    ("rollups.db", "days"): "SELECT count(*) FROM days",
}
"""How many days of stations a table holds."""
_PAGES: Final = (
    "SELECT ifnull(made.tbl_name, dbstat.name), sum(pgsize) FROM dbstat LEFT JOIN sqlite_master AS made"
    " ON made.name = dbstat.name WHERE aggregate = TRUE GROUP BY 1 ORDER BY 2 DESC"
)


class TableSize(NamedTuple):
    """A table with its indexes.

    Attributes:
        station_days: that it holds, an hour of a station being a twenty-fourth; None where it is not by days.
    """

    database: str
    name: str
    bytes: int
    station_days: float | None

    @property
    def day_bytes(self) -> float | None:
        """Of one station and day."""
        return self.bytes / self.station_days if self.station_days else None


class DatabaseSize(NamedTuple):
    """A file with its log; ``free`` of it can be written again without growing."""

    name: str
    bytes: int
    free: int
    tables: tuple[TableSize, ...]


class RawSpan(NamedTuple):
    """The readings that are kept whole; zeros where there are none."""

    snapshots: int
    stations: int
    first_ms: int
    last_ms: int
    newest_id: int


def databases(folder: Path) -> Iterator[DatabaseSize]:
    """Each database of a folder, the largest tables first.

    Raises:
        sqlite3.Error: one cannot be read.
    """
    for path in sorted(folder.glob("*.db")):
        with closing(_opened(path)) as connection:
            free = _pragma(connection, "freelist_count") * _pragma(connection, "page_size")
            tables = tuple(
                _table(connection, path.name, *row) for row in connection.execute(_PAGES).fetchall()
            )
        yield DatabaseSize(path.name, _file_bytes(path), free, tables)


def raw_span(readings: Path) -> RawSpan:
    """Of readings.db."""
    with closing(_opened(readings)) as connection:
        row = connection.execute(
            "SELECT count(*), count(DISTINCT station), ifnull(min(at_ms), 0), ifnull(max(at_ms), 0),"
            " ifnull(max(id), 0) FROM snapshot"
        ).fetchone()
    return RawSpan(*row)


def waiting(readings: Path, reached: int) -> int:
    """How many kept readings a follower has not taken that has reached a commit."""
    with closing(_opened(readings)) as connection:
        row = connection.execute("SELECT count(*) FROM snapshot WHERE id > ?", (reached,)).fetchone()
    return int(row[0])


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _table(connection: sqlite3.Connection, database: str, name: str, size: int) -> TableSize:
    asked = _STATION_DAYS.get((database, name))
    days = connection.execute(asked).fetchone()[0] if asked else None
    return TableSize(database, name, size, days)


def _file_bytes(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
