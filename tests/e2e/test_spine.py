"""The spine, in real processes: station, broker, server. A reading goes in at one end and out at the API."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.store.reader import Reader
from tests.support.agent import ROOT, station_file
from tests.support.corpus import MALFORMED, as_bytes, snapshot, telemetry
from tests.support.mosquitto import Broker, executable
from tests.support.server import ServerProcess, register, settings_for
from tests.support.wait import until

STATION = "spine-1"
BACK_S = 30.0
"""Any single process that was killed is back within this."""

SENSORS = """
[[sensor]]
id = "room"
kind = "recorded_climate"
interval_s = 0.2
path = "room.csv"
time = ["t"]
time_format = "unix"
max_age_s = 86400
temperature = { column = "c" }

[[sensor]]
id = "main"
kind = "simulated_door"

[[sensor]]
id = "plugs"
kind = "simulated_sockets"
"""


class Station:
    """``waystation-edge run`` as a child process."""

    def __init__(self, folder: Path, broker: Broker, temperature_c: float) -> None:
        folder.mkdir()
        self._folder = folder
        now_s = int(datetime.now(UTC).timestamp())
        rows = "".join(f"{now_s - 60 + n},{temperature_c}\n" for n in range(61))
        (folder / "room.csv").write_text(f"t,c\n{rows}", encoding="utf-8")
        self._file = station_file(folder, broker, STATION, SENSORS)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "edge", "run", "--config", str(self._file)]
        environment = {name: value for name, value in os.environ.items() if name != "WAYSTATION_RECORDINGS"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own program

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(BACK_S)


@pytest.fixture
def server(broker: Broker, tmp_path: Path) -> Iterator[ServerProcess]:
    register(tmp_path / "data", [STATION])
    process = ServerProcess(settings_for(broker, tmp_path / "data"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def station(broker: Broker, tmp_path: Path, server: ServerProcess) -> Iterator[Station]:
    assert server.ready()
    running = Station(tmp_path / "station", broker, temperature_c=27.25)
    running.start()
    yield running
    assert running.process is not None
    if running.process.poll() is None:
        running.end(signal.SIGKILL)


def _told(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/v1/stations/{STATION}", timeout=BACK_S)
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def _measured_at(server: ServerProcess) -> str:
    return str(_told(server).get("measured_at", ""))


def _newer(server: ServerProcess, than: str) -> bool:
    try:
        return _measured_at(server) > than
    except httpx.HTTPError:
        return False


@pytest.mark.usefixtures("station")
def test_a_reading_goes_from_the_sensor_to_the_api(server: ServerProcess) -> None:
    until(lambda: _told(server).get("freshness") == "fresh", BACK_S, "the station is live")
    until(lambda: _told(server)["comfort"].get("temperature_c"), BACK_S, "the temperature is there")
    told = _told(server)
    assert told["comfort"]["temperature_c"] == 27.25
    assert told["simulated"] is True
    assert told["sockets"]["total"] >= 1
    age = datetime.now(UTC) - datetime.fromisoformat(told["measured_at"])
    assert age.total_seconds() < BACK_S


@pytest.mark.parametrize("victim", ["broker", "server", "station"])
def test_whoever_is_killed_new_readings_come_again(
    victim: str, broker: Broker, server: ServerProcess, station: Station
) -> None:
    until(lambda: _measured_at(server), BACK_S, "the station is live")
    match victim:
        case "broker":
            broker.kill()
            broker.start()
        case "server":
            server.kill()
            server.start()
        case "station":
            station.end(signal.SIGKILL)
            station.start()
    before = _measured_at(server)
    until(lambda: _newer(server, before), BACK_S, f"a newer reading after the {victim} was killed")


def test_both_ends_stop_in_order(server: ServerProcess, station: Station, tmp_path: Path) -> None:
    until(lambda: _measured_at(server), BACK_S, "the station is live")
    assert station.end(signal.SIGTERM) == 0
    assert server.stop() == 0
    reader = Reader(tmp_path / "data" / "readings.db")
    rows = list(reader.snapshots(STATION, 0, 2**53))
    stored = [row.snapshot.seq for row in rows]
    # The newest goes first, so an older one may still wait when the station stops.
    with closing(sqlite3.connect(tmp_path / "station" / "outbox.db")) as outbox:
        waiting = {seq for (seq,) in outbox.execute("SELECT seq FROM rows")}
    assert len(set(stored)) == len(stored)
    made = set(stored) | waiting
    assert made == set(range(1, len(made) + 1)), "every reading is in the store or waits in the outbox"
    assert reader.check_integrity() == []


def test_what_is_malformed_costs_nothing_of_what_follows(server: ServerProcess, broker: Broker) -> None:
    """The whole corpus in a row, then a good reading; the API answers all the while."""
    password = broker.add_user(STATION)
    now_ms = round(datetime.now(UTC).timestamp() * 1000)
    sent = [payload for payload in MALFORMED.values() if payload]  # mosquitto_pub sends no empty message
    for payload in [*sent, as_bytes(telemetry(snapshot(1, now_ms)))]:
        _publish(broker, password, payload)
        assert httpx.get(f"{server.url}/api/v1/stations", params={"network": "test-net"}).status_code == 200
    until(lambda: _measured_at(server), BACK_S, "the good reading is live")
    assert _told(server)["comfort"]["temperature_c"] == 24.5
    metrics = httpx.get(f"{server.url}/metrics").text
    refused = [line for line in metrics.splitlines() if line.startswith("waystation") and "refused" in line]
    counted = sum(float(line.rsplit(" ", 1)[1]) for line in refused)
    assert counted == len(sent), "each is one message of at most one snapshot; the good one is not among them"


def _publish(broker: Broker, password: str, payload: bytes) -> None:
    command = [executable("mosquitto_pub"), "-h", broker.host, "-p", str(broker.port), "-u", STATION]
    message = ["-P", password, "-q", "1", "-t", f"waystation/v1/{STATION}/telemetry", "-s"]
    subprocess.run(command + message, input=payload, check=True, timeout=20)  # noqa: S603 - on loopback
