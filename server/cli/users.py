"""``waystation users``: the people who work at the console; the first admin is made here."""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Column, Table

from server.accounts import passwords
from server.accounts.passwords import PasswordError, Passwords
from server.accounts.roles import ROLES, Place, Role, User, place_of
from server.accounts.tables import PART
from server.accounts.users import AccountError, Profile, Users, check_name
from server.cli import console, existing, fail, registry, settings, typist
from server.desk import Desk, DeskError
from server.model import Network, Station, family

_COLUMNS = ("name", "person", "role", "where", "since", "disabled")

_T = TypeVar("_T")

app = typer.Typer(no_args_is_help=True, help="People who work at the console, and what each may do.")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="What is typed to sign in.")]
_Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Take the first line of standard input as the password.")
]
_Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it, once.")]


@app.command()
def add(
    context: typer.Context,
    name: _Name,
    *,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")],
    display: Annotated[str, typer.Option(help="What others see; else the name.")] = "",
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="In all networks; every admin is.")
    ] = False,
    network: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only there and inside it; again for more.")
    ] = None,
    district: Annotated[
        list[str] | None, typer.Option(metavar="ID/DISTRICT", help="Only in that district; again for more.")
    ] = None,
    password_stdin: _Stdin = False,
    generate: _Generate = False,
) -> None:
    """Add a person. The password is asked for twice."""
    with closing(registry(context, to="make")) as opened:
        places = _places(opened.networks(), opened.stations().values(), network or [], district or [])
    profile = Profile(display or name, _role(role), everywhere or role == "admin", places)
    _tried(lambda: check_name(name))
    password = _password(name, password_stdin, generate)
    with closing(_opened(context, make=True)) as desk:
        users = Users(desk, Passwords())
        _tried(lambda: users.add(name, profile, password, typist(), _now_ms()))
    console.print(f"{name} is added as {role}, {_where(profile.everywhere, places)}", markup=False)
    _say_generated(password, generate)


@app.command("list")
def list_all(context: typer.Context) -> None:
    """Everybody, and what each may do where."""
    everybody = _everybody(context)
    if not everybody:
        console.print("there are no users: waystation users add NAME --role admin")
        return
    table = Table(*(Column(name, overflow="fold", no_wrap=name == "name") for name in _COLUMNS))
    for user in everybody:
        table.add_row(*map(_shown, _cells(user)))
    console.print(table)


@app.command()
def disable(context: typer.Context, name: _Name) -> None:
    """Sign a person out everywhere and let them in no more. What they did keeps their name."""
    with closing(_opened(context)) as desk:
        users = Users(desk, Passwords())
        done = _tried(lambda: users.disable(name, typist(), _now_ms()))
    console.print(f"{name} is disabled" + ("" if done else " already"), markup=False)


@app.command()
def enable(context: typer.Context, name: _Name) -> None:
    """Let a disabled person in again, with the password they had."""
    with closing(_opened(context)) as desk:
        users = Users(desk, Passwords())
        done = _tried(lambda: users.enable(name, typist(), _now_ms()))
    console.print(f"{name} is enabled" + ("" if done else " already"), markup=False)


@app.command()
def reset(
    context: typer.Context, name: _Name, *, password_stdin: _Stdin = False, generate: _Generate = False
) -> None:
    """Give a person another password, sign them out everywhere, and end a lock-out."""
    with closing(_opened(context)) as desk:
        users = Users(desk, Passwords())
        if name not in {user.name for user in _tried(users.all)}:
            fail(f"there is no user {name!a}; see waystation users list")
        password = _password(name, password_stdin, generate)
        _tried(lambda: users.reset(name, password, typist(), _now_ms()))
    console.print(f"{name} has another password and is signed out everywhere", markup=False)
    _say_generated(password, generate)


def _everybody(context: typer.Context) -> list[User]:
    """None where there is a registry and no desk yet: the first user makes it."""
    chosen = settings(context)
    existing(context, chosen.registry_db)
    if not chosen.desk_db.exists():
        return []
    with closing(_opened(context)) as desk:
        return _tried(Users(desk, Passwords()).all)


def _opened(context: typer.Context, *, make: bool = False) -> Desk:
    path = settings(context).desk_db
    try:
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            existing(context, path)
        return Desk.open(path, PART)
    except (DeskError, OSError) as error:
        fail(str(error))


def _tried(action: Callable[[], _T]) -> _T:
    try:
        return action()
    except (AccountError, PasswordError, DeskError) as error:
        fail(f"{error}\nnothing was changed")


def _role(text: str) -> Role:
    known: dict[str, Role] = {role: role for role in ROLES}
    if text not in known:
        fail(f"no role {text!r}; there are: {', '.join(ROLES)}", 2)
    return known[text]


def _places(
    networks: Mapping[str, Network], stations: Iterable[Station], whole: list[str], districts: list[str]
) -> tuple[Place, ...]:
    """What is typed as places; each must be there, or somebody would wait for alerts that never come."""
    split = [text.partition("/") for text in districts]
    places = [Place(network) for network in whole]
    places += [Place(network, district.strip()) for network, _, district in split]
    there = {place_of(station) for station in stations}
    for place in places:
        if place.network not in networks:
            fail(f"no network {place.network!r}; there are: {', '.join(networks) or 'none'}")
    for place in places[len(whole) :]:
        known = {each.district for each in there if each.network in family(networks, place.network)} - {""}
        if place.district not in known:
            said = ", ".join(sorted(known)) or "none"
            fail(f"no district {place.district!r} in {place.network}; there are: {said}")
    return tuple(dict.fromkeys(places))


def _password(name: str, from_stdin: bool, generate: bool) -> str:
    """The new password, checked before anything else is done with it."""
    if from_stdin and generate:
        fail("give either --password-stdin or --generate", 2)
    if generate:
        return passwords.generated()
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    else:
        fail("there is no terminal to ask at: give --password-stdin or --generate", 2)
    _tried(lambda: passwords.check(password, name))
    return password


def _say_generated(password: str, generate: bool) -> None:
    if generate:
        console.print(f"password: {password}\nit is shown this once only", markup=False)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _cells(user: User) -> tuple[str, ...]:
    disabled = "" if user.disabled_ms is None else _day(user.disabled_ms)
    where = _where(user.everywhere, user.places)
    return user.name, user.display, user.role, where, _day(user.created_ms), disabled


def _shown(text: str) -> str:
    """As text: neither markup, nor what moves the cursor or turns the line around."""
    return escape("".join(char if char.isprintable() else "?" for char in text))


def _where(everywhere: bool, places: tuple[Place, ...]) -> str:
    said = (f"{place.network}/{place.district}".rstrip("/") for place in places)
    return "everywhere" if everywhere else ", ".join(said)


def _day(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at_ms / 1000))
