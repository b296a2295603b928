"""Looks through a data folder for what must not be, beside a running server; repairs nothing."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from server.occupancy import Occupancy
from server.store import history, people
from server.store.backup import CACHE_KIB
from server.store.chains import HOUR_MS, Layouts, unpack
from server.store.damage import UNREADABLE
from server.store.identity import Ranges
from server.store.schema import MIGRATIONS

Progress = Callable[[str, int, int], None]
"""Hears what is looked at, how much of how much."""

_ROWS: Final = (
    "SELECT s.id, s.at_ms, s.seq, stream.name, s.flags, CAST(s.units AS BLOB)"
    " FROM snapshot s JOIN stream ON stream.no = s.stream WHERE s.station = ?"
    " ORDER BY s.at_ms, s.seq, stream.name"
)
_RANGES: Final = (
    "SELECT stream.name, first, last FROM committed JOIN stream ON stream.no = stream WHERE station = ?"
)
_OVERLAPS: Final = (
    "SELECT count(*) FROM (SELECT first, lag(last) OVER (PARTITION BY stream ORDER BY first) AS before"
    " FROM committed) WHERE before >= first"
)
_MISSING: Final = (
    "SELECT ifnull(sum(first - before - 1), 0), count(*) FROM (SELECT first,"
    " lag(last, 1, 0) OVER (PARTITION BY stream ORDER BY first) AS before FROM committed)"
    " WHERE first > before + 1"
)
_NONE: Final = Ranges()
_decode_occupancy: Final = msgspec.json.Decoder(Occupancy).decode


def check(
    folder: Path, followers: Mapping[str, Callable[[], int | None]], progress: Progress
) -> Iterator[str]:
    """What is wrong, a line each; nothing when all is well.

    Raises:
        sqlite3.Error: a file cannot be opened at all.
    """
    paths = sorted(folder.glob("*.db"))
    for number, path in enumerate(paths):
        progress("reading all pages", number, len(paths))
        yield from _integrity(path)
    readings = folder / "readings.db"
    if readings.exists():
        with closing(_opened(readings)) as connection:
            connection.execute("BEGIN")
            yield from _readings(connection, progress)
            newest = history.last_id(connection)
        yield from _cursors(newest, followers)


def missing(readings: Path) -> tuple[int, int]:
    """Numbers between committed ones that never came, and in how many places.

    Stations skip none: they were dropped there and said so, were refused here, or went with a lost file.
    """
    with closing(_opened(readings)) as connection:
        row = connection.execute(_MISSING).fetchone()
    return int(row[0]), int(row[1])


def _integrity(path: Path) -> Iterator[str]:
    try:
        with closing(_opened(path)) as connection:
            for (found,) in connection.execute("PRAGMA integrity_check(10)"):
                if found != "ok":
                    yield f"{path.name}: {found}"
    except sqlite3.DatabaseError as error:
        yield f"{path.name}: {error}"


def _readings(connection: sqlite3.Connection, progress: Progress) -> Iterator[str]:
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    if schema != len(MIGRATIONS):
        yield f"readings.db: schema {schema}, this program's is {len(MIGRATIONS)}: start the server once"
        return
    if overlaps := connection.execute(_OVERLAPS).fetchone()[0]:
        yield f"readings.db: {overlaps} ranges of committed numbers overlap"
    stations = connection.execute("SELECT no, id FROM station ORDER BY no").fetchall()
    for number, (no, name) in enumerate(stations):
        progress("unpacking readings", number, len(stations))
        for found in _station(connection, no):
            yield f"readings.db: {name}: {found}"
    progress("unpacking readings", len(stations), len(stations))


def _station(connection: sqlite3.Connection, no: int) -> Iterator[str]:
    damaged, numbers = _read(connection, no)
    ranges = _ranges(connection, no)
    for meaning, count in (
        ("rows cannot be unpacked", damaged),
        ("pruned hours cannot be unpacked", _unreadable_people(connection, no)),
        ("kept counts of people cannot be read", _unreadable_counts(connection, no)),
        (
            "rows are not among the committed numbers",
            sum(1 for name, own in numbers.items() for seq in own if seq not in ranges.get(name, _NONE)),
        ),
        ("numbers are there twice", sum(_twice(own) for own in numbers.values())),
    ):
        if count:
            yield f"{count} {meaning}"


def _read(connection: sqlite3.Connection, no: int) -> tuple[int, Mapping[str, list[int]]]:
    """How many rows of a station cannot be unpacked, and the numbers of all by stream: in one long go."""
    layouts, link, hour, damaged = Layouts(connection), None, -1, 0
    numbers: dict[str, list[int]] = defaultdict(list)
    for row_id, at_ms, seq, stream, flags, units in connection.execute(_ROWS, (no,)):
        numbers[stream].append(seq)
        if at_ms // HOUR_MS != hour:
            link, hour = None, at_ms // HOUR_MS
        try:
            link = unpack(layouts, link, (row_id, (at_ms, seq, stream), flags, units))
        except UNREADABLE:
            link, damaged = None, damaged + 1
    return damaged, numbers


def _ranges(connection: sqlite3.Connection, no: int) -> Mapping[str, Ranges]:
    """The committed numbers of a station by stream."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, first, last in connection.execute(_RANGES, (no,)):
        found[name].append((first, last))
    return {name: Ranges(pairs) for name, pairs in found.items()}


def _twice(numbers: list[int]) -> int:
    """How many of them occur more than once."""
    return (
        sum(1 for count in Counter(numbers).values() if count > 1) if len(set(numbers)) < len(numbers) else 0
    )


def _unreadable_people(connection: sqlite3.Connection, no: int) -> int:
    damaged = 0
    for hour, body in connection.execute("SELECT hour, body FROM people WHERE station = ?", (no,)):
        try:
            people.unpack(body, hour * HOUR_MS)
        except people.DAMAGED:
            damaged += 1
    return damaged


def _unreadable_counts(connection: sqlite3.Connection, no: int) -> int:
    damaged = 0
    for (body,) in connection.execute("SELECT CAST(body AS BLOB) FROM occupancy WHERE station = ?", (no,)):
        try:
            _decode_occupancy(body)
        except UNREADABLE:
            damaged += 1
    return damaged


def _cursors(newest: int, followers: Mapping[str, Callable[[], int | None]]) -> Iterator[str]:
    for name, ask in followers.items():
        try:
            reached = ask()
        except (OSError, sqlite3.Error) as error:
            yield f"{name}: cannot be asked how far it is: {error}"
            continue
        if reached is not None and not 0 <= reached <= newest:
            yield f"{name}: is at reading {reached:,}, the newest is {newest:,}: another readings.db"


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
    connection.isolation_level = None
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection
