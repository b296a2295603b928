"""Where each message travels: ``waystation/v1/<station>/<leaf>``."""

import re
from typing import Final, Literal, get_args

from contract.errors import ContractError

ROOT: Final = "waystation/v1"

Leaf = Literal["telemetry", "ack", "status", "info"]
LEAVES: Final[tuple[Leaf, ...]] = get_args(Leaf)

STATION_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,31}")
"""Leaves no room for MQTT's ``+``, ``#`` and ``/``, nor for the dots of a file's path."""


def check_station(station: str) -> str:
    """Return ``station`` or raise :class:`ContractError` unless it is a station id."""
    if not STATION_ID.fullmatch(station):
        raise ContractError("station", station, "3 to 32 of a-z, 0-9 and '-', not starting with '-'")
    return station


def topic(station: str, leaf: Leaf) -> str:
    """The topic of one station's ``leaf``.

    Raises:
        ContractError: if ``station`` is not a station id.
    """
    return f"{ROOT}/{check_station(station)}/{leaf}"


def everyones(leaf: Leaf) -> str:
    """The filter that matches ``leaf`` of all stations."""
    return f"{ROOT}/+/{leaf}"


def parse(name: str) -> tuple[str, Leaf]:
    """Split a topic into station and leaf.

    Raises:
        ContractError: if it is not a topic of this contract.
    """
    parts = name.split("/")
    if len(parts) != 4 or "/".join(parts[:2]) != ROOT:
        raise ContractError("topic", name, f"{ROOT}/<station>/<leaf>")
    for leaf in LEAVES:
        if leaf == parts[3]:
            return check_station(parts[2]), leaf
    raise ContractError("topic", name, f"one that ends in {', '.join(LEAVES)}")
