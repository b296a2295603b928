"""Where one can go in the console: what is marked as the present page, and what a role is offered."""

import pytest

from server.accounts.roles import ROLES, Role, User
from server.web.staff.menu import ENTRIES, entries


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/staff/alerts", "alerts"),
        ("/staff/alerts/0123", "alerts"),
        ("/staff/fleet/letters", "fleet"),
        ("/staff/stations/city-0001", "fleet"),
        ("/staff/add-person", "people"),
        ("/staff/people/ada", "people"),
        ("/staff/peoples", None),
        ("/staff/sign-in", None),
        ("/staff", None),
    ],
)
def test_one_entry_at_most_is_the_present_page(path: str, key: str | None) -> None:
    assert [each.key for each in ENTRIES if each.holds(path)] == ([key] if key else [])


def test_a_phone_has_room_for_five() -> None:
    assert [each.key for each in ENTRIES if each.first] == ["alerts", "fleet", "reports", "notices", "more"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_offered_what_it_may_open_of_what_there_is(role: Role) -> None:
    user = User(1, "x", "X", role, True, (), 0)
    offered = {each.key for each in entries(user, [each.path for each in ENTRIES])}
    for_admins = {"channels", "receivers", "people", "audit"}
    for_managers = {"walls"}
    everybodys = {each.key for each in ENTRIES} - for_admins - for_managers
    more = {"admin": for_managers | for_admins, "manager": for_managers}
    assert offered == everybodys | more.get(role, set())
    assert [each.key for each in entries(user, ["/staff/more"])] == ["more"]
