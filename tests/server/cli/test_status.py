import os
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract.messages import Snapshot
from server.__main__ import app
from server.cli import status
from server.model import Network, Station
from server.pipeline import Pipeline
from server.registry import Registry
from server.settings import Settings
from server.store import Accepted
from server.store.sqlite import Store
from server.web.build import build_web
from tests.support.mosquitto import free_port
from tests.support.serving import serving
from tests.support.stranger import stranger, web
from tests.support.web import NOON_MS, TableLive, TableStore, open_state, static_state


@pytest.fixture
def pipeline() -> Pipeline:
    pipeline = Pipeline(
        connected=True, alive=True, committed_total=42, dead_letters=3, last_message_ms=NOON_MS
    )
    pipeline.refuse("too_old", 7)
    pipeline.unknown("[red]evil[/red]", 0)
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
    variables = {
        "WAYSTATION_CONFIG": os.devnull,  # not that of a server installed on this machine
        "WAYSTATION_PORT": str(port),
        "WAYSTATION_HOST": host,
        "COLUMNS": "120",
    }
    result = CliRunner().invoke(app, ["status"], env=variables)
    return result.exit_code, re.sub(r" +", " ", result.output)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 # how a server behind no proxy is set
def test_the_pipeline_at_a_glance(port: int, host: str) -> None:
    code, said = run(port, host)
    assert code == 0
    for line in (
        "messages 0 0.0/s of all kinds",
        "committed 42 0.0/s new readings only",
        "dead letters 3",
        "too_old 7",
        "taiyuan 1 0 0 1",
        "open streams 0",
    ):
        assert line in said
    assert "[red]evil[/red] 1" in said, "an unknown id is text, not markup"
    assert "newest commit never" in said


def test_rates_come_from_two_looks(port: int, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def commit_twenty(_seconds: float) -> None:
        pipeline.committed_total += 20

    monkeypatch.setattr(status, "RATE_S", 2.0)
    monkeypatch.setattr(status, "sleep", commit_twenty)
    assert "committed 62 10.0/s" in run(port)[1]


def test_what_is_not_ready_is_said_and_is_the_exit_code(port: int, pipeline: Pipeline) -> None:
    pipeline.connected = False
    code, said = run(port)
    assert (code, "not ready: not connected to the broker" in said) == (1, True)


def test_a_store_that_was_moved_aside_is_said(port: int, pipeline: Pipeline) -> None:
    pipeline.store_replaced = "/data/readings.db.corrupt-1"
    code, said = run(port)
    assert (code, "notice: a corrupt store was moved aside as readings.db.corrupt-1" in said) == (0, True)


def test_who_is_silent_is_told_or_where_to_ask(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYSTATION_DATA_DIR", str(tmp_path))
    assert f"{tmp_path} cannot be read" in run(port)[1].replace("\n", " ")
    with closing(Registry.open(tmp_path / "registry.db")) as registry:
        registry.put_networks([Network("taiyuan", "太原市", "Taiyuan")])
        registry.put_stations(
            [Station("st-1", "taiyuan", "甲", instrumented=True, region=("小店区", "坞城"))]
        )
    with closing(Store.open(tmp_path / "readings.db")) as store:
        snapshot = Snapshot("a" * 16, 1, time.time_ns() // 1_000_000, 5, "0f5b4c2e-b001", "synced")
        heard = Accepted("st-2", snapshot, snapshot.at_ms, "measured", 0)
        store.commit([heard])
    code, said = run(port)
    assert code == 0
    assert "0 offline, 1 never heard for name district" in said
    assert "st-1 never 甲 小店区" in said
    with closing(Registry.open(tmp_path / "registry.db")) as registry:
        registry.remove_station("st-1")
        registry.put_stations([Station("st-2", "taiyuan", "乙", instrumented=True)])
    assert "no instrumented station is silent" in run(port)[1]


def test_no_server_is_one_clear_line() -> None:
    code, said = run(free_port())
    assert code == 1
    assert "is `waystation serve` running?" in said
    assert "Traceback" not in said


def test_another_program_there_is_one_clear_line() -> None:
    with stranger(web("[]")) as port:
        code, said = run(port)
    assert code == 1
    assert f"what answers at 127.0.0.1:{port} is no Waystation server; is `waystation serve` running?" in said
