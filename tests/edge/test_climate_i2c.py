"""Adafruit's real drivers on a bus that answers with the data sheets' bytes."""

import threading
from collections.abc import Sequence

import pytest

from contract.messages import Climate
from edge.clock import Instant, SteppedClock
from edge.config import SensorEntry
from edge.options import ConfigError
from edge.sensors import Reading, SensorError
from edge.sensors.attempts import PATIENCE_MS
from edge.sensors.climate_i2c import EMPTY, KINDS, REST_MS, ClimateI2c, I2cAttempts, _driver_maker
from tests.support.i2c import Bus, Sensirion, crc8, on_a_pi, words
from tests.support.wait import until

SHT4X, SHT31 = b"\xfd", b"\x24\x00"
READY, MEASURED = b"\xe4\xb8", b"\xec\x05"
# 25 °C and 60 % by each data sheet's formula.
SHT4X_SAYS = words(round(70 / 175 * 65535), round(66 / 125 * 65535))
SHT31_SAYS = words(round(70 / 175 * 65535), round(0.6 * 65535))
SCD4X_SAYS = words(812, round(70 / 175 * 65536), round(0.6 * 65536))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus()
    on_a_pi(monkeypatch, made)
    return made


def entry(kind: str, **options: object) -> SensorEntry:
    return SensorEntry("room", kind, None, options, "station.toml: [[sensor]] 1")


class Station:
    """A part's attempts, stepped by hand."""

    def __init__(self, kind: str, address: int) -> None:
        maker = _driver_maker(KINDS[kind], address)
        self.attempts = I2cAttempts(kind, maker, 30_000)
        self.mono_ms = 0

    def ask(self) -> list[Climate]:
        if self.attempts.wants(self.mono_ms):
            self.attempts.attempt(Instant(1_000_000 + self.mono_ms, self.mono_ms, "synced"))
        return list(self.attempts.news(self.mono_ms))

    def fault(self) -> str:
        """What is told when it lasts."""
        return self.error().code

    def error(self) -> SensorError:
        while self.mono_ms < PATIENCE_MS:
            assert self.ask() == []
            self.mono_ms += REST_MS
        with pytest.raises(SensorError) as error:
            self.ask()
        return error.value


def test_the_checksum_is_the_data_sheets() -> None:
    assert crc8(b"\xbe\xef") == 0x92


GOOD = [
    ("sht4x", 0x44, {SHT4X: SHT4X_SAYS}, Climate(1_000_000, 25.0, 60.0)),
    ("sht31", 0x45, {SHT31: SHT31_SAYS, b"\x24\x16": SHT31_SAYS}, Climate(1_000_000, 25.0, 60.0)),
    ("scd4x", 0x62, {READY: words(0x8006), MEASURED: SCD4X_SAYS}, Climate(1_000_000, 25.0, 60.0, 812.0)),
]


@pytest.mark.parametrize(("kind", "address", "says", "means"), GOOD, ids=[row[0] for row in GOOD])
def test_a_measurement(bus: Bus, kind: str, address: int, says: dict[bytes, bytes], means: Climate) -> None:
    bus.parts[address] = Sensirion(says)
    assert Station(kind, address).ask() == [means]


def test_an_scd4x_that_has_nothing_new_is_asked_again(bus: Bus) -> None:
    part = bus.parts[0x62] = Sensirion({READY: words(0x8000), MEASURED: SCD4X_SAYS})
    station = Station("scd4x", 0x62)
    assert station.ask() == []
    station.mono_ms += REST_MS
    part.says[READY] = words(0x8006)
    assert station.ask() == [Climate(1_000_000 + REST_MS, 25.0, 60.0, 812.0)]


class Forgetful(Sensirion):
    """Measures once it has been told to, until its power fails."""

    def read(self, count: int) -> bytes:
        measures = b"\x21\xb1" in self.heard
        return super().read(count) if measures or self.heard[-1] != READY else words(0x8000)[:count]


def test_an_scd4x_whose_power_failed_for_a_moment_is_started_again(bus: Bus) -> None:
    """It answers as before, and has nothing new for ever."""
    part = bus.parts[0x62] = Forgetful({READY: words(0x8006), MEASURED: SCD4X_SAYS})
    station = Station("scd4x", 0x62)
    assert station.ask()
    part.heard.clear()
    station.mono_ms += 30_000
    later = []
    for _ in range(EMPTY + 1):
        later.append(station.ask())
        station.mono_ms += REST_MS
    assert [len(each) for each in later] == [0] * EMPTY + [1]


BAD = [
    ("sht4x", 0x44, None, "no_answer", "nobody at the address"),
    ("sht4x", 0x44, {SHT4X: SHT4X_SAYS[:2] + b"\x00" + SHT4X_SAYS[3:]}, "checksum", "a flipped bit"),
    ("sht31", 0x44, {}, "checksum", "data is never pulled low"),
    ("sht4x", 0x44, {SHT4X: words(0, 0)}, "impossible", "zeros with a right checksum"),
    ("sht4x", 0x44, {SHT4X: words(0xFFFF, 0xFFFF)}, "impossible", "ones with a right checksum"),
    ("scd4x", 0x62, {READY: words(0x8006), MEASURED: words(0, 26214, 39322)}, "no_answer", "no air yet"),
    ("scd4x", 0x62, {READY: words(0x8006), MEASURED: SCD4X_SAYS[:-1] + b"\x00"}, "checksum", "a flipped bit"),
]
WHY = [f"{row[0]}: {row[4]}" for row in BAD]


@pytest.mark.parametrize(("kind", "address", "says", "code", "why"), BAD, ids=WHY)
def test_nothing_is_said_that_was_not_measured(
    bus: Bus, kind: str, address: int, says: dict[bytes, bytes] | None, *, code: str, why: str
) -> None:
    if says is not None:
        bus.parts[address] = Sensirion(says)
    assert Station(kind, address).fault() == code, why


CLOSED = [
    (PermissionError(13, "Permission denied"), "in the group i2c", "the agent's user is in no group of it"),
    (RuntimeError("I2C Bus #1 not found, check if enabled in config!"), "raspi-config", "Blinka, I2C is off"),
    (ValueError("No Hardware I2C on (scl,sda)=(3, 2)"), "raspi-config", "a board that has none"),
]


@pytest.mark.parametrize(("closed", "hint", "why"), CLOSED, ids=[row[2] for row in CLOSED])
def test_a_bus_that_cannot_be_opened_is_not_a_part_that_does_not_answer(
    bus: Bus, closed: Exception, hint: str, why: str
) -> None:
    bus.parts[0x44] = Sensirion({SHT4X: SHT4X_SAYS})
    bus.closed = closed
    station = Station("sht4x", 0x44)
    error = station.error()
    assert (error.code, hint in error.hint) == ("bus", True), why
    bus.closed = None
    station.mono_ms += REST_MS
    assert station.ask(), "it is opened again without a restart"


def test_a_part_that_was_plugged_out_is_found_again(bus: Bus) -> None:
    part = bus.parts[0x44] = Sensirion({SHT4X: SHT4X_SAYS})
    station = Station("sht4x", 0x44)
    assert station.ask()
    del bus.parts[0x44]
    station.mono_ms += 30_000
    assert station.ask() == []
    bus.parts[0x44] = part
    station.mono_ms += REST_MS
    assert station.ask() == [Climate(1_035_000, 25.0, 60.0)]


def said(sensor: ClimateI2c, clock: SteppedClock) -> Sequence[Reading]:
    try:
        return sensor.read(clock.now())
    except SensorError:
        return []


def test_a_bus_that_hangs_holds_up_nothing_but_its_thread(bus: Bus) -> None:
    bus.parts[0x44] = Sensirion({SHT4X: SHT4X_SAYS})
    bus.hangs = hung = threading.Event()
    clock = SteppedClock(1_000_000)
    sensor = ClimateI2c(entry("sht4x"), {}, clock)
    try:
        assert sensor.read(clock.now()) == []
        clock.wait(PATIENCE_MS / 1000)
        with pytest.raises(SensorError, match="no_answer"):
            sensor.read(clock.now())
        bus.hangs = None
        hung.set()
        until(lambda: said(sensor, clock), 30, "the bus goes on")
    finally:
        hung.set()
        sensor.close()


@pytest.mark.parametrize(("kind", "address"), [("sht4x", 0x47), ("scd4x", 0x61), ("sht31", 0)])
@pytest.mark.usefixtures("bus")
def test_an_address_that_the_part_cannot_have(kind: str, address: int) -> None:
    with pytest.raises(ConfigError, match="allowed: one of 0x"):
        ClimateI2c(entry(kind, address=address), {}, SteppedClock(0))


def test_check_asks_the_part(bus: Bus) -> None:
    sensor = ClimateI2c(entry("sht4x"), {}, SteppedClock(0))
    assert not sensor.verify().ok
    assert "0x44: no_answer" in sensor.verify().text
    bus.parts[0x44] = Sensirion({SHT4X: SHT4X_SAYS})
    assert sensor.verify().text == "sht4x at 0x44 answers: 25.0 °C"
    sensor.close()
