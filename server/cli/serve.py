"""``waystation serve``: the whole server in one process."""

import logging
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from server import cli
from server.app import Server
from server.registry import RegistryError
from server.rollups.ahead import AnotherStoreError
from server.store.lock import InUseError
from server.store.schema import NewerStoreError


def serve(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="waystation.toml, as before the command")] = None,
) -> None:
    """Take the stations' readings, keep them, and show riders what is true now. Until Ctrl-C."""
    context.obj = config or context.obj
    settings = cli.settings(context)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        server = Server(settings)
        code = server.run()
    except sqlite3.Error as error:
        where = settings.data_dir.absolute()
        cli.fail(f"cannot start: a database in {where}: {error}; waystation store check says which")
    except (OSError, RegistryError, NewerStoreError, AnotherStoreError, InUseError) as error:
        cli.fail(f"cannot start: {error}")
    raise typer.Exit(code)
