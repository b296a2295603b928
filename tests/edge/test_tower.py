"""Swap cabinets that dial the station, over real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from contract.messages import Cabinet, Slot
from edge.clock import Instant, SystemClock
from edge.config import SensorEntry
from edge.options import ConfigError
from edge.reading import read_all
from edge.sensors import SensorError
from edge.sensors.factory import build
from edge.sensors.tower import LOST_MS, PATIENCE_MS, SILENT_S, Tower
from edge.sensors.tower_listener import STRANGERS
from tests.support.mosquitto import free_port
from tests.support.recordings import CHECKOUT
from tests.support.tower import CABINET, Dialled, alarm, line, login, report
from tests.support.wait import until

DEVICES = CHECKOUT / "firmware_config" / "devices"
FULL = report([(1, "02104001", "2"), (2, "02104001", "0")], full=1)
TOLD = Cabinet("c1", True, (Slot(1, "present", "full"), Slot(2, "absent")))
CLOCK = SystemClock()

Make = Callable[..., Tower]


def entry(**more: Any) -> SensorEntry:
    options = {"port": 0, "cabinet": CABINET, "slots": 2, "map_file": "tower-kaixin.toml", **more}
    return SensorEntry(options.pop("id", "c1"), "tower", None, options, "station.toml: [[sensor]] 1", DEVICES)


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Tower] = []

    def tower(**more: Any) -> Tower:
        [sensor] = build([entry(**more)], {}, CLOCK)
        assert isinstance(sensor, Tower)
        made.append(sensor)
        return sensor

    yield tower
    for each in made:
        each.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "tower"]


def now(later_ms: int = 0) -> Instant:
    at = CLOCK.now()
    return Instant(at.at_ms + later_ms, at.mono_ms + later_ms, at.clock)


def dial(sensor: Tower) -> Dialled:
    sensor.read(now())
    return Dialled(sensor._listener.port)


def test_a_cabinet_logs_in_and_reports(make: Make) -> None:
    sensor = make()
    assert sensor.read(now()) == []
    with dial(sensor) as cabinet:
        assert cabinet.say(login(number=7)) == {"msgType": 101, "txnNo": 7, "devId": CABINET, "result": 1}
        cabinet.say(FULL)
        assert sensor.read(now()) == [TOLD]
        assert ("slot 1 02104001", "2", "battery present, charge full") in sensor.explain()
        assert "cannot know" in sensor.explain()[-1][-1]


def test_many_cabinets_at_one_port(make: Make) -> None:
    first, second = make(), make(id="c2", cabinet="B2", slots=1)
    with dial(first) as one, dial(second) as two:
        assert first._listener is second._listener
        one.say(login())
        two.say(login("B2"))
        one.say(FULL)
        two.say({**report([(1, "02104001", "1")]), "devId": "B2"})
        assert first.read(now()) == [TOLD]
        assert second.read(now()) == [Cabinet("c2", True, (Slot(1, "present", "charging"),))]


def test_a_cabinet_that_dials_twice_never_seems_to_be_away(make: Make) -> None:
    sensor = make()
    with dial(sensor) as older:
        older.say(login())
        older.say(FULL)
        with dial(sensor) as newer:
            newer.say(login())
            assert older.is_hung_up()
            assert sensor.read(now(LOST_MS + 1000)) in ([TOLD], []), "no fault; a full report is due"
            newer.say(FULL)
            assert sensor.read(now(LOST_MS + 1000)) == [TOLD]


def test_a_lost_line_counts_after_a_minute(make: Make) -> None:
    sensor = make()
    with dial(sensor) as cabinet:
        cabinet.say(login())
        cabinet.say(FULL)
    until(lambda: not sensor._listener.guests.present, 30, "the end of the connection")
    assert sensor.read(now()) == [TOLD]
    with pytest.raises(SensorError, match="not_connected"):
        sensor.read(now(LOST_MS + 1000))
    with dial(sensor) as cabinet:
        cabinet.say(login())
        cabinet.say(FULL)
        assert sensor.read(now()) == [TOLD]


def test_silence_counts_after_its_time(make: Make) -> None:
    sensor = make()
    with dial(sensor) as cabinet:
        cabinet.say(login())
        cabinet.say(FULL)
        assert sensor.read(now(round(SILENT_S * 1000) - 5000)) == [TOLD]
        with pytest.raises(SensorError, match="silent"):
            sensor.read(now(round(SILENT_S * 1000) + 5000))


def test_nobody_came_or_nobody_known(make: Make) -> None:
    sensor = make()
    with dial(sensor) as stranger:
        assert stranger.say(login("STRANGER-1"))["result"] == 0
        assert stranger.is_hung_up()
    assert sensor.read(now()) == []
    with pytest.raises(SensorError, match=r"not_connected: .*STRANGER-1 from 127\.0\.0\.1"):
        sensor.read(now(PATIENCE_MS + 1000))


def test_a_cabinet_without_a_report_is_a_fault(make: Make) -> None:
    sensor = make()
    with dial(sensor) as cabinet:
        cabinet.say(login())
        with pytest.raises(SensorError, match="no_report"):
            sensor.read(now(PATIENCE_MS + 1000))


def test_ten_megabytes_and_half_frames_hurt_nobody_else(make: Make) -> None:
    sensor = make()
    with dial(sensor) as good, dial(sensor) as bad, dial(sensor) as half:
        good.say(login())
        half.sock.sendall(b'{"msgType":100,')
        with suppress(OSError):
            bad.sock.sendall(b"{" * 10_000_000)
        assert bad.is_hung_up()
        good.say(FULL)
        assert sensor.read(now()) == [TOLD]


def test_connections_are_bounded_and_a_cabinet_still_gets_in(make: Make) -> None:
    sensor = make()
    crowd = [dial(sensor) for _ in range(3 * STRANGERS)]
    try:
        with dial(sensor) as cabinet:
            cabinet.say(login())
            cabinet.say(FULL)
            assert len(sensor._listener._lines()) <= STRANGERS + 2
            assert sensor.read(now()) == [TOLD]
    finally:
        for each in crowd:
            each.sock.close()


def test_who_is_not_from_the_network_is_hung_up_on(make: Make) -> None:
    sensor = make(**{"from": ["192.0.2.0/24"]})
    with dial(sensor) as stranger:
        assert stranger.is_hung_up()
    assert sensor._listener.guests.strangers == {}


def test_a_danger_rings_at_once(make: Make) -> None:
    sensor = make()
    rung = threading.Event()
    sensor.on_danger(rung.set)
    with dial(sensor) as cabinet:
        cabinet.say(login())
        cabinet.say(FULL)
        assert not rung.is_set()
        cabinet.say(alarm("02017001", 1))
        assert rung.is_set()
        [said] = sensor.read(now())
        assert isinstance(said, Cabinet)
        assert said.smoke is True


def test_a_port_that_is_taken_is_a_fault_until_it_is_free(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sensor = make(port=taken.getsockname()[1])
        assert not sensor.verify().ok
        with pytest.raises(SensorError, match="cannot_listen"):
            sensor.read(now())
    until(lambda: sensor.verify().ok, 30, "the port is free")
    assert "cannot know" in sensor.verify().text


def test_read_shows_raw_and_meaning() -> None:
    port = free_port()

    def cabinet() -> None:
        sock: Dialled | None = None
        while sock is None:
            try:
                sock = Dialled(port)
            except OSError:
                CLOCK.wait(0.02)
        with sock:
            sock.sock.sendall(line(login()) + line(FULL))
            sock.is_hung_up()

    thread = threading.Thread(target=cabinet)
    thread.start()
    rows = [said for (_, _, said), _ in read_all([entry(port=port)], CLOCK)]
    thread.join()
    assert "online; slot battery/charge/door: 1 present/full/unknown, 2 absent/unknown/unknown" in rows[0]
    assert any("slot 2 02104001  0  battery absent, charge unknown" in row for row in rows)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"listen": "8.8.8.8"}, "listen", "the world could dial"),
    ({"listen": "0.0.0.0"}, "listen", "every interface, a modem's too"),  # noqa: S104  (refused)
    ({"listen": "::"}, "listen", "the same in IPv6"),
    ({"listen": "localhost"}, "listen", "a name"),
    ({"from": ["192.168.4.1/24"]}, "from", "host bits"),
    ({"cabinet": ""}, "cabinet", "nobody"),
    ({"cabinet": "a b"}, "cabinet", "a blank"),
    ({"slots": 0}, "slots", "no slots"),
    ({"port": 70_000}, "port", "no port"),
    ({"map_file": "nowhere.toml"}, "", "no map"),
    ({"map": {}}, "map_file", "two maps"),
]


@pytest.mark.parametrize(("options", "key", "_why"), WRONG, ids=[row[-1] for row in WRONG])
def test_a_wrong_station_file_is_named(options: dict[str, Any], key: str, _why: str) -> None:
    with pytest.raises(ConfigError) as error:
        build([entry(**options)], {}, CLOCK)
    assert error.value.key == key


def test_who_may_dial_can_be_said_for_every_address(make: Make) -> None:
    make(**{"listen": "0.0.0.0", "from": ["127.0.0.0/8"]})  # noqa: S104  (what is tested)


def test_two_sensors_cannot_be_one_cabinet_nor_differ_in_who_may_dial(make: Make) -> None:
    make()
    with pytest.raises(ConfigError, match="cabinet is"):
        build([entry(id="c2")], {}, CLOCK)
    with pytest.raises(ConfigError, match="from is"):
        build([entry(id="c2", cabinet="B", **{"from": ["10.0.0.0/8"]})], {}, CLOCK)
