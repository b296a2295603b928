"""Commands typed where there is no server: they make nothing, and say whose data they looked for."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from server import cli
from server.__main__ import app

READERS = [
    ["reports"],
    ["reports", "done", "1"],
    ["plate", "st-1", "--out", "out", "--url", "https://example.org"],
    ["stations", "list"],
    ["stations", "credentials", "st-1"],
    ["stations", "remove", "st-1", "--yes"],
    ["networks", "list"],
    ["networks", "remove", "city", "--yes"],
    ["users", "list"],
    ["users", "disable", "ada"],
    ["users", "reset", "ada", "--generate"],
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, on a machine on which no server is installed."""
    monkeypatch.chdir(tmp_path)
    for name in ("WAYSTATION_CONFIG", "WAYSTATION_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cli, "CONFIG_PLACES", (Path("waystation.toml"), tmp_path / "etc" / "waystation.toml"))
    return tmp_path


@pytest.mark.parametrize("words", READERS, ids=" ".join)
@pytest.mark.parametrize("folder", [False, True], ids=["no folder", "an empty folder"])
def test_without_settings_nothing_is_made(here: Path, words: list[str], folder: bool) -> None:
    if folder:
        (here / "data").mkdir()
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    missing, used, hint = result.stderr.splitlines()
    assert missing.startswith(f"{here}/data/")
    assert missing.endswith(".db does not exist; nothing was made")
    assert used == f"settings used: none found, neither waystation.toml nor {here}/etc/waystation.toml"
    assert hint.startswith("type: waystation --config FILE …")
    assert [path.name for path in here.rglob("*")] == (["data"] if folder else [])


def test_the_settings_that_were_used_are_named(here: Path) -> None:
    (here / "other.toml").write_text('data_dir = "elsewhere"\n')
    result = CliRunner().invoke(app, ["--config", "other.toml", "stations", "list"])
    assert result.exit_code == 1
    assert f"{here}/elsewhere/registry.db does not exist" in result.stderr
    assert f"settings used: {here}/other.toml\n" in result.stderr


def test_a_folder_in_place_of_which_there_is_a_file_is_missing_too(here: Path) -> None:
    (here / "data").write_text("a file")
    assert "registry.db does not exist" in CliRunner().invoke(app, ["networks", "list"]).stderr


def test_an_empty_file_is_no_registry_and_stays_empty(here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "registry.db").touch()
    result = CliRunner().invoke(app, ["stations", "list"])
    assert (result.exit_code, result.stderr) == (1, "data/registry.db: this is no registry\n")
    assert (here / "data" / "registry.db").stat().st_size == 0


def test_what_writes_on_purpose_makes_what_is_missing(here: Path) -> None:
    (here / "networks.toml").write_text('[[network]]\nid = "city"\nname = { zh = "城", en = "City" }\n')
    assert CliRunner().invoke(app, ["networks", "import", "networks.toml"]).exit_code == 0
    words = ["users", "add", "ada", "--role", "admin", "--generate"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert sorted(path.name for path in (here / "data").iterdir()) == ["desk.db", "registry.db"]
