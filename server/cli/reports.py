"""``waystation reports``: what riders say is wrong, and closing it."""

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from server.cli import console, existing, fail, registry, settings, typist
from server.cli.records import duration
from server.model import Station, family
from server.reports.reports import MOST, Report, Reports, ReportsError

_LARGEST_ID = 2**63 - 1

app = typer.Typer(help="What riders report as wrong at a station; alone, it lists what is open.")


@app.callback(invoke_without_command=True)
def list_open(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that are done, too.")] = False,
    network: Annotated[
        str | None, typer.Option(help="Only of this network and the networks inside it.")
    ] = None,
) -> None:
    """List the reports that are open, the newest first."""
    if context.invoked_subcommand is not None:
        return
    with closing(registry(context)) as opened:
        networks, stations = opened.networks(), opened.stations()
    if network is not None and network not in networks:
        fail(f"no network {network!r}; there are: {', '.join(networks) or 'none'}")
    wanted = family(networks, network) if network is not None else ()
    with closing(_opened(context)) as reports:
        try:
            found = reports.all(done=every)
        except ReportsError as error:
            fail(str(error))
    shown = [each for each in found if not wanted or _network(each, stations) in wanted]
    _print(shown, stations, every)
    if sum(each.done_ms is None for each in found) >= MOST:
        console.print(f"{MOST:,} are open: no more are taken until some are done", style="yellow")


@app.command()
def done(
    context: typer.Context,
    ids: Annotated[
        list[int], typer.Argument(metavar="ID", min=1, max=_LARGEST_ID, help="As the list has them.")
    ],
    note: Annotated[str, typer.Option(help="What was done.")] = "",
) -> None:
    """Close reports: somebody has looked after them."""
    with closing(_opened(context)) as reports:
        try:
            closed = reports.close_reports(ids, time.time_ns() // 1_000_000, typist(), note)
        except ReportsError as error:
            fail(str(error))
    console.print(f"{len(closed)} done")
    others = [str(each) for each in dict.fromkeys(ids) if each not in closed]
    if others:
        fail(f"not open: {', '.join(others)}")


def _opened(context: typer.Context) -> Reports:
    path = existing(context, settings(context).reports_db)
    try:
        return Reports.open(path)
    except (ReportsError, OSError) as error:
        fail(str(error))


def _network(report: Report, stations: Mapping[str, Station]) -> str | None:
    station = stations.get(report.station)
    return station.network if station else None


def _print(reports: list[Report], stations: Mapping[str, Station], every: bool) -> None:
    if not reports:
        console.print("no reports" if every else "no open reports")
        return
    names = ("id", "station", "name", "kind", "note", "age", "taken by") + (("done",) if every else ())
    table = Table(*(Column(name, overflow="fold", no_wrap=name in ("id", "kind", "age")) for name in names))
    now_ms = time.time_ns() // 1_000_000
    for each in reports:
        station = stations.get(each.station)
        name = station.name_zh if station else "(not in the registry)"
        done_for = () if each.done_ms is None else (duration(now_ms - each.done_ms),)
        age = duration(now_ms - each.at_ms)
        cells = (str(each.id), each.station, name, each.kind, each.note, age, each.taken_by)
        table.add_row(*map(_shown, cells + done_for))
    console.print(table)


def _shown(text: str) -> str:
    """As text: neither markup, nor what moves the cursor or turns the line around."""
    return escape("".join(char if char.isprintable() else "?" for char in text))
