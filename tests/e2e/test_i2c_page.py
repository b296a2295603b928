"""From parts on I2C to the rider's page: Adafruit's drivers, agent, Mosquitto, server; the bus is made up."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.store.reader import Reader
from tests.support import pi
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess, register, settings_for
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
STATION = "i2c-1"
IN_S = 60.0

FILE = """
[station]
id = "{station}"
[broker]
host = "{host}"
port = {port}
password = "{password}"
[sampling]
sample_s = 0.2
heartbeat_s = 1
[outbox]
path = "outbox.db"
[[sensor]]
id = "room"
kind = "sht4x"
interval_s = 5
[[sensor]]
id = "air"
kind = "scd4x"
interval_s = 5
[[sensor]]
id = "front"
kind = "vl53l1x"
"""


@contextmanager
def agent(folder: Path, broker: Broker, climate: str, address: int) -> Iterator[subprocess.Popen[bytes]]:
    """``waystation-edge run`` on a machine with an I2C bus."""
    file = folder / "station.toml"
    password = broker.add_user(STATION)
    filled = FILE.format(
        station=STATION,
        host=broker.host,
        port=broker.port,
        password=password,
        climate=climate,
        address=address,
    )
    file.write_text(filled)
    command = [sys.executable, "-m", "tests.support.pi", "run", "--config", str(file)]
    process = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ))  # noqa: S603 - our own program
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(IN_S) == 0


@pytest.mark.parametrize(("climate", "address"), [("sht4x", 0x44), ("sht31", 0x45)])
def test_climate_and_people_reach_the_riders_page(
    broker: Broker, tmp_path: Path, climate: str, address: int
) -> None:
    """Three come in and one leaves; then the bus hangs, and nobody says what the air is like now."""
    settings = settings_for(broker, tmp_path / "data")
    register(tmp_path / "data", [STATION])
    server = ServerProcess(settings)
    server.start()
    try:
        assert server.ready()
        reader = Reader(settings.readings_db)
        with agent(tmp_path, broker, climate, address) as process:
            until(lambda: comfort(server).get("temperature_c") == pi.TEMPERATURE_C, IN_S, "the air is told")
            until(lambda: walked(reader) == (pi.CAME, pi.WENT), IN_S, "people are counted")
            air = reader.newest()[STATION].snapshot.climate
            assert air is not None
            assert (air.co2_ppm, air.humidity_pct) == (pi.CO2_PPM, pi.HUMIDITY_PCT)
            assert whole(server)["crowding"]["value"] == "quiet", "two of twenty places"
            assert f"{pi.TEMPERATURE_C} " in page(server).replace("°", " ")
            process.send_signal(signal.SIGUSR1)
            until(lambda: comfort(server)["value"] == "unknown", IN_S, "a bus that hangs says nothing")
            snapshot = reader.newest()[STATION].snapshot
            assert snapshot.climate is None
            process.send_signal(signal.SIGUSR1)
            until(lambda: comfort(server)["value"] != "unknown", IN_S, "it goes on")
    finally:
        server.stop()


def whole(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/v1/stations/{STATION}", timeout=5)
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def comfort(server: ServerProcess) -> dict[str, Any]:
    told: dict[str, Any] = whole(server)["comfort"]
    return told


def page(server: ServerProcess) -> str:
    return httpx.get(f"{server.url}/s/{STATION}", timeout=5).raise_for_status().text


def walked(reader: Reader) -> tuple[int, int]:
    newest = reader.newest().get(STATION)
    doors = newest.snapshot.doors if newest else ()
    return (doors[0].in_total, doors[0].out_total) if doors else (0, 0)
