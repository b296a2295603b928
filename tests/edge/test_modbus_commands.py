"""What ``check`` and ``read`` say of devices on Modbus."""

from pathlib import Path

from edge.check import check
from edge.reading import read_all
from tests.support.modbus import (
    RudeServer,
    mbap,
    pzem,
    swap_board,
    tcp_server,
)
from tests.support.modbus_sensors import CLOCK, DEVICES, metered
from tests.support.mosquitto import free_port

STATION = """
[station]
id = "test-station"
[broker]
host = "127.0.0.1"
port = {broker}
password = "password"
[outbox]
path = "{folder}/outbox.db"
[[sensor]]
id = "s1"
kind = "modbus"
map_file = "{devices}/pzem-004t.toml"
host = "127.0.0.1"
port = {port}
timeout_s = 0.2
address = 1
[[sensor]]
id = "c1"
kind = "modbus"
map_file = "{devices}/swap-board-8.toml"
host = "127.0.0.1"
port = {port}
timeout_s = 0.2
address = 3
"""


def verdicts(folder: Path, port: int) -> dict[str, tuple[bool, str]]:
    file = folder / "station.toml"
    file.write_text(STATION.format(folder=folder, devices=DEVICES, port=port, broker=free_port()))
    found = {finding.name: (finding.ok, finding.text) for finding in check(file, CLOCK)}
    return {name: found[name] for name in ("sensor s1", "sensor c1")}


def test_check_knows_a_meter_and_says_that_it_cannot_know_a_board(tmp_path: Path) -> None:
    with tcp_server(pzem(1), swap_board(3)) as server:
        found = verdicts(tmp_path, server.port)
    assert found["sensor s1"][0]
    assert "holding 2 is 1, as it must be" in found["sensor s1"][1]
    assert found["sensor c1"][0]
    assert "cannot be known" in found["sensor c1"][1]


def test_check_is_not_taken_in_by_a_device_that_answers_everything(tmp_path: Path) -> None:
    """Zeros for every register: one that answers whatever it is asked is no meter."""
    server = RudeServer(lambda q: mbap(q, q[7], bytes(2 * q[11] if q[7] > 2 else 1)))
    found = verdicts(tmp_path, server.port)
    assert not found["sensor s1"][0]
    assert "other_device" in found["sensor s1"][1]
    assert "cannot be known" in found["sensor c1"][1]
    server.close()


def test_check_says_who_is_not_there(tmp_path: Path) -> None:
    assert verdicts(tmp_path, free_port())["sensor s1"][1].startswith("unreachable: 127.0.0.1")


def test_read_shows_raw_beside_meaning() -> None:
    with tcp_server(pzem(1, watts=4.6)) as server:
        lines = [line for line, _ in read_all([metered(server.port)], CLOCK)]
    assert lines[0] == ("s1", "modbus", lines[0][2])
    assert "power 4.6 W" in lines[0][2]
    power = next(line[2] for line in lines if line[2].startswith("power_w"))
    assert power.split() == ["power_w", "input", "3-4", "=", "0x002E", "0x0000", "4.6", "W"]


def test_read_says_why_there_is_nothing() -> None:
    [(line, well)] = read_all([metered(free_port())], CLOCK)
    assert not well
    assert line[2].startswith("unreachable")
