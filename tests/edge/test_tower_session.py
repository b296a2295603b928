"""One connection: who may speak, how long, how much; and two connections with one id."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.options import Options
from edge.sensors.tower_frames import FRAME_BYTES
from edge.sensors.tower_map import read_map
from edge.sensors.tower_memory import TowerMemory
from edge.sensors.tower_session import (
    BAD_FRAMES,
    FRAME_MS,
    FRAMES_A_SECOND,
    LOGIN_MS,
    STRANGERS,
    EndError,
    Guests,
    Session,
)
from tests.support.tower import CABINET, alarm, counted, line, login, report

MAP = read_map(
    Options(
        {
            "signal": [{"id": "02104001", "of": "slot", "value": "battery", "values": {"0": "absent"}}],
            "alarm": [{"id": "02017001", "of": "cabinet", "values": {"*": "smoke"}}],
        },
        "map",
    )
)
REPORT = report([(1, "02104001", "0")])


@pytest.fixture
def guests() -> Guests:
    return Guests(memories={CABINET: TowerMemory(MAP, 2), "B": TowerMemory(MAP, 2)})


def logged_in(guests: Guests, mono_ms: int = 0) -> Session:
    session = Session(guests, "127.0.0.1", mono_ms)
    session.receive(line(login()), mono_ms)
    return session


def results(answers: bytes) -> list[tuple[int, int]]:
    return [(each["msgType"], each["result"]) for each in map(json.loads, answers.splitlines())]


def test_login_report_and_alarm_are_answered(guests: Guests) -> None:
    session = Session(guests, "127.0.0.1", 0)
    answers = session.receive(line(login()) + line(REPORT) + line(alarm("02017001", 1)), 0)
    assert results(answers) == [(101, 1), (301, 1), (401, 1)]
    assert session.urgent
    assert guests.memories[CABINET].cabinet("c1") is not None


def test_each_framing_is_answered_in_its_own(guests: Guests) -> None:
    session = Session(guests, "127.0.0.1", 0)
    answer = session.receive(counted(login()), 0)
    assert int.from_bytes(answer[:4], "big") == len(answer) - 4


STRANGE: list[tuple[list[bytes], str]] = [
    ([line(login("A stranger"))], "an id that is not in the station file"),
    ([line(REPORT)], "a report without a login"),
    ([line(login()), line({**REPORT, "devId": "B"})], "a report in another cabinet's name"),
    ([line(login()), line(login("B"))], "a second cabinet on one connection"),
    ([b"{}\n"], "no message, from nobody"),
    ([line(login()), b"{" * (FRAME_BYTES + 1)], "a frame too long"),
    ([line(login()), b"{}\n" * BAD_FRAMES], "nothing but garbage"),
    ([line(login()), line(REPORT) * FRAMES_A_SECOND], "a flood"),
]


@pytest.mark.parametrize(("chunks", "_why"), STRANGE, ids=[row[-1] for row in STRANGE])
def test_these_are_hung_up_on(guests: Guests, chunks: list[bytes], _why: str) -> None:
    session = Session(guests, "127.0.0.1", 0)
    for chunk in chunks[:-1]:
        session.receive(chunk, 0)
    with pytest.raises(EndError):
        session.receive(chunks[-1], 0)


def test_a_stranger_changes_nothing_and_is_told_no(guests: Guests) -> None:
    with pytest.raises(EndError) as end:
        Session(guests, "10.0.0.7", 0).receive(line(login("A stranger")), 0)
    assert results(end.value.answers) == [(101, 0)]
    assert guests.strangers == {"A stranger": "10.0.0.7"}
    assert set(guests.memories) == {CABINET, "B"}
    for n in range(100):
        guests.refuse(f"s{n}", "10.0.0.7")
    assert list(guests.strangers) == [f"s{n}" for n in range(100 - STRANGERS, 100)]


def test_a_garbled_frame_now_and_then_ends_nothing(guests: Guests) -> None:
    session = logged_in(guests)
    for second in range(20):
        assert session.receive(b'{"msgType":\n', second * 1000) == b""
        assert results(session.receive(line(REPORT), second * 1000)) == [(301, 1)]


def test_other_messages_are_heard_and_not_answered(guests: Guests) -> None:
    session = logged_in(guests)
    assert session.receive(line({"msgType": 501, "devId": CABINET, "txnNo": 1, "result": 1}), 9000) == b""
    assert guests.memories[CABINET].heard_ms == 9000


def test_time_runs_out(guests: Guests) -> None:
    mute = Session(guests, "127.0.0.1", 0)
    assert not mute.overdue(LOGIN_MS)
    assert mute.overdue(LOGIN_MS + 1), "no login"
    session = logged_in(guests)
    assert not session.overdue(3_600_000), "a quiet cabinet stays"
    session.receive(b'{"half', 1000)
    session.receive(b" a frame", 20_000)
    assert not session.overdue(1000 + FRAME_MS)
    assert session.overdue(1001 + FRAME_MS), "drop by drop does not count"


def test_the_rest_of_a_frame_comes_in_time(guests: Guests) -> None:
    session = logged_in(guests)
    frame = line(REPORT)
    session.receive(frame[:9], 1000)
    assert results(session.receive(frame[9:], 20_000)) == [(301, 1)]
    assert not session.overdue(100_000)


def test_the_newer_of_two_connections_wins_and_the_older_ones_end_changes_nothing(guests: Guests) -> None:
    older, newer = logged_in(guests), logged_in(guests, 1000)
    assert older.overdue(1000)
    assert not newer.overdue(1000)
    with pytest.raises(EndError):
        older.receive(line(REPORT), 1000)
    older.ended(2000)
    assert guests.present[CABINET] is newer
    assert CABINET not in guests.left_ms
    newer.ended(3000)
    assert guests.present == {}
    assert guests.left_ms == {CABINET: 3000}


PIECES = st.sampled_from([line(login()), line(REPORT), line(alarm("02017001", 1)), b"{}\n", b"\n", b"{"])


@settings(max_examples=200)
@given(st.lists(PIECES | st.binary(max_size=50), max_size=12))
def test_whatever_comes_in_ends_in_answers_or_the_end_of_the_connection(chunks: list[bytes]) -> None:
    guests = Guests(memories={CABINET: TowerMemory(MAP, 2)})
    session = Session(guests, "127.0.0.1", 0)
    for chunk in chunks:
        try:
            answers = session.receive(chunk, 0)
        except EndError:
            break
        assert len(answers) <= 200 * chunk.count(b"\n")
    session.ended(1)
    assert guests.present == {}


def test_any_text_for_an_id(guests: Guests) -> None:
    odd: list[Any] = ["", None, 7, ["x"], "x" * 10_000, "\n"]
    for name in odd:
        with pytest.raises(EndError):
            Session(guests, "127.0.0.1", 0).receive(line(login(name)), 0)
