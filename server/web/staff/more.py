"""What does not stand at the foot of a phone: a page of links, and the way out."""

from fastapi import Response

from server.web.staff.gate import Gate, Visit


def add_more(gate: Gate) -> None:
    """Add the page."""
    gate.page("/staff/more", "enter")(more)


def more(visit: Visit) -> Response:
    """All that has no place at the foot."""
    return visit.page("staff/more.html")
