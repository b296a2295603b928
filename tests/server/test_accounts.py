"""People, passwords and the way in: what is refused and why, and what the audit log says afterwards."""

import json
import logging
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher

from server.accounts import passwords
from server.accounts.audit import Entry, entries
from server.accounts.lockout import MOST_FOR_NAME, WINDOW_MS
from server.accounts.passwords import WAITING, BusyError, PasswordError, Passwords
from server.accounts.roles import Place
from server.accounts.signin import Entered, Refused
from server.accounts.tables import PART
from server.accounts.users import AccountError, Profile, canonical, check_name, check_profile
from server.desk import Desk, DeskError
from tests.support.staff import ADDRESS, CHEAP, NOW_MS, PASSWORD, PROFILES, TERMINAL, Staff
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
OTHER = "another pass 电池"
VIEWER = Profile("Vi", "viewer", everywhere=True)


@pytest.fixture
def staff(tmp_path: Path) -> Iterator[Staff]:
    staff = Staff(tmp_path / "desk.db")
    with closing(staff.desk):
        yield staff


def wrong(staff: Staff, name: str, times: int, now_ms: int = NOW_MS) -> None:
    for _ in range(times):
        assert staff.sign_in.enter(name, "wrong " * 3, ADDRESS, now_ms) == Refused("wrong")


# New passwords


@pytest.mark.parametrize(
    ("password", "reason", "why"),
    [
        ("", "length", "none"),
        ("x8!kQ2#mZ4b", "length", "eleven characters"),
        ("abcdefgh" * 17, "length", "136 characters"),
        ("x" * 70_000, "length", "as long as a book"),
        ("correct\x00horse battery", "control", "ends a string of C"),
        ("correct horse\nbattery", "control", "a page cannot send it"),
        ("correct horse \ud800", "control", "half a character"),
        ("13800138000138", "digits", "a phone number"),
        ("１３８００１３８００１３８", "digits", "full-width digits"),
        ("abababababab", "alike", "two characters"),
        ("AaAaBbBbCcCcDd", "alike", "four, of two sizes"),
        ("password1234", "easy", "the first that guessers try"),
        ("Waystation2026!", "easy", "the name of the program"),
        ("tian.shifu-123", "easy", "the user's name and some digits"),
        ("qwerty123456admin!", "easy", "three easy ones"),
    ],
)
def test_a_new_password_that_is_not_taken(password: str, reason: str, why: str) -> None:
    with pytest.raises(PasswordError) as refused:
        passwords.check(password, "tian.shifu")
    assert refused.value.reason == reason, why
    assert not password or password not in str(refused.value), "is not told again"


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "x8!kQ2#mZ4bT",
        "我的奶奶每天都在公园里跳舞",
        "  blanks around  ",
        "é" * 4 + "àüöß plain",
        "a1b2c3d4e5" * 12,
    ],
)
def test_a_new_password_that_is_taken(password: str) -> None:
    passwords.check(password, "tian")


def test_generated_passwords_are_taken_and_differ() -> None:
    made = {passwords.generated() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert len(password) == 23
        assert not set(password) & set("0o1il")
        passwords.check(password, "tian")


# Hashes


def test_without_a_cheaper_hasher_it_costs_what_rfc_9106_says() -> None:
    hashed = Passwords().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    ("typed", "right", "why"),
    [
        (PASSWORD, True, "the same"),
        ("cafe\u0301 " + PASSWORD, False, "more before it"),
        (PASSWORD + " ", False, "a blank after it"),
        (PASSWORD.upper(), False, "capitals"),
        ("", False, "nothing"),
        (PASSWORD + "\x00", False, "a zero byte ends nothing"),
        ("x" * 70_000, False, "long"),
        ("\ud800", False, "half a character"),
    ],
    ids=ascii,
)
def test_matching(typed: str, right: bool, why: str) -> None:
    hashing = Passwords(CHEAP)
    assert hashing.matches(typed, hashing.hash(PASSWORD)) == right, why
    assert not hashing.matches(typed, None), "nobody's"


def test_a_password_is_the_same_however_the_keyboard_composes_it() -> None:
    hashing = Passwords(CHEAP)
    assert hashing.matches("cafe\u0301 au lait!", hashing.hash("caf\u00e9 au lait!"))


def test_what_is_too_long_is_wrong_even_if_it_begins_right() -> None:
    hashing = Passwords(CHEAP)
    longest = "ab" * 64
    assert hashing.matches(longest, hashing.hash(longest))
    assert not hashing.matches(longest + "c", hashing.hash(longest + "c")), "never taken, never right"


def is_free(hashing: Passwords) -> bool:
    """Whether one more would be let wait; does not wait itself."""
    if hashing._waiting.acquire(blocking=False):
        hashing._waiting.release()
        return True
    return False


def test_no_more_than_eight_wait() -> None:
    hashing, gate, inside = Passwords(CHEAP), threading.Event(), threading.Semaphore(0)

    def sit() -> None:
        with hashing.seat():
            inside.release()
            gate.wait(10)

    threads = [threading.Thread(target=sit) for _ in range(passwords.AT_ONCE)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=10), "computes at once"
    waiting = [threading.Thread(target=sit) for _ in range(WAITING - passwords.AT_ONCE)]
    for thread in waiting:
        thread.start()
    until(lambda: not is_free(hashing), 10, "eight compute or wait")
    with pytest.raises(BusyError), hashing.seat():
        pytest.fail("a seat beyond the last")
    gate.set()
    for thread in threads + waiting:
        thread.join(10)
    with hashing.seat():
        pass


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


# Two processes at once, killed in the middle

PREAMBLE = """
import sys
from itertools import count
from pathlib import Path
from server.accounts.users import AccountError
from tests.support.staff import NOW_MS, PASSWORD, PROFILES, TERMINAL, Staff
from server.accounts.tables import PART
from server.desk import Desk
users = Staff.users_of(Desk.open(Path(sys.argv[1]), PART))
"""

SAME_NAMES = """
won = 0
for n in range(40):
    try:
        users.add(f"user{n}", PROFILES["vi"], PASSWORD, TERMINAL, NOW_MS)
        won += 1
    except AccountError as error:
        assert error.reason == "exists", error
print(won)
"""

FOREVER = """
for n in count():
    users.add(f"user{n}", PROFILES["vi"], PASSWORD, TERMINAL, NOW_MS)
    users.disable(f"user{n}", TERMINAL, NOW_MS)
    print(n, flush=True)
"""


def started(program: str, path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PREAMBLE + program, str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own


def test_two_processes_that_add_the_same_people_at_once(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    both = [started(SAME_NAMES, path) for _ in range(2)]
    won = [int(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(won) == 40, "each name is one's"
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM users").fetchone() == (40,)
        assert raw.execute("SELECT count(*), count(DISTINCT whom) FROM audit").fetchone() == (40, 40)


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_time_there_is_no_change_without_its_audit_row(tmp_path: Path, seed: int) -> None:
    path, enough = tmp_path / "desk.db", random.Random(seed).randrange(20)  # noqa: S311  (no secret)
    with started(FOREVER, path) as process:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        assert str(enough) in map(str.strip, said)
        process.send_signal(signal.SIGKILL)
    with closing(Desk.open(path, PART)) as desk, desk.reading() as connection:
        told = [(each.what, each.whom) for each in entries(connection, 100_000)]
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    with closing(sqlite3.connect(path)) as raw:
        users = raw.execute("SELECT name, disabled_ms FROM users").fetchall()
    assert {name for name, _ in users} == {whom for what, whom in told if what == "user.added"}
    off = {name for name, disabled in users if disabled is not None}
    assert off == {whom for what, whom in told if what == "user.disabled"}
    assert len(told) == len(users) + len(off)
    assert len(off) > enough, "what was said to be written is there"
