"""``waystation stations``: import, list, credentials, remove."""

import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import track
from rich.table import Column, Table

from server.cli import console, fail, registry, settings, thresholds
from server.credentials import (
    BrokerAddress,
    BrokerFiles,
    CredentialsError,
    Login,
    issue,
    logins,
    reload_broker,
    revoke,
    write_station_file,
)
from server.imports import ImportFailed, read_stations
from server.model import Station
from server.registry import RegistryError
from server.settings import Settings

_COLUMNS = ("id", "network", "name", "region", "places", "hours", "instrumented")

app = typer.Typer(no_args_is_help=True, help="Stations: the rooms, and their logins at the broker.")

TLS_PORT = 8883
"""The port registered for MQTT over TLS."""


@app.command("import")
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8, column names in the first line.")],
) -> None:
    """Add or change stations by id. All of the file or nothing."""
    with closing(registry(context, to="make")) as opened:
        try:
            stations = read_stations(file, opened.networks(), opened.stations())
            changes = opened.put_stations(stations)
        except (ImportFailed, RegistryError) as error:
            fail(f"{error}\nnothing was imported")
    console.print(f"stations: {changes}")


@app.command("list")
def list_all(
    context: typer.Context,
    network: Annotated[str | None, typer.Option(help="Only those of this network.")] = None,
) -> None:
    """Every station that is registered."""
    with closing(registry(context)) as opened:
        networks, stations = opened.networks(), opened.stations()
    if network is not None and network not in networks:
        fail(f"no network {network!r}; there are: {', '.join(networks) or 'none'}")
    table = Table(*(Column(name, overflow="fold", no_wrap=name == "id") for name in _COLUMNS))
    for station in stations.values():
        if network in {None, station.network}:
            table.add_row(*_cells(station))
    console.print(table)


def _cells(station: Station) -> tuple[str, ...]:
    places = "" if station.places is None else str(station.places)
    instrumented = "yes" if station.instrumented else "no"
    name, region = escape(station.name_zh), escape("/".join(station.region))
    return station.id, station.network, name, region, places, escape(station.hours), instrumented


@app.command()
def credentials(
    context: typer.Context,
    *,
    station: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Give this station a new password.")
    ] = None,
    into: Annotated[Path, typer.Option(help="Folder for the station file of ID.")] = Path(),
    all_into: Annotated[
        Path | None,
        typer.Option("--all", metavar="DIR", help="All instrumented stations without a login; files to DIR."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Where stations reach the broker; else broker_host of the settings.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Else 8883 with TLS, broker_port without.", min=1, max=65535)
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Stations log in by TLS.")] = False,
    ca: Annotated[
        Path | None, typer.Option(help="The broker's certificate authority: TLS, and a copy for the Pi.")
    ] = None,
) -> None:
    """Give stations their logins: broker files, broker reloaded, station files to copy to the Pis."""
    if (station is None) == (all_into is None):
        fail("give either a station's ID or --all DIR", 2)
    chosen = settings(context)
    with closing(registry(context)) as opened:
        known = opened.stations()
    usual_port = TLS_PORT if tls or ca else chosen.broker_port
    address = BrokerAddress(host or chosen.broker_host, port or usual_port, tls or ca is not None, ca)
    try:
        files, server = _broker(chosen)
        wanted = _wanted(station, known, files)
        _issue(wanted, files, server, all_into or into, address)
    except CredentialsError as error:
        fail(str(error))


@app.command("thresholds")
def set_thresholds(
    context: typer.Context,
    station: Annotated[str, typer.Argument(metavar="ID")],
    numbers: thresholds.Numbers = None,
) -> None:
    """Show what alerts are raised by there and where each number comes from, or set numbers of its own."""
    thresholds.of_station(context, station, numbers)


@app.command()
def remove(
    context: typer.Context,
    station: Annotated[str, typer.Argument(metavar="ID")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a station and its login at the broker. Its readings stay in the store."""
    chosen = settings(context)
    with closing(registry(context, to="change")) as opened:
        if station not in opened.stations():
            fail(f"no station {station!r} is registered")
        if not yes:
            typer.confirm(f"Remove {station} and its login? Its readings stay.", abort=True)
        try:
            files = _revoke(chosen, station)
            opened.remove_station(station)
            console.print(f"{station} is removed; its readings stay")
            if files:
                reload_broker(files)
                console.print("its login is removed; the broker has been told")
        except (CredentialsError, RegistryError) as error:
            fail(str(error))


def _revoke(chosen: Settings, station: str) -> BrokerFiles | None:
    """The broker's files if the station's login was in them."""
    if chosen.broker_passwd_file is None:
        console.print("broker_passwd_file is not set: a login, if it has one, stays")
        return None
    acl = chosen.broker_acl_file or chosen.broker_passwd_file
    files = BrokerFiles(chosen.broker_passwd_file, acl, chosen.broker_pid_file)
    return files if revoke(files, station) else None


def _broker(chosen: Settings) -> tuple[BrokerFiles, Login]:
    """What the settings say of the broker; all of it is needed."""
    needed = ("broker_passwd_file", "broker_acl_file", "broker_username", "broker_password")
    missing = [name for name in needed if not getattr(chosen, name)]
    if missing or chosen.broker_passwd_file is None or chosen.broker_acl_file is None:
        raise CredentialsError(f"not set in waystation.toml: {', '.join(missing)}")
    files = BrokerFiles(chosen.broker_passwd_file, chosen.broker_acl_file, chosen.broker_pid_file)
    return files, Login(chosen.broker_username, chosen.broker_password)


def _wanted(station: str | None, known: Mapping[str, Station], files: BrokerFiles) -> list[str]:
    have = logins(files.passwd)
    if station is not None:
        if station not in known:
            raise CredentialsError(f"no station {station!r} is registered: waystation stations import FILE")
        if not known[station].instrumented:
            console.print(
                f"{station} is not instrumented by the registry: riders would see it without live data; "
                "import it with instrumented = yes",
                style="yellow",
            )
        if station in have:
            console.print(f"{station} had a login: its old password ends now, copy the new file to the Pi")
        return [station]
    instrumented = [each.id for each in known.values() if each.instrumented]
    wanted = [name for name in instrumented if name not in have]
    kept = len(instrumented) - len(wanted)
    if kept:
        console.print(f"{kept} have a login and keep it; name one to give it a new password")
    return wanted


def _issue(
    wanted: list[str], files: BrokerFiles, server: Login, folder: Path, address: BrokerAddress
) -> None:
    """Broker files first, station files next, the broker last: until then the old passwords hold."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if address.ca:
            shutil.copyfile(address.ca, folder / "ca.crt")
    except OSError as error:
        raise CredentialsError(str(error)) from error
    passwords = issue(files, wanted, server)
    for name in track(wanted, "station files", console=console, disable=len(wanted) < 10):
        write_station_file(folder / f"{name}.toml", name, passwords[name], address)
    console.print(f"{len(wanted)} station file{'' if len(wanted) == 1 else 's'} in {folder}, mode 0600")
    reload_broker(files)
    console.print("the broker has been told")
