"""From a meter's registers to the rider's page: Modbus, agent, Mosquitto, server, Chromium, all real."""

from tests.support.agent import MAPS
from tests.support.journey import Journey
from tests.support.modbus import pzem, swap_board, tcp_server

STATIONS = ["modbus-1"]

METER = """
[[sensor]]
id = "s{n}"
kind = "modbus"
map_file = "{maps}/pzem-004t.toml"
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
map_file = "{maps}/swap-board-8.toml"
host = "127.0.0.1"
port = {port}
address = 9
interval_s = 0.5
timeout_s = 0.5
"""


def test_meters_and_a_board_reach_the_riders_page(journey: Journey) -> None:
    """One socket charges, one is free, one meter is not there; one slot of the board is open."""
    devices = [pzem(1, watts=18.5), pzem(2, watts=0), swap_board(9, opened=(3,))]
    with tcp_server(*devices) as modbus:
        meters = "".join(METER.format(n=n, maps=MAPS, port=modbus.port) for n in (1, 2, 3))
        sensors = meters + BOARD.format(maps=MAPS, port=modbus.port)
        with journey.station("modbus-1", sensors) as (_, rider):
            rider.socket("s1", "充电中")
            rider.socket("s2", "空着")
            rider.socket("s3", "不清楚")
            rider.slots(*["不清楚"] * 2, "门开着", *["不清楚"] * 5)
