"""`waystation-edge read`, as a technician runs it: with mock pins, on a PC."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from contract.messages import Cabinet, Climate, Door, Presence, Slot, Socket
from edge.reading import read_all
from edge.sensors import Reading
from edge.words import describe
from tests.support.mosquitto import free_port
from tests.support.pins import World, entry, world

__all__ = ["world"]

READINGS: list[tuple[Reading, str]] = [
    (Climate(0, 23.4, None, 600), "temperature 23.4 °C, co2 600 ppm"),
    (Door("d", 12, 3, blocked=True, open=False), "in_total 12, out_total 3, blocked yes, open no"),
    (Presence(None), "ok yes"),
    (Socket("s", "usb", "charging", 0, 4.5), "kind usb, state charging"),
    (Socket("s", "usb", "charging", 0, 4.5), "power 4.5 W"),
    (Cabinet("c", True, (Slot(1, "present", "full", "closed"), Slot(2, "absent"))), "1 present/full/closed"),
    (
        Cabinet(
            "c", True, (Slot(1, "present", alarms=("hot",)),), mains_ok=True, temperature_c=31.5, smoke=False
        ),
        "online, mains_ok yes, temperature 31.5 °C, smoke no; slot 1 alarm hot; slot battery/charge/door: 1 ",
    ),
]


@pytest.mark.parametrize(("reading", "says"), READINGS)
def test_readings_in_words(reading: Reading, says: str) -> None:
    assert says in describe(reading)


def test_one_bad_sensor_hides_no_other(world: World) -> None:
    entries = [entry("presence_pir", pin=99), entry("nonsense"), entry("presence_pir", pin=4)]
    lines, well = zip(*read_all(entries, world.clock), strict=True)
    assert well == (False, False, True)
    assert "pin is 99" in lines[0][2]
    assert "kind is 'nonsense'" in lines[1][2]
    assert lines[2] == ("it", "presence_pir", "ok yes")


def test_why_a_thermometer_says_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DHT keeps single failures to itself; the technician is told the last one."""
    library = importlib.import_module("adafruit_dht")
    monkeypatch.setattr(library.DHTBase, "_get_pulses_bitbang", lambda _: [])
    monkeypatch.setitem(sys.modules, "board", SimpleNamespace(D4=object()))
    [(line, well)] = read_all([entry("dht22", pin=4)], world.clock)
    assert not well
    assert line[2].startswith("no_answer: check the data wire")


STATION = """
[station]
id = "test-station"
[broker]
host = "localhost"
password = "not needed here"
[[sensor]]
id = "door"
kind = "door_beams"
pin_a = 17
pin_b = 27
"""


def read(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "station.toml").write_text(text)
    command = [sys.executable, "-m", "edge", "read", "--config", str(folder / "station.toml")]
    environment = {**os.environ, "GPIOZERO_PIN_FACTORY": "mock"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)  # noqa: S603 - our own command


def test_the_command(tmp_path: Path) -> None:
    done = read(tmp_path, STATION)
    assert done.stdout.splitlines() == [
        "sensor  kind        reading",
        "door    door_beams  in_total 0, out_total 0, blocked no",
    ]
    assert done.returncode == 0


MQTT = """
[[sensor]]
id = "s{}"
kind = "tasmota"
topic = "plug"
port = {}
"""


def test_sensors_that_need_their_time_take_it_together(tmp_path: Path) -> None:
    """Each of these waits six seconds for a broker that is not there."""
    port = free_port()
    sockets = "".join(MQTT.format(number, port) for number in range(20))
    done = read(tmp_path, STATION + sockets)
    assert done.stdout.count("no_broker") == 20


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    done = read(tmp_path, STATION.replace("pin_b = 27", "pin_b = 17"))
    assert "pin_b is 17; allowed: a free input pin" in done.stdout
    assert done.returncode == 1
