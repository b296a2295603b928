"""``waystation-edge`` lists its commands and imports no more than it needs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge.__main__ import COMMANDS, EX_CONFIG, main

ROOT = Path(__file__).parents[2]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert set(re.findall(r"^    (\S+)", said, re.MULTILINE)) >= set(COMMANDS)


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"waystation-edge (\d+\.\d+\.\d+|from-source)\n", capsys.readouterr().out)


def test_a_command_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert ended.value.code == 2
    assert "fly" in capsys.readouterr().err


def test_a_wrong_station_file_is_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--config", str(tmp_path / "none.toml")]) == EX_CONFIG
    assert "cannot be read" in capsys.readouterr().err


def test_the_agent_imports_no_driver_and_no_simulation() -> None:
    script = (
        "import sys; from edge.__main__ import main\n"
        "try: main(['run', '--help'])\nexcept SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(result.stderr.split())
    assert "edge.run" in modules
    heavy = {
        "gpiozero",
        "adafruit_dht",
        "edge.simulate",
        "edge.replay",
        "edge.days",
        "server",
        "msgspec",
        "numpy",
    }
    assert modules & heavy == set()
