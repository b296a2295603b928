"""``waystation users`` as it is typed."""

import os
import pty
import re
import select
import sqlite3
import subprocess
import sys
import termios
from contextlib import closing, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.accounts.audit import Entry, entries
from server.accounts.passwords import Passwords
from server.accounts.signin import Entered, Refused, SignIn
from server.accounts.tables import PART
from server.cli.users import app
from server.desk import Desk
from server.model import Network, Station
from server.registry import Registry
from tests.support.staff import ADDRESS, CHEAP
from tests.support.wait import until

ROOT = Path(__file__).parents[3]
WORD = "correct horse 电池"
DAY_MS = 86_400_000
QUESTION = "Password:|The same again:"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and two networks, one inside the other; the terminal is wide."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SUDO_USER", "lin")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    monkeypatch.setattr("server.cli.users.time.time_ns", lambda: 20_000 * DAY_MS * 1_000_000)
    monkeypatch.setattr("server.cli.users.Passwords", lambda: Passwords(CHEAP))
    with closing(Registry.open(tmp_path / "data" / "registry.db")) as registry:
        registry.put_networks([Network("city", "城", ""), Network("street", "街", "", parent="city")])
        registry.put_stations([Station("st-1", "street", "站", region=("小店区", "坞城街道"))])
    return tmp_path


def typed(*words: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words, input=stdin)
    return result.exit_code, result.stdout, result.stderr


def add(name: str, *words: str) -> tuple[int, str, str]:
    return typed("add", name, *words, "--password-stdin", stdin=WORD + "\n")


def sign_in(name: str, password: str) -> Entered | Refused:
    with closing(Desk.open(Path("data/desk.db"), PART)) as desk:
        return SignIn(desk, Passwords(CHEAP)).enter(name, password, ADDRESS, 20_000 * DAY_MS)


def audit() -> list[Entry]:
    with closing(Desk.open(Path("data/desk.db"), PART)) as desk, desk.reading() as connection:
        return entries(connection, 100)[::-1]


def listed(output: str) -> list[list[str]]:
    """The cells of each row of a table."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_the_first_admin_and_those_after() -> None:
    assert typed("list")[1] == "there are no users: waystation users add NAME --role admin\n"
    assert add("ada", "--role", "admin", "--display", "Ada Wong") == (
        0,
        "ada is added as admin, everywhere\n",
        "",
    )
    code, output, _ = add("tian", "--role", "technician", "--district", "city/小店区", "--network", "street")
    assert (code, output) == (0, "tian is added as technician, street, city/小店区\n")
    assert listed(typed("list")[1]) == [
        ["ada", "Ada Wong", "admin", "everywhere", "2024-10-04", ""],
        ["tian", "tian", "technician", "street, city/小店区", "2024-10-04", ""],
    ]
    assert isinstance(sign_in("tian", WORD), Entered)
    assert [(each.by, each.what, each.whom) for each in audit()[:2]] == [
        ("terminal:lin", "user.added", "ada"),
        ("terminal:lin", "user.added", "tian"),
    ], "behind sudo it is the person who types"


def test_a_generated_password_is_printed_once_and_works() -> None:
    code, output, error = typed("add", "ada", "--role", "admin", "--generate")
    password = output.splitlines()[1].removeprefix("password: ")
    assert (code, error, output.count(password)) == (0, "", 1)
    assert "this once only" in output
    assert isinstance(sign_in("ada", password), Entered)
    code, output, _ = typed("reset", "ada", "--generate")
    assert code == 0
    assert sign_in("ada", password) == Refused("wrong")
    assert isinstance(sign_in("ada", output.splitlines()[1].removeprefix("password: ")), Entered)
    assert password not in typed("list")[1]


@pytest.mark.parametrize("line", [WORD + "\n", WORD + "\r\n", WORD, WORD + "\nand more\n"])
def test_the_first_line_of_standard_input(line: str) -> None:
    assert typed("add", "ada", "--role", "admin", "--password-stdin", stdin=line)[0] == 0
    assert isinstance(sign_in("ada", WORD), Entered)


def test_disable_enable_reset() -> None:
    add("ada", "--role", "admin")
    add("vi", "--role", "viewer", "--everywhere")
    assert isinstance(sign_in("vi", WORD), Entered)
    assert typed("disable", "vi") == (0, "vi is disabled\n", "")
    assert typed("disable", "vi") == (0, "vi is disabled already\n", "")
    assert listed(typed("list")[1])[1][-1] == "2024-10-04"
    assert sign_in("vi", WORD) == Refused("wrong")
    assert typed("enable", "vi") == (0, "vi is enabled\n", "")
    assert typed("enable", "vi") == (0, "vi is enabled already\n", "")
    for _ in range(5):
        sign_in("vi", "wrong")
    assert isinstance(sign_in("vi", WORD), Refused), "locked out"
    code, output, _ = typed("reset", "vi", "--password-stdin", stdin="another " + WORD)
    assert (code, output) == (0, "vi has another password and is signed out everywhere\n")
    assert isinstance(sign_in("vi", "another " + WORD), Entered)
    assert [each.what for each in audit()] == [
        *("user.added", "user.added", "session.opened", "user.disabled", "user.enabled"),
        *("user.password_reset", "session.opened"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "said", "why"),
    [
        (["add", "vi", "--role", "root"], 2, "no role 'root'; there are: viewer, technician", "no such role"),
        (["add", "vi"], 2, "Missing option '--role'", "no role by default"),
        (["add", "vi", "--role", "viewer"], 1, "either everywhere, or the networks", "no places"),
        (
            ["add", "vi", "--role", "viewer", "--everywhere", "--network", "city"],
            1,
            "either everywhere, or the networks",
            "both",
        ),
        (["add", "eve", "--role", "admin", "--network", "city"], 1, "either everywhere", "a limited admin"),
        (
            ["add", "vi", "--role", "viewer", "--network", "nowhere"],
            1,
            "no network 'nowhere'; there are: city, street",
            "no such network",
        ),
        (
            ["add", "vi", "--role", "viewer", "--district", "city/别"],
            1,
            "no district '别' in city; there are: 小店区",
            "no such district",
        ),
        (["add", "vi", "--role", "viewer", "--district", "city"], 1, "no district '' in city", "no district"),
        (["add", "ada", "--role", "admin"], 1, "there is a user 'ada' already", "taken"),
        (["add", "Vi", "--role", "admin"], 1, "'Vi' cannot be a user's name: 2 to 32", "a capital"),
        (["add", "v" * 500, "--role", "admin"], 1, "cannot be a user's name: 2 to 32", "500 characters"),
        (["add", "vi\u202e", "--role", "admin"], 1, r"'vi\u202e' cannot be a user's name", "turned around"),
        (
            ["add", "vi", "--role", "admin", "--display", "\x1b[31m"],
            1,
            "cannot be seen: U+001B",
            "colours the terminal",
        ),
        (["disable", "nobody"], 1, "there is no user 'nobody'", "not there"),
        (["enable", "\x1b[2J"], 1, r"there is no user '\x1b[2J'", "not there, and clears the screen"),
        (["reset", "nobody"], 1, "there is no user 'nobody'", "not there"),
        (["disable", "ada"], 1, "this is the only admin", "nobody would be left"),
    ],
)
def test_asked_wrongly(words: list[str], code: int, said: str, why: str) -> None:
    add("ada", "--role", "admin")
    stdin = ["--password-stdin"] if words[0] in ("add", "reset") else []
    result = typed(*words, *stdin, stdin=WORD)
    shown = " ".join(result[2].replace("│", " ").split())
    assert (result[0], said in shown) == (code, True), f"{why}: {shown}"
    assert not set("\x1b\u202e") & set(result[2])
    assert len(audit()) == 1


@pytest.mark.parametrize(
    ("flags", "stdin", "code", "said"),
    [
        (["--password-stdin"], "", 1, "0 characters: 12 to 128 are taken\nnothing was changed"),
        (["--password-stdin"], "password1234\n", 1, "what guessers try first"),
        (["--password-stdin", "--generate"], WORD, 2, "either --password-stdin or --generate"),
        ([], WORD, 2, "there is no terminal to ask at"),
    ],
)
def test_a_password_that_is_not_taken(flags: list[str], stdin: str, code: int, said: str) -> None:
    result = typed("add", "ada", "--role", "admin", *flags, stdin=stdin)
    assert (result[0], said in result[2]) == (code, True), result[2]
    assert "there are no users" in typed("list")[1]


def test_without_a_desk_there_is_nobody_and_none_is_made(here: Path) -> None:
    assert typed("list") == (0, "there are no users: waystation users add NAME --role admin\n", "")
    code, _, error = typed("disable", "ada")
    assert (code, "desk.db does not exist; nothing was made" in error) == (1, True)
    assert not (here / "data" / "desk.db").exists()


def test_a_file_that_is_none(here: Path) -> None:
    (here / "data" / "desk.db").write_bytes(b"no database" * 500)
    for words in (["list"], ["disable", "ada"]):
        code, _, error = typed(*words)
        assert (code, "desk.db: file is not a database" in error) == (1, True)


def test_what_somebody_wrote_into_the_file_by_hand_is_no_markup() -> None:
    add("ada", "--role", "admin")
    with closing(sqlite3.connect("data/desk.db")) as raw, raw:
        raw.execute("UPDATE users SET display = ?", ("[red]x[/red]\x1b]0;evil\x07\u202e",))
    output = typed("list")[1]
    assert listed(output)[0][1] == "[red]x[/red]?]0;evil??"
    assert not set("\x1b\x07\u202e") & set(output)


def is_hidden(terminal: int) -> bool:
    """Whether what is typed now is not shown."""
    return not termios.tcgetattr(terminal)[3] & termios.ECHO


def at_terminal(*answers: str) -> tuple[int, str]:
    """Types the answers at a real terminal, each after a question; the exit code and the screen."""
    program = "from server.cli.users import app; app()"
    command = [sys.executable, "-c", program, "add", "ada", "--role", "admin"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603  # our own program
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        os.close(theirs)
        screen, given = "", 0
        try:
            with suppress(OSError):  # the terminal is closed when the program ends
                while select.select([ours], [], [], 30)[0] and (piece := os.read(ours, 1024)):
                    screen += piece.decode()
                    if len(re.findall(QUESTION, screen)) > given:
                        until(lambda: is_hidden(ours), 30, "what is typed is hidden")
                        os.write(ours, answers[given].encode() + b"\n")
                        given += 1
            return process.wait(30), screen
        finally:
            process.kill()
            os.close(ours)


def test_the_password_is_asked_for_twice_and_not_shown() -> None:
    code, screen = at_terminal(WORD, "something else", WORD, WORD)
    assert (code, screen.count("Password:")) == (0, 2), "asked again, as the second was another"
    assert WORD not in screen
    with closing(sqlite3.connect("data/desk.db")) as raw:
        (hashed,) = raw.execute("SELECT password FROM users").fetchone()
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "the cost of a real one"
    assert isinstance(sign_in("ada", WORD), Entered)
