"""What is connected, told by a running agent to a person at the terminal."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import Climate, SensorInfo
from edge.clock import Instant, SteppedClock
from edge.devices import CANNOT_KNOW, lines
from edge.devices_file import (
    OUTDATED_MS,
    REFRESH_MS,
    SOON_MS,
    Device,
    DevicesFile,
    Listed,
    devices_file,
    read,
)
from edge.sampler import Sampler
from edge.sensors import Parts, Reading, SensorError
from edge.sensors.factory import KINDS
from tests.support.agent import agent_of
from tests.support.gateway import LocalBroker, device
from tests.support.mosquitto import free_port
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
BOOT = "0f5b4c2e-b001"
WELL = Device("room", "dht22", ("temperature 21.0 °C",), 1000)
BROKEN = Device("door", "door_beams", fault="no_answer: look at the wire")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return devices_file(tmp_path / "outbox.db")


def test_what_is_told_is_read(path: Path) -> None:
    file = DevicesFile(path, BOOT)
    file.tell([WELL, BROKEN], 3000)
    assert read(path, BOOT, 3000) == Listed((WELL, BROKEN), 3000)
    assert read(path, BOOT, 3000 + OUTDATED_MS) is not None
    assert read(path, BOOT, 3001 + OUTDATED_MS) is None, "the agent hangs"
    assert read(path, "another", 3000) is None, "of an earlier boot"
    file.remove()
    assert read(path, BOOT, 3000) is None, "the agent has ended"


def test_it_is_written_once_a_minute_and_at_once_when_a_device_speaks_first_fails_or_is_well(
    path: Path,
) -> None:
    file = DevicesFile(path, BOOT)
    silent, warm = Device("room", "dht22"), replace(WELL, said=("temperature 22.0 °C",), said_mono_ms=2000)
    failed = replace(WELL, said=(), fault="no_answer: look")
    doubted = replace(warm, doubt="no power value is heard")
    at_ms = 0
    for told, means, why in (
        (silent, silent, "at the start"),
        (WELL, WELL, "it speaks"),
        (warm, WELL, "another number waits for the minute"),
        (failed, failed, "it fails"),
        (replace(failed, fault="no_answer: look again"), failed, "the same fault"),
        (warm, warm, "it is well again"),
        (doubted, doubted, "it is unknown what goes on"),
        (replace(doubted, doubt="another"), doubted, "and still is"),
        (warm, warm, "it is known again"),
    ):
        assert file.is_due(at_ms)
        file.tell([told], at_ms)
        assert not file.is_due(at_ms + SOON_MS - 1)
        assert listed(path, at_ms) == [means], why
        at_ms += SOON_MS
    file.tell([WELL], at_ms + REFRESH_MS)
    assert listed(path, at_ms + REFRESH_MS) == [WELL], "the minute is over"


def listed(path: Path, mono_ms: int) -> list[Device]:
    told = read(path, BOOT, mono_ms)
    return list(told.devices) if told else []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"boot_id": 1}', '{"devices": [{"id": 3}]}'])
def test_a_damaged_file_is_no_word(path: Path, content: str) -> None:
    path.write_text(content)
    assert read(path, BOOT, 0) is None


def test_a_disk_that_takes_nothing_costs_no_more_than_the_file(tmp_path: Path) -> None:
    DevicesFile(tmp_path / "gone" / "outbox.db.devices", BOOT).tell([WELL], 0)


def test_a_device_in_words() -> None:
    assert lines(WELL, 31_000) == [
        "room (dht22): read 30 s ago",
        "  temperature 21.0 °C",
        "  cannot know: a slow drift",
    ]
    assert lines(WELL, 331_000)[0] == "room (dht22): read 5 min ago"
    assert lines(BROKEN, 31_000)[:2] == [
        "door (door_beams): has said nothing yet",
        "  PROBLEM no_answer: look at the wire",
    ]


def test_the_word_of_a_device_is_told_from_the_look_at_it() -> None:
    plug = Device("s1", "tasmota", ("state unknown",), 30_000, 1000, "no power value is heard", "its owner")
    assert lines(plug, 31_000) == [
        "s1 (tasmota): heard 30 s ago",
        "  state unknown",
        "  unknown: no power value is heard",
        "  cannot know: a full phone from an empty socket; a change between two reports; its owner",
    ]


def test_of_every_kind_that_measures_it_is_said_what_it_cannot_know() -> None:
    assert set(CANNOT_KNOW) == {kind for kind in KINDS if not kind.startswith(("recorded_", "simulated_"))}


class Moody:
    """A thermometer that fails when told to."""

    info = SensorInfo("room", "dht22")
    interval_s = 1.0
    fails = False

    def parts(self) -> Parts:
        return Parts()

    def read(self, now: Instant) -> list[Reading]:
        if self.fails:
            raise SensorError("checksum", "shorten the cable")
        return [Climate(now.at_ms, 21.0)]

    def close(self) -> None:
        pass


def test_the_sampler_knows_what_each_said_and_why_it_is_silent() -> None:
    clock, sensor = SteppedClock(1_000_000), Moody()
    sampler = Sampler([sensor], clock.boot_id)
    [device] = sampler.devices(clock.now())
    assert device == Device("room", "dht22")
    sampler.sample(clock.now(), "a" * 16, 1)
    [device] = sampler.devices(clock.now())
    assert (device.said_mono_ms, device.fault) == (0, "")
    assert "temperature 21.0 °C" in device.said[0]
    clock.wait(1)
    sensor.fails = True
    sampler.sample(clock.now(), "a" * 16, 2)
    [device] = sampler.devices(clock.now())
    assert device == Device("room", "dht22", (), 0, fault="checksum: shorten the cable")


FILE = """
[station]
id = "devices-1"
[broker]
host = "127.0.0.1"
port = {nobody}
password = "none"
[outbox]
path = "outbox.db"
[[sensor]]
id = "s1"
kind = "tasmota"
topic = "plug7"
port = {local}
"""


def asked(file: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "edge", "devices", "--config", str(file)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    return said.returncode, said.stdout


def test_a_running_agent_is_asked_by_another_process(tmp_path: Path) -> None:
    """Its lines are in its hands, and it tells of them."""
    with LocalBroker(tmp_path / "local") as local, device(local) as plug:
        file = tmp_path / "station.toml"
        file.write_text(FILE.format(nobody=free_port(), local=local.port), encoding="utf-8")
        assert asked(file)[0] == 1
        assert "The agent does not run" in asked(file)[1]

        def told() -> str:
            plug.say("tele/plug7/SENSOR", {"ENERGY": {"Power": 18.5}})
            code, text = asked(file)
            return text if code == 0 else ""

        with agent_of(file):
            text = until(told, 60, "the plug has spoken")
        first, second, *_ = text.splitlines()
        assert first.startswith("list written by the agent ")
        assert second.startswith("s1 (tasmota): heard ")
        assert "unknown: charging is not yet shown: it must be so for 30 s, and its first sign was" in text
        assert "power 18.5 W" in text
        assert "cannot know: a full phone from an empty socket" in text
        assert asked(file)[0] == 1, "it has taken its word along"
