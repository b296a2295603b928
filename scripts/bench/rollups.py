"""What is asked of the roll-ups, and what it costs to make and to keep them."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from scripts.bench import disk
from scripts.bench.report import Row, judged, quantile
from scripts.bench.rig import CITY, names
from server.app import calm_collector
from server.live import Live
from server.model import Network, Station
from server.rollups import Rollups
from server.rollups.calendar import DAY_MS, HOUR_MS, QUARTERS, local_day
from server.rollups.keeper import SETTLED_MS, Keeper
from server.rollups.tables import PER_STATION
from server.rollups.writing import Note, Writer
from server.served.gather import Sources, gather
from server.served.model import Scope
from server.served.periods import Period
from server.store.sqlite import Store

DAYS: Final = 30
KEEP: Final = 1_096
ZONE: Final = "Asia/Shanghai"
BEGIN: Final = disk.BEGIN_MS // DAY_MS + 1
"""The first whole day in UTC of what is measured; it is the pattern of all others."""
NOW_MS: Final = (BEGIN + 2) * DAY_MS


def measure(quick: bool) -> Iterator[Row]:
    """Raw rows of some stations are rolled up; what comes of it is then the past of a whole city."""
    instrumented, stations, times = (4, CITY // 8, 20) if quick else (20, CITY, 100)
    with tempfile.TemporaryDirectory(prefix="waystation-bench-") as folder:
        readings, path = Path(folder) / "readings.db", Path(folder) / "rollups.db"
        snapshots = disk.fill(readings, instrumented, 2.3)
        with closing(Store.open(readings)) as store, closing(Writer.open(path)) as writer:
            keeper = Keeper(store, writer, live(store, instrumented), KEEP)
            keeper.catch_up(BEGIN * DAY_MS)
            yield _making(keeper, writer, instrumented)
            keeper.catch_up(NOW_MS)
            _multiply(writer, instrumented, stations)
            writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            yield _keeping(writer, path, stations)
            _double(writer)
            rows = f"{stations * DAYS:,} days of quarters, {path.stat().st_size / 1e6:,.0f} MB"
            raw = f"{snapshots:,} raw rows, {readings.stat().st_size / 1e6:,.0f} MB"
        yield from _asking(Rollups.open_reader(path), f"{rows}; {raw}", stations, times)


def live(store: Store, stations: int) -> Live:
    """What roll-ups ask of the stations: where they are."""
    found = Live(store)
    networks = {"bench": Network("bench", "网", "Net", time_zone=ZONE)}
    found.refresh_registry(networks, {each: Station(each, "bench", each) for each in names(stations)}, NOW_MS)
    return found


def _making(keeper: Keeper, writer: Writer, stations: int) -> Row:
    """As a running server does, hour by hour: each is due at once of all stations."""
    began_s = time.thread_time()
    for hour in range(BEGIN * 24, BEGIN * 24 + 24):
        with writer.transaction():
            for name in names(stations):
                writer.touch(writer.station(name, ZONE)[0], Note(name, hour, hour, 0, 1))
        while keeper.make(SETTLED_MS, (hour + 1) * HOUR_MS):
            pass
    each_s = (time.thread_time() - began_s) / 24 / stations
    share = each_s * CITY / 3600
    found = f"{1000 * each_s:.1f} ms a station and hour, {share:.2%} of a core for {CITY:,}"
    return judged("roll-ups: making them, 3 kB each 30 s", found, "≤ 0.3 %", share <= 0.003)


def _multiply(writer: Writer, made: int, stations: int) -> None:
    """The whole days that were made, again and again: a packed day says nothing of its date or place."""
    connection, zero = writer.connection, BEGIN - DAYS + 1
    bodies = [_body(writer, "quarters", no, BEGIN) for no in range(1, made + 1)]
    today = local_day(BEGIN * DAY_MS, ZONE).toordinal()
    days = [_body(writer, "days", no, today) for no in range(1, made + 1)]
    with writer.transaction():
        for name in names(stations):
            no, _ = writer.station(name, ZONE)
            keys = range(no * PER_STATION + zero, no * PER_STATION + zero + DAYS)
            rows = [(key, bodies[key % made]) for key in keys]
            connection.executemany("INSERT OR REPLACE INTO quarters VALUES (?, ?)", rows)
            keys = range(no * PER_STATION + today - DAYS + 1, no * PER_STATION + today + 1)
            rows = [(key, days[key % made]) for key in keys]
            connection.executemany("INSERT OR REPLACE INTO days VALUES (?, ?)", rows)


def _double(writer: Writer) -> None:
    """The month before, for a report to compare with; of days only, as it needs no more."""
    with writer.transaction():
        writer.connection.execute("INSERT OR IGNORE INTO days SELECT key - ?, body FROM days", (DAYS,))


def _body(writer: Writer, table: str, no: int, day: int) -> bytes:
    row = writer.connection.execute(
        f"SELECT body FROM {table} WHERE key = ?",  # noqa: S608 # one of two names
        (no * PER_STATION + day,),
    ).fetchone()
    return bytes(row[0])


def _keeping(writer: Writer, path: Path, stations: int) -> Row:
    quarters, days = (
        writer.connection.execute(f"SELECT sum(length(body)) / count(*) FROM {table}").fetchone()[0]  # noqa: S608 # two names
        for table in ("quarters", "days")
    )
    kilobytes = path.stat().st_size / stations / DAYS * 365 / 1000
    found = f"{kilobytes:,.0f} kB ({quarters:,} bytes a day of quarters, {days} a day)"
    return judged("roll-ups: disk a station and year", found, "≤ 1,500 kB", kilobytes <= 1_500)


def _asking(rollups: Rollups, held: str, stations: int, times: int) -> Iterator[Row]:
    end_ms = BEGIN * DAY_MS + QUARTERS * HOUR_MS // 4
    chosen = [names(stations)[(7 * number) % stations] for number in range(times)]
    last = local_day(BEGIN * DAY_MS, ZONE)
    month = (last - timedelta(days=DAYS - 1), last)
    span = (end_ms - DAYS * DAY_MS, end_ms, ZONE)
    calm_collector()  # as the server does
    yield _timed(
        f"a station's 24 h in quarters ({held})",
        [partial(rollups.quarters, name, end_ms - DAY_MS, end_ms) for name in chosen],
        20,
    )
    for quantity in ("occupancy", "visits"):
        yield _timed(
            f"a station's hour-of-week profile of {quantity}, {DAYS} days",
            [partial(rollups.hours_of_week, name, quantity, *span) for name in chosen],
            20,
        )
    days = sum(1 for _ in rollups.days(*month))
    what = f"a month's report of {stations:,} stations, {days:,} days and as many before them"
    yield _timed(what, [_reporting(rollups, stations, Period("range", *month))] * max(5, times // 5), 500)


def _reporting(rollups: Rollups, stations: int, month: Period) -> Callable[[], object]:
    """As the console asks for it, before it is written as a page or a file."""
    known = {
        name: Station(name, "bench", name, region=(f"区{n % 10}", f"街道{n % 100}"), instrumented=True)
        for n, name in enumerate(names(stations))
    }
    network = Network("bench", "网", "Net", time_zone=ZONE)
    sources = Sources({"bench": network}, known, rollups, None)
    return partial(gather, Scope("bench"), month, sources, NOW_MS)


def _timed(what: str, asked: list[Callable[[], object]], limit_ms: float) -> Row:
    took, used_s = [], time.thread_time()
    for ask in asked:
        began_s = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - began_s))
    p50, p95 = (quantile(sorted(took), share) for share in (0.5, 0.95))
    cpu_ms = 1000 * (time.thread_time() - used_s) / len(asked)
    found = f"p50 {p50:,.1f} ms, p95 {p95:,.1f} ms; CPU {cpu_ms:,.1f} ms"
    return judged(what, found, f"p95 ≤ {limit_ms:.0f} ms", p95 <= limit_ms)
