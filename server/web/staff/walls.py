"""``/staff/walls``: links to the walls of one's networks; made, listed and revoked."""

from typing import Final

from fastapi import Response

from server.accounts.roles import Place
from server.model import Network
from server.walls import MOST_LINKS, MOST_NAME, Link, WallError, Walls
from server.web.shapes import Name
from server.web.staff.gate import Gate
from server.web.staff.visit import MISSING, Refused, Visit

PATH: Final = "/staff/walls"
_FIELDS: Final = {"name": "name", "many": "network", "network": "network"}
"""What is wrong, as the field of the form beside which it is told."""
_MOST: Final = {"name": MOST_NAME, "many": MOST_LINKS}


def add_walls(gate: Gate) -> None:
    """Add the pages, for those who manage a network."""
    gate.page(PATH, "manage_walls")(walls)
    gate.form(PATH, "manage_walls")(make)
    gate.form(f"{PATH}/{{link_id}}/revoke", "manage_walls")(revoke)


def walls(visit: Visit) -> Response:
    """All links of one's networks, and the form for another."""
    return _page(visit)


def make(visit: Visit) -> Response:
    """A new link. Its address is in this answer and nowhere else."""
    network_id = visit.form.get("network", "")
    visit.require("manage_walls", Place(network_id))
    if network_id not in visit.staff.live.networks():
        return _page(visit, "network")
    name = visit.words("name")
    try:
        secret = Walls(visit.staff.desk).make(network_id, name, visit.user.name, visit.now_ms)
    except WallError as error:
        return _page(visit, error.reason)
    address = address_of(visit.staff.settings.public_url, network_id, secret)
    path = f"/wall/{network_id}/{secret}"
    return visit.page("staff/wall_made.html", name=name, address=address or visit.view.link(path), path=path)


def revoke(visit: Visit) -> Response:
    """Let a link open nothing any more."""
    link = _known(visit)
    Walls(visit.staff.desk).revoke(link, visit.user.name, visit.now_ms)
    return visit.back(PATH, "staff.done.wall_revoked")


def address_of(public_url: str, network_id: str, secret: str) -> str:
    """The whole address; "" where it is not known how this server is reached."""
    return f"{public_url.rstrip('/')}/wall/{network_id}/{secret}" if public_url else ""


def _page(visit: Visit, wrong: str = "") -> Response:
    managed = _managed(visit)
    reason = f"staff.walls.wrong.{wrong}" if wrong else None
    people = {user.name: user.display for user in visit.staff.users.all()}
    return visit.page(
        "staff/walls.html",
        400 if wrong else 200,
        links=[each for each in Walls(visit.staff.desk).links() if each.network in managed],
        networks={id_: Name(each.name_zh, each.name_en) for id_, each in managed.items()},
        people=people,
        wrong={_FIELDS[wrong]: visit.text(reason, most=_MOST.get(wrong, ""))} if reason else {},
        reason=reason,
        typed=visit.form,
        most_name=MOST_NAME,
        zone=visit.zone(),
    )


def _managed(visit: Visit) -> dict[str, Network]:
    networks = visit.staff.live.networks()
    return {id_: each for id_, each in networks.items() if visit.may("manage_walls", Place(id_))}


def _known(visit: Visit) -> Link:
    """The link of the address.

    Raises:
        Refused: 404, there is none, or not for who asks.
    """
    wanted = visit.path["link_id"]
    found = next((each for each in Walls(visit.staff.desk).links() if str(each.id) == wanted), None)
    if found is None or not visit.may("manage_walls", Place(found.network)):
        raise Refused(404, MISSING)
    return found
