"""What networks, people and sensors are called, and values that are chosen among."""

from collections.abc import Iterable
from typing import Final

from server.web.shapes import Name
from server.web.staff.visit import Visit
from server.web.text import Text

_SENSORS: Final = {
    "dht": "climate",
    "climate": "climate",
    "door": "door",
    "presence": "presence",
    "pir": "presence",
    "motion": "presence",
    "socket": "socket",
    "cabinet": "cabinet",
}
"""What a sensor measures, by a part of its kind, or of the id of one that was not announced."""


def network_names(visit: Visit) -> dict[str, str]:
    """All networks in the reader's language, by id."""
    networks = visit.staff.live.networks().values()
    return {each.id: visit.text.name(Name(each.name_zh, each.name_en)) for each in networks}


def displays(visit: Visit) -> dict[str, str]:
    """What to call people, by login."""
    return {user.name: user.display for user in visit.staff.users.all()}


def worded(visit: Visit, prefix: str, values: Iterable[str]) -> list[tuple[str, str]]:
    """Values with their words."""
    return [(value, visit.text(f"{prefix}.{value}")) for value in values]


def sensor_word(text: Text, sensor_id: str, kind: str) -> str:
    """What a sensor is, by the kind that it was announced with; "" when nobody knows.

    Without a kind its id may say it, as ``motion`` does.
    """
    family = next((family for part, family in _SENSORS.items() if part in (kind or sensor_id)), "")
    return text(f"staff.sensor.{family}") if family else ""
