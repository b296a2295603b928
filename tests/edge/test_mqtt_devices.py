"""Plugs and gateways over a real broker of the station: charging, leaving, away, silent."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from contract.messages import Cabinet, Socket
from edge.clock import SteppedClock
from edge.config import SensorEntry
from edge.sensors import SensorError
from edge.sensors.factory import build
from edge.sensors.mqtt_device import MqttDevice
from edge.sensors.mqtt_known import Heard
from edge.sensors.mqtt_line import Line, Message
from edge.sensors.tasmota import TasmotaTalk
from tests.support.gateway import Ear, LocalBroker, device
from tests.support.plugs import (
    EVENTS,
    IN_S,
    LWT,
    SENSOR,
    charge,
    entry,
    fault,
    said,
    sensors,
    shelly,
    state,
    tasmota,
    watts,
)
from tests.support.wait import until

BOARD = {
    "device": "cabinet",
    "slots": 1,
    "slot_value": [
        {"value": "door", "topic": "gw/{n}", "path": "$.door", "values": {"0": "closed", "1": "open"}}
    ],
}


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalBroker]:
    with LocalBroker(tmp_path / "local") as running:
        yield running


def test_a_phone_is_plugged_in_and_out(local: LocalBroker) -> None:
    with device(local) as plug, sensors(tasmota(local, label="左一", socket_kind="ac")) as [s1]:
        [info] = s1.parts().sockets
        assert (info.id, info.kind, info.label) == ("s1", "ac", "左一")
        for power, word in ((18.5, "charging"), (0, "free")):

            def told(power: float = power, word: str = word) -> bool:
                plug.say(SENSOR, watts(power))
                return state(s1) == word

            until(told, IN_S, f"{power} W for a while are {word}")
        plug.say("stat/plug7/RESULT", {"POWER": "OFF"})
        until(lambda: state(s1) == "off", IN_S, "it was switched off")
        [reading] = said(s1)
        assert isinstance(reading, Socket)
        assert reading.power_w is None, "what it drew before says nothing now"


def test_a_plug_that_vanishes_is_unknown_and_comes_back(local: LocalBroker) -> None:
    with sensors(tasmota(local)) as [s1]:
        with device(local, will=(LWT, "Offline")) as plug:
            plug.say(LWT, "Online", retain=True)
            plug.say(SENSOR, watts(0))
            until(lambda: said(s1), IN_S, "it speaks")
            plug.vanish()
            until(lambda: fault(s1) == "offline", IN_S, "the broker says its will")
        with device(local) as plug:
            plug.say(LWT, "Online", retain=True)
            plug.say(SENSOR, watts(0))
            until(lambda: not fault(s1) and said(s1), IN_S, "it is back")


def test_one_bad_device_does_not_stop_the_others(local: LocalBroker) -> None:
    third = tasmota(local, "s3", topic="plug9")
    cabinet = entry("c1", "mqtt_map", local, map=BOARD)
    with (
        device(local) as line,
        sensors(tasmota(local), shelly(local), third, cabinet) as [one, two, bad, board],
    ):
        line.say(SENSOR, watts(3))
        line.say("shelly-a8/status/switch:0", {"apower": 4.0, "output": True})
        line.say("gw/1", {"door": 1})
        line.say("tele/plug9/SENSOR", b"\xff" * 200_000)
        line.say("tele/plug9/SENSOR", b'{"ENERGY":{"Power":1e99}}')
        for each in (one, two, board):
            until(lambda each=each: said(each), IN_S, "what is well is heard")  # type: ignore[misc]
        [reading] = said(board)
        assert isinstance(reading, Cabinet)
        assert reading.slots[0].door == "open"
        until(lambda: fault(bad) == "not_understood", IN_S, "and what says nonsense is told apart")
        assert not fault(one)
        assert not fault(two)


def test_a_shelly_that_is_too_hot_is_a_fault_until_it_says_that_it_is_well(local: LocalBroker) -> None:
    def notify(**told: object) -> dict[str, object]:
        return {"method": "NotifyStatus", "params": {"ts": 1, "switch:0": told}}

    with device(local) as plug, sensors(shelly(local)) as [s2]:
        plug.say("shelly-a8/status/switch:0", {"output": True, "apower": 900.0})
        until(lambda: said(s2), IN_S, "it speaks")
        plug.say("shelly-a8/events/rpc", notify(errors=["overtemp"]))
        until(lambda: state(s2) == "fault", IN_S, "heat passes at once")
        plug.say("shelly-a8/events/rpc", notify(apower=3.0))
        assert state(s2) == "fault", "other changes do not take it back"


def test_what_changed_while_nobody_listened_is_not_taken_for_as_it_was(local: LocalBroker) -> None:
    """A plug that tells changes only may have told one while the broker was away."""

    def notify(**told: object) -> dict[str, object]:
        return {"method": "NotifyStatus", "params": {"ts": 1, "switch:0": told}}

    with sensors(shelly(local)) as [s2]:
        with device(local) as plug:
            plug.say("shelly-a8/status/switch:0", {"output": True, "apower": 5.0})
            until(lambda: said(s2), IN_S, "it speaks")
            charge(s2, plug, EVENTS, notify(apower=5.0))
        local.kill()
        until(lambda: not s2._line.connected, IN_S, "the broker is away")
        local.start()
        with device(local) as plug:
            until(lambda: s2._line.connected, 30, "it dials again")
            assert fault(s2) == "silent"
            plug.say(EVENTS, notify(temperature={"tC": 24.0}))
            until(lambda: not fault(s2), IN_S, "it is heard")
            [reading] = said(s2)
            assert isinstance(reading, Socket)
            assert (reading.state, reading.power_w) == ("unknown", None), "the phone may have gone"


def test_a_plug_that_was_away_must_show_everything_anew(local: LocalBroker) -> None:
    with device(local) as plug, sensors(tasmota(local, idle_s=60)) as [s1]:
        charge(s1, plug, SENSOR, watts(18.5))
        plug.say(LWT, "Offline")
        until(lambda: fault(s1) == "offline", IN_S, "its will")
        plug.say(LWT, "Online")
        plug.say(SENSOR, watts(0))
        until(lambda: state(s1), IN_S, "it is back")
        assert state(s1) == "unknown", "who charged before may have gone meanwhile"


def test_a_message_without_end_is_dropped_and_logged_once(
    local: LocalBroker, caplog: pytest.LogCaptureFixture
) -> None:
    with device(local) as plug, sensors(tasmota(local)) as [s1]:
        for _ in range(3):
            plug.say(SENSOR, b"9" * 10_000_000)
        plug.say(SENSOR, watts(3))
        until(lambda: said(s1), IN_S, "the line goes on")
    assert [record.getMessage() for record in caplog.records if "refused" in record.message] == [
        f"broker={local.host} port {local.port} topic={SENSOR} bytes=10000000 refused"
    ]


def test_messages_that_are_long_to_understand_do_not_hold_up_the_other_sensors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Line, "start", lambda line: setattr(line, "connected", True))
    clock = SteppedClock(1_000_000)

    class Slow(TasmotaTalk):
        def hear(self, topic: str, payload: bytes, *, retained: bool) -> Heard:
            clock.wait(0.06)
            return super().hear(topic, payload, retained=retained)

    [s1] = build([SensorEntry("s1", "tasmota", None, {"topic": "plug7"}, "station.toml")], {}, clock)
    assert isinstance(s1, MqttDevice)
    s1._talk = Slow("%prefix%/%topic%/", "plug7", 1)
    for power in range(5):
        s1.take_in(Message(SENSOR, json.dumps(watts(power)).encode(), False, clock.now(), 1))
    looks = [[each.power_w for each in s1.read(clock.now()) if isinstance(each, Socket)] for _ in range(3)]
    s1.close()
    assert looks == [[1.0], [3.0], [4.0]], "each look ends after 100 ms, and nothing is left out"


def test_the_brokers_absence_is_told_after_a_while_and_ends_by_itself(tmp_path: Path) -> None:
    broker, clock = LocalBroker(tmp_path / "late"), SteppedClock(0)
    [s1] = build([tasmota(broker)], {}, clock)
    try:
        assert s1.read(clock.now()) == [], "nobody is blamed at the start"
        clock.wait(61)
        with pytest.raises(SensorError, match="does the broker run") as error:
            s1.read(clock.now())
        assert error.value.code == "no_broker"
        with broker, device(broker) as plug:

            def back() -> object:
                plug.say(SENSOR, watts(3))
                try:
                    return s1.read(clock.now())
                except SensorError:
                    return None

            until(back, 30, "it dials again by itself")
    finally:
        s1.close()


GATEWAY = {"device": "socket", "value": [{"value": "power_w", "topic": "gw", "path": "$.w"}]}
LOST = [
    ("tasmota", {"topic": "plug7"}, SENSOR, watts(18.5)),
    ("shelly", {"prefix": "shelly-a8"}, "shelly-a8/status/switch:0", {"output": True, "apower": 18.5}),
    ("mqtt_map", {"map": GATEWAY}, "gw", {"w": 18.5}),
]


@pytest.mark.parametrize(("kind", "keys", "topic", "told"), LOST, ids=[row[0] for row in LOST])
def test_without_the_broker_nobody_knows_what_goes_on(
    local: LocalBroker, kind: str, keys: dict[str, object], topic: str, told: object
) -> None:
    """A plug says its state to nobody then. What it said last stands for ten seconds, for a restart."""
    clock = SteppedClock(0)
    [s1] = build([entry("s1", kind, local, silent_s=660, charging_s=1, **keys)], {}, clock)
    assert isinstance(s1, MqttDevice)

    def state() -> str:
        return next((each.state for each in s1.read(clock.now()) if isinstance(each, Socket)), "")

    def known() -> str:
        with suppress(SensorError):
            return state()
        return ""

    def charging() -> bool:
        plug.say(topic, told)
        clock.wait(1)
        return state() == "charging"

    try:
        assert state() == ""
        until(lambda: s1._line.connected, IN_S, "connected")
        with device(local) as plug:
            until(charging, IN_S, "it charges")
        local.kill()
        until(lambda: not s1._line.connected, IN_S, "the broker is lost")
        clock.wait(10)
        assert state() == "", "what is known stands"
        clock.wait(1)
        with pytest.raises(SensorError) as error:
            state()
        assert error.value.code == "no_broker"
        local.start()
        until(lambda: s1._line.connected, 30, "it dials again")
        assert known() == "", "nothing is known before it speaks"
        with device(local) as plug:
            plug.say(topic, told)
            assert until(known, IN_S, "it speaks") == "unknown", "and shows for long enough what goes on"
            until(charging, IN_S, "then it is believed")
    finally:
        s1.close()


def test_a_restart_of_the_broker_makes_no_flapping(local: LocalBroker) -> None:
    clock = SteppedClock(0)
    [s1] = build([tasmota(local)], {}, clock)
    assert isinstance(s1, MqttDevice)
    try:
        s1.read(clock.now())
        until(lambda: s1._line.connected, IN_S, "connected")
        with device(local) as plug:
            plug.say(SENSOR, watts(0))
            before = until(lambda: s1.read(clock.now()), IN_S, "it speaks")
        local.kill()
        until(lambda: not s1._line.connected, IN_S, "the broker is lost")
        clock.wait(3)
        assert s1.read(clock.now()) == []
        local.start()
        until(lambda: s1._line.connected, 30, "it dials again")
        assert s1.read(clock.now()) == before, "its word of three seconds ago"
    finally:
        s1.close()


def test_silence_is_told_by_the_clock(local: LocalBroker) -> None:
    clock = SteppedClock(0)
    [s1] = build([tasmota(local, silent_s=660)], {}, clock)
    try:
        s1.read(clock.now())
        with device(local) as plug:
            until(lambda: s1._line.connected, IN_S, "connected")  # type: ignore[attr-defined]
            plug.say(SENSOR, watts(0))
            until(lambda: s1.read(clock.now()), IN_S, "it speaks")
            plug.say("stat/plug7/RESULT", {"TelePeriod": 60})
            topics = s1._strange._topics  # type: ignore[attr-defined]
            until(lambda: s1.read(clock.now()) and len(topics) == 2, IN_S, "it tells of a setting, too")
            clock.wait(660)
            assert s1.read(clock.now())
            clock.wait(1)
            with pytest.raises(SensorError) as error:
                s1.read(clock.now())
            assert error.value.code == "silent", "an old word that was not understood is no reason"
    finally:
        s1.close()


def test_nothing_is_ever_said_on_the_stations_own_broker(local: LocalBroker) -> None:
    """A word on ``cmnd/…`` or ``…/rpc`` would switch somebody's charger off."""
    ear, cabinet = Ear(local), entry("c1", "mqtt_map", local, map=BOARD)
    with device(local) as plug, sensors(tasmota(local), shelly(local), cabinet) as all_three:
        told = {SENSOR: watts(18.5), "shelly-a8/status/switch:0": {"apower": 4.0}, "gw/1": {"door": 1}}
        for topic, words in told.items():
            plug.say(topic, words)
        plug.say(LWT, "Online")
        for each in all_three:
            until(lambda each=each: said(each), IN_S, "it is heard")  # type: ignore[misc]
        all_three[0].verify()
        plug.say(LWT, "Offline")
        until(lambda: fault(all_three[0]) == "offline", IN_S, "it has left")
    ear.say("over", "")
    until(lambda: ear.on("over"), IN_S, "all that was said before is heard")
    ear.close()
    own = [*told, LWT, LWT, "over"]
    assert sorted(message.topic for message in ear.heard) == sorted(own), "the plugs' words and no other"


def test_the_connection_ends_with_the_last_device_on_it(local: LocalBroker) -> None:
    with sensors(tasmota(local), shelly(local)) as [one, two]:
        assert one._line is two._line
    assert not one._line.connected
