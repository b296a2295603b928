"""A station with 12 sockets and a cabinet of 12 slots: what memory and disk are measured with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edge.clock import Clock
from edge.config import SensorEntry
from edge.sensors import Sensor
from edge.sensors.factory import build

KINDS: Final = ("climate", "door", "presence", "sockets", "cabinet")


def options(seed: int) -> dict[str, Any]:
    """What it is like: well visited and never out of order."""
    return {
        "seed": seed,
        "visits_per_day": 150,
        "ac_sockets": 12,
        "troubles": 0,
        "cabinets": [{"slots": 12}],
    }


def sensors(seed: int, clock: Clock) -> list[Sensor]:
    """All its sensors."""
    entries = [SensorEntry(kind, f"simulated_{kind}", None, options(seed), "bench") for kind in KINDS]
    return build(entries, {}, clock)


def station_file(folder: Path, station: str, port: int, password: str) -> Path:
    """Write its station file."""
    file = folder / "station.toml"
    sections = [
        f'[station]\nid = "{station}"',
        f'[broker]\nhost = "127.0.0.1"\nport = {port}\npassword = "{password}"',
        '[outbox]\npath = "outbox.db"',
        *(f'[[sensor]]\nid = "{kind}"\nkind = "simulated_{kind}"\n{_toml(options(7))}' for kind in KINDS),
    ]
    file.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    return file


def _toml(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join("{ " + f"{_toml(table)}" + " }" for table in value) + "]"
    return str(value)
