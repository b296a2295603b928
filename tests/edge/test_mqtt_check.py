"""What ``check`` and ``read`` tell of plugs, over a real broker of the station."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.clock import ScaledClock
from edge.config import SensorEntry
from edge.options import ConfigError
from edge.reading import read_all
from edge.sensors.factory import build
from edge.sensors.mqtt_device import MqttDevice
from tests.support.gateway import LocalBroker, ShippedBroker, device
from tests.support.mosquitto import free_port
from tests.support.plugs import IN_S, LWT, SENSOR, entry, shelly, tasmota, watts
from tests.support.wait import until

CLOCK = ScaledClock(1_767_225_600_000, 8)
"""Checks listen for seconds of this clock: who is there speaks often within them, or has spoken."""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalBroker]:
    with LocalBroker(tmp_path / "local") as running:
        yield running


def test_a_login_that_is_refused_is_told(tmp_path: Path) -> None:
    with LocalBroker(tmp_path / "closed", login=("station", "right")) as broker:
        for password, ok in (("wrong", False), ("right", True)):
            word = tmp_path / f"{password}.password"
            word.write_text(f"{password}\n")
            [s1] = build([tasmota(broker, username="station", password_file=str(word))], {}, CLOCK)
            assert isinstance(s1, MqttDevice)
            verdict = s1.verify()
            s1.close()
            refused = "refuses the login" in verdict.text
            assert refused is not ok
            assert "wrong" not in verdict.text


def test_a_login_without_a_password_is_a_wrong_station_file(local: LocalBroker) -> None:
    with pytest.raises(ConfigError, match="exactly one of password and password_file"):
        build([tasmota(local, username="station")], {}, CLOCK)


def verdict(sensor: SensorEntry) -> tuple[bool, str]:
    """Of a sensor whose broker is there; how long it took to connect is none of the time it listens."""
    [made] = build([sensor], {}, CLOCK)
    assert isinstance(made, MqttDevice)
    line = made._line
    try:
        line.start()
        until(lambda: line.connected, IN_S, "the station's broker is there")
        found = made.verify()
    finally:
        made.close()
    return found.ok, found.text


def test_check_says_what_it_found(local: LocalBroker) -> None:
    ok, text = verdict(tasmota(local))
    assert not ok
    assert "is that its topic" in text
    with device(local) as plug:
        plug.say(LWT, "Online", retain=True)
        assert verdict(tasmota(local)) == (
            True,
            "it is there; it measured nothing within 5 s, which may be its pace",
        )
        plug.say(LWT, "Offline", retain=True)
        ok, text = verdict(tasmota(local))
        assert not ok
        assert "has left" in text


SHELLY_VERDICTS = [
    ("shelly-a8/status/switch:0", {"apower": 1}, True, "tells its whole status"),
    (
        "shelly-a8/events/rpc",
        {"method": "NotifyStatus", "params": {"switch:0": {"apower": 1}}},
        False,
        "status_ntf is off",
    ),
    (
        "shelly-a8/events/rpc",
        {"method": "NotifyStatus", "params": {"pm1:0": {"apower": 1}}},
        False,
        "measures at pm1:0, and not at switch:0",
    ),
    (
        "shelly-a8/events/rpc",
        {"method": "NotifyStatus", "params": {"switch:1": {"apower": 1}}},
        True,
        "nothing has changed meanwhile",
    ),
    ("other/online", "true", True, "cannot be known"),
]


@pytest.mark.parametrize(
    ("topic", "told", "ok", "text"), SHELLY_VERDICTS, ids=[row[3] for row in SHELLY_VERDICTS]
)
def test_check_says_whether_a_shelly_tells_its_whole_status(
    local: LocalBroker, topic: str, told: object, ok: bool, text: str
) -> None:
    with device(local) as plug:
        plug.say("shelly-a8/online", "true", retain=True)
        with speaking(local, topic, told):
            found = verdict(shelly(local))
    assert found[0] is ok
    assert text in found[1]


def test_the_shipped_broker_lets_plugs_speak_the_agent_listen_and_nobody_switch(tmp_path: Path) -> None:
    with ShippedBroker(tmp_path / "pi") as pi:
        name, word = pi.AGENT
        own = tasmota(pi, username=name, password=word)
        with device(pi, login=pi.PLUGS) as plug, device(pi, login=pi.AGENT) as agent:
            agent.say(LWT, "Online", retain=True)
            assert "nobody publishes" in verdict(own)[1], "the agent's login says nothing to anybody"
            plug.say(LWT, "Online", retain=True)
            assert "it is there" in verdict(own)[1]
        name, word = pi.PLUGS
        ok, text = verdict(tasmota(pi, username=name, password=word))
        assert not ok
        assert text.endswith("Nobody like it is heard: is it on, and may plugs listen there?")


WRONG = [
    (tasmota, SENSOR, "hello", "nothing is understood of what it says: tele/plug7/SENSOR hello"),
    (tasmota, SENSOR, {"Time": "x"}, "nothing is understood of what it says"),
    (tasmota, SENSOR, {"ENERGY": {"Power": 1e99}}, "power_w is 1e+99"),
    (shelly, "shelly-a8/status/switch:0", "hello", "nothing is understood of what it says"),
    (shelly, "shelly-a8/status/switch:0", {"apower": 1e99}, "power_w is 1e+99"),
]
WHY = ["no JSON", "a plug without a meter", "a number that cannot be", "no JSON", "a number that cannot be"]


@pytest.mark.parametrize(("make", "topic", "told", "text"), WRONG, ids=WHY)
def test_check_calls_nothing_well_that_is_not_understood(
    local: LocalBroker, make: Callable[[LocalBroker], SensorEntry], topic: str, told: object, text: str
) -> None:
    with speaking(local, topic, told):
        ok, found = verdict(make(local))
    assert not ok
    assert text in found


def test_a_plug_that_is_switched_off_is_understood(local: LocalBroker) -> None:
    with speaking(local, "tele/plug7/STATE", {"POWER": "OFF"}):
        assert verdict(tasmota(local)) == (True, "it is there and is understood")


def test_who_is_there_is_named_to_whoever_has_the_wrong_topic(local: LocalBroker) -> None:
    with device(local) as plug:
        plug.say("tele/plug8/LWT", "Online", retain=True)
        plug.say("other/online", "true", retain=True)
        assert verdict(tasmota(local))[1].endswith("is that its topic? There is: tele/plug8/LWT")
        assert verdict(shelly(local))[1].endswith("is that its topic? There is: other/online")


CABINET = {
    "device": "cabinet",
    "slots": 2,
    "slot_value": [
        {"value": name, "topic": "box", "path": f"$.slots[?@.no == {{n}}].{name}"} | meant
        for name, meant in (("battery", {"values": {"1": "present"}}), ("soc_pct", {}))
    ],
}


def test_read_and_check_tell_what_a_map_does_not_find(local: LocalBroker) -> None:
    box = entry("c1", "mqtt_map", local, map=CABINET)
    with speaking(local, "box", {"slots": [{"no": 1, "battery": 1}, {"no": "2", "battery": 1}]}):
        ok, text = verdict(box)
        lines = [line for (_, _, line), _ in read_all([box], CLOCK)][1:]
    assert (ok, text) == (True, "it is there and is understood, but does not say: slot 1 soc_pct, slot 2")
    assert lines[0].split() == ["slot", "1", "battery", "1", "present"]
    assert [line.split()[:3] for line in lines[1:]] == [["slot", "1", "soc_pct"], ["slot", "2", "-"]]
    assert "nothing found at $" in lines[1]


def test_read_shows_what_is_not_understood_at_all(local: LocalBroker) -> None:
    with speaking(local, SENSOR, "hello\x1b[2J" + "x" * 100):
        (line, well), (raw, _) = read_all([tasmota(local)], CLOCK)
    assert not well
    assert line[2].startswith("not_understood: nothing is understood")
    assert raw[2].split("  ") == [SENSOR, f"hello [2J{'x' * 51}…", "nothing understood"]


def test_a_plug_that_is_there_and_quiet_is_not_one_at_a_wrong_topic(local: LocalBroker) -> None:
    with device(local) as plug:
        (line, _), *_ = read_all([tasmota(local)], CLOCK)
        assert line[2] == "silent: nobody publishes tele/plug7/SENSOR: is that its topic?"
        plug.say(LWT, "Online", retain=True)
        (line, _), *_ = read_all([tasmota(local)], CLOCK)
        assert line[2] == "silent: it is there, but says nothing on tele/plug7/SENSOR"


@contextmanager
def speaking(local: LocalBroker, topic: str, told: object) -> Iterator[None]:
    """A device that has said something and says it again and again."""
    begun, over = threading.Event(), threading.Event()

    def talk() -> None:
        with device(local) as plug:
            while not over.wait(0.05):
                plug.say(topic, told)
                begun.set()

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        assert begun.wait(IN_S)
        yield
    finally:
        over.set()
        thread.join()


def test_read_shows_raw_beside_meaning(local: LocalBroker) -> None:
    with speaking(local, SENSOR, watts(18.5)):
        lines = [line for (_, _, line), _ in read_all([tasmota(local)], CLOCK)]
    assert "power 18.5 W" in lines[0]
    assert [line.split() for line in lines[1:]] == [
        ["power_w", "18.5", "18.5", "W"],
        ["voltage_v", "228", "228.0", "V"],
    ]


def test_nobody_listens_at_a_port_that_is_free() -> None:
    nowhere = SensorEntry("s1", "tasmota", None, {"topic": "plug7", "port": free_port()}, "station.toml")
    [made] = build([nowhere], {}, CLOCK)
    assert isinstance(made, MqttDevice)
    found = made.verify()
    made.close()
    assert not found.ok
    assert "nobody answers there" in found.text
