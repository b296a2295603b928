"""What each role may do, as a table, and the places that a person is limited to. Pure.

Whatever is not in the table is refused, to everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from server.model import Network, Station, family

Role = Literal["viewer", "technician", "manager", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Action = Literal[
    "enter",
    "look",
    "handle_alerts",
    "handle_reports",
    "silence",
    "correct_occupancy",
    "inform_riders",
    "set_thresholds",
    "manage_walls",
    "enter_counts",
    "manage_channels",
    "manage_people",
    "read_audit",
]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Place:
    """A network with those inside it, or with ``district`` the stations of that district there."""

    network: str
    district: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the staff.

    Attributes:
        name: what is typed to sign in; never given to anybody else.
        display: what others see.
        everywhere: not limited to ``places``; only then the server and its broker are theirs, too.
        disabled_ms: when it was closed, None while it is not.
    """

    id: int
    name: str
    display: str
    role: Role
    everywhere: bool
    places: tuple[Place, ...]
    created_ms: int
    disabled_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may; ``placed``: only at the places that the person is limited to."""

    meaning: str
    roles: frozenset[Role]
    placed: bool = True


_ALL: Final[frozenset[Role]] = frozenset({"viewer", "technician", "manager", "admin"})
_WORKERS: Final[frozenset[Role]] = frozenset({"technician", "manager", "admin"})
_MANAGERS: Final[frozenset[Role]] = frozenset({"manager", "admin"})
_ADMINS: Final[frozenset[Role]] = frozenset({"admin"})

PERMISSIONS: Final[Mapping[str, Permission]] = {
    "enter": Permission("open the console, change one's own password", _ALL, placed=False),
    "look": Permission("see alerts, stations, devices and riders' reports", _ALL),
    "handle_alerts": Permission("take, comment on, resolve and close alerts", _WORKERS),
    "handle_reports": Permission("work on riders' reports", _WORKERS),
    "silence": Permission("silence alerts, but for those of safety", _WORKERS),
    "correct_occupancy": Permission("set the number of people inside", _WORKERS),
    "inform_riders": Permission("write notices and plan closures that riders see", _MANAGERS),
    "set_thresholds": Permission("change what alerts are raised by", _MANAGERS),
    "manage_walls": Permission("make and revoke links to walls", _MANAGERS),
    "enter_counts": Permission("enter service numbers and event attendance", _MANAGERS),
    "manage_channels": Permission("change where messages go, send tests", _ADMINS, placed=False),
    "manage_people": Permission("add, limit, disable people and reset passwords", _ADMINS, placed=False),
    "read_audit": Permission("read who did what", _ADMINS, placed=False),
}


def may(
    user: User, action: str, place: Place | None = None, networks: Mapping[str, Network] | None = None
) -> bool:
    """Whether ``user`` may do it, of placed actions: there.

    ``place`` is the station's, or a network's for what concerns all of it; None stands for the server
    itself. ``networks`` are all there are, by id.
    """
    permission = PERMISSIONS.get(action)
    if permission is None or user.role not in permission.roles or user.disabled_ms is not None:
        return False
    if not permission.placed or user.everywhere:
        return True
    return place is not None and reaches(user.places, place, networks or {})


def reaches(limits: tuple[Place, ...], place: Place, networks: Mapping[str, Network]) -> bool:
    """Whether ``place`` is inside one of the limits; a whole network is not inside its district."""
    return any(
        place.network in family(networks, limit.network) and limit.district in ("", place.district)
        for limit in limits
    )


def place_of(station: Station) -> Place:
    """Where a station is: its network, and the first level of its region as the district."""
    return Place(station.network, station.region[0] if station.region else "")
