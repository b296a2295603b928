"""``waystation status``: the pipeline at a glance, by the running server's ``/metrics`` and its own files."""

from time import sleep
from typing import Final

import typer
from rich.markup import escape
from rich.table import Table

from server.cli import console, fail, records, settings
from server.cli.running import Look, NotRunningError, look
from server.settings import Settings

RATE_S: Final = 2.0
"""Two looks this far apart make a rate."""
_FRESHNESSES: Final = ("fresh", "stale", "offline", "none")
_MOST_UNKNOWN: Final = 10
_COUNTED: Final = {"messages": "of all kinds: readings, status, info", "committed": "new readings only"}
"""Why two figures differ that need not be equal."""


def status(context: typer.Context) -> None:
    """Show the running server: rates, ages, stations by state, who is silent, what is refused and why."""
    chosen = settings(context)
    first = _look(chosen)
    sleep(RATE_S)
    second = _look(chosen)
    console.print(_pipeline(first, second))
    console.print(_stations(second))
    for table in (_refusals(second), _unknown(second)):
        if table.row_count:
            console.print(table)
    _print_records(chosen)
    for notice in second.notices:
        console.print(f"notice: {notice}", style="yellow", markup=False)
    for reason in second.reasons:
        console.print(f"not ready: {reason}", style="red", markup=False)
    if second.reasons:
        raise typer.Exit(1)


def _print_records(chosen: Settings) -> None:
    try:
        found = records.read(chosen)
    except records.RecordsError as error:
        console.print(str(error), style="yellow", markup=False)
        return
    if not found[0]:
        console.print("no instrumented station is silent")
    for table in records.tables(*found):
        console.print(table)


def _look(chosen: Settings) -> Look:
    try:
        return look(chosen)
    except NotRunningError as error:
        fail(f"{error}; is `waystation serve` running?")


def _pipeline(first: Look, second: Look) -> Table:
    table = _table("pipeline", "", "")
    table.add_column("")
    for name in ("messages", "committed", "repeated", "unknown"):
        total = second.value(f"{name}_total") or 0
        rate = (total - (first.value(f"{name}_total") or 0)) / RATE_S
        table.add_row(name, f"{total:,.0f}", f"{rate:,.1f}/s", _COUNTED.get(name, ""))
    for name, label in (("last_message", "newest message"), ("last_commit", "newest commit")):
        age = second.value(f"{name}_age_seconds")
        table.add_row(label, "never" if age is None else f"{age:,.1f} s ago", "")
    for name, label in (
        ("pending", "pending"),
        ("dead_letters", "dead letters"),
        ("sse_readers", "open streams"),
    ):
        table.add_row(label, f"{second.value(name) or 0:,.0f}", "")
    reports = second.value("reports_open")
    table.add_row("open reports", "not readable" if reports is None else f"{reports:,.0f}", "")
    return table


def _stations(look: Look) -> Table:
    table = _table("stations", *_FRESHNESSES)
    counts = look.labelled("stations")
    networks = dict.fromkeys(network for _, network in counts)
    for network in networks:
        row = (counts.get((freshness, network), 0) for freshness in _FRESHNESSES)
        table.add_row(escape(network), *(f"{count:,.0f}" for count in row))
    ages = look.labelled("fresh_age_seconds")
    told = " · ".join(f"p{float(q) * 100:g} {age:,.0f} s" for (q,), age in ages.items())
    table.caption = f"age of fresh readings: {told}" if told else "no fresh readings"
    return table


def _refusals(look: Look) -> Table:
    table = _table("refused", "messages")
    for (reason,), count in look.labelled("refused_total").items():
        table.add_row(escape(reason), f"{count:,.0f}")
    return table


def _unknown(look: Look) -> Table:
    table = _table("not in the registry", "messages")
    ranked = sorted(look.labelled("unknown_station").items(), key=lambda pair: -pair[1])
    for (station,), count in ranked[:_MOST_UNKNOWN]:
        table.add_row(escape(station), f"{count:,.0f}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title_justify="left", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(title, style="bold")
    for column in columns:
        table.add_column(column, justify="right")
    return table
