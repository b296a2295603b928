"""scripts/compose.sh makes passwords and tokens once, starts the rest, and says what is missing."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.compose import SCRIPT, SECRETS


def checkout(folder: Path) -> Path:
    """A copy of the script, and the checkout that it takes for its own."""
    (folder / "scripts").mkdir()
    return Path(shutil.copy(SCRIPT, folder / "scripts"))


def made(folder: Path) -> dict[str, str]:
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def run(script: Path, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{path}:{os.environ['PATH']}"} if path else {"PATH": os.environ["PATH"]}
    return subprocess.run(  # noqa: S603  (our own script)
        [script, *words], env=environment, capture_output=True, text=True, check=False
    )


def test_the_script_makes_passwords_that_nobody_guesses_and_keeps_them(tmp_path: Path) -> None:
    script = checkout(tmp_path)
    assert run(script, "--only-env").returncode == 0
    first = made(tmp_path)
    assert set(first) == {name for name in SECRETS if name not in ("INFLUX_WRITE_TOKEN", "INFLUX_READ_TOKEN")}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", value) for value in first.values())
    assert len(set(first.values())) == len(first)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert run(script, "--only-env").returncode == 0
    assert made(tmp_path) == first


def test_the_script_says_how_it_is_used(tmp_path: Path) -> None:
    said = run(checkout(tmp_path), "--what")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "Usage: scripts/compose.sh [--only-env]\n"
    assert not (tmp_path / ".env").exists()


DOCKER = """#!/bin/sh
echo "$*" >>"{log}"
case "$*" in
    *"bucket list"*) printf '0abc\\twaystation\\tinfinite\\n' ;;
    *--write-bucket*) echo '{{"token": "may-write=="}}' ;;
    *--read-bucket*) echo '{{"token": "may-read=="}}' ;;
esac
"""


def test_the_script_asks_for_two_tokens_once_and_starts_the_rest(tmp_path: Path) -> None:
    script, log, programs = checkout(tmp_path), tmp_path / "log", tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER.format(log=log), encoding="utf-8")
    (programs / "docker").chmod(0o755)
    assert run(script, path=str(programs)).returncode == 0
    assert set(made(tmp_path)) == set(SECRETS)
    assert made(tmp_path)["INFLUX_WRITE_TOKEN"] == "may-write=="  # noqa: S105  (of the stand-in above)
    assert made(tmp_path)["INFLUX_READ_TOKEN"] == "may-read=="  # noqa: S105
    lines = log.read_text("utf-8").splitlines()
    looks = ["compose version", "info"]
    assert lines[:3] == [*looks, "compose up --detach --wait influxdb"]
    assert "--write-bucket 0abc" in lines[4]
    assert "--read-bucket 0abc" in lines[5]
    assert lines[6:] == ["compose up --detach --build"]
    assert run(script, path=str(programs)).returncode == 0
    assert log.read_text("utf-8").splitlines()[7:] == [*looks, "compose up --detach --build"]


@pytest.mark.parametrize(
    ("refused", "said"),
    [("compose version", "docker compose is not there"), ("info", "Docker does not answer")],
)
def test_the_script_says_what_of_docker_is_missing(tmp_path: Path, refused: str, said: str) -> None:
    script, programs = checkout(tmp_path), tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text(f'#!/bin/sh\n[ "$*" != "{refused}" ]\n', encoding="utf-8")
    (programs / "docker").chmod(0o755)
    done = run(script, path=str(programs))
    assert done.returncode == 1
    assert said in done.stderr
    assert "gave no tokens" not in done.stderr


def test_the_script_stops_where_influxdb_gives_no_token(tmp_path: Path) -> None:
    script, programs = checkout(tmp_path), tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text("#!/bin/sh\n", encoding="utf-8")
    (programs / "docker").chmod(0o755)
    said = run(script, path=str(programs))
    assert said.returncode == 1
    assert "gave no tokens" in said.stderr
    assert "INFLUX_READ_TOKEN" not in made(tmp_path)
