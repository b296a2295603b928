"""``/staff/fleet/letters``: what the server could not take, and why. Foreign text, and shown as that."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from contract import ContractError, topics
from server.accounts.roles import place_of
from server.store import DeadLetter
from server.web.staff.gate import Gate, Refused
from server.web.staff.visit import Visit

LOOKED_THROUGH: Final = 2_000
"""The newest are looked through."""
SHOWN: Final = 50
MOST_TOPIC: Final = 120
MOST_DETAIL: Final = 300
MOST_PAYLOAD: Final = 400
"""Characters that are shown; a payload is kept with its first 4 KiB."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A refused message, fit to be shown.

    Attributes:
        station: its id where the registry knows it, else "".
        bytes_left: of the payload that is kept, not shown.
    """

    at_ms: int
    station: str
    topic: str
    reason: str
    detail: str
    stream: str
    seq: int | None
    payload: str
    bytes_left: int


def add_letters(gate: Gate) -> None:
    """Add the page."""
    gate.page("/staff/fleet/letters", "look")(letters)


def letters(visit: Visit) -> Response:
    """The newest of the person's places; those of no known station only for who is limited to none."""
    try:
        kept = visit.staff.store.dead_letters(LOOKED_THROUGH)
    except sqlite3.Error as error:
        raise Refused(503, "staff.refused.store") from error
    station, reason = (visit.query.get(name, "") for name in ("station", "reason"))
    seen = [letter for letter in kept if _sees(visit, station_of(letter.topic))]
    reasons = Counter(letter.reason for letter in seen)
    wanted = [
        letter
        for letter in seen
        if station in ("", station_of(letter.topic)) and reason in ("", letter.reason)
    ]
    known = visit.staff.live.registered()
    return visit.page(
        "staff/letters.html",
        letters=[shown(letter, known) for letter in wanted[:SHOWN]],
        found=len(wanted),
        reasons=reasons.most_common(),
        reason=reason,
        station=station if any(station == station_of(letter.topic) for letter in seen) else "",
        looked_through=LOOKED_THROUGH,
        zone=visit.zone(),
    )


def station_of(topic: str) -> str:
    """The id that a topic names, "" where it names none."""
    try:
        return topics.parse(topic)[0]
    except ContractError:
        return ""


def shown(letter: DeadLetter, known: Iterable[str]) -> Letter:
    """A refused message as plain text, cut."""
    station = station_of(letter.topic)
    text = letter.payload.decode("utf-8", "replace")
    left = len(letter.payload) - len(text[:MOST_PAYLOAD].encode("utf-8", "replace"))
    return Letter(
        at_ms=letter.received_ms,
        station=station if station in known else "",
        topic=cut(letter.topic, MOST_TOPIC),
        reason=cut(letter.reason, MOST_TOPIC),
        detail=cut(letter.detail, MOST_DETAIL),
        stream=letter.stream or "",
        seq=letter.seq,
        payload=cut(text, MOST_PAYLOAD),
        bytes_left=max(0, left),
    )


def cut(text: str, most: int) -> str:
    """At most so many characters, each of them one that can be seen."""
    plain = "".join(char if char.isprintable() else "�" for char in text[:most])
    return plain + ("…" if len(text) > most else "")


def _sees(visit: Visit, station_id: str) -> bool:
    registered = visit.staff.live.registered().get(station_id)
    return visit.sees(place_of(registered.station) if registered else None)
