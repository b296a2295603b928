"""From the entries of the station file to live sensors.

A driver is imported when the station file names it, so that a PC needs no GPIO library for a recording
and a Pi no DHT driver for a door.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Final

from edge.clock import Clock
from edge.config import SensorEntry
from edge.options import ConfigError, meant
from edge.sensors import Sensor

Totals = Mapping[str, tuple[int, int]]
"""Per door what was counted in and out before, from the outbox."""

KINDS: Final[dict[str, str]] = {
    "dht11": "climate_dht:Dht",
    "dht22": "climate_dht:Dht",
    "sht4x": "climate_i2c:ClimateI2c",
    "sht31": "climate_i2c:ClimateI2c",
    "scd4x": "climate_i2c:ClimateI2c",
    "vl53l1x": "door_vl53l1x:DoorVl53l1x",
    "door_beams": "door_beams:DoorBeams",
    "presence_pir": "presence_pir:PresencePir",
    "sockets_contact": "sockets_contact:SocketsContact",
    "cabinet_contact": "cabinet_contact:CabinetContact",
    "modbus": "modbus:Modbus",
    "tasmota": "tasmota:Tasmota",
    "shelly": "shelly:Shelly",
    "mqtt_map": "mqtt_map:MqttMap",
    "tower": "tower:Tower",
    "recorded_climate": "recorded:RecordedClimate",
    "recorded_door": "recorded:RecordedDoor",
    "recorded_presence": "recorded:RecordedPresence",
    "recorded_socket": "recorded:RecordedSocket",
    "recorded_cabinet": "recorded:RecordedCabinet",
    "simulated_climate": "simulated:SimulatedClimate",
    "simulated_door": "simulated:SimulatedDoor",
    "simulated_presence": "simulated:SimulatedPresence",
    "simulated_sockets": "simulated:SimulatedSockets",
    "simulated_cabinet": "simulated:SimulatedCabinet",
}
"""Every ``kind`` of the station file: module in this package, and class."""


def build(entries: Sequence[SensorEntry], totals: Totals, clock: Clock) -> list[Sensor]:
    """Open every sensor, in the order of the file. When one cannot be opened, those before are closed.

    Raises:
        ConfigError: naming the entry, the key, its value and what is allowed.
    """
    sensors: list[Sensor] = []
    with ExitStack() as opened:
        for entry in entries:
            sensor = _class(entry)(entry, totals, clock)
            opened.callback(sensor.close)
            sensors.append(sensor)
        opened.pop_all()
    return sensors


def _class(entry: SensorEntry) -> Callable[[SensorEntry, Totals, Clock], Sensor]:
    if entry.kind not in KINDS:
        raise ConfigError(
            entry.where, "kind", entry.kind, f"one of {', '.join(KINDS)}{meant(entry.kind, KINDS)}"
        )
    module, name = KINDS[entry.kind].split(":")
    try:
        driver: Callable[[SensorEntry, Totals, Clock], Sensor]
        driver = getattr(importlib.import_module(f"edge.sensors.{module}"), name)
    except ImportError as error:
        allowed = f"a kind whose driver is installed ({error})"
        raise ConfigError(entry.where, "kind", entry.kind, allowed) from error
    return driver
