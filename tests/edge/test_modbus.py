"""Sockets and cabinets over real Modbus: what they say, that they are only read, and wrong entries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import Cabinet, Slot, Socket
from edge.options import ConfigError
from edge.sensors.factory import build
from edge.sensors.modbus import Modbus
from tests.support.modbus import (
    RudeServer,
    Wire,
    mbap,
    pzem,
    serial_server,
    swap_board,
    tcp_server,
)
from tests.support.modbus_sensors import BOARD, CLOCK, IN_S, METER, at, entry, metered, said, sensors
from tests.support.wait import until

QUICK_LIMITS = {"charging_s": 0.2, "idle_s": 0.2, "full_s": 0.2}


HOUR_MS = 3_600_000


def state(sensor: Modbus) -> str:
    return next((each.state for each in sensor.read(CLOCK.now()) if isinstance(each, Socket)), "")


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
