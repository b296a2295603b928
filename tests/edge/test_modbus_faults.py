"""Modbus devices that go, lie or hang: what each makes unknown, and that it delays nobody else."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.sampler import Sampler
from edge.sensors.factory import build
from edge.sensors.modbus_line import Wire as Line
from tests.support.modbus import (
    RudeServer,
    RudeSlave,
    Wire,
    pzem,
    rtu,
    serial_server,
    tcp_server,
)
from tests.support.modbus_sensors import CLOCK, FAST, IN_S, METER, at, entry, fault, metered, said, sensors
from tests.support.wait import until


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    ptys = Wire(tmp_path)
    yield ptys
    ptys.unplug()


def test_a_dead_device_does_not_stop_the_others_on_its_line(wire: Wire) -> None:
    asked: Counter[int] = Counter()

    def answer(question: bytes) -> bytes:
        asked[question[0]] += 1
        own = rtu(question[0], 3, bytes((0, question[0])))
        ten = rtu(question[0], 4, bytes(20))
        if question[0] in (2, 3):
            return b"" if question[0] == 2 else ten[:-1] + b"\x00"
        return own if question[1] == 3 else ten

    slave = RudeSlave(wire, answer)
    line = {"serial": str(wire.near), **METER, **FAST}
    well = line | {"silent_s": 10.0}
    entries = [entry(f"s{n}", address=n, **(line if n in (2, 3) else well)) for n in (1, 2, 3, 4)]
    with sensors(*entries) as [one, dead, noisy, four]:
        for each in (one, dead, noisy, four):
            each.read(CLOCK.now())
        until(lambda: fault(dead) == "no_answer", IN_S, "the dead one is named")
        until(lambda: fault(noisy) == "checksum", IN_S, "and the one beside the motor")
        before = asked.copy()
        until(lambda: min(asked[n] - before[n] for n in (1, 4)) >= 3, IN_S, "the others are asked on")
        assert fault(one) == fault(four) == ""
    slave.close()


def test_an_adapter_that_goes_and_comes_back(wire: Wire) -> None:
    with sensors(entry("s1", address=1, serial=str(wire.near), **METER, **FAST)) as [s]:
        with serial_server(wire, pzem(1)):
            said(s)
        wire.unplug()
        until(lambda: fault(s) == "adapter", IN_S, "the adapter is gone")
        wire.plug()
        with serial_server(wire, pzem(1)):
            until(lambda: not fault(s), IN_S, "it is back")


def test_a_server_that_hangs_delays_nobody() -> None:
    server = RudeServer(lambda _: b"")
    with sensors(entry("s1", address=1, **METER, **at(server.port) | {"timeout_s": 5})) as [s]:
        first = CLOCK.now()
        s.read(first)
        until(lambda: len(server.questions) > 0, IN_S, "it was asked")
        before = CLOCK.now()
        assert s.read(first) == [], "by the clock of the first look it has not been silent for long"
        assert CLOCK.now().mono_ms - before.mono_ms < 4000, "while the line waits for five seconds"
        until(lambda: fault(s) == "hang", IN_S, "the line's thread has not come back since")
    server.close()


def test_a_crash_in_the_library_is_told_and_the_line_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with tcp_server(pzem(1)) as server, sensors(metered(server.port)) as [s]:

        def crash(*_: object) -> object:
            raise IndexError("bytearray index out of range")

        with monkeypatch.context() as patch:
            patch.setattr(Line, "_request", crash)
            s.read(CLOCK.now())
            until(lambda: fault(s) == "driver", IN_S, "the library failed")
        until(lambda: not fault(s), IN_S, "it answers")


def test_what_comes_back_as_another_device_is_not_believed() -> None:
    """The adapters have changed places: at address 1 of this line there is something else now."""
    with (
        tcp_server(pzem(1, own=99)) as server,
        sensors(metered(server.port)) as [s],
    ):
        until(lambda: fault(s) == "other_device", IN_S, "it says that it is 99")


def test_an_impossible_number_makes_the_socket_unknown() -> None:
    with tcp_server(pzem(1, watts=123_456)) as server:
        sampler = Sampler(build([metered(server.port)], {}, CLOCK), CLOCK.boot_id)

        def snapshot() -> object:
            last = sampler.last(CLOCK.now(), "0" * 16, 1).snapshot
            return last if last.faults else None

        taken = until(snapshot, IN_S, "a fault")
        assert [(f.sensor, f.code) for f in taken.faults] == [("s1", "impossible")]  # type: ignore[attr-defined]
        assert taken.sockets == ()  # type: ignore[attr-defined]
        sampler.close()


def test_a_silent_meter_leaves_an_unknown_socket_in_the_snapshot() -> None:
    with tcp_server(pzem(1)) as server:
        sampler = Sampler(build([metered(server.port)], {}, CLOCK), CLOCK.boot_id)
        until(lambda: sampler.last(CLOCK.now(), "0" * 16, 1).snapshot.sockets, IN_S, "a socket")
    until(lambda: sampler.last(CLOCK.now(), "0" * 16, 1).snapshot.faults, IN_S, "a fault")
    [plug] = sampler.last(CLOCK.now(), "0" * 16, 1).snapshot.sockets
    assert (plug.state, plug.power_w) == ("unknown", None)
    sampler.close()
