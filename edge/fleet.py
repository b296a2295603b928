"""The fleet file: many simulated stations, each an id and what it is like.

    {"stations": [{"id": "taiyuan-001", "seed": 7, "visits_per_day": 120, "week": ["06:00-22:00"]}, …]}

JSON or, if the name ends in ``.toml``, TOML. The keys beside ``id`` are the options of the simulated
sensors (:func:`edge.sensors.simulated.read_profile`).
"""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.topics import STATION_ID
from edge.clock import Clock
from edge.config import SensorEntry
from edge.days import Profile, Station
from edge.options import ConfigError, Options
from edge.sensors import Sensor
from edge.sensors.simulated import (
    SimulatedCabinet,
    SimulatedClimate,
    SimulatedDoor,
    SimulatedPresence,
    SimulatedSockets,
    read_profile,
)

_KINDS: Final = (SimulatedClimate, SimulatedDoor, SimulatedPresence, SimulatedSockets, SimulatedCabinet)


@dataclass(frozen=True, slots=True)
class Member:
    """One station of a fleet."""

    station: str
    profile: Profile


def entries(profile: Profile) -> tuple[SensorEntry, ...]:
    """What a station file of such a station would name as its sensors."""
    return tuple(SensorEntry(part, f"simulated_{part}", None, {}, "") for part in profile.parts())


def sensors(wanted: Iterable[SensorEntry], station: Station, clock: Clock) -> list[Sensor]:
    """The sensors of :func:`entries`, all living the same day."""
    kinds = {kind.part: kind for kind in _KINDS}
    return [kinds[entry.id](entry, {}, clock, station) for entry in wanted]


def load(file: Path) -> list[Member]:
    """Read a fleet file.

    Raises:
        ConfigError: naming file, station, key, value and what is allowed.
    """
    root = Options(_parse(file), file.name, file.parent)
    members = [_member(table) for table in root.tables("stations")]
    root.done()
    if not members:
        raise ConfigError(file.name, "stations", None, "at least one station")
    _check_distinct(file, members)
    return members


def load_passwords(file: Path) -> dict[str, str]:
    """Each broker user's password, from lines like ``taiyuan-001:secret``.

    Raises:
        ConfigError: naming the line.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), "", None, f"must be a readable text file ({error})") from None
    passwords = {}
    for number, line in enumerate(lines, 1):
        station, separator, password = line.partition(":")
        if not (separator and station and password):
            raise ConfigError(f"{file.name}:{number}", "", None, "each line must be like station:password")
        passwords[station] = password
    return passwords


def _parse(file: Path) -> dict[str, object]:
    try:
        text = file.read_text("utf-8")
        tree = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(str(file), "", None, f"must be readable JSON or TOML ({error})") from None
    if not isinstance(tree, dict):
        raise ConfigError(str(file), "", None, 'must be an object like {"stations": [...]}')
    return tree


def _member(table: Options) -> Member:
    station = table.text("id", pattern=STATION_ID.pattern, allowed="3 to 32 of a-z, 0-9 and '-'")
    return Member(station, read_profile(table))


def _check_distinct(file: Path, members: Iterable[Member]) -> None:
    seen: set[str] = set()
    for number, member in enumerate(members, 1):
        if member.station in seen:
            raise ConfigError(f"{file.name}: [[stations]] {number}", "id", member.station, "given once")
        seen.add(member.station)
