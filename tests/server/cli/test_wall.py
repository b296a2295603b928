"""``waystation wall`` as it is typed."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.accounts.tables import PART as ACCOUNTS
from server.cli.wall import app
from server.desk import Desk
from server.model import Network
from server.registry import Registry
from server.walls import PART, Walls

ADDRESS = re.compile(r"^(https?://\S+)/wall/city/([A-Za-z0-9_-]{43})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, a network and an empty desk; the terminal is wide."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\npublic_url = "https://example.org/way"\n')
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SUDO_USER", "lin")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    with closing(Registry.open(tmp_path / "data" / "registry.db")) as registry:
        registry.put_networks([Network("city", "城", "")])
    Desk.open(tmp_path / "data" / "desk.db", ACCOUNTS, PART).close()
    return tmp_path


def typed(*words: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words, input=stdin)
    return result.exit_code, result.stdout, result.stderr


def opens(secret: str) -> bool:
    with closing(Desk.open(Path("data/desk.db"), ACCOUNTS, PART)) as desk:
        return Walls(desk).opens("city", secret)


def link(name: str = "大厅") -> str:
    code, out, _ = typed("link", "city", "--name", name)
    assert code == 0, out
    found = ADDRESS.search(out)
    assert found, out
    assert found[1] == "https://example.org/way"
    return found[2]


def test_a_link_is_printed_once_and_opens() -> None:
    secret = link()
    assert opens(secret)
    code, out, _ = typed("list")
    assert code == 0
    assert "大厅" in out
    assert "terminal:lin" in out
    assert secret not in out


def test_the_address_without_a_public_one_is_the_servers_own(here: Path) -> None:
    (here / "waystation.toml").write_text('data_dir = "data"\nbase_path = "/way/"\n')
    _, out, _ = typed("link", "city", "--name", "hall")
    assert out.startswith("http://127.0.0.1:8080/way/wall/city/")


def test_one_link_is_revoked_or_all_of_a_network() -> None:
    first, second, third = link("one"), link("two"), link("three")
    assert typed("revoke", "city", "1")[:2] == (0, "revoked: one\n")
    assert [opens(each) for each in (first, second, third)] == [False, True, True]
    code, _, _ = typed("revoke", "city", stdin="n\n")
    assert (code, opens(second)) == (1, True)
    assert typed("revoke", "city", "--yes")[:2] == (0, "revoked: three, two\n")
    assert [opens(each) for each in (first, second, third)] == [False] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("link", "nowhere", "--name", "x"), "no network 'nowhere'; there are: city"),
        (("link", "city", "--name", " "), "where its wall hangs"),
        (("revoke", "city", "7"), "there is no such link of city"),
        (("revoke", "nowhere", "--yes"), "there is no such link of nowhere"),
    ],
)
def test_what_cannot_be_is_said(words: tuple[str, ...], said: str) -> None:
    code, out, err = typed(*words)
    assert (code, out) == (1, "")
    assert said in err


def test_without_the_servers_files_nothing_is_made(here: Path) -> None:
    (here / "data" / "desk.db").unlink()
    code, _, err = typed("list")
    assert code == 1
    assert "does not exist; nothing was made" in err
    assert not (here / "data" / "desk.db").exists()


def test_a_name_of_the_terminal_is_text() -> None:
    link("[red]x\x1b[31m")
    assert "[red]x" in typed("list")[1]
