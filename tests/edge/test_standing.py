"""What ``devices`` tells beside readings: the device's own last word, and why it is unknown what goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import SensorEntry
from edge.devices import lines
from edge.sampler import Sampler
from edge.sensors.factory import build
from edge.sensors.modbus import Modbus
from tests.support.gateway import LocalBroker, device
from tests.support.modbus import swap_board, tcp_server
from tests.support.modbus_sensors import BOARD, at, entry
from tests.support.modbus_sensors import sensors as modbus
from tests.support.mosquitto import free_port
from tests.support.plugs import CLOCK, IN_S, LWT, SENSOR, said, sensors, tasmota, watts
from tests.support.wait import until

DEVICES = Path(__file__).parents[2] / "firmware_config" / "devices"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalBroker]:
    with LocalBroker(tmp_path / "local") as running:
        yield running


def test_a_plugs_own_word_is_not_the_look_at_it(local: LocalBroker) -> None:
    with device(local) as plug:
        plug.say(LWT, "Online", retain=True)
        with sensors(tasmota(local, charging_s=60)) as [s1]:
            until(lambda: not said(s1) and s1._known.online, IN_S, "it is there")
            assert s1.standing(CLOCK.now()).doubt == "nothing is heard yet on tele/plug7/SENSOR"
            assert s1.standing(CLOCK.now()).heard_mono_ms is None, "a retained word is of any age"
            plug.say("tele/plug7/STATE", {"POWER": "ON"})
            until(lambda: said(s1), IN_S, "it speaks")
            assert s1.standing(CLOCK.now()).doubt == "no power value is heard"
            plug.say(SENSOR, watts(18.5))
            until(lambda: said(s1) and "charging" in s1.standing(CLOCK.now()).doubt, IN_S, "it measures")
            spoke_ms = s1.standing(CLOCK.now()).heard_mono_ms
            until(lambda: CLOCK.now().mono_ms > (spoke_ms or 0) + 50, IN_S, "time passes")
            said(s1)
            assert s1.standing(CLOCK.now()).heard_mono_ms == spoke_ms


def test_a_doubt_is_told_only_while_it_is_unknown(local: LocalBroker) -> None:
    with sensors(tasmota(local)) as made, device(local) as plug:
        sampler = Sampler(made, CLOCK.boot_id)

        def told(watts_now: float) -> str:
            plug.say(SENSOR, watts(watts_now))
            sampler.sample(CLOCK.now(), "a" * 16, 1)
            [one] = sampler.devices(CLOCK.now())
            return one.doubt or " ".join(one.said)

        until(lambda: "charging is not yet shown" in told(18.5), IN_S, "its first sign")
        until(lambda: "state charging" in told(18.5), IN_S, "it charges")
        local.kill()
        [s1] = made
        until(lambda: not s1._line.connected, IN_S, "the broker is gone")
        assert s1.standing(CLOCK.now()).doubt.startswith("the broker is away: 127.0.0.1")
        sampler.sample(CLOCK.now(), "a" * 16, 2)
        [one] = sampler.devices(CLOCK.now())
        assert ("state charging" in one.said[0], one.doubt) == (True, ""), "what it said stands for 10 s"


def test_why_a_slot_is_unknown_is_told_beside_what_its_cabinet_says() -> None:
    with (
        tcp_server(swap_board(1, opened=(2,), on=(3,))) as server,
        modbus(entry("c1", address=1, **BOARD, **at(server.port))) as made,
    ):
        sampler = Sampler(made, CLOCK.boot_id)
        until(lambda: made[0].read(CLOCK.now()), IN_S, "it answers")
        sampler.sample(CLOCK.now(), "a" * 16, 1)
        [one] = sampler.devices(CLOCK.now())
    others = "slots 1, 3, 4, 5, 6, 7, 8"
    assert one.doubt == f"{others}: nothing says whether a battery is there", "who can see that 2 is open"
    assert lines(one, CLOCK.now().mono_ms)[2] == f"  unknown: {one.doubt}"


@pytest.mark.parametrize(("named", "blind"), [("pzem-004t", ""), ("swap-board-8", "its map has no identity")])
def test_only_a_map_without_an_identity_leaves_open_who_it_is(named: str, blind: str) -> None:
    options = {"host": "127.0.0.1", "port": free_port(), "address": 1, "map_file": f"{DEVICES}/{named}.toml"}
    [s1] = build([SensorEntry("s1", "modbus", None, options, "station.toml")], {}, CLOCK)
    assert isinstance(s1, Modbus)
    try:
        assert s1.standing(CLOCK.now()).blind.endswith(blind)
        assert bool(s1.standing(CLOCK.now()).blind) is bool(blind)
        assert s1.standing(CLOCK.now()).doubt == "no answer yet"
    finally:
        s1.close()
