"""People: added with a password told once, limited to places that are there, never without an admin."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from server.accounts.roles import Place
from server.accounts.users import Profile
from tests.support.console import TOWN, Browser, Console, console
from tests.support.staff import NOW_MS, TERMINAL

Browse = Callable[[str], Browser]
SECRET = re.compile(r"<code>([a-z0-9]{5}(?:-[a-z0-9]{5}){3})</code>")
LI: Final[dict[str, Any]] = {
    "name": "li",
    "display": "李师傅",
    "role": "technician",
    "reach": "some",
    "place": "city/小店区",
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        yield opened


def beside(answer: httpx.Response, field: str) -> str:
    """What is said beside a field, "" for nothing."""
    found = re.search(rf'id="wrong-{field}" role="alert">(.*?)</p>', answer.text)
    return unescape(found[1]) if found else ""


def state(made: Console) -> tuple[object, ...]:
    return tuple(made.staff.users.all()), len(made.staff.audit())


def test_the_list_has_everybody_with_role_and_place_and_who_is_disabled_last(
    made: Console, browse: Browse
) -> None:
    made.staff.users.disable("max", TERMINAL, NOW_MS)
    text = browse("ada").get("/staff/people").text
    names = re.findall(r"<bdi>(.*?)</bdi></a></h2>", text)
    assert names == ["Ada", "田师傅", "Vi", "马经理"]
    assert "tian · <bdi>小店区 · 城市</bdi>" in text
    assert "3 人可以登录" in text


def test_the_password_of_a_new_person_is_told_once_and_opens_the_console(
    made: Console, browse: Browse
) -> None:
    ada = browse("ada")
    answer = ada.post("/staff/add-person", **LI)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    (password,) = SECRET.findall(answer.text)
    assert made.staff.user("li").places == (Place("city", "小店区"),)
    assert made.staff.enter("li", password).user.role == "technician"
    again = ada.post("/staff/add-person", **LI)
    assert (again.status_code, SECRET.findall(again.text)) == (400, [])
    assert beside(again, "name") == "这个登录名已经有人用了。"
    pages = "".join(ada.get(path).text for path in ("/staff/people", "/staff/people/li", "/staff/audit"))
    assert password not in pages + str(made.staff.audit())


def test_a_name_typed_on_a_phone_is_what_was_meant(made: Console, browse: Browse) -> None:
    assert browse("ada").post("/staff/add-person", **LI | {"name": " Li "}).status_code == 200
    assert made.staff.user("li").display == "李师傅"


def test_without_a_display_others_see_the_sign_in_name(made: Console, browse: Browse) -> None:
    assert browse("ada").post("/staff/add-person", **LI | {"display": ""}).status_code == 200
    assert made.staff.user("li").display == "li"


@pytest.mark.parametrize(
    ("sent", "field", "why"),
    [
        ({"name": "1li"}, "name", "a name begins with a letter"),
        ({"name": ""}, "name", "no name"),
        ({"name": "tian"}, "name", "somebody has it"),
        ({"display": "<b>李</b>"}, "display", "begins with no letter"),
        ({"display": "李\u202e师"}, "display", "would turn the line around"),
        ({"display": "李" * 65}, "display", "too long"),
        ({"role": "owner"}, "role", "no role"),
        ({"role": ""}, "role", "none chosen"),
        ({"reach": ""}, "place", "neither everywhere nor some places"),
        ({"place": ""}, "place", "some places, and none ticked"),
        ({"place": "nowhere"}, "place", "no such network"),
        ({"place": "city/没有区"}, "place", "no such district"),
        ({"place": "town/小店区"}, "place", "a district of another network"),
        ({"role": "admin"}, "place", "an admin who is limited to a place"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_changes_nothing(
    made: Console, browse: Browse, sent: dict[str, Any], field: str, why: str
) -> None:
    ada, before = browse("ada"), state(made)
    form = {name: value for name, value in (LI | sent).items() if value or name == "name"}
    answer = ada.post("/staff/add-person", **form)
    assert answer.status_code == 400, why
    assert beside(answer, field), why
    assert f"wrong-{field}" in re.findall(r'aria-describedby="(?:[\w-]+ )*?(wrong-[\w]+)', answer.text), why
    assert SECRET.findall(answer.text) == []
    assert state(made) == before, why
    assert "<b>李" not in answer.text


def test_what_was_filled_in_is_still_there_when_something_is_wrong(browse: Browse) -> None:
    text = browse("ada").post("/staff/add-person", **LI | {"name": "1"}).text
    assert 'name="display" value="李师傅"' in text
    assert 'value="technician" required checked' in text
    assert 'value="city/小店区" checked' in text
    assert "<details open>" in text, "the list with the district that is ticked is not folded"


def test_role_and_places_are_changed(made: Console, browse: Browse) -> None:
    form: dict[str, Any] = {
        "display": "田",
        "role": "manager",
        "reach": "some",
        "place": ["city/小店区", "city", "town/镇区"],
    }
    answer = browse("ada").post("/staff/people/tian", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/people?said=person_changed")
    tian = made.staff.user("tian")
    assert (tian.display, tian.role) == ("田", "manager")
    assert tian.places == (Place("city"), Place("town", "镇区")), "a district of a whole network adds nothing"
    last = made.staff.audit()[-1]
    assert (last.what, last.whom, last.by) == ("user.changed", "tian", "ada")


def test_a_place_that_is_gone_stays_ticked_until_somebody_unticks_it(made: Console, browse: Browse) -> None:
    profile = Profile("田师傅", "technician", places=(Place("city", "撤掉的区"), Place("gone", "东区")))
    made.staff.users.change("tian", profile, TERMINAL, NOW_MS)
    ada = browse("ada")
    text = ada.get("/staff/people/tian").text
    assert text.count("登记里已经没有") == 3, "the district, the network, and its district"
    kept: dict[str, Any] = {"display": "田", "role": "technician", "reach": "some"}
    assert ada.post("/staff/people/tian", **kept, place=["city/撤掉的区", "town"]).status_code == 303
    assert made.staff.user("tian").places == (Place("city", "撤掉的区"), Place("town"))


def test_all_networks_are_offered_with_their_districts(browse: Browse) -> None:
    text = browse("ada").get("/staff/add-person").text
    boxes = re.findall(r'name="place" value="([^"]+)"', text)
    assert boxes == ["city", "city/小店区", "city/迎泽区", TOWN.id, "town/镇区"]


def test_the_only_admin_can_be_neither_disabled_nor_demoted(made: Console, browse: Browse) -> None:
    ada, before = browse("ada"), state(made)
    answer = ada.post("/staff/people/ada/disable")
    assert (answer.status_code, beside(answer, "disable")) == (
        400,
        "这是唯一的管理员，先添加另一位管理员再改。",
    )
    demoted = ada.post("/staff/people/ada", display="Ada", role="viewer", reach="all")
    assert (demoted.status_code, beside(demoted, "role")) == (
        400,
        "这是唯一的管理员，先添加另一位管理员再改。",
    )
    assert state(made) == before


def test_who_is_disabled_is_signed_out_and_may_come_back(made: Console, browse: Browse) -> None:
    ada, vi = browse("ada"), browse("vi")
    assert ada.post("/staff/people/vi/disable").status_code == 303
    assert vi.get("/staff/more").headers["location"].startswith("/staff/sign-in")
    assert ada.post("/staff/people/vi/enable").status_code == 303
    assert browse("vi").get("/staff/more").status_code == 200
    assert [entry.what for entry in made.staff.audit()][-3:] == [
        "user.disabled",
        "user.enabled",
        "session.opened",
    ]


def test_a_new_password_signs_out_and_is_told_once(made: Console, browse: Browse) -> None:
    ada, vi = browse("ada"), browse("vi")
    answer = ada.post("/staff/people/vi/reset")
    (password,) = SECRET.findall(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert vi.get("/staff/more").status_code == 303
    assert made.staff.enter("vi", password).user.name == "vi"
    assert password not in ada.get("/staff/people/vi").text


def test_ones_own_account_is_not_reset_or_disabled_from_its_page(browse: Browse) -> None:
    text = browse("ada").get("/staff/people/ada").text
    assert "/staff/people/ada/reset" not in text
    assert "/staff/people/ada/disable" not in text
    assert "/staff/people/vi/reset" in browse("ada").get("/staff/people/vi").text


@pytest.mark.parametrize("path", ["", "/reset", "/disable", "/enable"])
def test_who_does_not_exist_cannot_be_changed(made: Console, browse: Browse, path: str) -> None:
    ada, before = browse("ada"), state(made)
    assert ada.post(f"/staff/people/nobody{path}", role="admin", reach="all").status_code == 404
    assert ada.get("/staff/people/nobody").status_code == 404
    assert state(made) == before


@pytest.mark.parametrize("name", ["vi", "tian", "max"])
def test_nobody_but_an_admin_sees_or_changes_people(made: Console, browse: Browse, name: str) -> None:
    browser, before = browse(name), state(made)
    assert browser.get("/staff/people").status_code == 403
    for path in (
        "/staff/add-person",
        "/staff/people/vi",
        "/staff/people/vi/reset",
        "/staff/people/vi/disable",
    ):
        assert browser.post(path, **LI).status_code == 403, path
    assert (tuple(made.staff.users.all()), before[1]) == (before[0], len(made.staff.audit()))


def test_a_name_is_text_and_nothing_else(made: Console, browse: Browse) -> None:
    ada = browse("ada")
    ada.post("/staff/add-person", **LI | {"display": 'x<script>alert(1)</script>"'})
    for path in ("/staff/people", "/staff/people/li", "/staff/audit"):
        assert "<script>alert" not in ada.get(path).text, path
    assert made.staff.user("li").display == 'x<script>alert(1)</script>"'
