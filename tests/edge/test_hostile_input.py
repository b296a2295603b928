"""What people and devices may write into every parser that is not tried beside its own module.

A station file, a map or a file of the agent gives something that can be used, or the one error that says why
not; what a device says becomes a reading that the server takes, or nothing.
"""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.codec import encode
from contract.messages import Cabinet, Snapshot
from edge.clock import Instant, SteppedClock
from edge.config import SensorEntry, load, parse
from edge.devices import lines
from edge.devices_file import Device, read
from edge.options import ConfigError, Options
from edge.sensors import Reading
from edge.sensors.device_parts import CabinetPart
from edge.sensors.factory import build
from edge.sensors.modbus_map import ImpossibleError, understand
from edge.sensors.modbus_options import read_map as read_registers
from edge.sensors.mqtt_known import Known
from edge.sensors.mqtt_line import is_topic
from edge.sensors.mqtt_map_options import read_map as read_gateway
from edge.sensors.mqtt_sources import MapTalk
from edge.sensors.tower_frames import FrameError, decode
from edge.sensors.tower_map import read_map as read_cabinet
from edge.sensors.tower_memory import TowerMemory

DEVICES = Path(__file__).parents[2] / "firmware_config" / "devices"
NOON = 1_700_000_000_000
MANY = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["gw/+", "#", "a+/b", "$.a[?@.n == {n}]", "$..*", "1..2", "\0"]
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def of(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), ANYTHING, max_size=3)


def station(*readings: Reading) -> Snapshot:
    cabinets = tuple(each for each in readings if isinstance(each, Cabinet))
    return Snapshot("0" * 16, 1, NOON, 1000, "0f5b4c2e-b001", "synced", cabinets=cabinets)


VALUE: dict[str, Any] = {"value": "battery", "topic": "gw/{n}", "path": "$.b", "values": {"1": "present"}}
GATEWAY: dict[str, Any] = {"device": "cabinet", "slots": 2, "slot_value": [VALUE]}


@given(of("device", "slots", "availability", "value", "name"), of(*VALUE, "scale", "unit"))
def test_a_gateways_map_is_usable_or_refused(top: dict[str, Any], value: dict[str, Any]) -> None:
    with suppress(ConfigError):
        gateway = read_gateway(Options(GATEWAY | {"slot_value": [VALUE | value]} | top, "map"), "A1")
        assert all(map(is_topic, MapTalk(gateway).topics))


SIGNAL: dict[str, Any] = {"id": "1", "of": "slot", "value": "battery", "values": {"1": "present"}}


@given(of("name", "signal", "alarm"), of(*SIGNAL, "scale"), of("id", "of", "values"))
def test_a_cabinets_map_is_usable_or_refused(
    top: dict[str, Any], signal: dict[str, Any], alarm: dict[str, Any]
) -> None:
    told = {"signal": [SIGNAL | signal], "alarm": [{"id": "2", "of": "slot", "values": {"1": "hot"}} | alarm]}
    with suppress(ConfigError):
        assert read_cabinet(Options(told | top, "map")).signals


KINDS: dict[str, dict[str, Any]] = {
    "modbus": {"map_file": "pzem-004t.toml", "host": "127.0.0.1", "address": 1},
    "tasmota": {"topic": "plug7"},
    "shelly": {"prefix": "shelly-a8"},
    "mqtt_map": {"map_file": "mqtt-cabinet.toml", "device": "A1"},
    "tower": {"port": 0, "cabinet": "A1", "slots": 2, "map_file": "tower-kaixin.toml"},
    "sht4x": {},
    "vl53l1x": {},
}
KEYS = ("map", "map_file", "address", "timeout_s", "silent_s", "label", "serial", "host", "port", "framing",
        "topic", "full_topic", "prefix", "component", "channel", "username", "password", "password_file",
        "device", "listen", "from", "cabinet", "slots", "voltage_v", "rated_w", "outer")  # fmt: skip


@MANY
@given(st.sampled_from(sorted(KINDS)), of(*KEYS))
def test_a_sensors_entry_is_usable_or_refused(kind: str, keys: dict[str, Any]) -> None:
    entry = SensorEntry("s1", kind, None, KINDS[kind] | keys, "station.toml: [[sensor]] 1", DEVICES)
    with suppress(ConfigError):
        for sensor in build([entry], {}, SteppedClock(NOON)):
            assert all(map(is_topic, getattr(sensor, "topics", ())))
            sensor.close()


TOML = st.text(max_size=200) | st.lists(
    st.sampled_from(['[station]\nid = "ab-c"\n', "[broker]\n", 'host = "1..2"\n', "[[sensor]]\n", "x = 1"])
).map("".join)  # fmt: skip


@MANY
@given(TOML)
def test_a_station_file_is_usable_or_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text, "utf-8")
    with suppress(ConfigError):
        load(file)


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = " + "{a=" * 20_000], ids=["lists", "tables"])
def test_tables_nested_without_end_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"cannot be read|must be TOML"):
        parse(tmp_path / "map.toml")


@pytest.mark.parametrize("host", ["192.168.1..5", "a b", "a" * 64 + ".local", "a\0b", "", "驿站\u3000"])
@pytest.mark.parametrize("kind", ["modbus", "tasmota"])
def test_a_host_that_nobody_could_look_up_is_refused(kind: str, host: str) -> None:
    """Else the thread that dials would die of it, and ``check`` too."""
    with pytest.raises(ConfigError) as error:
        build(
            [SensorEntry("s1", kind, None, KINDS[kind] | {"host": host}, "x", DEVICES)], {}, SteppedClock(0)
        )
    assert error.value.key == "host"


@pytest.mark.parametrize("host", ["192.168.4.20", "fe80::1%eth0", "gateway.local", "驿站.local"])
def test_hosts_that_can_be(host: str) -> None:
    assert Options({"host": host}, "x").host("host") == host


WORDS = st.lists(st.integers(0, 0xFFFF), min_size=125, max_size=125)


@given(WORDS, st.sampled_from(["pzem-004t.toml", "swap-board-8.toml"]))
def test_any_answer_is_understood_or_impossible(words: list[int], name: str) -> None:
    made = read_registers(Options(parse(DEVICES / name), name))
    bits = [word & 1 for word in words]
    answers = {s: (bits if s.function == "coil" else words)[: s.count] for s in made.spans}
    with suppress(ImpossibleError):
        found = understand(made.registers, answers)
        assert [each.register for each in found] == list(made.registers)


SLOT = {"no": 1, "battery": 1, "charging": 2, "door": 0, "soc": 100, "alarm": 0}
STATES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("temperature", "mains", "smoke"), ANYTHING)
    | {"slots": st.lists(of(*SLOT).map(lambda keys: SLOT | keys), max_size=3)}
)  # fmt: skip
SHIPPED = read_gateway(Options(parse(DEVICES / "mqtt-cabinet.toml"), "map"), "A1")


@given(STATES, st.booleans())
def test_whatever_json_a_gateway_says_the_cabinet_is_one_that_the_server_takes(
    told: dict[str, Any], broken: bool
) -> None:
    known, part = (
        Known(silent_ms=1000, changes_only=False),
        CabinetPart("c1", Options({}, "x"), SHIPPED.slots),
    )
    payload = json.dumps(told).encode()
    known.hear(
        MapTalk(SHIPPED).hear("cabinet/A1/state", payload[: -1 if broken else None], retained=False), 0
    )
    if snap := known.at(Instant(NOON, 1, "synced")):
        part.feed(snap)
        encode(station(*part.readings(snap.at)))


@pytest.fixture(scope="module", params=sorted(DEVICES.glob("tower-*.toml")), ids=lambda file: file.stem)
def memory(request: pytest.FixtureRequest) -> TowerMemory:
    """One for all examples: what it was told before is hostile, too."""
    return TowerMemory(read_cabinet(Options(parse(request.param), request.param.name)), 3)


SIGNALS = st.sampled_from(
    ["02104001", "02106001", "02109001", "02113001", "02017001", "boxSta", "soc", "cabT"]
)
PARTS = st.fixed_dictionaries(
    {"id": SIGNALS | TEXTS, "value": PLAIN},
    optional={
        "doorId": PLAIN | st.integers(0, 5),
        "alarmFlag": st.sampled_from([0, 1, "1"]),
        "soc": ANYTHING,
    },
)
LISTS = st.sampled_from(["attrList", "alarmList", "cabList", "boxList", "batList"])


@MANY
@given(st.sampled_from([100, 300, 310, 400, 410]), LISTS, st.lists(PARTS, max_size=6), st.integers(0, 10**6))
def test_whatever_a_cabinet_reports_the_reading_is_one_that_the_server_takes(
    memory: TowerMemory, number: int, name: str, parts: list[dict[str, Any]], mono_ms: int
) -> None:
    body = {"msgType": number, "devId": "a", "isFull": mono_ms % 2, name: parts}
    with suppress(FrameError):
        memory.take(decode(json.dumps(body).encode()), mono_ms)
    memory.forget(mono_ms)
    memory.explain()
    if reading := memory.cabinet("c1"):
        encode(station(reading))


DEVICE = asdict(Device("room", "dht22", ("21 °C",), 5, 4, "", "its owner"))
FILES = st.fixed_dictionaries(
    {"boot_id": st.just("b"), "at_mono_ms": st.just(0) | ANYTHING},
    optional={"devices": st.lists(of(*DEVICE, "x").map(lambda keys: DEVICE | keys), max_size=2) | ANYTHING},
).map(json.dumps)


@MANY
@given(FILES | st.text(max_size=50))
def test_the_agents_file_of_devices_is_shown_or_is_no_word(tmp_path: Path, text: str) -> None:
    file = tmp_path / "outbox.db.devices"
    file.write_text(text, "utf-8")
    told = read(file, "b", 0)
    for device in told.devices if told else ():
        assert isinstance(device, Device)
        assert lines(device, 0)


@pytest.mark.parametrize(
    "odd",
    [{"said_mono_ms": "5"}, {"heard_mono_ms": True}, {"fault": None}, {"said": [1]}, {"id": []}, {"x": 1}],
)
def test_a_file_of_devices_with_odd_values_is_no_word(tmp_path: Path, odd: dict[str, Any]) -> None:
    file, content = tmp_path / "devices", {"boot_id": "b", "at_mono_ms": 0, "devices": [DEVICE]}
    file.write_text(json.dumps(content))
    assert read(file, "b", 0) is not None
    file.write_text(json.dumps(content | {"devices": [DEVICE | odd]}))
    assert read(file, "b", 0) is None


def test_a_file_of_devices_nested_without_end_is_no_word(tmp_path: Path) -> None:
    (tmp_path / "devices").write_text("[" * 100_000)
    assert read(tmp_path / "devices", "b", 0) is None
