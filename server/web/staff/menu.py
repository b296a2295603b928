"""Where one can go in the console, by role. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from server.accounts.roles import PERMISSIONS, Action, User


@dataclass(frozen=True, slots=True)
class Entry:
    """A way to a page.

    Attributes:
        key: of its string ``staff.menu.<key>``.
        first: at hand on a phone.
        within: what else belongs to it, as the beginning of its address.
    """

    key: str
    path: str
    action: Action
    icon: str
    first: bool = False
    within: str = ""

    def holds(self, path: str) -> bool:
        """Whether a page is this one or belongs to it."""
        inside = path.startswith(self.path + "/")
        return path == self.path or inside or bool(self.within and path.startswith(self.within))


ENTRIES: Final = (
    Entry("alerts", "/staff/alerts", "look", "alert", first=True),
    Entry("fleet", "/staff/fleet", "look", "device", first=True, within="/staff/stations/"),
    Entry("reports", "/staff/reports", "look", "report", first=True),
    Entry("notices", "/staff/notices", "look", "notice", first=True),
    Entry("more", "/staff/more", "enter", "menu", first=True),
    Entry("served", "/staff/served", "look", "served", within="/staff/served-"),
    Entry("silences", "/staff/silences", "look", "silence"),
    Entry("thresholds", "/staff/thresholds", "look", "limits"),
    Entry("walls", "/staff/walls", "manage_walls", "wall"),
    Entry("channels", "/staff/channels", "manage_channels", "channel", within="/staff/add-channel"),
    Entry("receivers", "/staff/receivers", "manage_channels", "receiver", within="/staff/add-receiver"),
    Entry("people", "/staff/people", "manage_people", "people-1", within="/staff/add-person"),
    Entry("audit", "/staff/audit", "read_audit", "audit"),
    Entry("password", "/staff/password", "enter", "key"),
)


def entries(user: User, known: Iterable[str]) -> list[Entry]:
    """What ``user`` may open, of the pages that exist (``known`` paths)."""
    paths = set(known)
    return [each for each in ENTRIES if each.path in paths and user.role in PERMISSIONS[each.action].roles]
