"""Questions on a real line: pymodbus' server over TCP and over a pty, and devices that misbehave."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.sensors import SensorError
from edge.sensors.modbus_line import Serial, Tcp, Wire
from edge.sensors.modbus_map import Line, Span
from tests.support.modbus import (
    Answer,
    RudeServer,
    RudeSlave,
    crc16,
    heard,
    mbap,
    pzem,
    rtu,
    serial_server,
    swap_board,
    tcp_server,
)
from tests.support.modbus import Wire as Ptys
from tests.support.mosquitto import free_port

PATIENCE_S = 0.2
METER = Span("input", 0, 2)
TWO_WORDS = b"\x08\x98\x00\x14"


@pytest.fixture
def ptys(tmp_path: Path) -> Iterator[Ptys]:
    wire = Ptys(tmp_path)
    yield wire
    wire.unplug()


def serial(ptys: Ptys, timeout_s: float = PATIENCE_S) -> Wire:
    return Wire(Serial(str(ptys.near), Line()), timeout_s)


def test_all_four_tables_over_a_serial_line(ptys: Ptys) -> None:
    with serial_server(ptys, pzem(1), swap_board(3, opened=(2,), on=(1, 8))):
        wire = serial(ptys, 5)
        assert wire.open()
        assert wire.exchange(1, Span("input", 0, 10)) == [2298, 20, 0, 46, 0, 54919, 18, 500, 95, 0]
        assert wire.exchange(1, Span("holding", 2, 1)) == [1]
        assert wire.exchange(3, Span("coil", 101, 8)) == [0, 1, 0, 0, 0, 0, 0, 0]
        assert wire.exchange(3, Span("coil", 201, 8)) == [1, 0, 0, 0, 0, 0, 0, 1]
        assert wire.exchange(3, Span("discrete", 0, 1)) == [0]
        wire.close()


def test_the_same_over_tcp() -> None:
    with tcp_server(pzem(1), swap_board(3, opened=(2,))) as server:
        wire = Wire(Tcp("127.0.0.1", server.port), 5)
        assert wire.open()
        assert wire.exchange(1, METER) == [2298, 20]
        assert wire.exchange(3, Span("coil", 101, 8)) == [0, 1, 0, 0, 0, 0, 0, 0]
        assert wire.exchange(3, Span("discrete", 0, 1)) == [0]
        wire.close()


def test_an_address_that_is_not_there_is_refused_with_the_reason() -> None:
    with tcp_server(pzem(1)) as server:
        wire = Wire(Tcp("127.0.0.1", server.port), 5)
        assert wire.open()
        with pytest.raises(SensorError, match="does not have this address") as error:
            wire.exchange(1, Span("coil", 101, 8))
        assert error.value.code == "refused"
        assert wire.exchange(1, METER) == [2298, 20], "and the line goes on"
        wire.close()


BAD_CRC = rtu(1, 4, TWO_WORDS)[:-1] + b"\x00"
SERIAL_FAULTS: list[tuple[bytes, str, str]] = [
    (b"", "no_answer", "silence"),
    (rtu(1, 4, TWO_WORDS)[:5], "incomplete", "half a frame"),
    (b"\x01", "incomplete", "one byte"),
    (BAD_CRC, "checksum", "the check is wrong"),
    (rtu(2, 4, TWO_WORDS), "wrong_address", "another device answers"),
    (rtu(1, 3, TWO_WORDS), "mismatch", "the answer to another question"),
    (rtu(1, 4, TWO_WORDS[:2]), "mismatch", "fewer registers than asked for"),
    (rtu(1, 4, TWO_WORDS * 2), "mismatch", "more of them"),
    (b"\x01\x84\x02" + crc16(b"\x01\x84\x02"), "refused", "an exception of the device"),
    (b"\x01\x84\x0b" + crc16(b"\x01\x84\x0b"), "no_answer", "a gateway hears nothing"),
    (b"\x55" * 4096, "babble", "noise without end"),
]


@pytest.mark.parametrize(("answer", "code", "reason"), SERIAL_FAULTS, ids=[row[2] for row in SERIAL_FAULTS])
def test_what_can_go_wrong_on_a_serial_line(ptys: Ptys, answer: bytes, code: str, reason: str) -> None:
    slave = RudeSlave(ptys, lambda _: answer)
    wire = serial(ptys)
    assert wire.open()
    with pytest.raises(SensorError) as error:
        wire.exchange(1, METER)
    assert error.value.code == code, reason
    slave.answer = lambda _: rtu(1, 4, TWO_WORDS)
    assert wire.exchange(1, METER) == [0x0898, 0x14], "the next answer is good again"
    wire.close()
    slave.close()


def test_the_question_is_a_read_and_nothing_else(ptys: Ptys) -> None:
    slave = RudeSlave(ptys, lambda _: rtu(1, 4, TWO_WORDS))
    wire = serial(ptys)
    assert wire.open()
    wire.exchange(1, METER)
    question = b"\x01\x04\x00\x00\x00\x02"
    assert heard(slave) == [question + crc16(question)]
    wire.close()
    slave.close()


def test_the_right_answer_after_that_of_another_is_taken(ptys: Ptys) -> None:
    """A device that was given up answers late, into the question to the next one."""
    slave = RudeSlave(ptys, lambda _: rtu(2, 4, b"\xff\xff\xff\xff"))
    wire = serial(ptys, 2)
    assert wire.open()
    slave.answer = lambda question: late(slave, question)
    assert wire.exchange(1, METER) == [0x0898, 0x14]
    wire.close()
    slave.close()


def late(slave: RudeSlave, question: bytes) -> bytes:
    del question
    slave.later(0.1, rtu(1, 4, TWO_WORDS))
    return rtu(2, 4, b"\xff\xff\xff\xff")


def test_why_an_adapter_cannot_be_opened(ptys: Ptys, monkeypatch: pytest.MonkeyPatch) -> None:
    def why(wire: Wire) -> str:
        with pytest.raises(SensorError) as error:
            wire.exchange(1, METER)
        return error.value.hint

    wire = serial(ptys)
    ptys.unplug()
    assert "there is no adapter of this name" in why(wire)
    ptys.plug()
    other = serial(ptys)
    assert other.open()
    assert "has another program it" in why(wire)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may use everything
    assert "in the group dialout" in why(wire)
    other.close()


def test_an_adapter_that_is_pulled_and_plugged_in_again(ptys: Ptys) -> None:
    wire = serial(ptys)
    slave = RudeSlave(ptys, lambda _: rtu(1, 4, TWO_WORDS))
    assert wire.open()
    assert wire.exchange(1, METER) == [0x0898, 0x14]
    slave.close()
    ptys.unplug()
    with pytest.raises(SensorError) as error:
        wire.exchange(1, METER)
    assert error.value.code == "adapter"
    assert not wire.is_open
    assert not wire.open()
    ptys.plug()
    slave = RudeSlave(ptys, lambda _: rtu(1, 4, TWO_WORDS))
    assert wire.open()
    assert wire.exchange(1, METER) == [0x0898, 0x14]
    wire.close()
    slave.close()


TCP_FAULTS: list[tuple[Answer, str, str]] = [
    (lambda _: b"", "no_answer", "a server that hangs"),
    (lambda _: None, "unreachable", "a server that hangs up"),
    (lambda q: mbap(q, 4, TWO_WORDS)[:9], "incomplete", "half a frame"),
    (lambda q: mbap(q, 4, TWO_WORDS, address=2), "wrong_address", "another device answers"),
    (lambda q: b"\xff\xff" + mbap(q, 4, TWO_WORDS)[2:], "mismatch", "the answer to another question"),
    (lambda q: mbap(q, 3, TWO_WORDS), "mismatch", "another table"),
    (lambda q: mbap(q, 4, b"\x00\x01"), "mismatch", "fewer registers than asked for"),
    (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "incomplete", "a web server"),
    (lambda _: b"\x00" * 5_000_000, "babble", "five megabytes of nothing"),
]


@pytest.mark.parametrize(("answer", "code", "reason"), TCP_FAULTS, ids=[row[2] for row in TCP_FAULTS])
def test_what_can_go_wrong_on_the_network(answer: Answer, code: str, reason: str) -> None:
    server = RudeServer(answer)
    wire = Wire(Tcp("127.0.0.1", server.port), PATIENCE_S)
    assert wire.open()
    with pytest.raises(SensorError) as error:
        wire.exchange(1, METER)
    assert error.value.code == code, reason
    server.answer = lambda question: mbap(question, 4, TWO_WORDS)
    assert wire.is_open or wire.open()
    assert wire.exchange(1, METER) == [0x0898, 0x14], "the next answer is good again"
    wire.close()
    server.close()


def test_serial_frames_through_a_gateway_that_passes_them_on() -> None:
    server = RudeServer(lambda _: rtu(1, 4, TWO_WORDS))
    wire = Wire(Tcp("127.0.0.1", server.port, rtu=True), PATIENCE_S)
    assert wire.open()
    assert wire.exchange(1, METER) == [0x0898, 0x14]
    server.answer = lambda _: BAD_CRC
    with pytest.raises(SensorError) as error:
        wire.exchange(1, METER)
    assert error.value.code == "checksum"
    wire.close()
    server.close()


def test_nobody_there(tmp_path: Path) -> None:
    assert not Wire(Tcp("127.0.0.1", free_port()), PATIENCE_S).open()
    assert not Wire(Serial(str(tmp_path / "ttyUSB0"), Line()), PATIENCE_S).open()


@pytest.fixture(scope="module")
def rude() -> Iterator[RudeServer]:
    server = RudeServer(lambda _: b"")
    yield server
    server.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.booleans(), st.sampled_from([0, 3, 7, 9]))
def test_whatever_comes_back_is_an_answer_or_a_sensor_error(
    rude: RudeServer, noise: bytes, rtu_frames: bool, kept: int
) -> None:
    """Noise, and noise behind the beginning of a true answer."""
    rude.answer = lambda question: (
        (rtu(1, 4, TWO_WORDS) if rtu_frames else mbap(question, 4, TWO_WORDS))[:kept] + noise
    )
    wire = Wire(Tcp("127.0.0.1", rude.port, rtu=rtu_frames), 0.01)
    assert wire.open()
    with suppress(SensorError):
        assert len(wire.exchange(1, METER)) == 2
    wire.close()
