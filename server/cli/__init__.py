"""The commands of ``waystation``; one module for each group.

Results go to stdout, what is wrong to stderr. Exit code 1: it did not work; 2: it was asked wrongly.
"""

import os
from pathlib import Path
from typing import Final, NoReturn

import typer
from rich.console import Console

from server import config
from server.config import Settings
from server.registry import Registry, RegistryError

console: Final = Console(highlight=False, soft_wrap=True)
problems: Final = Console(stderr=True, highlight=False, soft_wrap=True)

CONFIG_PLACES: Final = (Path("waystation.toml"), Path("/etc/waystation/waystation.toml"))


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong, on stderr, and end with ``code``."""
    problems.print(message, markup=False, style="red")
    raise typer.Exit(code)


def settings(context: typer.Context) -> Settings:
    """The settings of this run: of ``--config``, else of the first of the usual places, else defaults."""
    given = context.obj
    path = given if given else next((place for place in CONFIG_PLACES if place.is_file()), None)
    try:
        return config.load(path, os.environ)
    except config.ConfigError as error:
        fail(str(error), 2)


def registry(context: typer.Context) -> Registry:
    """The registry of this run; made where there is none yet."""
    path = settings(context).registry_db
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Registry.open(path)
    except (RegistryError, OSError) as error:
        fail(str(error))
