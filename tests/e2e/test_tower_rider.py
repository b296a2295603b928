"""A swap cabinet dials the station; riders and the API are told what it says, in real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.mosquitto import Broker, free_port
from tests.support.server import ServerProcess, register, settings_for
from tests.support.tower import CABINET, Dialled, alarm, login, report
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
STATION = "tower-1"
BACK_S = 30.0
STATION_FILE = """
[station]
id = "{station}"
[broker]
host = "{host}"
port = {port}
password = "{password}"
[outbox]
path = "outbox.db"
[[sensor]]
id = "cabinet-1"
kind = "tower"
port = {listens}
cabinet = "{cabinet}"
slots = 3
map_file = "{devices}/tower-kaixin.toml"
"""


@pytest.fixture
def server(broker: Broker, tmp_path: Path) -> Iterator[ServerProcess]:
    register(tmp_path / "data", [STATION])
    process = ServerProcess(settings_for(broker, tmp_path / "data"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def port(broker: Broker, tmp_path: Path, server: ServerProcess) -> Iterator[int]:
    """Where the running station listens to cabinets."""
    assert server.ready()
    listens = free_port()
    file = tmp_path / "station.toml"
    password = broker.add_user(STATION)
    text = STATION_FILE.format(
        station=STATION,
        host=broker.host,
        port=broker.port,
        password=password,
        listens=listens,
        cabinet=CABINET,
        devices=ROOT / "firmware_config" / "devices",
    )
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "edge", "run", "--config", str(file)]
    environment = {name: value for name, value in os.environ.items() if name != "WAYSTATION_RECORDINGS"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own program
    yield listens
    process.send_signal(signal.SIGTERM)
    assert process.wait(BACK_S) == 0


def told(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/v1/stations/{STATION}", timeout=5)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def page(server: ServerProcess) -> str:
    return httpx.get(f"{server.url}/s/{STATION}", timeout=5).raise_for_status().text


def words(server: ServerProcess) -> list[str]:
    return [slot["word"] for cabinet in told(server).get("cabinets", ()) for slot in cabinet["slots"]]


def dial(port: int) -> Dialled | None:
    try:
        return Dialled(port)
    except OSError:
        return None


def test_slots_and_smoke_reach_the_rider(server: ServerProcess, port: int) -> None:
    dialled = until(lambda: dial(port), BACK_S, "the station listens")
    assert dialled is not None
    with dialled as cabinet:
        cabinet.say(login())
        cabinet.say(report([(1, "02104001", "2"), (2, "02104001", "0"), (3, "02104001", "1")], full=1))
        until(lambda: words(server) == ["charged", "empty", "charging"], BACK_S, "the slots are told")
        assert "故障" not in page(server)
        cabinet.say(alarm("02017001", 1))
        until(lambda: words(server) == ["faulty"] * 3, BACK_S, "nobody is sent to a cabinet that smokes")
        assert "故障" in page(server)
