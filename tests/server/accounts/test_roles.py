"""Who may do what, and where: the table of roles, word by word, and the places."""

import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.roles import ACTIONS, PERMISSIONS, ROLES, Place, Role, User, may, place_of, reaches
from server.model import Network, Station

PAGE = Path(__file__).parents[3] / "docs" / "accounts.md"

NETWORKS = {
    each.id: each
    for each in (
        Network("city", "城", ""),
        Network("street", "街", "", parent="city"),
        Network("other", "别", ""),
        Network("ring-a", "甲", "", parent="ring-b"),
        Network("ring-b", "乙", "", parent="ring-a"),
    )
}
USER = User(1, "tian", "田师傅", "technician", everywhere=False, places=(Place("city"),), created_ms=0)

ALLOWED: dict[str, set[str]] = {
    "viewer": {"enter", "look"},
    "technician": {"enter", "look", "handle_alerts", "handle_reports", "silence", "correct_occupancy"},
    "manager": {
        *("enter", "look", "handle_alerts", "handle_reports", "silence", "correct_occupancy"),
        *("inform_riders", "set_thresholds", "enter_counts", "manage_walls"),
    },
    "admin": set(ACTIONS),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_each_role_may_do(role: Role, action: str) -> None:
    user = replace(USER, role=role, everywhere=True)
    assert may(user, action) == (action in ALLOWED[role])


def test_every_action_has_its_row() -> None:
    assert tuple(PERMISSIONS) == ACTIONS


@given(st.text())
def test_what_is_not_in_the_table_is_refused_to_everybody(action: str) -> None:
    admin = replace(USER, role="admin", everywhere=True)
    assert may(admin, action) == (action in ACTIONS)


@pytest.mark.parametrize("role", ["", "root", "Admin", "admin "])
def test_a_role_that_is_none_may_nothing(role: str) -> None:
    user = replace(USER, role=cast(Role, role), everywhere=True)
    assert not [action for action in ACTIONS if may(user, action)]


def test_who_is_disabled_may_nothing() -> None:
    admin = replace(USER, role="admin", everywhere=True, disabled_ms=0)
    assert not [action for action in ACTIONS if may(admin, action)]


@pytest.mark.parametrize(
    ("limits", "place", "inside", "why"),
    [
        ([Place("city")], Place("city", "小店区"), True, "a station of the network"),
        ([Place("city")], Place("street", "小店区"), True, "a network inside it"),
        ([Place("city")], Place("other", "小店区"), False, "another network, a district of the same name"),
        ([Place("city")], Place("city"), True, "the network itself"),
        ([Place("street")], Place("city"), False, "the network around it"),
        ([Place("city", "小店区")], Place("city", "小店区"), True, "the district"),
        (
            [Place("city", "小店区")],
            Place("street", "小店区"),
            True,
            "the district's part of a network inside",
        ),
        ([Place("city", "小店区")], Place("city", "迎泽区"), False, "another district"),
        (
            [Place("city", "小店区")],
            Place("city"),
            False,
            "the whole network: its alerts are not theirs alone",
        ),
        ([Place("city", "小店区")], Place("city", ""), False, "a station without a region"),
        ([Place("other"), Place("street")], Place("street"), True, "one of several is enough"),
        ([Place("nowhere")], Place("city"), False, "a network that was removed"),
        ([Place("nowhere")], Place("nowhere"), True, "its stations can still be seen to their end"),
        ([Place("ring-a")], Place("ring-b"), True, "a ring of parents ends"),
        ([], Place("city"), False, "limited to nothing"),
    ],
)
def test_places(limits: list[Place], place: Place, inside: bool, why: str) -> None:
    assert reaches(tuple(limits), place, NETWORKS) == inside, why
    assert may(replace(USER, places=tuple(limits)), "silence", place, NETWORKS) == inside, why


@pytest.mark.parametrize(
    ("user", "action", "place", "allowed", "why"),
    [
        (USER, "handle_alerts", None, False, "the server is no place of theirs"),
        (replace(USER, everywhere=True), "handle_alerts", None, True, "not limited: the server, too"),
        (USER, "enter", None, True, "needs no place"),
        (USER, "inform_riders", Place("city"), False, "the place is theirs, the action is not"),
        (replace(USER, role="viewer"), "handle_alerts", Place("city"), False, "a viewer writes nothing"),
        (replace(USER, role="manager"), "manage_people", Place("city"), False, "a manager of it all"),
    ],
)
def test_role_and_place_both_decide(
    user: User, action: str, place: Place | None, allowed: bool, why: str
) -> None:
    assert may(user, action, place, NETWORKS) == allowed, why


def test_without_the_networks_only_what_needs_none_is_allowed() -> None:
    assert not may(USER, "look", Place("street"))
    assert may(USER, "look", Place("city")), "the very network"


@pytest.mark.parametrize(
    ("region", "district"), [((), ""), (("小店区",), "小店区"), (("小店区", "坞城街道"), "小店区")]
)
def test_the_place_of_a_station(region: tuple[str, ...], district: str) -> None:
    assert place_of(Station("st-1", "city", "站", region=region)) == Place("city", district)


def test_the_page_has_the_same_table() -> None:
    table = PAGE.read_text("utf-8").partition("## What each role may do")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z][^|]+?) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", table, re.M)
    told = {
        meaning: {role for role, cell in zip(ROLES, cells, strict=True) if cell.strip() == "yes"}
        for meaning, *cells in rows
    }
    assert told == {each.meaning: set(each.roles) for each in PERMISSIONS.values()}
    unplaced = [number for number, each in enumerate(PERMISSIONS.values()) if not each.placed]
    assert unplaced == [0, *range(len(ACTIONS) - 3, len(ACTIONS))], (
        "the first and the last three, says the page"
    )
