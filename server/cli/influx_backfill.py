"""``waystation influx backfill``: what the store holds, into InfluxDB."""

import fcntl
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from server.cli import console, existing, fail, problems, settings
from server.desk import DeskError
from server.influx import known
from server.influx.backfill import Backfill, Bookmark, Reached, Span, StoppedError
from server.influx.places import Place
from server.model import family
from server.registry import RegistryError
from server.settings import Settings
from server.store.commits import Commits
from server.store.schema import NewerStoreError

STOPPED: Final = 130
"""Exit code, as a shell has it for Ctrl-C."""

_DAY: Final = ["%Y-%m-%d"]


def configured(context: typer.Context) -> Settings:
    """The settings, or an end that says which are not set."""
    chosen = settings(context)
    missing = [name for name in ("influx_url", "influx_org") if not getattr(chosen, name)]
    if missing:
        fail(f"not set: {', '.join(missing)}; docs/influx.md has the steps", 2)
    if not re.fullmatch(r"[!-~]*", chosen.influx_token):
        fail("influx_token holds a sign that no token has, or a blank: copy it anew", 2)
    return chosen


def backfill(
    context: typer.Context,
    network: Annotated[
        list[str] | None, typer.Option(help="Only of it and the networks inside it; may be given again.")
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, metavar="YYYY-MM-DD", help="First day; else all there is."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=_DAY, metavar="YYYY-MM-DD", help="Last day; else up to now."),
    ] = None,
) -> None:
    """Write what was measured before, by days of each network's zone.

    Stopped by Ctrl-C or killed, the same command goes on where it stopped.
    """
    chosen = configured(context)
    existing(context, chosen.readings_db)
    if first and last and last < first:
        fail(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}", 2)
    now_ms = time.time_ns() // 1_000_000
    wanted = sorted(network or [])
    asked = chosen.influx_url, chosen.influx_org, chosen.influx_bucket, wanted, str(first), str(last)
    bookmark = Bookmark(chosen.data_dir / "influx_backfill.json", repr(asked))
    with _alone(chosen):
        reached = bookmark.read(now_ms)
        places, heard = _places(chosen, wanted, now_ms)
        days = [_days(each, first, last, reached.asked_ms) for each in places]
        pairs = zip(places, days, strict=True)
        spans = [_span(place, day, heard[place.known.station.id]) for place, day in pairs]
        _run(chosen, [each for each in spans if each.from_ms < each.to_ms], bookmark, reached)


def _places(
    chosen: Settings, wanted: Sequence[str], now_ms: int
) -> tuple[list[Place], dict[str, tuple[int, int]]]:
    """The stations of which there is anything, and the time of each."""
    try:
        networks, places = known.read(chosen, now_ms)
        heard = Commits(chosen.readings_db).spans()
    except (RegistryError, DeskError, NewerStoreError, sqlite3.Error, OSError) as error:
        fail(str(error))
    unknown = [each for each in wanted if each not in networks]
    if unknown:
        fail(f"no network {unknown[0]!r}; there are: {', '.join(networks) or 'none'}", 2)
    members = {member for each in wanted for member in family(networks, each)}
    found = [each for each in places if not wanted or each.known.network.id in members]
    return [each for each in found if each.known.station.id in heard], heard


def _days(place: Place, first: datetime | None, last: datetime | None, asked_ms: int) -> tuple[int, int]:
    """From the beginning of the first day to the end of the last one."""
    zone = ZoneInfo(place.known.network.time_zone)
    from_ms = 0 if first is None else _midnight_ms(first.date(), zone)
    to_ms = asked_ms if last is None else _midnight_ms(last.date() + timedelta(days=1), zone)
    return from_ms, min(to_ms, asked_ms)


def _span(place: Place, days: tuple[int, int], heard: tuple[int, int]) -> Span:
    """What there is of these days."""
    return Span(place, max(days[0], heard[0]), min(days[1], heard[1]))


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000


@contextmanager
def _alone(chosen: Settings) -> Iterator[None]:
    """Two at once would move each other's bookmark."""
    try:
        lock = (chosen.data_dir / "influx_backfill.lock").open("w")
    except OSError as error:
        fail(f"{error}\nrun it as the user of the server: sudo -u waystation waystation influx backfill")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fail("another waystation influx backfill is running")
        yield


def _run(chosen: Settings, spans: Sequence[Span], bookmark: Bookmark, reached: Reached) -> None:
    from server.influx.client import Client  # noqa: PLC0415 (half a second, which other commands need not wait)

    if reached.station_id:
        console.print(f"goes on at {reached.station_id}; {reached.lines:,} lines were written before")
    with closing(
        Client(chosen.influx_url, chosen.influx_org, chosen.influx_bucket, chosen.influx_token)
    ) as client:
        bar = _Bar(spans, reached)
        work = Backfill(client.write, bookmark, reached, bar.tell)
        try:
            with bar.progress:
                work.run(Commits(chosen.readings_db), spans)
        except StoppedError as error:
            fail(f"InfluxDB takes nothing: {error}\nthe same command goes on where it stopped")
        except (NewerStoreError, sqlite3.Error, OSError) as error:
            fail(f"{error}\nthe same command goes on where it stopped")
        except KeyboardInterrupt:
            problems.print("stopped; the same command goes on from here", style="yellow")
            raise typer.Exit(STOPPED) from None
    _print_end(work, len(spans))


def _print_end(work: Backfill, stations: int) -> None:
    console.print(f"{work.reached.lines:,} lines of {stations:,} stations are written")
    if not work.reached.refused:
        return
    problems.print(
        f"{work.reached.refused:,} lines were refused for good; the first of them:", style="yellow"
    )
    for letter in work.letters:
        problems.print(f"  {letter.why}: {letter.line}", markup=False)


class _Bar:
    """How many stations' time is written, how fast, how long it will take, and what it waits for."""

    def __init__(self, spans: Sequence[Span], reached: Reached) -> None:
        told = "{task.fields[rate]}", "{task.fields[why]}"
        self.progress = Progress(
            TextColumn("backfill"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            *(TextColumn(each, markup=False) for each in told),
            console=problems,
        )
        self._before: dict[str, tuple[int, int]] = {}
        total_s = 0
        for span in spans:
            self._before[span.station_id] = total_s, span.from_ms
            total_s += (span.to_ms - span.from_ms) // 1000
        self._task = self.progress.add_task("", total=total_s, completed=self._done(reached), rate="", why="")
        self._lines, self._began_s = reached.lines, time.monotonic()

    def tell(self, reached: Reached, why: str) -> None:
        """Draw anew."""
        rate = (reached.lines - self._lines) / max(time.monotonic() - self._began_s, 0.001)
        waits = f"waits: {why}" if why else ""
        self.progress.update(
            self._task, completed=self._done(reached), rate=f"{rate:,.0f} lines/s", why=waits
        )

    def _done(self, reached: Reached) -> int:
        """In seconds of stations' time."""
        if reached.station_id not in self._before:
            return 0
        before_s, from_ms = self._before[reached.station_id]
        return before_s + (reached.at_ms - from_ms) // 1000
