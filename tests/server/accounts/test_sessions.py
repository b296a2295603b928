"""Sessions: what opens them, what ends them, and what the file knows of them."""

import hashlib
import sqlite3
from contextlib import closing

import pytest
from starlette.responses import Response

from server.accounts import sessions as module
from server.accounts.passwords import generated
from server.accounts.sessions import (
    ABSOLUTE_MS,
    AHEAD_MS,
    COOKIE,
    COOKIE_ATTRIBUTES,
    IDLE_MS,
    MOST_PER_USER,
    SEEN_EVERY_MS,
    Sessions,
    csrf_of,
    is_csrf,
)
from server.accounts.signin import Entered
from server.desk import DeskError
from tests.support.staff import ADDRESS, NOW_MS, PASSWORD, PROFILES, Staff

HOUR_MS = 3_600_000


@pytest.fixture
def sessions(staff: Staff) -> Sessions:
    return Sessions(staff.desk)


def test_a_token_opens_its_session_and_nothing_of_it_is_in_the_file(staff: Staff, sessions: Sessions) -> None:
    token = staff.enter("tian").token
    found = sessions.find(token, NOW_MS + 1)
    assert found is not None
    assert (found.user, found.opened_ms, found.ends_ms) == (staff.user("tian"), NOW_MS, NOW_MS + 1 + IDLE_MS)
    content = staff.path.read_bytes()
    for secret in (token, csrf_of(token), PASSWORD):
        assert secret.encode() not in content
    other = staff.enter("tian").token
    assert other != token, "each sign-in has a token of its own"
    assert csrf_of(other) != csrf_of(token)


@pytest.mark.parametrize(
    "token",
    [None, "", "A" * 43, "A" * 42, "A" * 70_000, "\ud800" * 43, "Ａ" * 43, "' OR 1=1 --", "A" * 43 + "\n"],
    ids=ascii,
)
def test_what_is_no_token_opens_nothing(staff: Staff, sessions: Sessions, token: str | None) -> None:
    staff.enter("tian")
    assert sessions.find(token, NOW_MS) is None
    sessions.close(token, NOW_MS)
    assert len(staff.audit()) == 1, "and closes nothing"


@pytest.mark.parametrize(
    ("uses_ms", "asked_ms", "is_open", "why"),
    [
        ([], IDLE_MS - 1, True, "not idle yet"),
        ([], IDLE_MS, False, "idle for a shift"),
        ([IDLE_MS - 1], 2 * IDLE_MS - 2, True, "used, it lasts"),
        ([IDLE_MS], IDLE_MS + 1, False, "asked for too late it stays ended"),
        ([SEEN_EVERY_MS - 1], IDLE_MS, False, "use is written once a minute"),
        (list(range(0, ABSOLUTE_MS, 11 * HOUR_MS)), ABSOLUTE_MS - 1, True, "used all week"),
        (list(range(0, ABSOLUTE_MS, 11 * HOUR_MS)), ABSOLUTE_MS, False, "a week is the end of it"),
        ([], -AHEAD_MS, True, "the clock was set back a little"),
        ([], -AHEAD_MS - 1, False, "opened by a clock that was far ahead"),
        ([], -50 * 365 * 24 * HOUR_MS, False, "50 years: else it would never end"),
    ],
)
def test_when_a_session_ends(
    staff: Staff, uses_ms: list[int], asked_ms: int, is_open: bool, why: str
) -> None:
    sessions = Sessions(staff.desk)
    token = staff.enter("tian").token
    for after_ms in uses_ms:
        sessions.find(token, NOW_MS + after_ms)
    found = sessions.find(token, NOW_MS + asked_ms)
    assert (found is not None) == is_open, why
    assert found is None or found.ends_ms <= NOW_MS + ABSOLUTE_MS


def test_a_clock_that_was_ahead_does_not_keep_it_open(staff: Staff, sessions: Sessions) -> None:
    token = staff.enter("tian").token
    assert sessions.find(token, NOW_MS + 6 * HOUR_MS), "an hour that the clock invents"
    assert sessions.find(token, NOW_MS), "set right again"
    assert sessions.find(token, NOW_MS + IDLE_MS) is None


def test_signing_out_is_for_one_browser(staff: Staff, sessions: Sessions) -> None:
    here, there = staff.enter("tian").token, staff.enter("tian").token
    sessions.close(here, NOW_MS + 5)
    sessions.close(here, NOW_MS + 6)
    assert hashlib.sha256(here.encode()).digest() not in staff.path.read_bytes(), "not even its hash is left"
    assert sessions.find(here, NOW_MS + 7) is None
    assert sessions.find(there, NOW_MS + 7)
    last = staff.audit()[-1]
    assert (last.at_ms, last.by, last.what, last.whom) == (NOW_MS + 5, "tian", "session.closed", "tian")


@pytest.mark.parametrize("event", ["disable", "reset", "change_password"])
def test_what_ends_all_sessions_of_one_person(staff: Staff, sessions: Sessions, event: str) -> None:
    tokens, other = [staff.enter("tian").token for _ in range(3)], staff.enter("vi").token
    fresh = generated()
    if event == "disable":
        staff.users.disable("tian", "ada", NOW_MS)
    elif event == "reset":
        staff.users.reset("tian", fresh, "ada", NOW_MS)
    else:
        entered = staff.sign_in.change_password(staff.user("tian"), PASSWORD, fresh, ADDRESS, NOW_MS)
        assert isinstance(entered, Entered)
        assert sessions.find(entered.token, NOW_MS), "who changes it stays, with a new token"
    assert [sessions.find(token, NOW_MS) for token in tokens] == [None] * 3
    assert sessions.find(other, NOW_MS)
    change = next(entry for entry in staff.audit()[::-1] if entry.what.startswith("user."))
    assert change.values["sessions_ended"] == 3


def test_a_session_of_somebody_disabled_by_hand_in_the_file_opens_nothing(
    staff: Staff, sessions: Sessions
) -> None:
    token = staff.enter("tian").token
    with closing(sqlite3.connect(staff.path)) as raw, raw:
        raw.execute("UPDATE users SET disabled_ms = 1 WHERE name = 'tian'")
    assert sessions.find(token, NOW_MS) is None


def test_another_role_holds_from_the_next_request(staff: Staff, sessions: Sessions) -> None:
    token = staff.enter("max").token
    staff.users.change("max", PROFILES["tian"], "ada", NOW_MS)
    found = sessions.find(token, NOW_MS)
    assert found is not None
    assert (found.user.role, found.user.places) == (PROFILES["tian"].role, PROFILES["tian"].places)


def test_the_browser_unused_for_longest_is_signed_out(staff: Staff, sessions: Sessions) -> None:
    tokens = [staff.enter("tian", now_ms=NOW_MS + n).token for n in range(MOST_PER_USER)]
    later = NOW_MS + SEEN_EVERY_MS + 1
    assert sessions.find(tokens[0], later), "the first is used again"
    tokens.append(staff.enter("tian", now_ms=later).token)
    assert [n for n, token in enumerate(tokens) if sessions.find(token, later) is None] == [1]


def test_sessions_from_a_clock_far_ahead_push_nobody_out(staff: Staff, sessions: Sessions) -> None:
    for _ in range(MOST_PER_USER):
        staff.enter("tian", now_ms=NOW_MS + 10 * ABSOLUTE_MS)
    tokens = [staff.enter("tian").token for _ in range(2)]
    assert all(sessions.find(token, NOW_MS) for token in tokens)


def test_a_file_that_cannot_be_written_signs_nobody_out_and_nobody_in(
    staff: Staff, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    token = staff.enter("tian").token
    with closing(sqlite3.connect(staff.path)) as raw, raw:
        raw.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        raw.execute(
            "CREATE TRIGGER none BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    assert sessions.find(token, NOW_MS + SEEN_EVERY_MS)
    assert "session_not_touched error=disk full" in caplog.text
    with pytest.raises(DeskError, match="disk full"):
        staff.sign_in.enter("tian", PASSWORD, ADDRESS, NOW_MS)
    assert [entry.what for entry in staff.audit()] == ["session.opened"], "the first one's"


def test_a_file_that_cannot_be_read_lets_nobody_in(staff: Staff, sessions: Sessions) -> None:
    token = staff.enter("tian").token
    with closing(sqlite3.connect(staff.path)) as raw:
        raw.execute("ALTER TABLE sessions RENAME TO gone")
    with pytest.raises(DeskError, match="no such table"):
        sessions.find(token, NOW_MS)


@pytest.mark.parametrize("given", [None, "", "x", "é", "\ud800", "A" * 43, "A" * 70_000], ids=ascii)
def test_a_form_without_the_token_of_the_session(staff: Staff, sessions: Sessions, given: str | None) -> None:
    mine = sessions.find(staff.enter("tian").token, NOW_MS)
    other = sessions.find(staff.enter("tian").token, NOW_MS)
    assert mine is not None
    assert other is not None
    assert not is_csrf(mine, given)
    assert not is_csrf(mine, other.csrf), "of another session of the same person"
    assert is_csrf(mine, mine.csrf)


def test_the_cookie_is_one_that_browsers_take_for_host_only() -> None:
    response = Response()
    response.set_cookie(COOKIE, "A" * 43, **COOKIE_ATTRIBUTES)  # type: ignore[arg-type]  # as the library has it
    said = response.headers["set-cookie"]
    assert said.startswith("__Host-waystation=" + "A" * 43)
    parts = {part.strip().lower() for part in said.split(";")[1:]}
    assert parts == {"secure", "httponly", "samesite=lax", "path=/", f"max-age={module.ABSOLUTE_MS // 1000}"}
