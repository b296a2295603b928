"""``waystation networks``: import, list, remove."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from server.cli import console, fail, registry, thresholds
from server.imports import ImportFailed, read_networks
from server.model import Network, Station
from server.registry import RegistryError

_COLUMNS = ("id", "name", "inside", "declared", "registered", "instrumented", "time zone")

app = typer.Typer(no_args_is_help=True, help="Networks: the stations of a city, or of a street in it.")


@app.command("import")
def import_file(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="TOML with [[network]] tables.")]
) -> None:
    """Add or change networks by id. All of the file or nothing."""
    with closing(registry(context, to="make")) as opened:
        try:
            changes = opened.put_networks(read_networks(file, opened.networks()))
        except (ImportFailed, RegistryError) as error:
            fail(f"{error}\nnothing was imported")
    console.print(f"networks: {changes}")


@app.command("list")
def list_all(context: typer.Context) -> None:
    """Every network with its counts: declared is not registered, registered is not instrumented."""
    with closing(registry(context)) as opened:
        networks, stations = opened.networks(), opened.stations()
    table = Table(*(Column(name, overflow="fold", no_wrap=name == "id") for name in _COLUMNS))
    for network in networks.values():
        table.add_row(*_cells(network, [each for each in stations.values() if each.network == network.id]))
    console.print(table)


@app.command("thresholds")
def set_thresholds(
    context: typer.Context,
    network: Annotated[str, typer.Argument(metavar="ID")],
    numbers: thresholds.Numbers = None,
) -> None:
    """Show what alerts are raised by there and where each number comes from, or set numbers of its own."""
    thresholds.of_network(context, network, numbers)


@app.command()
def remove(
    context: typer.Context,
    network: Annotated[str, typer.Argument(metavar="ID")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a network that has neither stations nor networks inside it."""
    if not yes:
        typer.confirm(f"Remove the network {network}?", abort=True)
    with closing(registry(context, to="change")) as opened:
        try:
            opened.remove_network(network)
        except RegistryError as error:
            fail(f"{error}\nnothing was removed")
    console.print(f"{network} is removed", markup=False)


def _cells(network: Network, stations: list[Station]) -> tuple[str, ...]:
    name = escape(f"{network.name_zh} {network.name_en}") + (" (simulated)" if network.simulated else "")
    instrumented = sum(station.instrumented for station in stations)
    counts = declared(network), str(len(stations)), str(instrumented)
    return network.id, name, network.parent or "", *counts, network.time_zone


def declared(network: Network) -> str:
    """The declared count as it was declared: qualifier on its side of the number, and date."""
    if network.declared is None:
        return ""
    said = network.declared_qualifier
    number = f"{said}{network.declared}" if said in {"约", "超"} else f"{network.declared}{said}"
    return f"{number} ({network.declared_as_of})" if network.declared_as_of else number
