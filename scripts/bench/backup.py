"""A city's databases: how long a backup beside the writing server, a check and a restore take."""

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from scripts.bench import disk, rollups
from scripts.bench.report import Row, judged
from scripts.bench.rig import CITY, names
from server.rollups.calendar import DAY_MS
from server.rollups.keeper import Keeper
from server.rollups.tables import PER_STATION
from server.rollups.writing import Writer
from server.store import Accepted, backup, checking, manifest, restore
from server.store.sqlite import Store

MADE: Final = 4
"""Stations that are simulated; all others are copies of them."""
RAW_DAYS: Final = 14
MINUTES: Final = 15
_EACH_S: Final = 0.2
_AT_ONCE: Final = int(CITY / 30 * _EACH_S)
"""Commits of what a city sends meanwhile: a snapshot each 30 s from every station."""


def measure(quick: bool) -> Iterator[Row]:
    """A day of half a city, with thirty of its roll-ups; the minutes are those of 14 days of all, and 420."""
    stations, days, rolled = (CITY // 8, 0.25, 7) if quick else (CITY // 2, 1.0, 30)
    with tempfile.TemporaryDirectory(prefix="waystation-bench-") as name:
        folder = Path(name) / "data"
        folder.mkdir()
        _build(folder, stations, days, rolled)
        yield from _measured(folder, Path(name) / "backups", RAW_DAYS * CITY / (days * stations))


def _measured(folder: Path, into: Path, times: float) -> Iterator[Row]:
    size = sum(path.stat().st_size for path in folder.glob("*.db"))
    took = _Took(size, times)
    _copy(folder, into)
    yield replace(
        took.row("copying a city's databases, and having them on the disk", ""), wanted="", verdict=""
    )
    with closing(Store.open(folder / "readings.db")) as store, _committing(store) as committed:
        took = _Took(size, times)
        made = backup.make(folder, into, _now_ms(), _silent)
        yield took.row(
            "backup of a city's databases beside its commits", f"; {committed[0]:,} commits meanwhile"
        )
    took = _Took(size, times)
    assert list(checking.check(folder, {}, _silent)) == []
    yield took.row("`store check` of them", "")
    took = _Took(size, times)
    restore.restore(made, folder, _now_ms(), _silent, {})
    yield took.row("`store restore` of the backup", "")


def _copy(folder: Path, into: Path) -> None:
    """What any backup has to do; then it is gone again."""
    into.mkdir()
    for path in folder.glob("*.db"):
        shutil.copyfile(path, into / path.name)
        manifest.sync(into / path.name)
    shutil.rmtree(into)


class _Took:
    """What a command took since this was made, for so many bytes; ``times`` as many are a city's."""

    def __init__(self, size: int, times: float) -> None:
        self._size, self._times = size, times
        self._began_s, self._cpu_s = time.perf_counter(), time.process_time()

    def row(self, what: str, more: str) -> Row:
        """As a row of the table."""
        seconds, cpu_s = time.perf_counter() - self._began_s, time.process_time() - self._cpu_s
        minutes, cpu_minutes = (self._times * each / 60 for each in (seconds, cpu_s))
        rate, city = self._size / seconds / 1e6, self._size * self._times / 1e9
        found = (
            f"{rate:,.0f} MB/s of {self._size / 1e6:,.0f} MB; {minutes:.1f} min for the {city:.1f} GB of "
            f"{CITY:,} stations and {RAW_DAYS} days, {cpu_minutes:.1f} of them computing{more}"
        )
        return judged(what, found, f"≤ {MINUTES} min", minutes <= MINUTES)


def _build(folder: Path, stations: int, days: float, rolled: int) -> None:
    """Rows of simulated stations, again and again: for each moment those of all, as they come from a city."""
    readings, path = folder / "readings.db", folder / "rollups.db"
    disk.fill(readings, MADE, days)
    with closing(Store.open(readings)) as store, closing(Writer.open(path)) as writer:
        Keeper(store, writer, rollups.live(store, MADE), rollups.KEEP).catch_up(
            disk.BEGIN_MS + int(days * DAY_MS)
        )
        _copy_quarters(writer, stations, rolled)
    with closing(sqlite3.connect(readings, isolation_level=None)) as file:
        _copy_rows(file, stations // MADE - 1)


def _copy_rows(file: sqlite3.Connection, copies: int) -> None:
    own, streams = file.execute("SELECT (SELECT max(no) FROM station), max(no) FROM stream").fetchone()
    given = {"own": own, "streams": streams, "copies": copies}
    file.execute("PRAGMA synchronous = OFF")
    file.execute("PRAGMA cache_size = -200000")
    file.execute("BEGIN")
    for statement in _COPIES:
        file.execute(statement, given)
    file.execute("COMMIT")
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_COPIES: Final = (
    (
        "CREATE TEMP TABLE copy AS WITH RECURSIVE made(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM made WHERE n < :copies) SELECT n FROM made"
    ),
    "INSERT INTO station SELECT no + :own * n, format('copy-%d-%s', n, id) FROM station, copy",
    (
        "INSERT INTO stream SELECT no + :streams * n, station + :own * n,"
        " format('%04x%s', n, substr(name, 5)), boot_id FROM stream, copy"
    ),
    "INSERT INTO committed SELECT stream + :streams * n, first, last FROM committed, copy",
    "CREATE TEMP TABLE made AS SELECT * FROM snapshot",
    "DELETE FROM snapshot",
    "INSERT INTO copy VALUES (0)",
    (
        "INSERT INTO snapshot SELECT NULL, station + :own * n, at_ms, received_after_ms,"
        " stream + :streams * n, seq, digest, flags, mono_ms, climate_ago_ms, temperature_c, humidity_pct,"
        " co2_ppm, units, health"
        " FROM made, copy ORDER BY at_ms, n"
    ),
)


def _copy_quarters(writer: Writer, stations: int, days: int) -> None:
    """The first day that was made, as the days of all."""
    made = writer.connection.execute("SELECT body FROM quarters ORDER BY key").fetchall()
    bodies = [bytes(row[0]) for row in made]
    with writer.transaction():
        for number, name in enumerate(names(stations)):
            no, _ = writer.station(name, rollups.ZONE)
            keys = range(no * PER_STATION + 1, no * PER_STATION + 1 + days)
            body = bodies[number % len(bodies)]
            writer.connection.executemany(
                "INSERT OR REPLACE INTO quarters VALUES (?, ?)", [(key, body) for key in keys]
            )
    writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _committing(store: Store) -> Iterator[list[int]]:
    """Commits of a city all the while, from one thread as in the server; how many there were."""
    over, count = threading.Event(), [0]
    [newest] = (store.newest()[each] for each in names(1))
    seqs = iter(range(newest.snapshot.seq + 1, 2**31))

    def following() -> Accepted:
        seq = next(seqs)
        one = replace(newest.snapshot, seq=seq, at_ms=newest.snapshot.at_ms + seq)
        return Accepted(newest.station_id, one, one.at_ms, "measured", seq)

    def commit() -> None:
        while True:
            store.commit([following() for _ in range(_AT_ONCE)])
            count[0] += 1
            if over.wait(_EACH_S):
                break

    thread = threading.Thread(target=commit, name="commits")
    thread.start()
    try:
        yield count
    finally:
        over.set()
        thread.join()


def _silent(_what: str, _done: int, _total: int) -> None:
    """Nobody watches a bar."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
