"""Recorded charges told by meters of every kind: the same sessions as from the recording itself.

Each device says what the recording has at that time, at the pace and in the words of its protocol; the
sampler asks. So a session's beginning and end may be late by as much as the device's pace, and no more.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from paho.mqtt.client import MQTTMessage

from edge.clock import SteppedClock
from edge.config import SensorEntry
from edge.sampler import Sampler
from edge.sensors import SensorError
from edge.sensors.factory import build
from edge.sensors.modbus import Modbus
from edge.sensors.modbus_bus import Bus
from edge.sensors.modbus_map import Span
from edge.sensors.mqtt_device import MqttDevice
from edge.sensors.mqtt_line import Line
from edge.sensors.recorded import Recorded

DEVICES = Path(__file__).parents[2] / "firmware_config" / "devices"
NOW_MS = round(datetime(2026, 11, 18, 12, tzinfo=ZoneInfo("UTC")).timestamp() * 1000)
TICK_MS = 5000
"""How often the sampler asks here, and the pace of Modbus."""
SILENT_S = 120
"""Without a row for so long the recording says nothing."""
PHONE_1 = "tracebase_complete_Charger-Smartphone_dev_D32328_2011.11.20.csv"
PHONE_2 = "tracebase_incomplete_Charger-Smartphone_dev_D32328_2011.11.28_cleaned_02.12.2011.csv"
PHONE_3 = "tracebase_complete_Charger-Smartphone_dev_D337C9_2012.01.20.csv"
LAPTOP = "tracebase_complete_PC-Laptop_dev_B1B603_2012.01.19.csv"

LAYOUT = {
    "separator": ";",
    "header": False,
    "time": ["1"],
    "time_format": "%d/%m/%Y %H:%M:%S",
    "time_zone": "Europe/Berlin",
    "max_age_s": SILENT_S,
    "power": {"column": "3"},
    "repeat": False,
}
Row = tuple[int, float]
Session = tuple[str, int]


def entry(kind: str, **options: object) -> SensorEntry:
    return SensorEntry("s1", kind, None, {"socket_kind": "usb", **options}, "station.toml", DEVICES)


class Recording:
    """The rows of a file, and what its own sensor makes of them."""

    def __init__(self, folder: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WAYSTATION_RECORDINGS", str(folder))
        [sensor] = build([entry("recorded_socket", path=file, **LAYOUT)], {}, SteppedClock(NOW_MS))
        assert isinstance(sensor, Recorded)
        self.sensor, self.first_ms = sensor, sensor.playback.first_ms
        with (folder / file).open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream, delimiter=";"))
        began = read_time(lines[0][0])
        self.rows: list[Row] = [(self.first_ms + read_time(at) - began, float(w)) for at, _, w in lines]


def read_time(text: str) -> int:
    moment = datetime.strptime(text, "%d/%m/%Y %H:%M:%S").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    return round(moment.timestamp() * 1000)


@dataclass
class Meter:
    """A device with its sensor: hears the recording's rows, and speaks."""

    sensor: Any
    clock: SteppedClock
    kept: dict[str, Any] = field(default_factory=dict)

    def hear(self, watts: float) -> None:
        """The present row."""

    def tick(self) -> None:
        """Five seconds have gone."""


class PzemMeter(Meter):
    """A PZEM-004T: asked every five seconds, silent where the recording is."""

    def hear(self, watts: float) -> None:
        self.kept["row"] = self.clock.now().mono_ms, watts

    def tick(self) -> None:
        self.sensor._device.ask(self._answer)

    def _answer(self, address: int, span: Span) -> list[int]:
        heard_ms, watts = self.kept.get("row", (-(10**9), 0))
        if self.clock.now().mono_ms - heard_ms > 10_000:
            raise SensorError("no_answer", "a gap")
        tenths = round(watts * 10)
        inputs = [2298, 0, 0, tenths & 0xFFFF, tenths >> 16, 0, 0, 500, 95, 0]
        registers = {"holding": [0, 2300, address], "input": inputs}[span.function]
        return registers[span.address : span.address + span.count]


class Plug(Meter):
    """Whoever speaks over MQTT; ``pace_ms``: what it says again without a change."""

    pace_ms = 10_000

    def hear(self, watts: float) -> None:
        changed = watts != self.kept.get("watts")
        self.kept["watts"] = watts
        if changed:
            self.change(watts)
        if self.clock.now().mono_ms >= self.kept.get("due", 0):
            self.kept["due"] = self.clock.now().mono_ms + self.pace_ms
            self.again(watts)

    def change(self, watts: float) -> None:
        """It says so at once."""

    def again(self, watts: float) -> None:
        """It says so at its pace."""

    def say(self, topic: str, told: object) -> None:
        """As paho would, from its thread."""
        message = MQTTMessage(topic=topic.encode())
        message.payload = json.dumps(told).encode()
        self.sensor._line._on_message(None, None, message)


class TasmotaPlug(Plug):
    """TelePeriod 10 and PowerDelta 101: a change of a watt is told at once."""

    def change(self, watts: float) -> None:
        self.say("tele/plug7/SENSOR", {"Time": "1970-01-01T00:00:10", "ENERGY": {"Power": round(watts)}})

    def again(self, watts: float) -> None:
        self.say("tele/plug7/STATE", {"Time": "1970-01-01T00:00:10", "POWER": "ON"})
        TasmotaPlug.change(self, watts)


class NewTasmotaPlug(TasmotaPlug):
    """As it leaves the factory: every five minutes."""

    pace_ms = 300_000

    def change(self, watts: float) -> None:
        """Nothing."""


class ShellyPlug(Plug):
    """Nothing but changed keys, and its energy once a minute; its whole status when it comes (back)."""

    pace_ms = 60_000

    def hear(self, watts: float) -> None:
        mono_ms = self.clock.now().mono_ms
        if mono_ms - self.kept.get("heard", -(10**9)) > SILENT_S * 1000:
            self.kept["watts"] = watts
            self.say("a8/status/switch:0", {"id": 0, "output": True, "apower": watts, "voltage": 229.8})
        self.kept["heard"] = mono_ms
        super().hear(watts)

    def change(self, watts: float) -> None:
        self.notify(id=0, apower=watts)

    def again(self, watts: float) -> None:
        del watts
        self.notify(id=0, aenergy={"total": 6.5, "by_minute": [0, 0, 0], "minute_ts": 1626935779})

    def notify(self, **told: object) -> None:
        self.say("a8/events/rpc", {"method": "NotifyStatus", "params": {"ts": 1.0, "switch:0": told}})


class Gateway(Plug):
    """Its JSON holds kilowatts as text, at every row."""

    pace_ms = 0

    def again(self, watts: float) -> None:
        self.say("gw/A1", {"meters": [{"n": 1, "kw": f"{watts / 1000}"}, {"n": 2, "kw": "1.5"}]})


GATEWAY_MAP = {
    "device": "socket",
    "value": [{"value": "power_w", "topic": "gw/A1", "path": "$.meters[?@.n == 1].kw", "unit": "kW"}],
}
MODBUS = {"map_file": "pzem-004t.toml", "host": "127.0.0.1", "address": 7, "silent_s": SILENT_S}


def sessions(meter: Meter, rows: Sequence[Row]) -> list[Session]:
    """What riders are told: each state with the beginning that it is first told with."""
    sampler = Sampler([meter.sensor], meter.clock.boot_id, heartbeat_ms=TICK_MS)
    told: list[Session] = []
    for _ in ticks(meter, rows):
        sample = sampler.sample(meter.clock.now(), "a" * 16, 1)
        assert sample is not None, "a heartbeat at every tick"
        for socket in sample.snapshot.sockets:
            if not told or told[-1][0] != socket.state:
                told.append((socket.state, socket.since_ms))
    sampler.close()
    return told


def ticks(meter: Meter, rows: Sequence[Row]) -> Iterator[None]:
    left = iter(rows)
    row = next(left, None)
    for at_ms in range(rows[0][0], rows[-1][0] + 1, TICK_MS):
        while row is not None and row[0] <= at_ms:
            meter.clock.step_to(row[0])
            meter.hear(row[1])
            row = next(left, None)
        meter.clock.step_to(at_ms)
        meter.tick()
        yield


METERS: list[tuple[type[Meter], str, dict[str, object], int, str]] = [
    (PzemMeter, "modbus", MODBUS, 5, "it is asked every 5 s"),
    (TasmotaPlug, "tasmota", {"topic": "plug7", "silent_s": SILENT_S}, 0, "it tells a change at once"),
    # A recorder that pauses for 100 s and a plug that repeats itself each minute make more than two minutes.
    (ShellyPlug, "shelly", {"prefix": "a8", "silent_s": 200}, 0, "it tells a change at once"),
    (Gateway, "mqtt_map", {"map": GATEWAY_MAP, "silent_s": SILENT_S}, 0, "it tells every row"),
]
FILES = [(PHONE_1, "two charges"), (PHONE_2, "one charge"), (PHONE_3, "a gap"), (LAPTOP, "no end")]
SEEN = {
    PHONE_1: ["unknown", "free", "charging", "free", "charging", "free"],
    PHONE_2: ["unknown", "free", "charging", "free"],
    PHONE_3: ["unknown", "charging", "unknown", "charging"],
    LAPTOP: ["unknown", "charging"],
}


@pytest.fixture(scope="module")
def recorded(recordings: Path) -> Callable[[str], tuple[Recording, list[Session]]]:
    """Of a file the rows, and the sessions that its own sensor tells."""

    @cache
    def one(file: str) -> tuple[Recording, list[Session]]:
        with pytest.MonkeyPatch.context() as monkeypatch:
            recording = Recording(recordings, file, monkeypatch)
        meter = Meter(recording.sensor, SteppedClock(recording.first_ms))
        return recording, sessions(meter, recording.rows)

    return one


@pytest.fixture(autouse=True)
def without_wires(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a device's thread would do, the test does."""
    monkeypatch.setattr(Bus, "start", lambda _: None)
    monkeypatch.setattr(Line, "start", lambda line: setattr(line, "connected", True))


def plugged_in(make: type[Meter], kind: str, options: dict[str, object], first_ms: int) -> Meter:
    clock = SteppedClock(first_ms)
    [sensor] = build([entry(kind, **options)], {}, clock)
    assert isinstance(sensor, (Modbus, MqttDevice))
    return make(sensor, clock)


def late(found: Sequence[Session], wanted: Sequence[Session]) -> list[float]:
    """By how many seconds; from when on nothing is known is up to each protocol's own patience."""
    pairs = zip(found, wanted, strict=True)
    return [(told - true) / 1000 for (state, told), (_, true) in pairs if state != "unknown"]


@pytest.mark.parametrize("file", [row[0] for row in FILES], ids=[row[1] for row in FILES])
@pytest.mark.parametrize(("make", "kind", "options", "late_s", "why"), METERS, ids=[row[1] for row in METERS])
def test_a_meter_tells_the_same_sessions_as_its_recording(
    make: type[Meter],
    kind: str,
    options: dict[str, object],
    late_s: int,
    why: str,
    *,
    file: str,
    recorded: Callable[[str], tuple[Recording, list[Session]]],
) -> None:
    recording, wanted = recorded(file)
    found = sessions(plugged_in(make, kind, options, recording.first_ms), recording.rows)
    assert [state for state, _ in wanted] == SEEN[file]
    assert [state for state, _ in found] == SEEN[file]
    assert all(0 <= seconds <= late_s for seconds in late(found, wanted)), why


@pytest.mark.parametrize("file", [PHONE_1, PHONE_2], ids=["two charges", "one charge"])
def test_a_tasmota_plug_as_it_leaves_the_factory_is_up_to_five_minutes_late(
    file: str, recorded: Callable[[str], tuple[Recording, list[Session]]]
) -> None:
    """So docs/hardware.md has it set to TelePeriod 10."""
    recording, wanted = recorded(file)
    found = sessions(
        plugged_in(NewTasmotaPlug, "tasmota", {"topic": "plug7"}, recording.first_ms), recording.rows
    )
    assert [state for state, _ in found] == SEEN[file]
    assert 60 < max(late(found, wanted)) <= 300
