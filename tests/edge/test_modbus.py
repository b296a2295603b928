"""The sensor: sockets and cabinets over real Modbus, one device that fails among others, check and read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.messages import Cabinet, Slot, Socket
from edge.check import check
from edge.clock import SystemClock
from edge.config import SensorEntry
from edge.options import ConfigError
from edge.reading import read_all
from edge.sampler import Sampler
from edge.sensors import Reading, SensorError
from edge.sensors.factory import build
from edge.sensors.modbus import Modbus
from edge.sensors.modbus_line import Wire as Line
from tests.support.modbus import (
    RudeServer,
    RudeSlave,
    Wire,
    mbap,
    pzem,
    rtu,
    serial_server,
    swap_board,
    tcp_server,
)
from tests.support.mosquitto import free_port
from tests.support.wait import until

CLOCK = SystemClock()
DEVICES = Path(__file__).parents[2] / "firmware_config" / "devices"
METER = {"map_file": str(DEVICES / "pzem-004t.toml")}
BOARD = {"map_file": str(DEVICES / "swap-board-8.toml")}
FAST = {"timeout_s": 0.2, "silent_s": 1.0}
QUICK_LIMITS = {"charging_s": 0.2, "idle_s": 0.2, "full_s": 0.2}
IN_S = 10
HOUR_MS = 3_600_000


def entry(sensor_id: str, **options: object) -> SensorEntry:
    return SensorEntry(sensor_id, "modbus", 0.1, options, f"station.toml: [[sensor]] 1 ({sensor_id})")


def metered(port: int, address: int = 1, **options: object) -> SensorEntry:
    """A meter over TCP, with little patience."""
    return entry("s1", address=address, **METER, **(at(port) | options))


def at(port: int) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": port, **FAST}


@contextmanager
def sensors(*entries: SensorEntry) -> Iterator[list[Modbus]]:
    made = build(entries, {}, CLOCK)
    try:
        yield [each for each in made if isinstance(each, Modbus)]
    finally:
        for each in made:
            each.close()


def said(sensor: Modbus) -> Sequence[Reading]:
    return until(lambda: sensor.read(CLOCK.now()), IN_S, "a reading")


def state(sensor: Modbus) -> str:
    return next((each.state for each in sensor.read(CLOCK.now()) if isinstance(each, Socket)), "")


def fault(sensor: Modbus) -> str:
    try:
        sensor.read(CLOCK.now())
    except SensorError as error:
        return error.code
    return ""


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    ptys = Wire(tmp_path)
    yield ptys
    ptys.unplug()


def test_a_meter_makes_a_socket() -> None:
    limits = QUICK_LIMITS | {"charging_s": 3}  # long enough to be looked at before it is believed
    with (
        tcp_server(pzem(7, watts=18.5)) as server,
        sensors(
            entry("s1", address=7, label="左一", socket_kind="ac", **METER, **at(server.port), **limits)
        ) as [s],
    ):
        [info] = s.parts().sockets
        assert (info.id, info.kind, info.label) == ("s1", "ac", "左一")
        [first] = said(s)
        assert isinstance(first, Socket)
        assert (first.state, first.power_w) == ("unknown", 18.5), "nothing is believed at the first look"
        until(lambda: state(s) == "charging", IN_S, "18.5 W are a charge")
        [now] = s.read(CLOCK.now())
        assert isinstance(now, Socket)
        # The two clocks cut their milliseconds off at different moments.
        assert first.since_ms - 1 <= now.since_ms <= CLOCK.now().at_ms


def test_an_overloaded_socket_is_a_fault() -> None:
    with (
        tcp_server(pzem(1, watts=2300)) as server,
        sensors(entry("s1", address=1, rated_w=2200, low_v=235, **METER, **at(server.port))) as [s],
    ):
        said(s)
        outlet = s._part._outlet  # type: ignore[attr-defined]  # ten seconds pass on a clock of our own
        outlet._cause = "overload", outlet._cause[1] - 10_000
        until(lambda: state(s) == "fault", IN_S, "more than it is made for")


def test_a_board_makes_a_cabinet(wire: Wire) -> None:
    with (
        serial_server(wire, swap_board(1, opened=(2,), on=(3,)), baud=115200),
        sensors(entry("c1", address=1, voltage_v=60, serial=str(wire.near), **BOARD, timeout_s=2)) as [board],
    ):
        [info] = board.parts().cabinets
        assert (info.id, info.slots_count, info.voltage_v) == ("c1", 8, 60)
        [cabinet] = said(board)
        assert isinstance(cabinet, Cabinet)
        assert cabinet.online
        assert cabinet.slots[1] == Slot(2, "unknown", "off", "open")
        assert cabinet.slots[2] == Slot(3, "unknown", "unknown", "closed"), (
            "a charger that is on proves no charge"
        )


EVERY_SIGNAL: dict[str, object] = {
    "device": "cabinet",
    "slots": 2,
    "register": [
        {"value": "temperature_c", "function": "input", "address": 0, "scale": 0.1},
        {"value": "smoke", "function": "input", "address": 1, "values": {"0": "no", "1": "yes"}},
        {"value": "mains_ok", "function": "input", "address": 2, "values": {"0": "yes", "1": "no"}},
    ],
    "slot_register": [
        {"value": "battery", "function": "input", "address": 3, "values": {"0": "absent", "1": "present"}},
        {"value": "soc_pct", "function": "input", "address": 5, "missing": 0xFFFF},
        {"value": "enabled", "function": "input", "address": 7, "values": {"1": "yes", "0": "no"}},
        {"value": "alarm", "function": "input", "address": 9, "bit": 0, "values": {"0": "none", "1": "hot"}},
        {
            "value": "alarm",
            "function": "input",
            "address": 9,
            "bit": 1,
            "values": {"0": "none", "1": "short"},
        },
    ],
}


def test_every_signal_of_a_cabinet_by_a_map_in_the_station_file() -> None:
    inputs = [412, 1, 1, 1, 0, 88, 0xFFFF, 1, 0, 0b11, 0]
    answer = b"".join(value.to_bytes(2, "big") for value in inputs)
    server = RudeServer(lambda question: mbap(question, 4, answer))
    with sensors(entry("c1", address=1, map=EVERY_SIGNAL, **at(server.port))) as [cabinet]:
        assert said(cabinet) == [
            Cabinet(
                "c1",
                online=True,
                mains_ok=False,
                temperature_c=41.2,
                smoke=True,
                slots=(
                    Slot(1, "present", enabled=True, soc_pct=88.0, alarms=("hot", "short")),
                    Slot(2, "absent", enabled=False),
                ),
            )
        ]
        assert len({question[2:] for question in server.questions}) == 1, "one request for all"
    server.close()


def test_a_dead_device_does_not_stop_the_others_on_its_line(wire: Wire) -> None:
    def answer(question: bytes) -> bytes:
        own = rtu(question[0], 3, bytes((0, question[0])))
        ten = rtu(question[0], 4, bytes(20))
        if question[0] in (2, 3):
            return b"" if question[0] == 2 else ten[:-1] + b"\x00"
        return own if question[1] == 3 else ten

    slave = RudeSlave(wire, answer)
    line = {"serial": str(wire.near), **METER, **FAST}
    with sensors(*(entry(f"s{n}", address=n, **line) for n in (1, 2, 3, 4))) as [one, dead, noisy, four]:
        for each in (one, dead, noisy, four):
            each.read(CLOCK.now())
        until(lambda: fault(dead) == "no_answer", IN_S, "the dead one is named")
        until(lambda: fault(noisy) == "checksum", IN_S, "and the one beside the motor")
        for _ in range(20):
            assert fault(one) == fault(four) == ""
            CLOCK.wait(0.05)
    slave.close()


READS = {1, 2, 3, 4}
"""The function codes that change nothing in a device; 5, 6, 15, 16, 22, 23 do."""


def test_whatever_a_device_says_it_is_only_ever_read() -> None:
    answers = iter([b"", b"\xff" * 20, None])

    def answer(question: bytes) -> bytes | None:
        kind, count = question[7], int.from_bytes(question[10:12], "big")
        ones = bytes((0, 1)) * count if kind > 2 else b"\xff" * (-(-count // 8))
        return next(answers, mbap(question, kind, ones))

    server = RudeServer(answer)
    board = entry("c1", address=1, **BOARD, **at(server.port))
    with sensors(metered(server.port), board) as [meter, cabinet]:
        said(meter)
        said(cabinet)
        assert [each.verify().ok for each in (meter, cabinet)] == [True, True]
    assert {question[7] for question in server.questions} <= READS
    assert {question[7] for question in server.questions} == {1, 3, 4}
    assert {len(question) for question in server.questions} == {12}, "no question carries a value"
    server.close()


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
        before = CLOCK.now()
        s.read(before)
        until(lambda: len(server.questions) > 0, IN_S, "it was asked")
        assert s.read(CLOCK.now()) == []
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


WRONG: list[tuple[dict[str, object], str]] = [
    ({"address": 1, "host": "h"}, "map_file is missing; allowed: exactly one"),
    ({"address": 1, "host": "h", "map": {}, **METER}, "exactly one of map_file"),
    ({"address": 1, "host": "h", "map_file": "no.toml"}, "no.toml: cannot be read"),
    ({"address": 1, **METER}, "exactly one of serial and host"),
    ({"address": 1, "host": "h", "serial": "/dev/x", **METER}, "exactly one of serial and host"),
    ({"address": 1, "serial": "ttyUSB0", **METER}, "serial is 'ttyUSB0'; allowed: a device file"),
    ({"address": 1, "serial": "/dev/x", "port": 502, **METER}, "port is 502; allowed: left out"),
    ({"address": 1, "host": "h", "baud": 9600, **METER}, "baud is 9600; allowed: left out"),
    ({"serial": "/dev/x", **METER}, "address is missing"),
    ({"address": 0, "serial": "/dev/x", **METER}, "address is 0; allowed: a whole number from 1 to 247"),
    (
        {"address": 1, "host": "h", "voltage_v": 60, **METER},
        "voltage_v is 60; .* the map is of a socket, and this key belongs to cabinets",
    ),
    (
        {"address": 1, "host": "h", "idle_w": 1, **BOARD},
        "idle_w is 1; .* the map is of a cabinet, and this key belongs to sockets",
    ),
    ({"address": 1, "host": "h", "idle_w": 5, "charging_w": 2, **METER}, "charging_w is 2"),
    ({"adress": 1, "host": "h", **METER}, "adress is 1; allowed: only the keys"),
]


@pytest.mark.parametrize(("options", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_entry_is_refused_by_key_and_value(options: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        build([entry("s1", **options)], {}, CLOCK)


def test_one_line_has_one_speed() -> None:
    slow = entry("s1", address=1, serial="/dev/ttyX", **METER)
    fast = entry("s2", address=2, serial="/dev/ttyX", baud=19200, **METER)
    with pytest.raises(ConfigError, match=r"s2.*serial is '/dev/ttyX'; allowed: the same speed"):
        build([slow, fast], {}, CLOCK)
    with sensors(fast):
        pass


STATION = """
[station]
id = "test-station"
[broker]
host = "127.0.0.1"
port = {broker}
password = "password"
[outbox]
path = "{folder}/outbox.db"
[[sensor]]
id = "s1"
kind = "modbus"
map_file = "{devices}/pzem-004t.toml"
host = "127.0.0.1"
port = {port}
timeout_s = 0.2
address = 1
[[sensor]]
id = "c1"
kind = "modbus"
map_file = "{devices}/swap-board-8.toml"
host = "127.0.0.1"
port = {port}
timeout_s = 0.2
address = 3
"""


def verdicts(folder: Path, port: int) -> dict[str, tuple[bool, str]]:
    file = folder / "station.toml"
    file.write_text(STATION.format(folder=folder, devices=DEVICES, port=port, broker=free_port()))
    found = {finding.name: (finding.ok, finding.text) for finding in check(file, CLOCK)}
    return {name: found[name] for name in ("sensor s1", "sensor c1")}


def test_check_knows_a_meter_and_says_that_it_cannot_know_a_board(tmp_path: Path) -> None:
    with tcp_server(pzem(1), swap_board(3)) as server:
        found = verdicts(tmp_path, server.port)
    assert found["sensor s1"][0]
    assert "holding 2 is 1, as it must be" in found["sensor s1"][1]
    assert found["sensor c1"][0]
    assert "cannot be known" in found["sensor c1"][1]


def test_check_is_not_taken_in_by_a_device_that_answers_everything(tmp_path: Path) -> None:
    """Zeros for every register: one that answers whatever it is asked is no meter."""
    server = RudeServer(lambda q: mbap(q, q[7], bytes(2 * q[11] if q[7] > 2 else 1)))
    found = verdicts(tmp_path, server.port)
    assert not found["sensor s1"][0]
    assert "other_device" in found["sensor s1"][1]
    assert "cannot be known" in found["sensor c1"][1]
    server.close()


def test_check_says_who_is_not_there(tmp_path: Path) -> None:
    assert verdicts(tmp_path, free_port())["sensor s1"][1].startswith("unreachable: 127.0.0.1")


def test_read_shows_raw_beside_meaning() -> None:
    with tcp_server(pzem(1, watts=4.6)) as server:
        lines = [line for line, _ in read_all([metered(server.port)], CLOCK)]
    assert lines[0] == ("s1", "modbus", lines[0][2])
    assert "power 4.6 W" in lines[0][2]
    power = next(line[2] for line in lines if line[2].startswith("power_w"))
    assert power.split() == ["power_w", "input", "3-4", "=", "0x002E", "0x0000", "4.6", "W"]


def test_read_says_why_there_is_nothing() -> None:
    [(line, well)] = read_all([metered(free_port())], CLOCK)
    assert not well
    assert line[2].startswith("unreachable")
