"""``waystation demo``: five real networks on this machine, with simulated readings."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from server.cli import console, fail
from server.demo.demo import Demo
from server.demo.folder import DemoError, Folder
from server.demo.stations import FEWEST, MOST


def demo(
    stations: Annotated[
        int, typer.Option(min=FEWEST, max=MOST, help="Stations with simulated readings.")
    ] = 250,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where its data is kept for the next time.")
    ] = Path(".demo"),
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Of the pages; 0 takes a free one.", show_default="8080 if free"),
    ] = None,
) -> None:
    """Show Waystation on this machine: broker, server and simulated stations, until Ctrl-C."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a script's & starts us with SIGINT ignored
        signal.signal(name, signal.default_int_handler)
    folder = Folder(directory)
    try:
        with folder.locked():
            Demo(folder, stations, port, console).run()
    except DemoError as error:
        fail(str(error))
    except KeyboardInterrupt:
        console.print("the demo has ended; nothing is left running")
