import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.cli import status
from server.config import Settings
from server.pipeline import Pipeline
from server.web import build_web
from tests.support.mosquitto import free_port
from tests.support.serving import serving
from tests.support.web import NOON_MS, TableLive, TableStore, open_state, static_state


@pytest.fixture
def pipeline() -> Pipeline:
    pipeline = Pipeline(
        connected=True, alive=True, committed_total=42, dead_letters=3, last_message_ms=NOON_MS
    )
    pipeline.refuse("too_old", 7)
    pipeline.unknown("[red]evil[/red]")
    return pipeline


@pytest.fixture
def port(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(status, "RATE_S", 0.01)
    live = TableLive()
    live.put(open_state(), static_state())
    with serving(build_web(live, TableStore(), Settings(), pipeline)) as port:
        yield port


def run(port: int, host: str = "127.0.0.1") -> tuple[int, str]:
    """The command's exit code and what it printed."""
    variables = {"WAYSTATION_PORT": str(port), "WAYSTATION_HOST": host, "COLUMNS": "120"}
    result = CliRunner().invoke(app, ["status"], env=variables)
    return result.exit_code, re.sub(r" +", " ", result.output)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 # how a server behind no proxy is set
def test_the_pipeline_at_a_glance(port: int, host: str) -> None:
    code, said = run(port, host)
    assert code == 0
    for line in ("committed 42 0.0/s", "dead letters 3", "too_old 7", "taiyuan 1 0 0 1", "open streams 0"):
        assert line in said
    assert "[red]evil[/red] 1" in said, "an unknown id is text, not markup"
    assert "newest commit never" in said


def test_rates_come_from_two_looks(port: int, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def commit_twenty(_seconds: float) -> None:
        pipeline.committed_total += 20

    monkeypatch.setattr(status, "RATE_S", 2.0)
    monkeypatch.setattr("server.cli.status.time.sleep", commit_twenty)
    assert "committed 62 10.0/s" in run(port)[1]


def test_what_is_not_ready_is_said_and_is_the_exit_code(port: int, pipeline: Pipeline) -> None:
    pipeline.connected = False
    code, said = run(port)
    assert (code, "not ready: not connected to the broker" in said) == (1, True)


def test_no_server_is_one_clear_line() -> None:
    code, said = run(free_port())
    assert code == 1
    assert "is `waystation serve` running?" in said
    assert "Traceback" not in said
