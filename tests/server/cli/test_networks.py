"""``waystation networks`` as it is typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.cli.networks import declared
from server.model import Network
from server.registry import Registry

NETWORKS = """\
[[network]]
id = "chengdu"
name = { zh = "成都市", en = "Chengdu [red]" }
declared = "超426"
declared_as_of = "2025-03"

[[network]]
id = "pujiang"
name = { zh = "蒲江县", en = "Pujiang" }
parent = "chengdu"
simulated = true
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, in which commands are typed; the terminal is wide."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    return tmp_path


def typed(*words: str, answer: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words, input=answer)
    return result.exit_code, result.stdout, result.stderr


def test_networks_are_imported_and_listed(here: Path) -> None:
    (here / "networks.toml").write_text(NETWORKS, "utf-8")
    assert typed("networks", "import", "networks.toml") == (
        0,
        "networks: 2 new, 0 changed, 0 unchanged\n",
        "",
    )
    assert typed("networks", "import", "networks.toml")[1] == "networks: 0 new, 0 changed, 2 unchanged\n"
    code, listed, _ = typed("networks", "list")
    assert code == 0
    assert "超426 (2025-03)" in listed
    assert "成都市 Chengdu [red]" in listed, "a name is text, not colour"
    assert "蒲江县 Pujiang (simulated)" in listed


def test_a_bad_file_is_told_and_nothing_is_imported(here: Path) -> None:
    (here / "networks.toml").write_text(NETWORKS.replace('"pujiang"', '"Pujiang"'), "utf-8")
    code, _, told = typed("networks", "import", "networks.toml")
    assert code == 1
    assert "networks.toml, line 8, id: got 'Pujiang', expected 3 to 32" in told
    assert told.endswith("nothing was imported\n")
    opened = Registry.open(here / "data" / "registry.db")
    assert opened.networks() == {}
    opened.close()


@pytest.mark.parametrize(
    ("words", "told", "why"),
    [
        (("--config", "no.toml", "networks", "list"), "no.toml", "the config is not there"),
        (("networks", "import"), "Missing argument", "no file is named"),
        (("networks", "shout"), "No such command", "no such command"),
    ],
)
def test_asked_wrongly(words: tuple[str, ...], told: str, why: str) -> None:
    code, _, error = typed(*words)
    assert (code, told in error) == (2, True), why


def test_a_config_with_a_mistake_is_named(here: Path) -> None:
    (here / "waystation.toml").write_text("port = 99999999\n")
    code, _, error = typed("networks", "list")
    assert code == 2
    assert "port = 99999999" in error


def test_a_registry_that_cannot_be_opened_is_named(here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "registry.db").write_bytes(b"no database" * 500)
    code, _, error = typed("networks", "list")
    assert (code, "file is not a database" in error) == (1, True)


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (Network("n-1", "网", "Net"), ""),
        (Network("n-1", "网", "Net", declared=60), "60"),
        (Network("n-1", "网", "Net", declared=60, declared_qualifier="约"), "约60"),
        (Network("n-1", "网", "Net", declared=400, declared_qualifier="多"), "400多"),
        (
            Network("n-1", "网", "Net", declared=30, declared_qualifier="余", declared_as_of="2025"),
            "30余 (2025)",
        ),
    ],
)
def test_declared_with_its_qualifier(network: Network, text: str) -> None:
    assert declared(network) == text


def test_the_command_itself_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "server", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert all(word in done.stdout for word in ("serve", "demo", "status", "networks", "stations"))


def test_only_an_empty_network_is_removed(here: Path) -> None:
    (here / "networks.toml").write_text(NETWORKS, "utf-8")
    (here / "stations.csv").write_text("id,network,name_zh\nst-1,pujiang,甲\n", "utf-8")
    typed("networks", "import", "networks.toml")
    typed("stations", "import", "stations.csv")
    for full in ("chengdu", "pujiang"):
        code, _, error = typed("networks", "remove", full, "--yes")
        inside = f"network '{full}' still has stations or networks inside it\nnothing was removed\n"
        assert (code, error) == (1, inside)
    typed("stations", "remove", "st-1", "--yes")
    assert typed("networks", "remove", "pujiang", answer="n\n")[0] == 1
    assert typed("networks", "remove", "pujiang", answer="y\n")[0] == 0
    assert typed("networks", "remove", "chengdu", "--yes") == (0, "chengdu is removed\n", "")
    assert typed("networks", "remove", "chengdu", "--yes")[2].startswith("no network 'chengdu' is registered")


def test_ids_stay_whole_in_a_narrow_terminal(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "an-id-of-32-characters-is-not-cut"[:32]
    (here / "networks.toml").write_text(NETWORKS.replace('id = "pujiang"', f'id = "{name}"'), "utf-8")
    typed("networks", "import", "networks.toml")
    monkeypatch.setenv("COLUMNS", "80")
    assert name in typed("networks", "list")[1]


def test_it_says_its_version() -> None:
    code, told, _ = typed("--version")
    assert code == 0
    assert re.fullmatch(r"waystation (\d+\.\d+\.\d+|from-source)\n", told)
