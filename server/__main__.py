"""``waystation``: lists the commands and hands over."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from server.cli import (
    demo,
    influx,
    networks,
    plates,
    reports,
    serve,
    served,
    stations,
    status,
    store,
    users,
    wall,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Live status of rest stations for couriers and delivery riders.",
)
app.command()(serve.serve)
app.command()(status.status)
app.command()(demo.demo)
app.add_typer(networks.app, name="networks")
app.add_typer(stations.app, name="stations")
app.add_typer(reports.app, name="reports")
app.add_typer(served.app, name="report")
app.command()(plates.plate)
app.add_typer(users.app, name="users")
app.add_typer(influx.app, name="influx")
app.add_typer(wall.app, name="wall")
app.add_typer(store.app, name="store")


def _say_version(asked: bool) -> None:
    if asked:
        try:
            number = metadata.version("waystation")
        except metadata.PackageNotFoundError:
            number = "from-source"
        typer.echo(f"waystation {number}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="WAYSTATION_CONFIG",
            help="Settings; else waystation.toml here, else in /etc/waystation.",
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say it, and end.")
    ] = False,
) -> None:
    context.obj = config


def main() -> None:
    """Entry point of the ``waystation`` command."""
    app()


if __name__ == "__main__":
    main()
