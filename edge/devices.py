"""``waystation-edge devices``: what is connected, what it last said and when, and what it cannot know."""

import argparse
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.clock import Clock, SystemClock
from edge.config import load
from edge.devices_file import Device, devices_file, read
from edge.run import add_config

if TYPE_CHECKING:
    from edge.run import Subparsers

CANNOT_KNOW: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dht11": "a slow drift; it is 2 °C low as often as not",
        "dht22": "a slow drift",
        "sht4x": "whether it hangs in a draught or above the Pi",
        "sht31": "whether it hangs in a draught or above the Pi",
        "scd4x": "fresh air, where none ever comes: it calibrates itself by the freshest of a week",
        "vl53l1x": "two people side by side; a door leaf from a person",
        "door_beams": "two people side by side; people below the beams",
        "presence_pir": "how many; anybody who sits still",
        "sockets_contact": "whether anything is charging",
        "cabinet_contact": "the charge of a battery",
        "modbus": "without an identity in the map: whether it is this device",
        "tasmota": "a full phone from an empty socket; a change between two reports",
        "shelly": "a full phone from an empty socket",
        "mqtt_map": "whether the map's polarity is this maker's",
        "tower": "whether the cabinet is who it says; the map's polarity",
    }
)
"""By kind of sensor, in words; recorded and simulated ones know everything that they say."""


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the command line."""
    parser = subparsers.add_parser("devices", help="what is connected and what it last said")
    add_config(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print a block for each device; 0 when all speak and are well, else 1."""
    outbox, clock = load(args.config).outbox.path, SystemClock()
    devices = read(devices_file(outbox), clock.boot_id, clock.now().mono_ms)
    if devices is None:
        print("The agent does not run, or its file is older than three minutes; 'waystation-edge read' asks")
        print("the sensors itself while it is stopped.")
        return 1
    for device in devices:
        print("\n".join(lines(device, clock)))
    return 0 if all(device.said and not device.fault for device in devices) else 1


def lines(device: Device, clock: Clock) -> list[str]:
    """A device for people: a heading, what it said, what is wrong, what it cannot know."""
    heading = f"{device.id} ({device.kind}): {_when(device.said_mono_ms, clock.now().mono_ms)}"
    said = [f"  {each}" for each in device.said]
    fault = [f"  PROBLEM {device.fault}"] if device.fault else []
    blind = CANNOT_KNOW.get(device.kind)
    return [heading, *said, *fault, *([f"  cannot know: {blind}"] if blind else [])]


def _when(said_mono_ms: int | None, mono_ms: int) -> str:
    if said_mono_ms is None:
        return "has said nothing yet"
    seconds = max(0, mono_ms - said_mono_ms) // 1000
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
