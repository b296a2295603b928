"""A gateway's map: what its messages come to, and how a wrong map is told."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Cabinet, Slot
from edge.clock import Instant, SteppedClock
from edge.config import SensorEntry
from edge.options import ConfigError, Options
from edge.sensors.device_parts import CabinetPart
from edge.sensors.factory import build
from edge.sensors.mqtt_known import Known, Said
from edge.sensors.mqtt_map_options import read_map
from edge.sensors.mqtt_sources import MapTalk

NOW = Instant(1_000_000, 1_000, "synced")
HERE = Path(__file__).parent

CABINET: dict[str, Any] = {
    "device": "cabinet",
    "slots": 2,
    "changes_only": True,
    "availability": {"topic": "gw/{device}/lwt", "values": {"up": "online", "down": "offline"}},
    "value": [
        {"value": "temperature_c", "topic": "gw/{device}/state", "path": "$.env.t", "unit": "°F"},
        {
            "value": "smoke",
            "topic": "gw/{device}/state",
            "path": "$.env.smoke",
            "values": {"false": "no", "true": "yes"},
        },
    ],
    "slot_value": [
        {
            "value": "battery",
            "topic": "gw/{device}/state",
            "path": "$.bins[?@.n == {n}].bat",
            "values": {"0": "absent", "1": "present"},
        },
        {"value": "soc_pct", "topic": "gw/{device}/bin/{n}/soc", "unit": "ratio"},
        {
            "value": "alarm",
            "topic": "gw/{device}/state",
            "path": "$.bins[?@.n == {n}].err",
            "values": {"0": "none", "7": "hot"},
        },
    ],
}


def talk(told: dict[str, Any], device: str = "A1") -> MapTalk:
    return MapTalk(read_map(Options(told, "map.toml", HERE), device))


def changed(**keys: object) -> dict[str, Any]:
    return deepcopy(CABINET) | keys


def cabinet(known: Known) -> Cabinet:
    part = CabinetPart("c1", Options({}, "station.toml"), 2)
    snap = known.at(NOW)
    assert snap is not None
    part.feed(snap)
    [reading] = part.readings(NOW)
    assert isinstance(reading, Cabinet)
    return reading


def hear(known: Known, gateway: MapTalk, topic: str, told: object, *, retained: bool = False) -> None:
    payload = told.encode() if isinstance(told, str) else json.dumps(told).encode()
    known.hear(gateway.hear(topic, payload, retained=retained), NOW.mono_ms)


def test_a_cabinet_comes_together_from_several_topics() -> None:
    gateway, known = talk(CABINET), Known(silent_ms=1000, changes_only=True)
    assert gateway.topics == ("gw/A1/lwt", "gw/A1/state", "gw/A1/bin/1/soc", "gw/A1/bin/2/soc")
    hear(known, gateway, "gw/A1/lwt", "up", retained=True)
    state = {
        "env": {"t": 95, "smoke": False},
        "bins": [{"n": 2, "bat": 1, "err": 7}, {"n": 1, "bat": 0, "err": 0}],
    }
    hear(known, gateway, "gw/A1/state", state)
    hear(known, gateway, "gw/A1/bin/2/soc", "0.87")
    assert cabinet(known) == Cabinet(
        "c1",
        online=True,
        temperature_c=35.0,
        smoke=False,
        slots=(Slot(1, "absent"), Slot(2, "present", soc_pct=87.0, alarms=("hot",))),
    )


def test_an_alarm_is_not_ended_by_another_source_that_is_well() -> None:
    told = changed()
    told["slot_value"].append(told["slot_value"][2] | {"path": "$.bins[?@.n == {n}].err2"})
    gateway, known = talk(told), Known(silent_ms=1000, changes_only=True)
    hear(known, gateway, "gw/A1/state", {"bins": [{"n": 1, "bat": 1, "err": 7, "err2": 0}]})
    assert cabinet(known).slots[0].alarms == ("hot",)
    hear(known, gateway, "gw/A1/state", {"bins": [{"n": 1, "bat": 1, "err": 0, "err2": 0}]})
    assert cabinet(known).slots[0].alarms == ()


def test_the_other_polarity_is_another_map_not_another_program() -> None:
    turned = changed()
    turned["slot_value"][0]["values"] = {"0": "present", "1": "absent"}
    gateway, known = talk(turned), Known(silent_ms=1000, changes_only=True)
    hear(known, gateway, "gw/A1/state", {"bins": [{"n": 1, "bat": 0}, {"n": 2, "bat": 1}]})
    assert [slot.battery for slot in cabinet(known).slots] == ["present", "absent"]


def test_a_word_that_the_map_does_not_know_is_unknown_and_shown() -> None:
    gateway, known = talk(CABINET), Known(silent_ms=1000, changes_only=True)
    hear(known, gateway, "gw/A1/state", {"env": {"smoke": False}, "bins": [{"n": 1, "bat": 9}]})
    assert cabinet(known).slots[0].battery == "unknown"
    assert ("slot 1 battery", "9", "not understood") in known.explain()
    part, snap = CabinetPart("c1", Options({}, "station.toml"), 2), known.at(NOW)
    assert snap is not None
    assert part.doubt(0) == "", "nothing was heard yet"
    part.feed(snap)
    assert part.doubt(0).startswith("all slots: nothing of battery or charge is heard and understood")
    part.forget()
    assert part.doubt(0) == ""


def test_smoke_ends_by_the_cabinets_word_and_not_by_its_silence() -> None:
    gateway, known = talk(changed(changes_only=False)), Known(silent_ms=1000, changes_only=False)
    part = CabinetPart("c1", Options({}, "station.toml"), 2)

    def smoke(told: dict[str, object], mono_ms: int) -> bool | None:
        known.hear(gateway.hear("gw/A1/state", json.dumps(told).encode(), retained=False), mono_ms)
        snap = known.at(Instant(1_000_000, mono_ms, "synced"))
        assert snap is not None
        part.feed(snap)
        [reading] = part.readings(NOW)
        assert isinstance(reading, Cabinet)
        return reading.smoke

    assert smoke({"env": {"t": 95}}, 0) is None
    assert smoke({"env": {"smoke": True}}, 100)
    assert smoke({"env": {"t": 95}}, 2000), "its word is too old, but nobody has taken it back"
    assert smoke({"env": {"smoke": False}}, 2100) is False
    assert smoke({"env": {"t": 95}}, 4000) is None, "calm is not for ever"


NOT_SAID: list[tuple[str, object, str]] = [
    (
        "gw/A1/state",
        {"bins": [{"n": 1, "bat": 1}, {"n": 1, "bat": 0}]},
        "two answers: neither is believed",
    ),
    ("gw/A1/state", {"env": []}, "nothing there"),
    ("gw/A1/state", "{", "half a message"),
    ("gw/A2/state", {"bins": [{"n": 1, "bat": 1}]}, "another device"),
]


@pytest.mark.parametrize(("topic", "told", "why"), NOT_SAID, ids=[row[2] for row in NOT_SAID])
def test_what_says_nothing(topic: str, told: object, why: str) -> None:
    payload = told.encode() if isinstance(told, str) else json.dumps(told).encode()
    assert talk(CABINET).hear(topic, payload, retained=False) == [], why


def test_a_number_that_cannot_be_is_unknown() -> None:
    heard = talk(CABINET).hear("gw/A1/bin/1/soc", b"87", retained=False)
    assert heard == [Said(1, "soc_pct", "87", None)], "87 as a ratio would be 8,700 %"


WRONG: list[tuple[dict[str, Any], str]] = [
    (changed(device="toaster"), "device is 'toaster'; allowed: one of socket, cabinet"),
    (changed(slots=0), "slots is 0"),
    (changed(slot_value=[]), "at least one"),
    ({"device": "socket", "value": []}, "power_w, on, plugged, alarm"),
    ({"device": "socket", "slots": 3, "value": []}, "slots only with"),
    (
        changed(slot_value=[{"value": "soc_pct", "topic": "gw/soc", "path": "$.soc"}]),
        r"\[\[slot_value\]\] 1: path is .*the slot's number",
    ),
    (changed(value=[{"value": "temperature_c", "topic": "t", "path": "$.a["}]), "a JSONPath .unexpected end"),
    (
        changed(value=[{"value": "temperature_c", "topic": "t", "path": "a"}]),
        "path is 'a'; allowed",
    ),
    (changed(value=[{"value": "temperature_c", "topic": "t", "unit": "W"}]), "unit is 'W'"),
    (
        changed(value=[{"value": "smoke", "topic": "t", "values": {"1": "maybe"}}]),
        "1 is 'maybe'; allowed",
    ),
    (changed(value=[{"value": "smoke", "topic": "t"}]), "what each of its words means"),
    (changed(value=[{"value": "smoke", "topic": "#/#", "values": {"1": "yes"}}]), "topic is '#/#'"),
    (changed(availability={"topic": "t", "values": {"1": "there"}}), "one of online, offline"),
    *(
        (changed(value=[{"value": "temperature_c", "topic": topic}]), "as a whole level")
        for topic in ("gw+/state", "gw/a#", "#/a", "gw\0", "gw/" + "a" * 200)
    ),
]


@pytest.mark.parametrize(("told", "why"), WRONG, ids=[row[1] for row in WRONG])
def test_a_wrong_map_is_told_by_file_table_key_and_value(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=f"map.toml.*{why}"):
        talk(told)


@pytest.mark.parametrize(
    ("told", "key", "why"),
    [
        (
            CABINET,
            {"socket_kind": "ac"},
            "socket_kind is 'ac'; .* of a cabinet, and this key belongs to sockets",
        ),
        (
            {"device": "socket", "value": [{"value": "power_w", "topic": "t"}]},
            {"voltage_v": 60},
            "voltage_v is 60; .* of a socket, and this key belongs to cabinets",
        ),
    ],
)
def test_a_key_that_does_not_fit_the_map_is_told_with_what_it_belongs_to(
    told: dict[str, Any], key: dict[str, object], why: str
) -> None:
    options = {"map": told, "device": "A1"} | key
    with pytest.raises(ConfigError, match=why):
        build([SensorEntry("c1", "mqtt_map", None, options, "station.toml")], {}, SteppedClock(0))


def test_a_map_for_many_devices_wants_to_know_which() -> None:
    with pytest.raises(ConfigError, match=r"no {device}, or a device in the sensor's table"):
        talk(CABINET, device="")


@given(
    payload=st.binary(max_size=200), topic=st.sampled_from(["gw/A1/lwt", "gw/A1/state", "gw/A1/bin/1/soc"])
)
def test_no_payload_does_any_harm(payload: bytes, topic: str) -> None:
    assert isinstance(talk(CABINET).hear(topic, payload, retained=False), (str, list))


def test_json_nested_without_end_is_nothing() -> None:
    deep: object = 1
    for _ in range(900):
        deep = {"a": deep}
    told = {"device": "socket", "value": [{"value": "power_w", "topic": "t", "path": "$..watts"}]}
    assert talk(told).hear("t", json.dumps(deep).encode(), retained=False) == []
