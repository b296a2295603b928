"""A page and a form of a test's own behind the console's gate."""

from fastapi import Response

from server.accounts.roles import place_of
from server.desk import DeskError
from server.web.staff.gate import Gate, Refused, Visit

written: list[str] = []
"""What the probe's form has let through."""


def add_probe(gate: Gate) -> None:
    """A page and a form at a station, as the parts of the console have them."""
    gate.page("/staff/probe/{station}", "look")(look)
    gate.form("/staff/probe/{station}", "handle_alerts")(write)
    gate.page("/staff/probe-fails/{how}", "enter")(fail)


def look(visit: Visit) -> Response:
    state = visit.staff.live.state(visit.path["station"])
    if state is None:
        raise Refused(404, "staff.refused.missing")
    visit.require("look", place_of(state.station))
    return visit.page("staff/more.html")


def write(visit: Visit) -> Response:
    state = visit.staff.live.state(visit.path["station"])
    if state is None:
        raise Refused(404, "staff.refused.missing")
    visit.require("handle_alerts", place_of(state.station))
    written.append(visit.words("comment"))
    return visit.back("/staff/more", "staff.done.password")


def fail(visit: Visit) -> Response:
    if visit.path["how"] == "desk":
        raise DeskError("database or disk is full")
    raise RuntimeError("a mistake of ours")
