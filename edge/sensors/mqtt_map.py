"""Any gateway that publishes over MQTT, by a map of its topics and its JSON in the station file.

Polarity is data: the same maker has turned it round from one version to the next.
"""

from collections.abc import Mapping
from typing import Final

from edge.clock import Clock
from edge.config import SensorEntry, parse
from edge.options import Options
from edge.sensors.device_parts import CABINET_KEYS, SOCKET_KEYS, part_of_map
from edge.sensors.mqtt_device import BROKER_KEYS, MqttDevice, read_silent_ms
from edge.sensors.mqtt_map_options import read_map
from edge.sensors.mqtt_sources import GatewayMap, MapTalk

SILENT_S: Final = 300.0
"""Gateways that say everything again do so within a few minutes."""

_KEYS: Final = ("map", "map_file", "device", "silent_s", "label", *BROKER_KEYS)


class MqttMap(MqttDevice):
    """One socket or one cabinet behind a gateway."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        options = entry.read_options()
        options.only(*_KEYS, *SOCKET_KEYS, *CABINET_KEYS)
        gateway = _map(options)
        silent_ms = read_silent_ms(options, SILENT_S)
        part = part_of_map(entry.id, options, gateway.slots, silent_ms)
        super().__init__(entry, clock, MapTalk(gateway), part, silent_ms)


def _map(options: Options) -> GatewayMap:
    if options.has("map") == options.has("map_file"):
        raise options.wrong("map_file", "exactly one of map_file and [sensor.map]")
    device = options.text("device", default="", pattern=r"[^#+/]+", allowed="one level of a topic")
    if options.has("map"):
        return read_map(options.table("map"), device)
    file = options.path("map_file")
    return read_map(Options(parse(file), file.name, file.parent), device)
