"""What Tasmota and Shelly plugs say, as their makers document it, without a broker."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import Instant
from edge.sensors.mqtt_known import Heard, Known, Said, Talk
from edge.sensors.shelly import ShellyTalk
from edge.sensors.tasmota import TasmotaTalk
from edge.sensors.values import Value

USUAL = "%prefix%/%topic%/"
PLUG = TasmotaTalk(USUAL, "plug7", 1)
SECOND = TasmotaTalk(USUAL, "plug7", 2)
THIRD = TasmotaTalk(USUAL, "plug7", 3)
TURNED = TasmotaTalk("station/%topic%/%prefix%", "plug7", 1)
SHELLY = ShellyTalk("shellyplus1pm-a8", "switch:0")

SENSOR = (
    b'{"Time":"2018-02-04T23:17:01","ENERGY":{"Total":3.185,"Yesterday":3.058,"Today":0.127,"Power":18,'
    b'"Factor":0.50,"Voltage":221,"Current":0.163}}'
)
TWO_CHANNELS = b'{"ENERGY":{"Power":[0,6.5],"Current":[0.000,0.030],"Voltage":230,"Factor":[0.00,0.90]}}'

TASMOTA: list[tuple[TasmotaTalk, str, bytes, dict[str, Value] | str, str]] = [
    (PLUG, "tele/plug7/LWT", b"Online", "online", "it has connected"),
    (PLUG, "tele/plug7/LWT", b"Offline", "offline", "its will"),
    (PLUG, "tele/plug7/LWT", b"", {}, "what was kept has been taken away"),
    (
        PLUG,
        "tele/plug7/SENSOR",
        SENSOR,
        {"power_w": 18, "voltage_v": 221, "current_a": 0.163, "power_factor": 0.5},
        "a measurement",
    ),
    (
        SECOND,
        "tele/plug7/SENSOR",
        TWO_CHANNELS,
        {"power_w": 6.5, "voltage_v": 230, "current_a": 0.03, "power_factor": 0.9},
        "a strip's second socket; the voltage is of all",
    ),
    (
        THIRD,
        "tele/plug7/SENSOR",
        TWO_CHANNELS,
        {"voltage_v": 230},
        "it has only two",
    ),
    (SECOND, "tele/plug7/SENSOR", SENSOR, {"voltage_v": 221}, "one meter for all: these watts are nobody's"),
    (PLUG, "tele/plug7/STATE", b'{"Time":"x","POWER":"ON","Wifi":{"RSSI":80}}', {"on": "yes"}, "switched on"),
    (SECOND, "tele/plug7/STATE", b'{"POWER1":"OFF","POWER2":"ON"}', {"on": "yes"}, "of a strip"),
    (PLUG, "tele/plug7/STATE", b'{"POWER1":"ON","POWER2":"OFF"}', {"on": "yes"}, "of a strip, the first"),
    (PLUG, "stat/plug7/RESULT", b'{"POWER":"OFF"}', {"on": "no", "power_w": None}, "off: watts are past"),
    (PLUG, "stat/plug7/POWER", b"OFF", {"on": "no", "power_w": None}, "the same in a word"),
    (PLUG, "stat/plug7/RESULT", b'{"PowerDelta":101}', {}, "an answer to somebody's question"),
    (PLUG, "tele/plug7/SENSOR", b'{"ENERGY":{"Power":-99999}}', {"power_w": None}, "cannot be"),
    (PLUG, "tele/plug7/SENSOR", b'{"ENERGY":{"Power":true}}', {"power_w": None}, "no number"),
    (PLUG, "tele/plug7/SENSOR", b'{"ENERGY":{"Power":NaN}}', {}, "no JSON"),
    (PLUG, "tele/plug7/SENSOR", b'{"ENERGY":[1]}', {}, "another firmware's"),
    (
        PLUG,
        "tele/plug7/SENSOR",
        b'{"Time":"1970-01-01T00:00:00","ENERGY":{"Power":3}}',
        {"power_w": 3},
        "1970",
    ),
    (TURNED, "station/plug7/tele/SENSOR", b'{"ENERGY":{"Power":3}}', {"power_w": 3}, "another FullTopic"),
]

WHY = [row[4] for row in TASMOTA]


def meant(heard: Heard) -> dict[str, Value] | str:
    return heard if isinstance(heard, str) else {said.name: said.value for said in heard}


@pytest.mark.parametrize(
    ("talk", "topic", "payload", "means", "why"), TASMOTA, ids=[row[4] for row in TASMOTA]
)
def test_what_a_tasmota_plug_says(
    talk: TasmotaTalk, topic: str, payload: bytes, means: dict[str, Value] | str, why: str
) -> None:
    assert topic in talk.topics, why
    assert meant(talk.hear(topic, payload, retained=False)) == means


def test_a_kept_measurement_may_be_of_any_age() -> None:
    assert meant(PLUG.hear("tele/plug7/SENSOR", SENSOR, retained=True)) == {}
    assert meant(PLUG.hear("stat/plug7/POWER", b"OFF", retained=True)) == {}
    assert meant(PLUG.hear("tele/plug7/LWT", b"Offline", retained=True)) == "offline"


STATUS = "shellyplus1pm-a8/status/switch:0"
EVENTS = "shellyplus1pm-a8/events/rpc"
WHOLE = (
    b'{"id":0,"source":"MQTT","output":true,"apower":8.9,"voltage":237.5,"current":0.082,"pf":0.46,'
    b'"aenergy":{"total":6.532,"by_minute":[45.199,47.141,88.397],"minute_ts":1626935779},'
    b'"temperature":{"tC":23.5,"tF":74.4}}'
)
NO_ALARMS: dict[str, Value] = {
    f"alarm:{name}": "none" for name in ("overtemp", "overpower", "overvoltage", "undervoltage")
}
FIGURES: dict[str, Value] = {
    "power_w": 8.9,
    "voltage_v": 237.5,
    "current_a": 0.082,
    "power_factor": 0.46,
    "temperature_c": 23.5,
    "energy_wh": 6.532,
}


def notified(method: str, told: str) -> bytes:
    return f'{{"src":"a8","dst":"x","method":"{method}","params":{{"ts":1.0,{told}}}}}'.encode()


SHELLIES: list[tuple[str, bytes, dict[str, Value] | str, str]] = [
    ("shellyplus1pm-a8/online", b"true", "online", "it has connected"),
    ("shellyplus1pm-a8/online", b"false", "offline", "its will"),
    (STATUS, WHOLE, FIGURES | NO_ALARMS | {"on": "yes"}, "its whole status names no errors: there are none"),
    (EVENTS, notified("NotifyStatus", '"switch:0":{"id":0,"apower":0}'), {"power_w": 0}, "only what changed"),
    (EVENTS, notified("NotifyStatus", '"switch:0":{"id":0,"output":false}'), {"on": "no"}, "switched off"),
    (
        EVENTS,
        notified("NotifyStatus", '"switch:0":{"errors":["overtemp"]}'),
        NO_ALARMS | {"alarm:overtemp": "hot"},
        "too hot",
    ),
    (EVENTS, notified("NotifyStatus", '"switch:0":{"errors":[]}'), NO_ALARMS, "well again"),
    (EVENTS, notified("NotifyStatus", '"switch:0":{"errors":null}'), NO_ALARMS, "well: the key goes away"),
    (
        EVENTS,
        notified("NotifyStatus", '"switch:0":{"id":0,"aenergy":{"by_minute":[0,0,0],"total":123.585}}'),
        {"energy_wh": 123.585},
        "once a minute, also when nothing else changes",
    ),
    ("shellyplus1pm-a8/online", b"", {}, "what was kept has been taken away"),
    (
        EVENTS,
        notified("NotifyFullStatus", '"switch:0":{"apower":1.5}'),
        NO_ALARMS | {"power_w": 1.5},
        "whole",
    ),
    (EVENTS, notified("NotifyStatus", '"switch:1":{"apower":9}'), {}, "another socket of the strip"),
    (EVENTS, notified("NotifyEvent", '"switch:0":{"apower":9}'), {}, "no status"),
    (EVENTS, b'{"method":"NotifyStatus","params":[]}', {}, "odd"),
    (STATUS, b'{"apower":"much"}', NO_ALARMS | {"power_w": None}, "no number"),
    (STATUS, b'{"output":"yes"}', NO_ALARMS | {"on": None}, "no switch"),
]


@pytest.mark.parametrize(("topic", "payload", "means", "why"), SHELLIES, ids=[row[3] for row in SHELLIES])
def test_what_a_shelly_plug_says(topic: str, payload: bytes, means: dict[str, Value] | str, why: str) -> None:
    assert topic in SHELLY.topics, why
    assert meant(SHELLY.hear(topic, payload, retained=False)) == means


def at(mono_ms: int) -> Instant:
    return Instant(1_000_000 + mono_ms, mono_ms, "synced")


def said(**values: Value) -> Sequence[Said]:
    return [Said(0, name, str(value), value) for name, value in values.items()]


def known(*, changes_only: bool) -> Known:
    return Known(silent_ms=1000, changes_only=changes_only)


def test_changes_are_laid_over_what_is_known() -> None:
    overlay = known(changes_only=True)
    overlay.hear(said(power_w=8.9, on="yes"), 0)
    overlay.hear(said(power_w=0.0), 900)
    snap = overlay.at(at(1500))
    assert snap is not None
    assert snap.of(0) == {"power_w": 0.0, "on": "yes"}, "what it leaves out is as it was"
    assert overlay.at(at(1901)) is None, "silent for more than a second"


def test_without_that_each_value_grows_old_by_itself() -> None:
    overlay = known(changes_only=False)
    overlay.hear(said(power_w=8.9, on="yes"), 0)
    overlay.hear(said(power_w=0.0), 900)
    snap = overlay.at(at(1500))
    assert snap is not None
    assert snap.of(0) == {"power_w": 0.0}


def test_what_cannot_be_takes_the_place_of_what_was() -> None:
    overlay = known(changes_only=True)
    overlay.hear(said(power_w=8.9), 0)
    overlay.hear(said(power_w=None), 1)
    assert overlay.at(at(2)) is None
    assert overlay.explain() == [("power_w", "None", "not understood")]


def test_who_leaves_takes_everything_along_and_who_speaks_is_there() -> None:
    overlay = known(changes_only=True)
    overlay.hear(said(power_w=8.9), 0)
    overlay.hear("offline", 1)
    assert (overlay.online, overlay.at(at(1))) == (False, None)
    overlay.hear(said(power_w=3.0), 2)
    assert overlay.online


TALKS: list[Talk] = [PLUG, SECOND, TURNED, SHELLY]


@given(payload=st.binary(max_size=300), retained=st.booleans(), data=st.data())
def test_no_payload_does_any_harm(payload: bytes, retained: bool, data: st.DataObject) -> None:
    talk = data.draw(st.sampled_from(TALKS))
    topic = data.draw(st.sampled_from(list(talk.topics)))
    assert isinstance(talk.hear(topic, payload, retained=retained), (str, list, tuple))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "ENERGY",
                    "Power",
                    "POWER",
                    "method",
                    "params",
                    "switch:0",
                    "apower",
                    "errors",
                    "temperature",
                    "tC",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(told=JSON, data=st.data())
def test_no_json_makes_a_number_that_cannot_be(told: object, data: st.DataObject) -> None:
    talk = data.draw(st.sampled_from(TALKS))
    topic = data.draw(st.sampled_from(list(talk.topics)))
    heard = talk.hear(topic, json.dumps(told).encode(), retained=False)
    watts = [said.value for said in heard if isinstance(said, Said) and said.name == "power_w"]
    assert all(value is None or (isinstance(value, float) and 0 <= value <= 10_000) for value in watts)


def test_json_nested_without_end_is_refused() -> None:
    assert PLUG.hear("tele/plug7/SENSOR", b"[" * 60_000, retained=False) == ()
