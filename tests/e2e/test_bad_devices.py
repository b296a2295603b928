"""One agent, a device of every kind, and half of them go bad at once: the other half goes on."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from contract.messages import Snapshot
from server.store.reader import Reader
from tests.support import pi
from tests.support.agent import MAPS, ROOT, agent_of, station_file
from tests.support.gateway import Device, LocalBroker, device, repeating
from tests.support.modbus import RudeServer, mbap, pzem, tcp_server
from tests.support.mosquitto import Broker, free_port
from tests.support.server import ServerProcess, register, settings_for
from tests.support.tower import CABINET, Dialled, dialled, login, report
from tests.support.wait import until

STATION = "devices-1"
OTHER = "CHTEST12AB0002"
IN_S = 60.0
LOST_S = 120.0
"""A cabinet that is hung up on has a minute to dial again."""

SOCKET = """
[[sensor]]
id = "{id}"
kind = "{kind}"
{keys}
charging_s = 1
idle_s = 1
"""
MODBUS = """
map_file = "{maps}/pzem-004t.toml"
host = "127.0.0.1"
port = {port}
address = 1
interval_s = 0.5
timeout_s = 0.5
silent_s = 5
"""
GATEWAY = """
map = {{ device = "socket", value = [{{ value = "power_w", topic = "gw/{id}", path = "$.w" }}] }}
silent_s = 5
port = {local}
"""
CABINETS = """
[[sensor]]
id = "{id}"
kind = "tower"
port = {port}
cabinet = "{cabinet}"
slots = 2
map_file = "{maps}/tower-kaixin.toml"
"""
CLIMATE = """
[[sensor]]
id = "room"
kind = "sht4x"
interval_s = 5
[[sensor]]
id = "air"
kind = "scd4x"
interval_s = 5
"""

GOOD = {"well-bus", "well-plug", "well-gateway"}
BAD = {"bad-bus", "bad-plug", "bad-gateway"}
FAULTS = {
    ("bad-bus", "no_answer"),
    ("bad-plug", "offline"),
    ("bad-gateway", "silent"),
    ("bad-cabinet", "not_connected"),
    ("room", "no_answer"),
    ("air", "no_answer"),
}


class Meter:
    """A PZEM-004T that answers, and then does not."""

    hangs = False

    def __call__(self, question: bytes) -> bytes:
        if self.hangs:
            return b""
        first, count = (int.from_bytes(question[at : at + 2], "big") for at in (8, 10))
        registers = [2298, 80, 0, 185, 0, 0, 0, 500, 95, 0] if question[7] == 4 else [0, 2300, 1]
        wanted = registers[first : first + count]
        return mbap(question, question[7], b"".join(each.to_bytes(2, "big") for each in wanted))


class City:
    """All that is connected to the station, and what the server was told of it.

    Attributes:
        seen: what the last look found; all that is told is of that.
    """

    def __init__(self, folder: Path, broker: Broker, stack: ExitStack) -> None:
        self.folder = folder
        self.local = stack.enter_context(LocalBroker(folder / "local"))
        self.modbus = stack.enter_context(tcp_server(pzem(1, watts=18.5)))
        self.meter = Meter()
        self.rude = RudeServer(self.meter)
        stack.callback(self.rude.close)
        self.tower = free_port()
        self.file = station_file(folder, broker, STATION, self._sensors())
        self.reader = Reader(settings_for(broker, folder / "data").readings_db)
        self.seen: Snapshot | None = None

    def _sensors(self) -> str:
        maps, local = MAPS, self.local.port
        sockets = [
            ("well-bus", "modbus", MODBUS.format(maps=maps, port=self.modbus.port)),
            ("bad-bus", "modbus", MODBUS.format(maps=maps, port=self.rude.port)),
            ("well-plug", "tasmota", f'topic = "well"\nport = {local}'),
            ("bad-plug", "tasmota", f'topic = "bad"\nport = {local}'),
            ("well-gateway", "mqtt_map", GATEWAY.format(id="well", local=local)),
            ("bad-gateway", "mqtt_map", GATEWAY.format(id="bad", local=local)),
        ]
        cabinets = [("well-cabinet", CABINET), ("bad-cabinet", OTHER)]
        return "".join(
            [
                *(SOCKET.format(id=each, kind=kind, keys=keys) for each, kind, keys in sockets),
                *(
                    CABINETS.format(id=each, port=self.tower, cabinet=cabinet, maps=maps)
                    for each, cabinet in cabinets
                ),
                CLIMATE,
            ]
        )

    def look(self) -> "City":
        """See what the server committed last."""
        newest = self.reader.newest().get(STATION)
        self.seen = newest.snapshot if newest else None
        return self

    def states(self) -> dict[str, tuple[str, float | None]]:
        """Sockets by name: state and watts."""
        return {each.id: (each.state, each.power_w) for each in self.seen.sockets} if self.seen else {}

    def charging(self) -> set[str]:
        return {name for name, (state, _) in self.states().items() if state == "charging"}

    def charges(self, cabinet: str) -> list[str]:
        cabinets = {each.id: each for each in self.seen.cabinets} if self.seen else {}
        return [slot.charge for slot in cabinets[cabinet].slots] if cabinet in cabinets else []

    def faults(self) -> set[tuple[str, str]]:
        return {(each.sensor, each.code) for each in self.seen.faults} if self.seen else set()

    def air(self) -> tuple[float | None, float | None] | None:
        """Degrees and CO2; None for nothing."""
        climate = self.seen.climate if self.seen else None
        return (climate.temperature_c, climate.co2_ppm) if climate else None

    def devices(self) -> tuple[int, str]:
        """``waystation-edge devices`` beside the running agent."""
        command = [sys.executable, "-m", "edge", "devices", "--config", str(self.file)]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        return said.returncode, said.stdout


@pytest.fixture
def city(broker: Broker, tmp_path: Path) -> Iterator[City]:
    register(tmp_path / "data", [STATION])
    server = ServerProcess(settings_for(broker, tmp_path / "data"))
    server.start()
    try:
        assert server.ready()
        with ExitStack() as stack:
            yield City(tmp_path, broker, stack)
    finally:
        server.stop()


def watts(value: float) -> dict[str, Any]:
    return {"ENERGY": {"Power": value}}


def cabinet(city: City, name: str, slots: list[str]) -> Dialled:
    """It dials, logs in and reports."""
    connection = dialled(city.tower, IN_S)
    connection.say(login(name))
    connection.say(told(name, slots))
    return connection


def told(name: str, slots: list[str]) -> dict[str, Any]:
    listed = [(n, "02104001", value) for n, value in enumerate(slots, 1)]
    return report(listed, full=1) | {"devId": name}


def test_one_bad_device_never_stops_the_others(city: City) -> None:
    drawn = 18.5
    with ExitStack() as stack:
        process = stack.enter_context(agent_of(city.file, "tests.support.pi"))
        well = stack.enter_context(device(city.local))
        bad = Device(city.local, will=("tele/bad/LWT", "Offline"))
        good_cabinet = stack.enter_context(cabinet(city, CABINET, ["2", "1"]))
        bad_cabinet = stack.enter_context(cabinet(city, OTHER, ["2", "2"]))

        def speak() -> None:
            well.say("tele/well/SENSOR", watts(drawn))
            well.say("gw/well", {"w": 18.5})

        stack.enter_context(repeating(speak))

        def all_is_well() -> bool:
            bad.say("tele/bad/SENSOR", watts(18.5))
            bad.say("gw/bad", {"w": 18.5})
            wanted = pi.TEMPERATURE_C, pi.CO2_PPM
            return city.look().charging() == GOOD | BAD and not city.faults() and city.air() == wanted

        until(all_is_well, IN_S, "six sockets charge, and the air is measured")
        assert (city.charges("well-cabinet"), city.charges("bad-cabinet")) == (
            ["full", "charging"],
            ["full", "full"],
        )
        until(lambda: city.devices()[0] == 0, IN_S, "all devices are well")

        process.send_signal(signal.SIGUSR1)
        city.meter.hangs = True
        bad.vanish()
        for _ in range(3):
            well.say("gw/bad", b'{"w": 18.5, "x": "' + b"9" * 10_000_000 + b'"}')
        bad_cabinet.sock.sendall(b'{"msgType": 300, "attrList": [[[[\x00\xff\n' * 9)
        assert bad_cabinet.is_hung_up()

        def the_others_go_on() -> bool:
            return city.look().faults() == FAULTS and city.charging() == GOOD

        until(the_others_go_on, LOST_S, "each says why it is unknown, and the others charge")
        assert {city.states()[name] for name in BAD} == {("unknown", None)}, "nothing that was not measured"
        assert city.charges("bad-cabinet") == ["unknown", "unknown"]
        assert city.air() is None
        until(lambda: problems(city) == FAULTS, IN_S, "and the technician reads it")

        drawn = 0
        good_cabinet.say(told(CABINET, ["1", "2"]))
        until(lambda: city.look().states()["well-plug"][0] == "free", IN_S, "a well plug goes on")
        until(lambda: city.look().charges("well-cabinet") == ["charging", "full"], IN_S, "and a well cabinet")


def problems(city: City) -> set[tuple[str, str]]:
    """Sensor and code of each problem that ``devices`` tells."""
    found, sensor = set(), ""
    for line in city.devices()[1].splitlines():
        sensor = sensor if line.startswith(" ") else line.split(" ")[0]
        if "PROBLEM" in line:
            found.add((sensor, line.split()[1].rstrip(":")))
    return found
