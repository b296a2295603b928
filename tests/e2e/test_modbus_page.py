"""From a meter's registers to the rider's page: Modbus, agent, Mosquitto, server, all real."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.agent import agent_of
from tests.support.modbus import Server, pzem, swap_board, tcp_server
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess, register, settings_for
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
STATION = "modbus-1"
IN_S = 30.0
"""Everything is in real time here; a change must reach riders within 5 s of being believed."""

HEAD = """
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
"""
METER = """
[[sensor]]
id = "s{n}"
kind = "modbus"
map_file = "{devices}/pzem-004t.toml"
host = "127.0.0.1"
port = {port}
address = {n}
interval_s = 0.5
timeout_s = 0.5
socket_kind = "ac"
charging_s = 1
idle_s = 1
"""
BOARD = """
[[sensor]]
id = "cabinet-1"
kind = "modbus"
map_file = "{devices}/swap-board-8.toml"
host = "127.0.0.1"
port = {port}
address = 9
interval_s = 0.5
timeout_s = 0.5
"""


@contextmanager
def agent(folder: Path, broker: Broker, modbus: Server) -> Iterator[None]:
    """``waystation-edge run`` with three sockets and a cabinet."""
    devices = ROOT / "firmware_config" / "devices"
    head = HEAD.format(station=STATION, host=broker.host, port=broker.port, password=broker.add_user(STATION))
    meters = "".join(METER.format(n=n, devices=devices, port=modbus.port) for n in (1, 2, 3))
    file = folder / "station.toml"
    file.write_text(head + meters + BOARD.format(devices=devices, port=modbus.port), encoding="utf-8")
    with agent_of(file):
        yield


def test_meters_and_a_board_reach_the_riders_page(broker: Broker, tmp_path: Path) -> None:
    """One socket charges, one is free, one meter is not there; one slot of the board is open."""
    register(tmp_path / "data", [STATION])
    server = ServerProcess(settings_for(broker, tmp_path / "data"))
    server.start()
    try:
        assert server.ready()
        devices = [pzem(1, watts=18.5), pzem(2, watts=0), swap_board(9, opened=(3,))]
        with tcp_server(*devices) as modbus, agent(tmp_path, broker, modbus):
            until(lambda: len(decided(server)) == 2, IN_S, "two sockets are decided")
            known = sockets(server)
            assert [plug["state"] for plug in known] == [*decided(server), "unknown"]
            assert decided(server) == ["charging", "free"], "18.5 W charge, 0 W do not"
            slots = whole(server)["cabinets"][0]["slots"]
            assert [slot["word"] for slot in slots][:4] == ["unknown", "unknown", "open", "unknown"]
            page = httpx.get(f"{server.url}/s/{STATION}", timeout=5).raise_for_status().text
            assert "充电中" in page
    finally:
        server.stop()


def whole(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/v1/stations/{STATION}", timeout=5)
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def sockets(server: ServerProcess) -> list[dict[str, Any]]:
    return list(whole(server).get("socket_list", ()))


def decided(server: ServerProcess) -> list[str]:
    """The words of the sockets whose meter says something."""
    return [plug["state"] for plug in sockets(server) if plug["state"] != "unknown"]
