"""Settings: file, environment, what an error says, and the page that lists them."""

import re
from pathlib import Path

import pytest

from server.config import ConfigError, load
from server.settings import SETTINGS, Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def written(folder: Path, text: str) -> Path:
    path = folder / "waystation.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file() -> None:
    assert load(None, {}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'port = 9000\nhost = "0.0.0.0"\n')
    settings = load(path, {"WAYSTATION_PORT": "9001", "WAYSTATION_UNRELATED": "x"})
    assert (settings.port, settings.host) == (9001, "0.0.0.0")  # noqa: S104 # what an operator may write


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\nsecond line\n")
    settings = load(written(tmp_path, 'data_dir = "d"\nbroker_password_file = "secret"\n'), {})
    assert settings.readings_db == tmp_path / "d" / "readings.db"
    assert settings.registry_db == tmp_path / "d" / "registry.db"
    assert settings.broker_password == "hush"  # noqa: S105 # read from the file above


def test_a_password_of_the_environment_wins_over_the_files_password_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    path = written(tmp_path, 'broker_password_file = "secret"\n')
    assert load(path, {"WAYSTATION_BROKER_PASSWORD": "louder"}).broker_password == "louder"  # noqa: S105 # above


def test_the_token_too_is_kept_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("t0ken\n")
    (tmp_path / "password").write_text("hush\n")
    text = 'influx_token_file = "secret"\nbroker_password_file = "password"\n'
    settings = load(written(tmp_path, text), {})
    assert (settings.influx_token, settings.broker_password) == ("t0ken", "hush")
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(ConfigError, match="a file with the token in its first line") as caught:
        load(written(tmp_path, text), {})
    assert caught.value.key == "influx_token_file"


@pytest.mark.parametrize(
    ("text", "line", "key", "allowed"),
    [
        pytest.param("# one\n\nprot = 1\n", 3, "prot", "one of data_dir, host, port", id="a misspelt key"),
        pytest.param("port = 70000\n", 1, "port", "from 0 to 65535", id="out of range"),
        pytest.param('host = "h"\nport = "80"\n', 2, "port", "a whole number", id="a number in a string"),
        pytest.param("port = true\n", 1, "port", "a whole number", id="true is no number"),
        pytest.param("host = 5\n", 1, "host", "text", id="a number for text"),
        pytest.param("data_dir = 5\n", 1, "data_dir", "a path", id="a number for a path"),
        pytest.param('log_level = "loud"\n', 1, "log_level", "one of debug, info", id="an unknown word"),
        pytest.param("[broker]\nhost = 1\n", 1, "broker", "one of data_dir", id="a table"),
    ],
)
def test_an_error_names_file_line_key_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, key: str, allowed: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=re.escape(allowed)) as caught:
        load(path, {})
    assert (caught.value.where, caught.value.key) == (f"{path}:{line}", key)


@pytest.mark.parametrize("text", ["port = \n", "port 5\n", "\udcff"])
def test_a_file_that_is_no_toml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "waystation.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=re.escape(str(path))):
        load(path, {})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a readable UTF-8 file"):
        load(tmp_path / "none.toml", {})


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="WAYSTATION_PORT: port = 'eighty'"):
        load(None, {"WAYSTATION_PORT": "eighty"})


@pytest.mark.parametrize("content", [None, "", "\nhush\n"])
def test_a_password_file_must_hold_one(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "secret").write_text(content)
    path, secret = written(tmp_path, 'port = 80\nbroker_password_file = "secret"\n'), tmp_path / "secret"
    with pytest.raises(ConfigError, match="expected a file") as caught:
        load(path, {})
    assert str(caught.value).startswith(f"{path}:2: broker_password_file = '{secret}': expected a file")
    with pytest.raises(ConfigError, match=f"^WAYSTATION_BROKER_PASSWORD_FILE: .*{secret}"):
        load(path, {"WAYSTATION_BROKER_PASSWORD_FILE": str(secret)})


def test_the_page_lists_every_setting_as_it_is() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Server")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    expected = [
        f"| `{row.name}` | {row.unit} | {f'`{row.default}`' if row.default else ''} | {row.meaning} |"
        for row in SETTINGS
    ]
    assert lines == expected
