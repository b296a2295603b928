"""The way in: who is let in, what refusals say, and what ends a count of wrong passwords."""

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from server.accounts.lockout import MOST_FOR_NAME, WINDOW_MS
from server.accounts.passwords import PasswordError, Passwords
from server.accounts.signin import Entered, Refused
from server.accounts.tables import PART
from server.desk import Desk
from tests.support.staff import ADDRESS, NOW_MS, OTHER, PASSWORD, PROFILES, Staff


def wrong(staff: Staff, name: str, times: int, now_ms: int = NOW_MS) -> None:
    for _ in range(times):
        assert staff.sign_in.enter(name, "wrong " * 3, ADDRESS, now_ms) == Refused("wrong")


# Signing in


def test_the_right_password_lets_in(staff: Staff) -> None:
    assert staff.enter(" Tian ").user == staff.user("tian")


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("tian", "wrong", "wrong"),
        ("tian", "", "empty"),
        ("tian", "x" * 70_000, "long"),
        ("vi", PASSWORD, "disabled"),
        ("nobody", PASSWORD, "does not exist"),
        ("", PASSWORD, "no name"),
        ("x" * 70_000, PASSWORD, "a long name"),
        ("\ud800", "\ud800", "half characters"),
        ("tian' --", PASSWORD, "SQL"),
        ("%", PASSWORD, "a pattern"),
        (PASSWORD, "tian", "the wrong way round"),
    ],
    ids=ascii,
)
def test_all_refusals_are_alike_and_cost_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, password: str, why: str
) -> None:
    class Watched(Argon2Hasher):
        """Notes at which cost it compares, and how much."""

        def verify(self, password: str | bytes, hash: str | bytes) -> bool:
            compared.append((str(hash).rpartition("$")[0].rpartition("$")[0], len(password) <= 4 * 129))
            return super().verify(password, hash)

    compared: list[tuple[str, bool]] = []
    staff = Staff(tmp_path / "desk.db", Watched(time_cost=1, memory_cost=8, parallelism=1))
    with closing(staff.desk), caplog.at_level(logging.WARNING):
        staff.users.disable("vi", "ada", NOW_MS)
        assert staff.sign_in.enter(name, password, ADDRESS, NOW_MS) == Refused("wrong"), why
        assert compared == [("$argon2id$v=19$m=8,t=1,p=1", True)]
        assert [each.what for each in staff.audit()] == ["user.disabled"]
    known = name if name in PROFILES else "(unknown)"
    (record,) = caplog.records
    assert record.getMessage() == f"sign_in_refused reason=wrong user={known} address={ADDRESS}"


@pytest.mark.parametrize("name", ["tian", "nobody"])
def test_after_five_the_right_one_is_not_compared(
    staff: Staff, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    wrong(staff, name, MOST_FOR_NAME)
    assert staff.sign_in.enter(name, PASSWORD, "198.51.100.7", NOW_MS + 1) == Refused("locked", WINDOW_MS - 1)
    assert "reason=locked" in caplog.messages[-1]
    again = staff.sign_in.enter(name, PASSWORD, ADDRESS, NOW_MS + WINDOW_MS)
    assert isinstance(again, Entered) == (name == "tian")


def test_a_lock_outlives_a_restart_and_ends_nobodys_session(staff: Staff) -> None:
    wrong(staff, "tian", MOST_FOR_NAME)
    with closing(Desk.open(staff.path, PART)) as desk:
        after = type(staff.sign_in)(desk, staff.hashing)
        assert after.enter("tian", PASSWORD, ADDRESS, NOW_MS) == Refused("locked", WINDOW_MS)


@pytest.mark.parametrize("event", ["sign in", "reset", "enable"])
def test_what_ends_a_count(staff: Staff, event: str) -> None:
    wrong(staff, "tian", MOST_FOR_NAME - 1)
    if event == "sign in":
        staff.enter("tian")
    elif event == "reset":
        staff.users.reset("tian", PASSWORD, "ada", NOW_MS)
    else:
        staff.users.disable("tian", "ada", NOW_MS)
        staff.users.enable("tian", "ada", NOW_MS)
    wrong(staff, "tian", MOST_FOR_NAME)


def test_a_hash_of_another_cost_is_replaced_by_its_owner(staff: Staff) -> None:
    dearer = Passwords(Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1))
    sign_in = type(staff.sign_in)(staff.desk, dearer)
    assert isinstance(sign_in.enter("tian", PASSWORD, ADDRESS, NOW_MS), Entered)
    with closing(sqlite3.connect(staff.path)) as raw:
        hashes = dict(raw.execute("SELECT name, password FROM users"))
    assert hashes["tian"].startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert hashes["vi"].startswith("$argon2id$v=19$m=8,t=1,p=1$")
    staff.enter("tian")


@pytest.mark.parametrize("event", ["disable", "reset"])
def test_a_change_while_the_password_is_compared_wins(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    compare = staff.hashing.matches

    def meanwhile(password: str, hashed: str | None) -> bool:
        if event == "disable":
            staff.users.disable("tian", "ada", NOW_MS)
        else:
            staff.users.reset("tian", OTHER, "ada", NOW_MS)
        return compare(password, hashed)

    monkeypatch.setattr(staff.hashing, "matches", meanwhile)
    assert staff.sign_in.enter("tian", PASSWORD, ADDRESS, NOW_MS) == Refused("wrong")
    assert "session.opened" not in {each.what for each in staff.audit()}


def test_who_comes_when_too_many_are_at_it_is_told_so(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff.hashing, "_waiting", threading.BoundedSemaphore(1))
    with staff.hashing.seat():
        assert staff.sign_in.enter("tian", PASSWORD, ADDRESS, NOW_MS) == Refused("busy", 1000)
    wrong(staff, "tian", MOST_FOR_NAME)


def test_changing_ones_own_password(staff: Staff) -> None:
    tian = staff.user("tian")
    change = staff.sign_in.change_password
    for new, reason in ((PASSWORD, "same"), ("short", "length")):
        with pytest.raises(PasswordError) as refused:
            change(tian, PASSWORD, new, ADDRESS, NOW_MS)
        assert refused.value.reason == reason
    assert change(tian, "wrong", OTHER, ADDRESS, NOW_MS) == Refused("wrong"), (
        "a stolen session does not know it"
    )
    assert isinstance(change(tian, PASSWORD, OTHER, ADDRESS, NOW_MS), Entered)
    assert staff.sign_in.enter("tian", PASSWORD, ADDRESS, NOW_MS) == Refused("wrong")
    staff.enter("tian", OTHER)
    for _ in range(MOST_FOR_NAME):
        change(tian, "wrong", PASSWORD, ADDRESS, NOW_MS)
    assert change(tian, OTHER, PASSWORD, ADDRESS, NOW_MS) == Refused("locked", WINDOW_MS)
