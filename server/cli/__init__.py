"""The commands of ``waystation``; one module for each group.

Results go to stdout, what is wrong to stderr. Exit code 1: it did not work; 2: it was asked wrongly.
"""

import os
import pwd
from pathlib import Path
from typing import Final, Literal, NoReturn

import typer
from rich.console import Console

from server import config
from server.accounts.audit import terminal
from server.registry import Registry, RegistryError
from server.settings import Settings

console: Final = Console(highlight=False, soft_wrap=True)
problems: Final = Console(stderr=True, highlight=False, soft_wrap=True)

CONFIG_PLACES: Final = (Path("waystation.toml"), Path("/etc/waystation/waystation.toml"))


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong, on stderr, and end with ``code``."""
    problems.print(message, markup=False, style="red")
    raise typer.Exit(code)


def settings(context: typer.Context) -> Settings:
    """The settings of this run: of ``--config``, else of the first of the usual places, else defaults."""
    try:
        return config.load(_config_file(context), os.environ)
    except config.ConfigError as error:
        fail(str(error), 2)


def typist() -> str:
    """Who types, for the logs of who did what: behind sudo the person, not the service's user."""
    try:
        name = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return terminal(name)


def registry(context: typer.Context, *, to: Literal["read", "change", "make"] = "read") -> Registry:
    """The registry of this run. Only to ``make`` it may be missing; to ``read`` it changes nothing at all."""
    path = settings(context).registry_db
    try:
        if to == "make":
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            existing(context, path)
        return Registry.open(path, read_only=to == "read")
    except (RegistryError, OSError) as error:
        fail(str(error))


def existing(context: typer.Context, path: Path) -> Path:
    """``path`` of the server's files, or an end that says whose settings name it and what to type."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        used = _config_file(context)
        none = "none found, neither " + " nor ".join(map(str, CONFIG_PLACES))
        fail(
            f"{path.absolute()} does not exist; nothing was made\n"
            f"settings used: {used.absolute() if used else none}\n"
            "type: waystation --config FILE …, with the settings of the server that is meant "
            "(of a demo: .demo/waystation.toml); serve, import and users add make what is missing"
        )
    except OSError as error:
        fail(str(error))
    return path


def _config_file(context: typer.Context) -> Path | None:
    given: Path | None = context.obj
    return given if given else next((place for place in CONFIG_PLACES if place.is_file()), None)
