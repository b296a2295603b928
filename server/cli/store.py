"""``waystation store``: how large it is, pruning, checking, backup and restore."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from server import office, registry_schema, upkeep
from server.cli import console, existing, fail, problems, settings
from server.influx import ledger
from server.reports import tables as reports
from server.rollups import Rollups
from server.rollups import tables as rollups
from server.rollups.ahead import AnotherStoreError, go_on_behind
from server.settings import Settings
from server.store import backup as backups
from server.store import checking, lock, sizes
from server.store import restore as restoring
from server.store.known import Known
from server.store.manifest import BackupError
from server.store.pruner import DAY_MS
from server.store.reader import Reader
from server.store.schema import MIGRATIONS, NewerStoreError
from server.store.sqlite import Store

STEP_S: Final = 0.5
"""Of pruning while nobody waits."""
_MB: Final = 1e6
_SCHEMAS: Final = {
    "desk.db": Known(0, {part.name: part.version for part in office.PARTS}),
    "influx.db": Known(ledger.SCHEMA_VERSION),
    "readings.db": Known(len(MIGRATIONS)),
    "registry.db": Known(registry_schema.SCHEMA_VERSION),
    "reports.db": Known(reports.SCHEMA_VERSION),
    "rollups.db": Known(len(rollups.MIGRATIONS)),
}

app = typer.Typer(no_args_is_help=True, help="The databases: sizes, pruning, checks, backup and restore.")


@app.command()
def size(context: typer.Context) -> None:
    """How much of the disk what takes, how far back readings go, and who has not taken them yet."""
    chosen = _whole(context)
    readings = existing(context, chosen.readings_db)
    with _reading(), _bar() as progress:
        found = []
        for each in sizes.databases(chosen.data_dir):
            progress(f"measuring {each.name}", 1, 1)
            found.append(each)
        span = sizes.raw_span(readings)
    console.print(_sizes(found))
    _print_raw(chosen, span)
    _print_followers(chosen)


@app.command()
def prune(
    context: typer.Context,
    shrink: Annotated[
        bool,
        typer.Option(help="Give the freed space back to the disk; needs as much again while it is done."),
    ] = False,
) -> None:
    """Take out what is too old, now; while the server is stopped. A running one does it by itself."""
    chosen = settings(context)
    path = existing(context, chosen.readings_db)
    with _alone(chosen), _reading(), _bar() as progress, closing(Store.open(path)) as store:
        go_on_behind(store, Rollups.open_reader(chosen.rollups_db))
        old = sizes.raw_span(path).snapshots
        pruner = upkeep.pruner(chosen, store)
        while pruner.step(_now_ms(), STEP_S):
            progress("pruning", pruner.pruned_total, old)
        progress("pruning", old, old)
        if shrink:
            progress("shrinking", 0, 1)
            store.shrink()
    console.print(f"{pruner.pruned_total:,} readings pruned, {old - pruner.pruned_total:,} kept")
    _print_given_up(Reader(path))
    if pruner.damaged:
        fail(upkeep.of_damaged(len(pruner.damaged)))


@app.command()
def check(context: typer.Context) -> None:
    """Read everything, and say what is wrong. Exit code 1 when something is; nothing is repaired."""
    chosen = _whole(context)
    readings = existing(context, chosen.readings_db)
    wrong = 0
    with _reading(), _bar() as progress:
        for found in checking.check(chosen.data_dir, upkeep.followers(chosen), progress):
            problems.print(found, markup=False, style="red")
            wrong += 1
        numbers, places = checking.missing(readings) if not wrong else (0, 0)
    if numbers:
        console.print(
            f"{numbers:,} readings that stations have numbered are not known here, in {places:,} places: "
            "dropped there and said so, refused, or gone with a file"
        )
    if wrong:
        raise typer.Exit(1)
    console.print("nothing is wrong")


@app.command()
def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder for backups; each is a folder in it.")],
) -> None:
    """Copy all databases while the server runs, read the copies back, and name them by their time."""
    chosen = _whole(context)
    existing(context, chosen.data_dir)
    try:
        with _bar() as progress:
            made = backups.make(chosen.data_dir, folder, _now_ms(), progress)
    except BackupError as error:
        fail(str(error))
    total = sum(path.stat().st_size for path in made.iterdir())
    console.print(f"{made}: {len(list(made.glob('*.db')))} databases, {total / _MB:,.1f} MB", markup=False)


@app.command()
def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="One backup, as `waystation store backup` has named it.")],
) -> None:
    """Put a backup in the place of all databases, while the server is stopped; those of now are put aside."""
    chosen = settings(context)
    try:
        with _bar() as progress:
            done = restoring.restore(folder, chosen.data_dir, _now_ms(), progress, _SCHEMAS)
    except BackupError as error:
        fail(str(error))
    console.print(f"restored: {', '.join(part.name for part in done.manifest.parts)} of {done.manifest.made}")
    if done.manifest.newest_ms:
        console.print(f"newest reading in it: received {_utc(done.manifest.newest_ms)}")
    _print_lost(done)


def _print_lost(done: restoring.Restored) -> None:
    if done.aside is None:
        return
    console.print(f"the files of before are in {done.aside}", markup=False)
    lost = done.lost
    if lost is None:
        console.print("what was received since the backup cannot be read from them", style="yellow")
    elif lost.snapshots and lost.first_ms is not None and lost.last_ms is not None:
        console.print(
            f"{lost.snapshots:,} readings of {lost.stations:,} stations, received {_utc(lost.first_ms)} to "
            f"{_utc(lost.last_ms)}, are in them and not in the backup; their stations were told that they"
            " are stored, and do not send them again",
            style="yellow",
        )
    else:
        console.print("nothing was received since the backup")


def _sizes(found: list[sizes.DatabaseSize]) -> Table:
    table = Table("database", "holds", "MB", "kB a station and day", "MB a station and year", "free MB")
    for each in found:
        table.add_row(each.name, "", f"{each.bytes / _MB:,.1f}", "", "", f"{each.free / _MB:,.1f}")
        for one in each.tables:
            day = one.day_bytes
            a_day = "" if day is None else f"{day / 1000:,.1f}"
            a_year = "" if day is None else f"{day * 365 / _MB:,.1f}"
            table.add_row("", one.name, f"{one.bytes / _MB:,.1f}", a_day, a_year, "")
    for column in table.columns[2:]:
        column.justify = "right"
    return table


def _print_raw(chosen: Settings, span: sizes.RawSpan) -> None:
    if not span.snapshots:
        console.print("no readings")
        return
    days = (span.last_ms - span.first_ms) / DAY_MS
    console.print(
        f"{span.snapshots:,} whole readings of {span.stations:,} stations, {_utc(span.first_ms)} to "
        f"{_utc(span.last_ms)}: {days:,.1f} days; raw_days is {chosen.raw_days}. Of silent stations the last "
        "ones stay."
    )


def _print_followers(chosen: Settings) -> None:
    ways = {"roll-ups": _rolled_up, "InfluxDB": _forwarded}
    for name in upkeep.followers(chosen):
        try:
            said = ways[name](chosen)
        except (OSError, sqlite3.Error) as error:
            console.print(f"{name}: cannot be asked how far it is: {error}", style="red", markup=False)
            continue
        if said:
            console.print(f"{name}: {said}", markup=False)
    _print_given_up(Reader(chosen.readings_db))


def _rolled_up(chosen: Settings) -> str:
    """How far roll-ups are; the present hour is not late."""
    rollups = Rollups.open_reader(chosen.rollups_db)
    unseen, due = sizes.waiting(chosen.readings_db, rollups.looked_at()), rollups.due(_now_ms())
    if not unseen and not due:
        return "have every hour that is over; the present one follows when it is"
    return f"{unseen:,} readings are not looked at yet, {due:,} hours of stations are due and not made"


def _forwarded(chosen: Settings) -> str:
    """How far InfluxDB is, "" where it was never used."""
    reached = ledger.reached(chosen.influx_db)
    if reached is None:
        return ""
    return f"has not taken {sizes.waiting(chosen.readings_db, reached):,} of them yet"


def _print_given_up(reader: Reader) -> None:
    for name, lost in reader.given_up().items():
        console.print(
            f"{name}: {lost.snapshots:,} readings, measured {_utc(lost.first_ms)} to {_utc(lost.last_ms)}, "
            f"were pruned before it had taken them, last on {_utc(lost.newest_ms)}",
            style="yellow",
            markup=False,
        )


@contextmanager
def _alone(chosen: Settings) -> Iterator[None]:
    """With no server running."""
    try:
        with lock.held(chosen.data_dir, lock.SERVING), lock.held(chosen.data_dir, lock.BACKUP):
            restoring.complete(chosen.data_dir)
            yield
    except lock.InUseError as error:
        if error.path.name == lock.BACKUP:
            fail(f"a backup is being made (process {error.pid})")
        fail(f"the server runs (process {error.pid}): it prunes by itself, a little every second")


def _whole(context: typer.Context) -> Settings:
    """The settings, where no restore is half done."""
    chosen = settings(context)
    if restoring.pending(chosen.data_dir):
        fail("a restore was cut short: start the server, which finishes it, or restore again")
    return chosen


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, NewerStoreError, AnotherStoreError) as error:
        fail(str(error))


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr that takes (what, done, of how much); it is gone at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
