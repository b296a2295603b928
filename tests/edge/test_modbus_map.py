"""Raw words and what they mean; how few requests fetch a map."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.options import Options
from edge.sensors.modbus_map import (
    Found,
    Function,
    ImpossibleError,
    Register,
    Span,
    decoded,
    meaning,
    plan,
    shown,
    understand,
)
from edge.sensors.modbus_options import read_map
from edge.sensors.values import Value

DEVICES = Path(__file__).parents[2] / "firmware_config" / "devices"

NUMBERS: list[tuple[str, str, tuple[int, ...], float]] = [
    ("u16", "high_first", (0xFFFE,), 65534),
    ("i16", "high_first", (0xFFFE,), -2),
    ("u32", "high_first", (0x0001, 0x0002), 65538),
    ("u32", "low_first", (0x0002, 0x0001), 65538),
    ("i32", "low_first", (0xFFFE, 0xFFFF), -2),
    ("u64", "high_first", (0, 0, 1, 2), 65538),
    ("i64", "low_first", (0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF), -2),
    ("f32", "high_first", (0x42F6, 0xE666), 123.45),
    ("f32", "low_first", (0xE666, 0x42F6), 123.45),
]


@pytest.mark.parametrize(("kind", "order", "raw", "number"), NUMBERS)
def test_types_and_word_orders(kind: str, order: str, raw: tuple[int, ...], number: float) -> None:
    register = Register("x", "input", 0, kind, word_order=order)
    assert register.length == len(raw)
    assert decoded(register, raw) == pytest.approx(number)


DOOR = {0: "closed", 1: "open"}
MEANINGS: list[tuple[Register, tuple[int, ...], Value, str]] = [
    (Register("power_w", "input", 3, factor=0.1), (46,), 4.6, "scaled, and not 4.6000000000000005"),
    (Register("temperature_c", "input", 3, factor=5 / 9, summand=-160 / 9), (212,), 100.0, "Fahrenheit"),
    (Register("soc_pct", "input", 3, missing=0xFFFF), (0xFFFF,), None, "the number for: not measured"),
    (Register("door", "coil", 101, "bit", words=DOOR), (1,), "open", "a word"),
    (Register("door", "input", 1, words=DOOR), (7,), None, "a number that the map does not know is no word"),
    (
        Register("alarm", "input", 1, bit=3, words={0: "none", 1: "hot"}),
        (0b1000,),
        "hot",
        "one bit of sixteen",
    ),
    (
        Register("alarm", "input", 1, bit=3, words={0: "none", 1: "hot"}),
        (0b0111,),
        "none",
        "the others do not count",
    ),
]


@pytest.mark.parametrize(("register", "raw", "value", "reason"), MEANINGS, ids=[row[3] for row in MEANINGS])
def test_meanings(register: Register, raw: tuple[int, ...], value: Value, reason: str) -> None:
    assert meaning(register, raw) == value, reason


@pytest.mark.parametrize(
    ("register", "raw"),
    [
        (Register("soc_pct", "input", 3, low=0, high=100), (101,)),
        (Register("power_w", "input", 3, "f32"), (0x7FC0, 0)),
        (Register("power_w", "input", 3, "f32"), (0x7F80, 0)),
    ],
    ids=["out of range", "NaN", "infinity"],
)
def test_what_cannot_be_is_refused_and_named(register: Register, raw: tuple[int, ...]) -> None:
    with pytest.raises(ImpossibleError, match=f"{register.value} at input 3"):
        meaning(register, raw)


def registers(*places: tuple[Function, int, str]) -> list[Register]:
    return [Register("x", function, address, kind) for function, address, kind in places]


PLANS: list[tuple[list[Register], dict[str, int], tuple[Span, ...], str]] = [
    (registers(("input", 0, "u16"), ("input", 1, "u32")), {}, (Span("input", 0, 3),), "side by side"),
    (registers(("input", 1, "u32"), ("input", 0, "u16")), {}, (Span("input", 0, 3),), "in any order"),
    (registers(("input", 4, "u16"), ("input", 4, "u32")), {}, (Span("input", 4, 2),), "one inside another"),
    (
        registers(("input", 0, "u16"), ("holding", 1, "u16")),
        {},
        (Span("holding", 1, 1), Span("input", 0, 1)),
        "two tables are two requests",
    ),
    (
        registers(("input", 0, "u16"), ("input", 2, "u16")),
        {},
        (Span("input", 0, 1), Span("input", 2, 1)),
        "a hole may be refused, so it is left out",
    ),
    (
        registers(("input", 0, "u16"), ("input", 2, "u16")),
        {"gap": 1},
        (Span("input", 0, 3),),
        "a hole that the device can read is read along",
    ),
    (
        registers(("input", 0, "u32"), ("input", 2, "u32")),
        {"most_registers": 3},
        (Span("input", 0, 2), Span("input", 2, 2)),
        "a number is never cut in two",
    ),
    (
        registers(("coil", 1, "bit"), ("coil", 2, "bit")),
        {"most_bits": 1},
        (Span("coil", 1, 1), Span("coil", 2, 1)),
        "a device that gives one bit at a time",
    ),
]


@pytest.mark.parametrize(("wanted", "limits", "spans", "reason"), PLANS, ids=[row[3] for row in PLANS])
def test_plans(wanted: list[Register], limits: dict[str, int], spans: tuple[Span, ...], reason: str) -> None:
    assert plan(wanted, **limits) == spans, reason


PLACES = st.builds(
    Register,
    st.just("x"),
    st.sampled_from(["holding", "input"]),
    st.integers(0, 300),
    st.sampled_from(["u16", "u32", "u64"]),
)


@given(st.lists(PLACES, min_size=1, max_size=30), st.integers(4, 125), st.integers(0, 20))
def test_every_register_is_in_a_request_that_the_device_can_answer(
    wanted: list[Register], most: int, gap: int
) -> None:
    spans = plan(wanted, most_registers=most, gap=gap)
    assert all(any(span.holds(register) for span in spans) for register in wanted)
    assert all(span.count <= most for span in spans)
    assert len(spans) <= len({(register.function, register.address) for register in wanted})


@given(st.binary(min_size=2, max_size=8), st.sampled_from(["u16", "i16", "u32", "i32", "f32", "u64", "i64"]))
def test_no_words_break_it(data: bytes, kind: str) -> None:
    register = Register("x", "input", 0, kind, low=0, high=10_000)
    raw = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
    raw = (raw * 4)[: register.length]
    try:
        value = meaning(register, raw)
    except ImpossibleError:
        return
    assert isinstance(value, float)
    assert 0 <= value <= 10_000


def test_raw_beside_meaning() -> None:
    power = Register("power_w", "input", 3, "u32", word_order="low_first", factor=0.1, unit="W")
    door = Register("door", "coil", 103, "bit", slot=3, words=DOOR)
    assert shown(Found(power, (46, 0), 4.6)) == ("power_w", "input 3-4 = 0x002E 0x0000", "4.6 W")
    assert shown(Found(door, (1,), "open")) == ("slot 3 door", "coil 103 = 1", "open")
    assert "unknown" in shown(Found(door, (1,), None))[2]


def shipped(name: str) -> Options:
    file = DEVICES / name
    return Options(tomllib.loads(file.read_text("utf-8")), file.name, DEVICES)


def test_the_meter_is_read_in_one_request() -> None:
    meter = read_map(shipped("pzem-004t.toml"))
    assert meter.spans == (Span("input", 0, 10),)
    # The example of the maker's manual: 220.0 V, 1 A, 220 W, 50 Hz, power factor 1, no alarm.
    answer = [0x0898, 0x03E8, 0, 0x0898, 0, 0, 0, 0x01F4, 0x0064, 0]
    said = {
        found.register.value: found.value for found in understand(meter.registers, {meter.spans[0]: answer})
    }
    assert said == {
        "voltage_v": 220.0,
        "current_a": 1.0,
        "power_w": 220.0,
        "energy_wh": 0.0,
        "frequency_hz": 50.0,
        "power_factor": 1.0,
        "alarm": "none",
    }


def test_the_swap_board_is_read_in_two() -> None:
    board = read_map(shipped("swap-board-8.toml"))
    assert board.spans == (Span("coil", 101, 8), Span("coil", 201, 8))
    assert board.identity is None
