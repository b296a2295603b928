"""From plugs and a gateway on the station's own broker to the rider's page; every part of the way is real."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.agent import agent_of
from tests.support.gateway import Device, LocalBroker, device
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess, register, settings_for
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
STATION = "plugs-1"
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
id = "s1"
kind = "tasmota"
topic = "plug7"
port = {local}
charging_s = 1
idle_s = 1
[[sensor]]
id = "s2"
kind = "shelly"
prefix = "shelly-a8"
port = {local}
charging_s = 1
idle_s = 1
[[sensor]]
id = "s3"
kind = "tasmota"
topic = "nobody"
port = {local}
[[sensor]]
id = "cabinet-1"
kind = "mqtt_map"
device = "A0017"
map_file = "{devices}/mqtt-cabinet.toml"
port = {local}
"""
SLOTS = [
    {"no": 1, "battery": 1, "charging": 2, "door": 0, "soc": 100, "alarm": 0},
    {"no": 2, "battery": 1, "charging": 1, "door": 0, "soc": 40, "alarm": 0},
    {"no": 3, "battery": 0, "charging": 0, "door": 0, "alarm": 0},
    {"no": 4, "battery": 0, "charging": 0, "door": 1, "alarm": 0},
]


@contextmanager
def agent(folder: Path, broker: Broker, local: LocalBroker) -> Iterator[None]:
    """``waystation-edge run`` with three plugs and a cabinet."""
    file = folder / "station.toml"
    devices = ROOT / "firmware_config" / "devices"
    filled = FILE.format(
        station=STATION,
        host=broker.host,
        port=broker.port,
        password=broker.add_user(STATION),
        local=local.port,
        devices=devices,
    )
    file.write_text(filled, encoding="utf-8")
    with agent_of(file):
        yield


def speak(plug: Device) -> None:
    """All that is connected says how it is."""
    plug.say("tele/plug7/SENSOR", {"ENERGY": {"Power": 18.5, "Voltage": 228}})
    plug.say("shelly-a8/status/switch:0", {"id": 0, "output": True, "apower": 0.0, "voltage": 231.0})
    plug.say("cabinet/A0017/state", {"temperature": 31.5, "mains": 1, "smoke": 0, "slots": SLOTS})


@contextmanager
def speaking(local: LocalBroker) -> Iterator[None]:
    over = threading.Event()

    def talk() -> None:
        with device(local) as plug:
            while not over.wait(0.3):
                speak(plug)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_plugs_and_a_gateway_reach_the_riders_page(broker: Broker, tmp_path: Path) -> None:
    """One socket charges, one is free, one plug is not there; one slot of four has a charged battery."""
    register(tmp_path / "data", [STATION])
    server = ServerProcess(settings_for(broker, tmp_path / "data"))
    server.start()
    try:
        assert server.ready()
        with LocalBroker(tmp_path / "local") as local, speaking(local), agent(tmp_path, broker, local):
            until(lambda: states(server) == {"s1": "charging", "s2": "free"}, IN_S, "two plugs are decided")
            slots = until(lambda: words(server), IN_S, "the cabinet is there")
            assert slots[:5] == ["charged", "charging", "empty", "open", "unknown"]
            page = httpx.get(f"{server.url}/s/{STATION}", timeout=5).raise_for_status().text
            assert "充电中" in page
    finally:
        server.stop()


def whole(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/v1/stations/{STATION}", timeout=5)
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def states(server: ServerProcess) -> dict[str, str]:
    """The sockets that something is known of."""
    plugs = whole(server).get("socket_list", ())
    return {plug["id"]: plug["state"] for plug in plugs if plug["state"] != "unknown"}


def words(server: ServerProcess) -> list[str]:
    cabinets = whole(server).get("cabinets", ())
    return [slot["word"] for slot in cabinets[0]["slots"]] if cabinets and cabinets[0].get("slots") else []
