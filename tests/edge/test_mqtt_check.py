"""What ``check`` and ``read`` tell of plugs, over a real broker of the station."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.config import SensorEntry
from edge.options import ConfigError
from edge.reading import read_all
from edge.sensors.factory import build
from edge.sensors.mqtt_device import MqttDevice
from tests.support.gateway import LocalBroker, device
from tests.support.mosquitto import free_port
from tests.support.plugs import CLOCK, LWT, SENSOR, shelly, tasmota, watts


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
    [made] = build([sensor], {}, CLOCK)
    assert isinstance(made, MqttDevice)
    try:
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


@contextmanager
def speaking(local: LocalBroker, topic: str, told: object) -> Iterator[None]:
    """A device that says the same again and again."""
    over = threading.Event()

    def talk() -> None:
        with device(local) as plug:
            while not over.wait(0.2):
                plug.say(topic, told)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_read_shows_raw_beside_meaning(local: LocalBroker) -> None:
    with speaking(local, SENSOR, watts(18.5)):
        lines = [line for (_, _, line), _ in read_all([tasmota(local)], CLOCK)]
    assert "power 18.5 W" in lines[0]
    assert [line.split() for line in lines[1:]] == [
        ["power_w", "18.5", "18.5"],
        ["voltage_v", "228", "228.0"],
    ]


def test_nobody_listens_at_a_port_that_is_free() -> None:
    nowhere = SensorEntry("s1", "tasmota", None, {"topic": "plug7", "port": free_port()}, "station.toml")
    ok, text = verdict(nowhere)
    assert not ok
    assert "nobody answers there" in text
