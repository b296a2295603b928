"""``waystation-edge devices``: what is connected, what it last said and when, and what it cannot know."""

import argparse
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.clock import SystemClock
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
        "modbus": "what its map has no register for, e.g. a full phone from an empty socket",
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
    mono_ms = clock.now().mono_ms
    listed = read(devices_file(outbox), clock.boot_id, mono_ms)
    if listed is None:
        print("The agent does not run, or its file is older than three minutes; 'waystation-edge read' asks")
        print("the sensors itself while it is stopped.")
        return 1
    print(f"list written by the agent {_ago(listed.written_mono_ms, mono_ms)}, at least once a minute")
    for device in listed.devices:
        print("\n".join(lines(device, mono_ms)))
    return 0 if all(device.said and not device.fault for device in listed.devices) else 1


def lines(device: Device, mono_ms: int) -> list[str]:
    """A device for people: a heading, what it said, what is unknown or wrong, what it cannot know."""
    heading = f"{device.id} ({device.kind}): {_when(device, mono_ms)}"
    said = [f"  {each}" for each in device.said]
    doubt = [f"  unknown: {device.doubt}"] if device.doubt else []
    fault = [f"  PROBLEM {device.fault}"] if device.fault else []
    blind = "; ".join(filter(None, (CANNOT_KNOW.get(device.kind), device.blind)))
    return [heading, *said, *doubt, *fault, *([f"  cannot know: {blind}"] if blind else [])]


def _when(device: Device, mono_ms: int) -> str:
    """By the device's own word, where it has one; else, as with a pin, by the agent's look at it."""
    if device.heard_mono_ms is not None:
        return f"heard {_ago(device.heard_mono_ms, mono_ms)}"
    if device.said_mono_ms is not None:
        return f"read {_ago(device.said_mono_ms, mono_ms)}"
    return "has said nothing yet"


def _ago(then_ms: int, mono_ms: int) -> str:
    seconds = max(0, mono_ms - then_ms) // 1000
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
