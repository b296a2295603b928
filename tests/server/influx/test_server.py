"""The whole server with a real InfluxDB beside it: what stations and riders notice of its faults."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.corpus import as_bytes, snapshot, telemetry
from tests.support.influx import Influx, influx
from tests.support.mosquitto import Broker
from tests.support.recordings import CHECKOUT
from tests.support.server import RawStation, ServerProcess, register, settings_for
from tests.support.wait import until

SOON_S = 40.0
"""A pass each five seconds, a pause of some seconds behind a fault, on a machine with much else to do."""
BUCKET = "city"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Influx]:
    with influx(tmp_path / "influx") as server:
        server.create(BUCKET)
        yield server


@pytest.fixture
def child(tmp_path: Path, broker: Broker, server: Influx) -> Iterator[ServerProcess]:
    register(tmp_path / "data", ["canteen", "library"])
    (tmp_path / "token").write_text(f"{server.token}\n", encoding="utf-8")
    environment = {
        "WAYSTATION_INFLUX_URL": server.url,
        "WAYSTATION_INFLUX_ORG": server.org,
        "WAYSTATION_INFLUX_BUCKET": BUCKET,
        "WAYSTATION_INFLUX_TOKEN_FILE": str(tmp_path / "token"),
    }
    process = ServerProcess(settings_for(broker, tmp_path / "data"), environment=environment)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def station(broker: Broker) -> Iterator[RawStation]:
    with RawStation(broker, "canteen", broker.add_user("canteen")) as connected:
        yield connected


def written(server: Influx) -> int:
    rows = server.query(BUCKET, "SELECT count(temperature_c) AS n FROM climate WHERE station = 'canteen'")
    return rows[0]["n"] if rows else 0


def notices(child: ServerProcess) -> list[str]:
    answer = httpx.get(f"{child.url}/readyz", timeout=5)
    assert answer.status_code == 200, "it is ready, whatever InfluxDB does"
    return [str(each) for each in answer.json()["notices"] if "InfluxDB" in str(each)]


def send(station: RawStation, seq: int) -> None:
    station.send(as_bytes(telemetry(snapshot(seq, time.time_ns() // 1_000_000))))
    until(lambda: seq in station.committed(), 30, "it is acked")


def test_from_a_station_to_influxdb_over_faults_of_all(
    child: ServerProcess, station: RawStation, server: Influx
) -> None:
    send(station, 1)
    until(lambda: written(server) == 1, SOON_S, "it is in InfluxDB")
    assert notices(child) == []
    server.kill()
    send(station, 2)
    said = until(lambda: notices(child), SOON_S, "the server says that InfluxDB is away")
    assert said[0].startswith("InfluxDB takes nothing at present: cannot be reached")
    told = httpx.get(f"{child.url}/api/v1/stations/canteen", timeout=5).json()
    assert told["freshness"] == "fresh", "riders are told what is"
    child.kill()
    child.start()
    send(station, 3)
    assert child.stop() == 0, "it ends in good order with InfluxDB away"
    server.start()
    child.start()
    until(lambda: written(server) == 3, SOON_S, "all of it is in InfluxDB")
    until(lambda: not notices(child), SOON_S, "nothing is left to say")
    figures = httpx.get(f"{child.url}/metrics", timeout=5).text
    assert "waystation_influx_well 1.0" in figures
    assert server.token not in figures


def test_a_server_without_influxdb_does_not_import_its_client() -> None:
    asked = "import sys; import server.app; print('influxdb_client' in sys.modules)"
    done = subprocess.run(  # noqa: S603 # this checkout's own code
        [sys.executable, "-c", asked], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
