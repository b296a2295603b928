"""People and their roles: what is refused and why, and what the audit log says afterwards."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.audit import Entry, entries
from server.accounts.roles import Place
from server.accounts.tables import PART
from server.accounts.users import AccountError, Profile, canonical, check_name, check_profile
from server.desk import Desk, DeskError
from tests.support.staff import ADDRESS, NOW_MS, OTHER, PASSWORD, PROFILES, TERMINAL, Staff

VIEWER = Profile("Vi", "viewer", everywhere=True)


# Names


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "none"),
        ("a", "one character"),
        ("a" * 33, "too long"),
        ("a" * 500, "much too long"),
        ("Tian", "a capital: two people could differ by it"),
        ("1tian", "begins with a digit"),
        ("田师傅", "is what others see, not what is typed"),
        ("t\u0456an", "a Cyrillic letter that looks like another"),
        ("tian ", "a blank"),
        ("tian\n", "a line's end"),
        ("tian\x00", "a zero byte"),
        ("\u202enait", "turns the text around"),
        ("ti\u200ban", "a blank of no width"),
        ("terminal:root", "who types on the server"),
        ("../tian", "a path"),
        ("<b>tian", "markup"),
        ("tian\ud800", "half a character"),
    ],
    ids=ascii,
)
def test_a_name_that_cannot_be(staff: Staff, name: str, why: str) -> None:
    with pytest.raises(AccountError, match="cannot be a user's name: 2 to 32") as refused:
        staff.users.add(name, VIEWER, PASSWORD, TERMINAL, NOW_MS)
    assert refused.value.reason == "name", why
    assert str(refused.value).isprintable(), "the refusal can be shown"
    assert len(str(refused.value)) < 400
    assert len(staff.users.all()) == len(PROFILES)
    assert not staff.audit()


@pytest.mark.parametrize(
    ("display", "said"),
    [
        ("", "0 characters: 1 to 64"),
        ("田" * 65, "65 characters"),
        ("x" * 500, "500 characters"),
        ("Vi\x1b[31m", "cannot be seen: U+001B"),
        ("Vi\u202eiV", "cannot be seen: U+202E"),
        ("Vi\u2066iV", "cannot be seen: U+2066"),
        ("V\u200bi", "cannot be seen: U+200B"),
        ("Vi\u2028iV", "cannot be seen: U+2028"),
        ("Vi\ud800", "cannot be seen: U+D800"),
        ("Vi\ue000", "cannot be seen: U+E000"),
        ("V\u00a0i", "cannot be seen: U+00A0"),
        (" Vi", "must begin with a letter"),
        ("Vi ", "end in no blank"),
        ("=HYPERLINK(1)", "must begin with a letter"),
        ("@all", "must begin with a letter"),
        ("<b>Vi</b>", "must begin with a letter"),
        ("V" + "\u0301" * 3, "more than 2 marks"),
        ("\u0301Vi", "must begin with a letter"),
    ],
    ids=ascii,
)
def test_a_display_that_cannot_be(staff: Staff, display: str, said: str) -> None:
    profile = replace(VIEWER, display=display)
    for attempt in (
        lambda: staff.users.add("new", profile, PASSWORD, "ada", NOW_MS),
        lambda: staff.users.change("vi", profile, "ada", NOW_MS),
    ):
        with pytest.raises(AccountError) as refused:
            attempt()
        assert refused.value.reason == "display"
        assert said in str(refused.value)
        assert str(refused.value).isprintable()
    assert not staff.audit()


@pytest.mark.parametrize("display", ["田师傅", "Nguyễn Thị Ế", "O'Neill-Smith (夜班)", "7 号", "أحمد"])
def test_a_display_that_can_be(display: str) -> None:
    check_profile(replace(VIEWER, display=display))


@given(st.text(max_size=80))
def test_a_name_that_is_taken_shows_as_what_it_is(text: str) -> None:
    with suppress(AccountError):
        check_profile(replace(VIEWER, display=text))
        assert text.isprintable()
        assert text[0].isalnum()
    with suppress(AccountError):
        check_name(text)
        assert text.isascii()


@pytest.mark.parametrize(
    ("profile", "reason", "why"),
    [
        (Profile("X", "root", everywhere=True), "role", "no such role"),  # type: ignore[arg-type]  # as a form says
        (Profile("X", "admin", places=(Place("city"),)), "place", "an admin's limits would limit nothing"),
        (Profile("X", "viewer"), "place", "neither everywhere nor anywhere"),
        (Profile("X", "viewer", everywhere=True, places=(Place("city"),)), "place", "both"),
        (Profile("X", "viewer", places=(Place(""),)), "place", "a network without a name"),
        (
            Profile("X", "viewer", places=(Place("city", "\u202e小店区"),)),
            "place",
            "a district turned around",
        ),
        (Profile("X", "viewer", places=(Place("c" * 500),)), "place", "500 characters"),
        (Profile("X", "viewer", places=(Place("city"),) * 101), "place", "more than anybody reads"),
    ],
)
def test_a_profile_that_cannot_be(profile: Profile, reason: str, why: str) -> None:
    with pytest.raises(AccountError) as refused:
        check_profile(profile)
    assert refused.value.reason == reason, why


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Tian", "tian"),
        (" tian\t", "tian"),
        ("ｔｉａｎ", "tian"),
        ("tian" + "x" * 70_000, "tian" + "x" * 252),
    ],
)
def test_the_name_that_is_meant(typed: str, name: str) -> None:
    assert canonical(typed) == name


# Changes, and who may make them


def test_every_change_is_in_the_audit_log(staff: Staff) -> None:
    staff.users.add("new", VIEWER, PASSWORD, "ada", NOW_MS + 1)
    assert staff.users.change("new", PROFILES["tian"], "ada", NOW_MS + 2)
    assert not staff.users.change("new", PROFILES["tian"], "ada", NOW_MS + 3), "it was so"
    assert staff.users.disable("new", "ada", NOW_MS + 4)
    assert not staff.users.disable("new", "ada", NOW_MS + 5)
    assert staff.users.enable("new", "ada", NOW_MS + 6)
    assert not staff.users.enable("new", "ada", NOW_MS + 7)
    staff.users.reset("new", OTHER, TERMINAL, NOW_MS + 8)
    staff.enter("new", OTHER, NOW_MS + 9)
    staff.sign_in.change_password(staff.user("new"), OTHER, PASSWORD, ADDRESS, NOW_MS + 10)
    log = staff.audit()
    profile = {"display": "田师傅", "role": "technician", "everywhere": False, "places": [["city", "小店区"]]}
    assert [(each.at_ms - NOW_MS, each.by, each.what, each.values) for each in log] == [
        (1, "ada", "user.added", {"display": "Vi", "role": "viewer", "everywhere": True, "places": []}),
        (2, "ada", "user.changed", profile),
        (4, "ada", "user.disabled", {"sessions_ended": 0}),
        (6, "ada", "user.enabled", {}),
        (8, TERMINAL, "user.password_reset", {"sessions_ended": 0}),
        (9, "new", "session.opened", {}),
        (10, "new", "user.password_changed", {"sessions_ended": 1}),
        (10, "new", "session.opened", {}),
    ]
    assert {each.whom for each in log} == {"new"}


def test_no_secret_is_in_the_audit_log(staff: Staff) -> None:
    token = staff.enter("tian").token
    staff.users.reset("tian", OTHER, "ada", NOW_MS)
    with closing(sqlite3.connect(staff.path)) as raw:
        hashes = [row[0] for row in raw.execute("SELECT password FROM users")]
        told = json.dumps(raw.execute("SELECT * FROM audit").fetchall(), ensure_ascii=False)
    assert len(set(hashes)) == len(PROFILES), "the same password, each with a salt of its own"
    assert not [secret for secret in (PASSWORD, OTHER, token, *hashes) if secret in told]
    assert PASSWORD.encode() not in staff.path.read_bytes()


def test_the_audit_log_is_read_in_pages_newest_first(staff: Staff) -> None:
    with staff.desk.reading() as connection:
        first = entries(connection, 2)
        second = entries(connection, 2, first[-1].id)
        assert not entries(connection, 2, second[-1].id)
    assert [each.whom for each in first + second] == list(PROFILES)[::-1]
    assert isinstance(first[0], Entry)


@pytest.mark.parametrize("statement", ["UPDATE audit SET by = 'x'", "DELETE FROM audit"])
def test_the_audit_log_cannot_be_rewritten(staff: Staff, statement: str) -> None:
    with pytest.raises(DeskError, match="only added to"), staff.desk.writing() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("by", ["max", "tian", "vi", "nobody", "", "ADA", "root"])
def test_only_an_admin_changes_people(staff: Staff, by: str) -> None:
    for attempt in (
        lambda: staff.users.add("new", VIEWER, PASSWORD, by, NOW_MS),
        lambda: staff.users.change("tian", VIEWER, by, NOW_MS),
        lambda: staff.users.disable("tian", by, NOW_MS),
        lambda: staff.users.enable("tian", by, NOW_MS),
        lambda: staff.users.reset("tian", OTHER, by, NOW_MS),
    ):
        with pytest.raises(AccountError) as refused:
            attempt()
        assert refused.value.reason == "forbidden"
    assert not staff.audit()
    staff.enter("tian")


def test_an_admin_who_was_disabled_a_moment_ago_changes_nothing(staff: Staff) -> None:
    staff.users.add("eve", PROFILES["ada"], PASSWORD, "ada", NOW_MS)
    staff.users.disable("eve", "ada", NOW_MS)
    with pytest.raises(AccountError, match="only an admin"):
        staff.users.enable("eve", "eve", NOW_MS)


def test_the_first_admin_is_made_at_the_terminal_alone(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with closing(Desk.open(path, PART)) as desk:
        users = Staff.users_of(desk)
        assert users.all() == [], "no default account"
        with pytest.raises(AccountError, match="only an admin"):
            users.add("ada", PROFILES["ada"], PASSWORD, "ada", NOW_MS)
        users.add("ada", PROFILES["ada"], PASSWORD, TERMINAL, NOW_MS)
        users.add("eve", PROFILES["ada"], PASSWORD, "ada", NOW_MS)


@pytest.mark.parametrize("by", ["ada", TERMINAL])
def test_the_last_admin_stays(staff: Staff, by: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: staff.users.disable("ada", by, NOW_MS),
        lambda: staff.users.change("ada", VIEWER, by, NOW_MS),
    ]
    for attempt in attempts:
        with pytest.raises(AccountError) as refused:
            attempt()
        assert refused.value.reason == "last_admin"
    assert (staff.user("ada").role, staff.user("ada").disabled_ms) == ("admin", None)
    assert not staff.audit()
    staff.users.add("eve", PROFILES["ada"], PASSWORD, by, NOW_MS)
    assert staff.users.disable("ada", by, NOW_MS), "there is another one"


@pytest.mark.parametrize(
    "name", ["nobody", "", "TIAN", "x" * 500, "\u202e", "\ud800", "' OR 1=1 --"], ids=ascii
)
def test_somebody_who_is_not_there(staff: Staff, name: str) -> None:
    for attempt in (
        lambda: staff.users.change(name, VIEWER, "ada", NOW_MS),
        lambda: staff.users.disable(name, "ada", NOW_MS),
        lambda: staff.users.enable(name, "ada", NOW_MS),
        lambda: staff.users.reset(name, OTHER, "ada", NOW_MS),
    ):
        with pytest.raises(AccountError) as refused:
            attempt()
        assert refused.value.reason == "unknown"
        assert str(refused.value).isprintable()


def test_a_name_is_one_persons_for_ever(staff: Staff) -> None:
    staff.users.disable("tian", "ada", NOW_MS)
    with pytest.raises(AccountError) as refused:
        staff.users.add("tian", VIEWER, PASSWORD, "ada", NOW_MS)
    assert refused.value.reason == "exists"
