"""Frames of swap cabinets: any split of the bytes, any garbage, what the messages of both generations say."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.tower_frames import (
    FRAME_BYTES,
    LOGIN_BYTES,
    Alarm,
    Fact,
    FrameError,
    Framer,
    answer,
    decode,
    encode,
)
from tests.support.tower import alarm, counted, line, login, report


def cut(chunks: list[bytes], limit: int = LOGIN_BYTES) -> tuple[list[bytes], bool]:
    """The frames of a stream, and whether it ended in an error."""
    framer, frames = Framer(limit), list[bytes]()
    try:
        for chunk in chunks:
            framer.feed(chunk)
            frames.extend(framer.frames())
            assert framer.pending <= limit + 4
    except FrameError:
        return frames, True
    return frames, False


def split(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


messages = st.lists(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers() | st.none(), max_size=4),
    min_size=1,
    max_size=6,
)
places = st.lists(st.integers(0, 4000), max_size=30)


@given(messages, places, st.booleans())
def test_any_split_gives_the_same_frames(
    bodies: list[dict[str, Any]], cuts: list[int], by_line: bool
) -> None:
    data = b"".join(map(line if by_line else counted, bodies))
    frames, wrong = cut(split(data, cuts))
    assert not wrong
    assert [json.loads(frame) for frame in frames] == bodies


@given(st.binary(max_size=3000), places, st.sampled_from([b"", b"{", b"\0", b"\0\0\0\5", b' \n{"a":1}\n']))
def test_garbage_gives_the_same_frames_and_the_same_end_however_it_is_split(
    garbage: bytes, cuts: list[int], head: bytes
) -> None:
    data = head + garbage
    assert cut(split(data, cuts), 100) == cut([data], 100)


@given(st.binary(max_size=400))
def test_garbage_in_a_frame_raises_nothing_but_the_codecs_error(garbage: bytes) -> None:
    for frame in (garbage, b'{"msgType":300,"devId":"a","attrList":[' + garbage + b"]}"):
        try:
            decode(frame)
        except FrameError:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["id", "value", "doorId", "alarmFlag", "alarmDesc", "boxSta"])
ENTRIES = JSON | st.lists(st.dictionaries(KEYS, JSON, max_size=5) | JSON, max_size=5)
LISTS = st.sampled_from(["attrList", "alarmList", "cabList", "boxList", "batList", "isFull", "txnNo"])


@given(st.sampled_from([100, 300, 310, 400, 410, 501]), st.dictionaries(LISTS, ENTRIES, max_size=4))
def test_any_json_is_a_message_with_sane_facts_or_the_codecs_error(
    number: int, lists: dict[str, Any]
) -> None:
    frame = json.dumps({"msgType": number, "devId": "a", **lists}).encode()
    try:
        message = decode(frame)
    except FrameError:
        return
    for fact in (*message.facts, *(each.fact for each in message.alarms)):
        assert 0 <= fact.slot <= 999
        assert 0 < len(fact.signal) <= 64
        assert len(fact.text) <= 64
        assert (fact.signal + fact.text).isprintable()
    encode(answer(message, accepted=True), "line")


HOSTILE: list[tuple[bytes, str]] = [
    (b"[]", "no object"),
    (b"[" * 100_000, "a hundred thousand brackets"),
    (b'{"a":' * 20_000, "nested without an end"),
    (b'{"msgType":NaN,"devId":"a"}', "not a number"),
    (b'{"msgType":true,"devId":"a"}', "true for a number"),
    (b'{"msgType":1e2,"devId":"a"}', "a float for a type"),
    (b'{"msgType":' + b"9" * 5000 + b',"devId":"a"}', "five thousand digits"),
    (b'{"msgType":100}', "nobody"),
    (b'{"msgType":100,"devId":""}', "an empty id"),
    (b'{"msgType":100,"devId":"' + b"a" * 65 + b'"}', "an id without an end"),
    (b'{"msgType":100,"devId":"\\ud800"}', "a lone surrogate"),
    (b'{"msgType":100,"devId":"a\\nb"}', "a line feed that would forge a line of the journal"),
    (b'{"msgType":100,"devId":["a"]}', "a list for an id"),
    (b'{"msgType":300,"devId":"a","attrList":{"a":1}}', "a table for a list"),
    (b'{"msgType":300,"devId":"a","attrList":[' + b"0," * 9000 + b"0]}", "too many entries"),
    (b'{"msgType":100,"devId":"a","txnNo":{}}', "a table for a number"),
    (b'\xff\xfe{"msgType":100}', "no UTF-8"),
    (b'{"msgType":100,"devId":"a"', "half a frame"),
]


@pytest.mark.parametrize(("frame", "_why"), HOSTILE, ids=[row[-1] for row in HOSTILE])
def test_hostile_frames_are_refused(frame: bytes, _why: str) -> None:
    with pytest.raises(FrameError):
        decode(frame)


STREAMS: list[tuple[bytes, str]] = [
    (b"GET / HTTP/1.1\r\n", "a browser"),
    (b"\x16\x03\x01\x02", "TLS"),
    (b"{" + b" " * LOGIN_BYTES + b"\n", "a login of more than 4 KiB"),
    (b"{" * (LOGIN_BYTES + 1), "no line feed in 4 KiB"),
    (b"\x00\x98\x96\x80{", "a frame of ten million bytes, known from its first four"),
    (b"\x00\xff\xff\xff", "the longest that begins with a zero"),
    (counted({}) + b"\xff\xff\xff\xff", "four gigabytes after a good one"),
]


@pytest.mark.parametrize(("data", "_why"), STREAMS, ids=[row[-1] for row in STREAMS])
def test_streams_that_are_none_are_refused(data: bytes, _why: str) -> None:
    assert cut([data])[1]


def test_ten_megabytes_are_refused_at_the_limit_and_not_held() -> None:
    _, wrong = cut([b"{" * 16_384] * (10_000_000 // 16_384), FRAME_BYTES)
    assert wrong
    framer, taken = Framer(FRAME_BYTES), 0
    with suppress(FrameError):
        while taken < 10_000_000:
            taken += 16_384
            framer.feed(b"{" * 16_384)
            list(framer.frames())
    assert taken <= FRAME_BYTES + 16_384


def test_a_frame_by_hand() -> None:
    frame = bytes.fromhex(
        "000000257b226d736754797065223a3130302c226465764964223a2261222c2274786e4e6f223a377d"
    )
    ([cut_out], _) = cut([frame[:6], frame[6:]])
    assert decode(cut_out).number == 7


def test_attributes_with_door_and_without() -> None:
    said = decode(
        line(report([(None, "02113001", 30.5), ("2", "02104001", 1), (3, "02106001", None)], full=1))
    )
    assert said.full
    assert said.facts == (Fact(0, "02113001", "30.5"), Fact(2, "02104001", "1"), Fact(3, "02106001", ""))


def test_what_makes_no_sense_is_left_out_alone() -> None:
    odd: list[Any] = [
        ("x", "02104001", 1),
        (-1, "02104001", 1),
        (1, "", 1),
        (1, "02104001", {}),
        (1, "a", True),
    ]
    assert decode(line(report([*odd, (1, "02103001", "0")]))).facts == (Fact(1, "02103001", "0"),)


def test_lists_of_the_second_generation() -> None:
    body = {
        "msgType": 310,
        "devId": "a",
        "txnNo": "1651287811000",
        "isFull": 1,
        "cabList": [{"cabT": "30.6", "cabAlarm": ["000"]}],
        "boxList": [{"doorId": "5", "boxSta": "1", "boxFault": ["02", "04"]}],
        "batList": [{"doorId": "5", "soc": "63"}],
    }
    said = decode(line(body))
    assert said.number == "1651287811000"
    assert set(said.facts) == {
        Fact(0, "cabT", "30.6"),
        Fact(0, "cabAlarm", "000"),
        Fact(5, "boxSta", "1"),
        Fact(5, "boxFault", "02,04"),
        Fact(5, "soc", "63"),
    }


def test_alarms_begin_and_end() -> None:
    assert decode(line(alarm("02017001", 1, text="烟雾"))).alarms == (
        Alarm(Fact(0, "02017001", "烟雾"), True),
    )
    assert decode(line(alarm("02017001", 0, door=2))).alarms == (Alarm(Fact(2, "02017001", ""), False),)
    assert decode(line(alarm("02017001", 7))).alarms == (), "neither begun nor ended"


@pytest.mark.parametrize("framing", ["line", "length"])
def test_an_answer_repeats_the_number_as_it_came(framing: Any) -> None:
    said = encode(answer(decode(line(login(number="0017"))), accepted=True), framing)
    ([frame], _) = cut([said])
    assert json.loads(frame) == {"msgType": 101, "txnNo": "0017", "devId": "CHTEST12AB0001", "result": 1}


def test_the_frames_of_a_public_server(recordings: Path) -> None:
    """Two frames that nobody here made: a login and a full report."""
    file = recordings / "cabservd_tower_protocol_sample_frames.md"
    if not file.is_file():
        pytest.skip(f"no sample frames: {file} is missing")
    frames = re.findall(r"```json\n(.*?)\n```", file.read_text("utf-8"), re.DOTALL)
    said = [decode(frame.encode()) for frame in frames]
    assert [(each.kind, each.cabinet, each.number) for each in said] == [
        ("login", "xxxxxxx", 1234567890123),
        ("report", "xxxxxxx", 1234567890123),
    ]
    assert said[1].full
    assert Fact(0, "02102001", "1") in said[1].facts
    assert Fact(2, "02106001", "BQPACKTEST0001") in said[1].facts
