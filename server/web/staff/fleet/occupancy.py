"""Setting right how many people are inside, with one tap: audited, and told to riders within a second."""

import logging
import sqlite3
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from server.accounts import audit
from server.accounts.roles import place_of
from server.desk import DeskError
from server.headcount import NotCountedError, WrongClockError
from server.model import Station
from server.occupancy import Correction
from server.web.staff.gate import Gate, Refused
from server.web.staff.visit import MISSING, Visit

log = logging.getLogger(__name__)

MOST_PEOPLE: Final = 999
TIMES_PLACES: Final = 3
"""So many times the places stand no people in a room; a digit too many makes it ten times."""
USUAL_PLACES: Final = 20
"""Of a station that says none."""
WAIT_S: Final = 3.0
"""The ingest thread takes counts over every second, and may have a commit of its own before that."""
CORRECTED: Final = "occupancy.corrected"


@dataclass(frozen=True, slots=True)
class Counter:
    """What can be tapped: the number that is shown, one fewer and one more; None where nobody is counted."""

    people: int
    fewer: int | None
    more: int | None
    estimated: bool


def add_occupancy(gate: Gate) -> None:
    """Add what the device page sends."""
    gate.form("/staff/stations/{station_id}/people", "correct_occupancy")(correct)


def counter(visit: Visit, station_id: str) -> Counter | None:
    """The buttons of a station's page."""
    state = visit.staff.live.people(station_id)
    people = state.people if state else None
    if state is None or people is None:
        return None
    fewer, more = people - 1 if people > 1 else None, people + 1 if people < MOST_PEOPLE else None
    return Counter(people, fewer, more, state.estimated)


def correct(visit: Visit) -> Response:
    """Set the number of people to what somebody has counted."""
    station = station_of(visit)
    visit.require("correct_occupancy", place_of(station))
    people, page = _number(visit.form.get("people", "")), f"/staff/stations/{station.id}"
    if unlikely(station, people) and visit.form.get("sure") != "1":
        return visit.back(page, ask=people)
    _set(visit, station.id, people)
    state = visit.staff.live.state(station.id)
    silent = state is not None and state.freshness == "offline"
    return visit.back(page, "staff.done.counted_offline" if silent else "staff.done.counted")


def unlikely(station: Station, people: int) -> bool:
    """Whether so many are asked about once more, before riders are told."""
    return people > TIMES_PLACES * (station.places or USUAL_PLACES)


def asked(visit: Visit, station: Station) -> int | None:
    """The unlikely number that was sent and waits for a yes; None mostly."""
    said = visit.query.get("ask", "")
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(MOST_PEOPLE))):
        return None
    return int(said) if unlikely(station, int(said)) else None


def station_of(visit: Visit) -> Station:
    """The station that an address names.

    Raises:
        Refused: 404, there is none, or it is not among the places of whoever asks.
    """
    registered = visit.staff.live.registered().get(visit.path["station_id"])
    if registered is None:
        raise Refused(404, MISSING)
    visit.require("look", place_of(registered.station))
    return registered.station


def _number(typed: str) -> int:
    """What was typed, also in full-width digits as some keyboards have them."""
    digits = typed.strip()
    if not digits.isdecimal() or len(digits) > len(str(MOST_PEOPLE)):
        raise Refused(400, "staff.refused.people", most=MOST_PEOPLE)
    return int(digits)


def _set(visit: Visit, station_id: str, people: int) -> None:
    """Once it is known that the audit log can be written, and with a line there once it is made.

    What cannot be logged is not begun; and nobody who writes to the desk waits for the thread that takes
    readings. Were the disk full at the very last, or the process killed between the two commits, the count's
    own row would still say who counted.
    """
    with visit.staff.desk.writing():
        pass
    made = _taken_over(visit, station_id, people)
    values = {"before": max(0, made.before), "after": made.after}
    try:
        with visit.staff.desk.writing() as connection:
            audit.record(connection, visit.now_ms, visit.user.name, CORRECTED, station_id, **values)
    except DeskError:
        log.error("correction_not_audited station=%s user=%s made=%s", station_id, visit.user.name, made)
        raise


def _taken_over(visit: Visit, station_id: str, people: int) -> Correction:
    try:
        return _answer(visit.staff.live.correct(station_id, people, visit.user.name))
    except NotCountedError as error:
        raise Refused(409, "staff.refused.not_counted") from error
    except WrongClockError as error:
        raise Refused(409, "staff.refused.clock") from error
    except (sqlite3.Error, TimeoutError) as error:
        raise Refused(503, "staff.refused.store") from error


def _answer(told: Future[Correction]) -> Correction:
    """What the ingest thread says; what it has not begun by then it leaves."""
    try:
        return told.result(WAIT_S)
    except TimeoutError:
        if told.cancel():
            raise
        return told.result(WAIT_S)
