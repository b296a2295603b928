"""The numbers that alerts are raised by, at one network or station: shown, set, taken back."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import fields
from typing import Annotated, Final

import typer
from rich.table import Column, Table

from server.accounts.tables import PART
from server.alerts import limits
from server.alerts.kinds import AlertThresholds, ThresholdError
from server.cli import console, fail, registry, settings, typist
from server.desk import Desk, DeskError
from server.model import Network, Station
from server.registry import Registry, RegistryError

Numbers = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME=NUMBER]...", help="Numbers of its own; NAME= takes one back."),
]
_NAMES: Final = tuple(field.name for field in fields(AlertThresholds))


def of_network(context: typer.Context, network: str, numbers: list[str] | None) -> None:
    """Show the numbers that hold for a network, and where each comes from; set some before."""
    given = _parsed(numbers or [])
    with closing(registry(context, to="change" if given else "read")) as opened:
        found = opened.networks().get(network)
        _serve(context, opened, found or fail(f"no network {network!r} is registered"), given)


def of_station(context: typer.Context, station: str, numbers: list[str] | None) -> None:
    """Show the numbers that hold for a station, and where each comes from; set some before."""
    given = _parsed(numbers or [])
    with closing(registry(context, to="change" if given else "read")) as opened:
        found = opened.stations().get(station)
        _serve(context, opened, found or fail(f"no station {station!r} is registered"), given)


def _serve(
    context: typer.Context, opened: Registry, noun: Network | Station, given: Mapping[str, float | None]
) -> None:
    if given:
        after = {name: value for name, value in {**noun.alert_limits, **given}.items() if value is not None}
        changed = _change(context, opened, noun, after)
        console.print(f"{noun.id}: " + ("changed" if changed else "it was so"), markup=False)
    nouns = opened.networks() if isinstance(noun, Network) else opened.stations()
    console.print(_table(nouns[noun.id], opened.networks()))


def _change(
    context: typer.Context, opened: Registry, noun: Network | Station, after: Mapping[str, float]
) -> bool:
    try:
        with closing(Desk.open(settings(context).desk_db, PART)) as desk:
            now_ms = time.time_ns() // 1_000_000
            return limits.change(desk, opened, noun, after, by=typist(), now_ms=now_ms)
    except ThresholdError as error:
        fail(f"{error}\nnothing was changed", 2)
    except (DeskError, RegistryError) as error:
        fail(f"{error}\nnothing was changed")


def _parsed(words: list[str]) -> dict[str, float | None]:
    """Numbers by name, None for one to be taken back; whether they are possible is seen later."""
    given: dict[str, float | None] = {}
    for word in words:
        name, equals, number = word.partition("=")
        if not equals:
            fail(f"{word!a}: expected NAME=NUMBER, or NAME= to take it back", 2)
        if name not in _NAMES:
            fail(f"{name!a}: expected one of {', '.join(_NAMES)}", 2)
        try:
            given[name] = (int(number) if number.isdigit() else float(number)) if number else None
        except ValueError:
            fail(f"{name}: {number!a} is no number", 2)
    return given


def _table(noun: Network | Station, networks: Mapping[str, Network]) -> Table:
    station = noun if isinstance(noun, Station) else None
    layers: list[Network | Station] = [*limits.around(station.network if station else noun.id, networks)]
    layers += [station] if station else []
    origins = {name: layer.id for layer in layers for name in layer.alert_limits}
    holds = limits.of_station(station, networks) if station else limits.of_network(noun.id, networks)
    table = Table("threshold", Column("value", justify="right"), Column("set for", overflow="fold"))
    for name in _NAMES:
        origin = origins.get(name, "")
        table.add_row(name, f"{getattr(holds, name):.10g}", origin, style="bold" if origin else None)
    return table
