"""``waystation report``: how many a network served, as sentences and tables, CSV, XLSX or JSON."""

import io
import json
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import Progress

from server.cli import console, fail, problems, registry, settings
from server.cli.reach import circle
from server.cli.served_table import left_out, table
from server.desk import Desk, DeskError
from server.model import Network
from server.rollups import Rollups
from server.served.columns import levels
from server.served.gather import ScopeError, Sources, gather, scoped, today_of
from server.served.held import nearest
from server.served.model import LEVELS, Level, Report, Scope
from server.served.numbers import PART, Numbers
from server.served.periods import Period, PeriodError, between, containing, named
from server.served.sheets import write_xlsx
from server.served.tables import as_json, write_csv
from server.served.words import notes, sentence, span
from server.settings import Settings
from server.web.text import Language, Text

app = typer.Typer(help="How many a network served (服务人次), for whoever reports it to a city.")
app.command("reach")(circle)


class Format(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


class Tongue(StrEnum):
    """The language of a report."""

    ZH = "zh"
    EN = "en"


LevelName = StrEnum("LevelName", {each.upper(): each for each in LEVELS})  # type: ignore[misc]  # made of a table


@app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    *,
    network: Annotated[
        str | None, typer.Option(metavar="ID", help="With those inside it; not needed where there is one.")
    ] = None,
    month: Annotated[str | None, typer.Option(metavar="2026-07", help="Alone: the last whole month.")] = None,
    week: Annotated[str | None, typer.Option(metavar="2026-W28", help="Monday to Sunday.")] = None,
    year: Annotated[str | None, typer.Option(metavar="2026")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="2026-07-01")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Itself included.")] = None,
    district: Annotated[str, typer.Option(metavar="NAME", help="Only of this district.")] = "",
    street: Annotated[str, typer.Option(metavar="NAME", help="Only of this street.")] = "",
    station: Annotated[str, typer.Option(metavar="ID", help="Only of this station.")] = "",
    format: Annotated[
        Format | None, typer.Option(help="Else as the file is called, or a table on the terminal.")
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Else to the terminal.")] = None,
    level: Annotated[
        list[LevelName] | None, typer.Option(help="Only these lines, in a table or as CSV.")
    ] = None,
    language: Annotated[Tongue, typer.Option(help="Of the words.")] = Tongue.ZH,
) -> None:
    """Report visits, what they rest on, and a sentence to paste; the server need not be stopped."""
    if context.invoked_subcommand is not None:
        return
    form = _format(format, output)
    now_ms = time.time_ns() // 1_000_000
    with _sources(context) as sources:
        chosen = _network(sources, network, station)
        period = _period(chosen, now_ms, {"month": month, "week": week, "year": year}, first, last)
        scope = Scope(chosen.id, district, street, station)
        try:
            with Progress(console=problems, transient=True, disable=not problems.is_terminal) as progress:
                task = progress.add_task("days")
                made = gather(
                    scope, period, sources, now_ms,
                    lambda done, whole: progress.update(task, completed=done, total=whole),
                )  # fmt: skip
        except ScopeError as error:
            fail(str(error), 2)
        words = Text(_language(language), now_ms)
        without = None if made.total.sum.known else _held(made, words, sources)
    wanted: list[Level] = [each.value for each in level or ()]  # type: ignore[misc]  # values of the table
    _write(made, words, form, output, wanted)
    if without is not None:
        problems.print(without, markup=False, style="yellow")


def _format(asked: Format | None, output: Path | None) -> Format:
    suffix = output.suffix.lower().removeprefix(".") if output is not None else ""
    form = asked or (Format(suffix) if suffix in ("csv", "xlsx", "json") else Format.TABLE)
    if form is Format.XLSX and output is None:
        fail("a workbook goes into a file: add --output FILE.xlsx", 2)
    if form is Format.TABLE and output is not None:
        fail(f"{output}: as what? add --format csv, xlsx or json", 2)
    return form


def _language(language: Tongue) -> Language:
    return "en" if language is Tongue.EN else "zh"


@contextmanager
def _sources(context: typer.Context) -> Iterator[Sources]:
    """The server's files, for reading."""
    chosen = settings(context)
    with closing(registry(context)) as opened:
        networks, stations = opened.networks(), opened.stations()
    desk = _desk(chosen)
    try:
        rollups = Rollups.open_reader(chosen.rollups_db)
        yield Sources(networks, stations, rollups, Numbers(desk) if desk else None)
    finally:
        if desk is not None:
            desk.close()


def _desk(chosen: Settings) -> Desk | None:
    """The desk, if there is one; a report without what staff entered says so."""
    if not chosen.desk_db.exists():
        return None
    try:
        return Desk.open(chosen.desk_db, PART)
    except DeskError as error:
        problems.print(f"without what staff entered: {error}", markup=False, style="yellow")
        return None


def _network(sources: Sources, wanted: str | None, station: str) -> Network:
    """The one asked for; without it the station's, or the only one that is not inside another."""
    networks = sources.networks
    if wanted is None and station in sources.stations:
        wanted = sources.stations[station].network
    outer = [each.id for each in networks.values() if each.parent not in networks]
    if wanted is None and len(outer) == 1:
        wanted = outer[0]
    found = networks.get(wanted or "")
    if found is None:
        there = f"there are: {', '.join(networks) or 'none'}"
        fail(f"no network {wanted!r}; {there}" if wanted else f"which network? --network ID; {there}", 2)
    return found


def _period(
    network: Network, now_ms: int, asked: dict[str, str | None], first: str | None, last: str | None
) -> Period:
    """The one period that was asked for; without any the last whole month."""
    given = {kind: text for kind, text in asked.items() if text is not None}
    ranged = first is not None or last is not None
    if len(given) + ranged > 1 or (ranged and None in (first, last)):
        fail("one period: --month, --week, --year, or --from and --to together", 2)
    try:
        for kind, text in given.items():
            return named(kind, text)  # type: ignore[arg-type]  # kinds of periods
        if first is not None and last is not None:
            return between(first, last)
    except PeriodError as error:
        fail(str(error), 2)
    return containing("month", today_of(network, now_ms)).before()


def _held(made: Report, text: Text, sources: Sources) -> str:
    """For which days there is data, and what to type, for somebody whose period has none."""
    stations = [each.id for each in scoped(made.scope, sources.networks, sources.stations)]
    found, near = sources.rollups.span(stations), nearest(sources.rollups, stations, made.period)
    if found is None or near is None:
        return text("served.held.none")
    where = {name: getattr(made.scope, name) for name in ("network", "district", "street", "station")}
    words = [word for name, value in where.items() if value for word in (f"--{name}", value)]
    command = shlex.join(["waystation", "report", f"--{near.kind}", str(near), *words])
    told = text("served.held", span=span(text, Period("range", *found)))
    return "\n".join((told, text("served.held.try", command=command)))


def _write(made: Report, text: Text, format: Format, output: Path | None, wanted: list[Level]) -> None:
    try:
        match format:
            case Format.XLSX:
                assert output is not None
                write_xlsx(made, text, output)
            case Format.TABLE:
                _print(made, text, wanted)
            case _:
                _put(_text(made, text, format, wanted), output)
    except OSError as error:
        fail(f"{output}: {error.strerror or error}")
    if output is not None:
        problems.print(f"{output}: {made.period}, computed {_moment(made)}", markup=False)


def _text(made: Report, text: Text, format: Format, wanted: list[Level]) -> str:
    written = io.StringIO(newline="")
    if format is Format.JSON:
        json.dump(as_json(made, text), written, ensure_ascii=False, indent=1)
        written.write("\n")
    else:
        write_csv(made, text, written, wanted or LEVELS)
    return written.getvalue()


def _put(written: str, output: Path | None) -> None:
    """Into the file; else as it is to stdout, whatever the terminal's encoding."""
    data = written.encode("utf-8")
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)


def _print(made: Report, text: Text, wanted: list[Level]) -> None:
    """Sentence, tables and notes."""
    console.print(sentence(text, made), markup=False)
    if made.total.visits is not None and made.busiest():
        hours = text("list.separator").join(text("served.hour", hour=hour) for hour in made.busiest())
        console.print(text("served.busiest", hours=hours), markup=False)
    gone: set[str] = set()
    for level in wanted or [each for each in levels(made) if each not in ("day", "week")]:
        shown, without = table(made, text, level, console.width)
        console.print("", shown, sep="\n")
        gone |= without
    console.print()
    if gone:
        console.print(left_out(text, gone, console.width), markup=False)
    for note in notes(text, made):
        console.print(f"· {note}", markup=False, style="dim")
    console.print(f"{text('served.made')} {_moment(made)}", markup=False, style="dim")


def _moment(made: Report) -> str:
    there = ZoneInfo(made.network.time_zone)
    return f"{datetime.fromtimestamp(made.at_ms / 1000, there):%Y-%m-%d %H:%M}"
