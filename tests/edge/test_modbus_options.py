"""Register maps that cannot be used, and what is said of them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.options import ConfigError, Options
from edge.sensors.modbus_options import read_map

POWER: dict[str, object] = {"value": "power_w", "function": "input", "address": 3}
DOOR: dict[str, object] = {
    "value": "door",
    "function": "coil",
    "address": 101,
    "values": {"0": "closed", "1": "open"},
}
SOCKET: dict[str, object] = {"device": "socket", "register": [POWER]}
CABINET: dict[str, object] = {"device": "cabinet", "slots": 8, "slot_register": [DOOR]}


def socket(**changes: object) -> dict[str, object]:
    return {"device": "socket", "register": [POWER | changes]}


def cabinet(**changes: object) -> dict[str, object]:
    return {"device": "cabinet", "slots": 8, "slot_register": [DOOR | changes]}


WRONG: list[tuple[dict[str, object], str]] = [
    ({}, "device is missing"),
    (SOCKET | {"device": "kettle"}, "device is 'kettle'; allowed: one of socket, cabinet"),
    (SOCKET | {"gpa": 4}, "gpa is 4; allowed: only the keys"),
    (SOCKET | {"slots": 8}, "slots only with device"),
    (SOCKET | {"register": []}, "with one of power_w, on, plugged, alarm"),
    (socket(value="voltage_v"), "with one of power_w"),
    (socket(value="watts"), "register.. 1: value is 'watts'"),
    (socket(function="register"), "function is 'register'; allowed: one of coil, discrete, holding, input"),
    (socket(address=65536), "address is 65536"),
    (socket(address=65535, type="u32"), "address is 65535; allowed: a whole number from 0 to 65534"),
    (socket(address=True), "address is True"),
    (socket(type="u24"), "type is 'u24'"),
    (socket(function="coil", type="u16"), "type is 'u16'; allowed: one of bit"),
    (socket(order="middle"), "order is 'middle'"),
    (socket(scale="0.1"), "scale is '0.1'"),
    (socket(unit="hp"), "unit is 'hp'; allowed: one of W, kW, mW"),
    (socket(values={"0": "none"}), "values is a table; allowed: no values for a quantity"),
    (socket(type="u32", bit=3), "bit is 3"),
    (SOCKET | {"register": [POWER, POWER | {"address": 5}]}, "value is 'power_w'; allowed: each value once"),
    (SOCKET | {"max_registers": 126}, "max_registers is 126"),
    (CABINET | {"slots": 0}, "slots is 0"),
    (CABINET | {"slot_register": []}, "at least one ..slot_register"),
    (cabinet(values={}), "what each of its words means"),
    (cabinet(values={"zero": "open"}), "zero is 'zero'; allowed: a whole number"),
    (cabinet(values={"0": "ajar"}), "0 is 'ajar'; allowed: one of closed, open, unknown"),
    (cabinet(scale=2), "scale is 2; allowed: left out"),
    (cabinet(address=65530), "slot 8 would be at 65537"),
    (cabinet(value="power_w"), "value is 'power_w'"),
    (
        SOCKET | {"identity": {"function": "holding", "address": 2}},
        "exactly one of equals and equals_address",
    ),
    (
        SOCKET | {"identity": {"function": "holding", "address": 2, "equals_address": False}},
        "equals_address is False",
    ),
    (SOCKET | {"identity": {"function": "holding", "adress": 2}}, "identity.*adress is 2"),
]


@pytest.mark.parametrize(("keys", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_map_is_refused_by_file_register_key_and_value(keys: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=f"map.toml.*{told}"):
        read_map(Options(keys, "map.toml"))


def test_slots_are_stepped_through() -> None:
    found = read_map(Options(cabinet(step=10), "map.toml"))
    assert [(each.slot, each.address) for each in found.registers[:3]] == [(1, 101), (2, 111), (3, 121)]


def test_numbers_of_values_may_be_hexadecimal() -> None:
    alarm = {
        "value": "alarm",
        "function": "input",
        "address": 9,
        "values": {"0": "none", "0xFFFF": "overload"},
    }
    [register] = read_map(Options({"device": "socket", "register": [alarm]}, "map.toml")).registers
    assert register.words == {0: "none", 65535: "overload"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["device", "slots", "gap", "register", "slot_register", "identity", "baud", "parity"])


@given(
    st.dictionaries(KEYS, VALUES, max_size=5),
    st.dictionaries(st.sampled_from([*POWER, "values", "bit", "missing"]), VALUES),
)
def test_nonsense_is_a_config_error_and_nothing_else(
    top: dict[str, object], register: dict[str, object]
) -> None:
    with suppress(ConfigError):
        read_map(Options(socket(**register) | top, "map.toml"))
