"""A station as one sentence, for those who listen. Pure; ``static/js/spoken.js`` says the same."""

from collections.abc import Sequence

from server.web.public import SILENT, visible_temperature
from server.web.shapes import StationStatus
from server.web.text import LOOKS, Text


def spoken(text: Text, row: StationStatus, when: str, amenities: Sequence[str], notes: Sequence[str]) -> str:
    """E.g. ``开放，不挤，27 度，2 个空插座，1 分钟前``; what is not known is not said.

    Args:
        when: the age or the time of the newest reading, "" when there is none.
        amenities: said of a station that has nothing newer to say.
        notes: what else the card says, said last.
    """
    separator = text("sentence.separator")
    silent = row.freshness in SILENT
    parts = [text(f"access.{row.access.value}"), *_measured(text, row)]
    parts += [text(f"freshness.{row.freshness}")] if row.freshness != "fresh" else []
    parts += [when] if when else []
    parts += [text("list.separator").join(amenities)] if silent and amenities else []
    return separator.join([*parts, *notes])


def _measured(text: Text, row: StationStatus) -> list[str]:
    parts = [] if row.crowding.value == "unknown" else [text(f"crowding.{row.crowding.value}").lower()]
    degrees = visible_temperature(row.comfort.temperature_c)
    if LOOKS["comfort"][row.comfort.value][0] == "bad":
        parts.append(text(f"comfort.{row.comfort.value}").lower())
    if degrees is not None:
        parts.append(text("said.degrees", value=f"{degrees:g}"))
    if row.sockets:
        parts.append(text("said.sockets", count=row.sockets.free))
    if row.batteries:
        parts.append(text("said.batteries", count=row.batteries.charged))
    return parts
