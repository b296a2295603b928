"""``waystation influx``: set InfluxDB up, bring in what was before, see how far it is behind."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Column, Table

from server.cli import console, existing, fail, influx_backfill, influx_served, problems, registry
from server.cli.records import duration
from server.influx import series, setup
from server.influx.progress import Progress, read
from server.influx.trial import tried
from server.store.reader import Reader
from server.store.schema import NewerStoreError

ANSWER_S: Final = 5.0

app = typer.Typer(no_args_is_help=True, help="InfluxDB 2: what is measured, for Grafana and whoever asks.")
app.command()(influx_backfill.backfill)


@app.command("setup")
def set_up(
    context: typer.Context,
    retention: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=36_500,
            metavar="DAYS",
            help="How long points are kept, 0 for ever. Not given, a bucket that is there stays as it is.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before points are kept less long.")] = False,
) -> None:
    """Make the bucket and the mapping for InfluxQL where they are missing, and try the token."""
    chosen = influx_backfill.configured(context)
    if not chosen.influx_token:
        fail("not set: influx_token or influx_token_file; docs/influx.md has the steps", 2)
    address = (chosen.influx_url, chosen.influx_token, chosen.influx_org, chosen.influx_bucket)
    try:
        try:
            prepared = setup.prepare(*address, retention, shorten=yes)
        except setup.ShorteningError as error:
            problems.print(str(error), style="yellow", markup=False)
            typer.confirm("Keep less?", abort=True)
            prepared = setup.prepare(*address, retention, shorten=True)
    except setup.SetupError as error:
        fail(str(error))
    for step in prepared.steps:
        console.print(step, markup=False)
    console.print("tokens that may do no more than they have to:")
    for user, right in (("waystation", "write"), ("grafana", "read")):
        console.print(
            f"  influx auth create --org {chosen.influx_org} --description {user}"
            f" --{right}-bucket {prepared.bucket_id}",
            markup=False,
        )


@app.command()
def status(context: typer.Context) -> None:
    """Try address, token and bucket; show whether a server writes, how far it is, and what was refused.

    Nothing is written. Exit code 1: a write would not be taken, or no server writes.
    """
    chosen = influx_backfill.configured(context)
    existing(context, chosen.readings_db)
    with closing(registry(context)) as opened:
        networks = len(opened.networks())
    try:
        found = read(chosen.influx_db, chosen.readings_db)
        infos = Reader(chosen.readings_db).infos()
    except (sqlite3.Error, NewerStoreError, OSError) as error:
        fail(str(error))
    address = (chosen.influx_url, chosen.influx_token, chosen.influx_org, chosen.influx_bucket)
    now = tried(*address, answer_s=ANSWER_S)
    served = influx_served.served(chosen)
    now_ms = time.time_ns() // 1_000_000
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_row(
        "writes to", escape(f"bucket {chosen.influx_bucket} of {chosen.influx_org} at {chosen.influx_url}")
    )
    for name, value in (("InfluxDB", now.address), ("token", now.token), ("bucket", now.bucket)):
        table.add_row(name, escape(value), style="" if now.well else "yellow")
    table.add_row("server", escape(served.said), style="" if served.well else "yellow")
    for name, value in _rows(found, now_ms):
        table.add_row(name, value)
    table.add_row("series", f"at most {series.of_all(infos.values(), networks):,}")
    console.print(table)
    if found is not None and found.newest:
        console.print(_refused(found, now_ms))
    if not (now.well and served.well):
        raise typer.Exit(1)


def _rows(found: Progress | None, now_ms: int) -> Iterator[tuple[str, str]]:
    if found is None:
        yield "written", "nothing yet: waystation serve writes it, with influx_url set"
        return
    since_ms = found.behind_since_ms
    age = "" if since_ms is None else f", the oldest of them for {duration(now_ms - since_ms)}"
    yield "cursor", f"commit {found.commits:,}"
    yield "behind", f"{found.behind_rows:,} snapshots{age}"
    yield "to be written anew", f"{found.late:,} stations"
    yield "networks' lines waiting", f"{found.waiting:,}"
    if found.dropped:
        yield "networks' lines dropped", f"{found.dropped:,}, the oldest ones: they could not wait so long"
    if found.damaged:
        yield "damaged", f"{escape(found.damaged)}: all that the store holds is written anew; then delete it"
    yield "refused for good", f"{found.refused:,} lines"


def _refused(found: Progress, now_ms: int) -> Table:
    columns = (Column("refused last", style="bold"), "why", Column("line", overflow="ellipsis", no_wrap=True))
    table = Table(*columns, title_justify="left", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for refused_ms, why, line in found.newest:
        table.add_row(f"{duration(now_ms - refused_ms)} ago", escape(why), escape(line))
    return table
