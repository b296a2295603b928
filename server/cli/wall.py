"""``waystation wall``: links by which a screen shows a network without anybody signing in."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Column, Table

from server.accounts.tables import PART as ACCOUNTS
from server.cli import console, existing, fail, registry, settings, typist
from server.desk import Desk, DeskError
from server.settings import Settings
from server.walls import PART, Link, WallError, Walls

_COLUMNS = ("id", "network", "where", "made by", "since", "revoked")

_T = TypeVar("_T")

app = typer.Typer(no_args_is_help=True, help="Links to walls: a network on a screen in a hall.")

_Network = Annotated[str, typer.Argument(metavar="NETWORK", help="Its id.")]


@app.command()
def link(
    context: typer.Context,
    network: _Network,
    *,
    name: Annotated[str, typer.Option(help="Where the wall hangs.")],
) -> None:
    """Make a link and print its address, once."""
    with closing(registry(context)) as opened:
        networks = opened.networks()
    if network not in networks:
        fail(f"no network {network!r}; there are: {', '.join(networks) or 'none'}")
    with closing(_opened(context)) as desk:
        secret = _tried(lambda: Walls(desk).make(network, name, typist(), _now_ms()))
    console.print(f"{_base(settings(context))}/wall/{network}/{secret}", markup=False)
    console.print("it is shown this once only; ?lang=en behind it shows the wall in English")


@app.command("list")
def list_all(
    context: typer.Context,
    network: Annotated[str | None, typer.Argument(metavar="NETWORK", help="Only of this one.")] = None,
) -> None:
    """All links, those that hold first. Their addresses cannot be shown again."""
    with closing(_opened(context)) as desk:
        links = _tried(lambda: Walls(desk).links(network))
    if not links:
        console.print("there are no links: waystation wall link NETWORK --name WHERE")
        return
    table = Table(*(Column(name, overflow="fold", no_wrap=name == "id") for name in _COLUMNS))
    for each in links:
        table.add_row(*map(_shown, _cells(each)))
    console.print(table)


@app.command()
def revoke(
    context: typer.Context,
    network: _Network,
    number: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="As the list has it; all without it.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before all are revoked.")] = False,
) -> None:
    """Let a link of a network open nothing any more, or all of them."""
    with closing(_opened(context)) as desk:
        held = [each for each in _tried(lambda: Walls(desk).links(network)) if each.revoked_ms is None]
        chosen = [each for each in held if number in (None, each.id)]
        if not chosen:
            fail(f"there is no such link of {network}; see waystation wall list {network}")
        if number is None and not yes:
            typer.confirm(f"Revoke all {len(chosen)} links of {network}?", abort=True)
        _tried(lambda: [Walls(desk).revoke(each, typist(), _now_ms()) for each in chosen])
    console.print(f"revoked: {', '.join(each.name for each in chosen)}", markup=False)


def _opened(context: typer.Context) -> Desk:
    path = settings(context).desk_db
    try:
        return Desk.open(existing(context, path), ACCOUNTS, PART)
    except (DeskError, OSError) as error:
        fail(str(error))


def _tried(action: Callable[[], _T]) -> _T:
    try:
        return action()
    except (WallError, DeskError) as error:
        fail(f"{error}\nnothing was changed")


def _base(chosen: Settings) -> str:
    """Where screens reach this server, without a slash at its end."""
    own = f"http://{chosen.host}:{chosen.port}/{chosen.base_path.strip('/')}"
    return (chosen.public_url or own).rstrip("/")


def _cells(each: Link) -> tuple[str, ...]:
    revoked = "" if each.revoked_ms is None else _day(each.revoked_ms)
    return str(each.id), each.network, each.name, each.by, _day(each.made_ms), revoked


def _shown(text: str) -> str:
    """As text: neither markup, nor what moves the cursor or turns the line around."""
    return escape("".join(char if char.isprintable() else "?" for char in text))


def _day(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at_ms / 1000))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
