"""Sensors on Modbus as a station file names them, with little patience, and what they say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.clock import SystemClock
from edge.config import SensorEntry
from edge.sensors import Reading, SensorError
from edge.sensors.factory import build
from edge.sensors.modbus import Modbus
from tests.support.wait import until

CLOCK = SystemClock()
DEVICES = Path(__file__).parents[2] / "firmware_config" / "devices"
METER = {"map_file": str(DEVICES / "pzem-004t.toml")}
BOARD = {"map_file": str(DEVICES / "swap-board-8.toml")}
FAST = {"timeout_s": 0.2, "silent_s": 1.0}


IN_S = 30


def entry(sensor_id: str, **options: object) -> SensorEntry:
    """As it stands in a station file."""
    return SensorEntry(sensor_id, "modbus", 0.1, options, f"station.toml: [[sensor]] 1 ({sensor_id})")


def metered(port: int, address: int = 1, **options: object) -> SensorEntry:
    """A meter over TCP, with little patience."""
    return entry("s1", address=address, **METER, **(at(port) | options))


def at(port: int) -> dict[str, object]:
    """Options of a device behind this port."""
    return {"host": "127.0.0.1", "port": port, **FAST}


@contextmanager
def sensors(*entries: SensorEntry) -> Iterator[list[Modbus]]:
    """Built as the agent builds them, and closed at the end."""
    made = build(entries, {}, CLOCK)
    try:
        yield [each for each in made if isinstance(each, Modbus)]
    finally:
        for each in made:
            each.close()


def said(sensor: Modbus) -> Sequence[Reading]:
    """The first reading; waits for it."""
    return until(lambda: sensor.read(CLOCK.now()), IN_S, "a reading")


def fault(sensor: Modbus) -> str:
    """The code of what is wrong; empty while nothing is."""
    try:
        sensor.read(CLOCK.now())
    except SensorError as error:
        return error.code
    return ""
