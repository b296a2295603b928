"""The real adafruit decoder, fed with the pulses that a part would send; only their source is replaced."""

import array
import importlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from contract.messages import Climate
from edge.clock import Instant, SteppedClock
from edge.config import SensorEntry
from edge.options import ConfigError
from edge.sensors import SensorError
from edge.sensors.attempts import PATIENCE_MS
from edge.sensors.climate_dht import REST_MS, Dht, Driver, Probe
from tests.support.dht import frame, pulses
from tests.support.wait import until

library = importlib.import_module("adafruit_dht")

INTERVAL_MS = 30_000
Pulses = Sequence[int]


class Wire:
    """Stands for the wire: what the decoder hears at each attempt, and when it listened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
        self.says: Pulses | Exception = []
        self.listened = 0
        self.drivers: list[Any] = []
        self.exits = 0
        self.kind = kind
        self.mono_s = 1000.0
        monkeypatch.setattr(library, "time", self)

    def monotonic(self) -> float:
        """The library's clock."""
        return self.mono_s

    def driver(self) -> Driver:
        """A real driver whose pulses come from here."""
        driver = getattr(library, self.kind.upper())(object(), use_pulseio=False)
        driver._get_pulses_bitbang = self._listen
        real_exit = driver.exit

        def leave() -> None:
            self.exits += 1
            real_exit()

        driver.exit = leave
        self.drivers.append(driver)
        made: Driver = driver
        return made

    def _listen(self) -> "array.array[int]":
        self.listened += 1
        if isinstance(self.says, Exception):
            raise self.says
        return array.array("H", self.says)


class Station:
    """A probe on a wire, stepped by hand."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.probe = Probe(wire.kind, wire.driver, INTERVAL_MS)
        self.mono_ms = 0

    def ask(self) -> Sequence[Climate]:
        """What the sampler's question does, with the thread's work done at once."""
        if self.probe.wants(self.mono_ms):
            self.probe.attempt(Instant(1_000_000 + self.mono_ms, self.mono_ms, "synced"))
        return self.probe.news(self.mono_ms)

    def wait(self, ms: int) -> None:
        self.mono_ms += ms
        self.wire.mono_s += ms / 1000


@pytest.fixture(params=["dht11", "dht22"])
def station(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Station:
    return Station(Wire(monkeypatch, request.param))


@pytest.fixture
def dht22(monkeypatch: pytest.MonkeyPatch) -> Station:
    return Station(Wire(monkeypatch, "dht22"))


GOOD = [
    ("dht22", 23.4, 45.6, "a summer day indoors"),
    ("dht22", -12.3, 81.0, "below zero, with the sign bit of this part"),
    ("dht22", 0.0, 45.0, "0 °C alone is a temperature"),
    ("dht22", 0.1, 45.0, "0.1 °C alone too"),
    ("dht11", 24.0, 40.0, "whole degrees"),
    ("dht11", 24.7, 40.0, "newer parts send tenths"),
    ("dht11", -5.0, 40.0, "the sign bit that the library overlooks"),
    ("dht11", -5.3, 40.0, "the same with tenths"),
]


@pytest.mark.parametrize(("kind", "temperature_c", "humidity_pct", "reason"), GOOD, ids=[r[3] for r in GOOD])
def test_good_readings(
    monkeypatch: pytest.MonkeyPatch, kind: str, temperature_c: float, humidity_pct: float, reason: str
) -> None:
    station = Station(Wire(monkeypatch, kind))
    station.wire.says = pulses(frame(kind, temperature_c, humidity_pct))
    assert station.ask() == [Climate(1_000_000, temperature_c, humidity_pct)], reason


def damaged(data: list[int]) -> list[int]:
    return [data[0] ^ 1, *data[1:]]


BAD: list[tuple[str, Pulses, str, str]] = [
    ("dht22", [], "no_answer", "no wire"),
    ("dht22", pulses(frame("dht22", 20, 50))[:60], "incomplete", "the signal breaks off"),
    ("dht22", pulses(damaged(frame("dht22", 20, 50))), "checksum", "a bit was flipped"),
    ("dht22", pulses(frame("dht22", 20, 120)), "impossible", "more than 100 % humidity"),
    ("dht22", pulses(frame("dht22", 300, 50)), "impossible", "300 °C"),
    ("dht22", pulses(frame("dht22", 0, 1)), "impossible", "0 °C and 1 %: a damaged part"),
    ("dht22", pulses(frame("dht22", 0, 2)), "impossible", "0 °C and 2 %: a damaged part"),
    ("dht22", pulses([0, 0, 0, 0, 0]), "impossible", "all zeros have a right checksum"),
    ("dht11", pulses([0, 0, 0, 0, 0]), "impossible", "all zeros have a right checksum"),
    ("dht11", pulses(frame("dht11", 0, 1)), "impossible", "0 °C and 1 %: a damaged part"),
    ("dht22", pulses(frame("dht22", 0.1, 1.0)), "grounded", "the wire at ground"),
]


@pytest.mark.parametrize(("kind", "says", "code", "reason"), BAD, ids=[f"{r[0]}: {r[3]}" for r in BAD])
def test_bad_readings(
    monkeypatch: pytest.MonkeyPatch, kind: str, says: Pulses, code: str, reason: str
) -> None:
    """Nothing is said at first; when it lasts, the sensor's fault has this code and a hint."""
    station = Station(Wire(monkeypatch, kind))
    station.wire.says = says
    while station.mono_ms < PATIENCE_MS:
        assert station.ask() == [], reason
        station.wait(REST_MS)
    with pytest.raises(SensorError) as error:
        station.ask()
    assert error.value.code == code
    assert len(error.value.hint) > 10


class TestThePartsRest:
    def test_no_attempt_within_the_rest(self, station: Station) -> None:
        for _ in range(100):
            station.ask()
            station.wait(100)
        assert station.wire.listened == 10_000 // REST_MS

    def test_the_interval_after_a_good_reading(self, station: Station) -> None:
        station.wire.says = pulses(frame(station.wire.kind, 20, 50))
        for _ in range(60):
            station.ask()
            station.wait(1000)
        assert station.wire.listened == 60_000 // INTERVAL_MS

    def test_one_attempt_gives_both_numbers(self, station: Station) -> None:
        station.wire.says = pulses(frame(station.wire.kind, 20, 50))
        station.ask()
        assert station.wire.listened == 1


class TestNothingOldIsNew:
    def test_a_failed_attempt_gives_no_cached_value(self, station: Station) -> None:
        """The driver still has the last value and hands it out when asked again within 2 s."""
        station.wire.says = pulses(frame(station.wire.kind, 20, 50))
        assert station.ask()
        station.wait(INTERVAL_MS)
        station.wire.says = []
        assert station.ask() == []
        assert station.wire.drivers[0].temperature == 20, "the driver's memory, which nobody must publish"
        for _ in range(20):
            station.wait(100)
            assert station.ask() == []

    def test_a_reading_is_told_once(self, station: Station) -> None:
        station.wire.says = pulses(frame(station.wire.kind, 20, 50))
        assert len(station.ask()) == 1
        station.wait(1000)
        assert station.ask() == []

    def test_well_again_after_failures(self, station: Station) -> None:
        station.ask()
        station.wait(REST_MS)
        station.wire.says = pulses(frame(station.wire.kind, 21, 50))
        assert station.ask() == [Climate(1_000_000 + REST_MS, 21, 50)]


class TestTheDriver:
    def test_an_unexpected_error_ends_it_and_a_new_one_is_made(self, dht22: Station) -> None:
        dht22.wire.says = OSError(22, "Invalid argument")
        assert dht22.ask() == []
        assert dht22.wire.exits == 1
        dht22.wire.says = pulses(frame("dht22", 20, 50))
        dht22.wait(INTERVAL_MS)
        assert len(dht22.ask()) == 1
        assert len(dht22.wire.drivers) == 2

    def test_an_expected_error_keeps_it(self, dht22: Station) -> None:
        dht22.ask()
        dht22.wait(REST_MS)
        dht22.ask()
        assert (len(dht22.wire.drivers), dht22.wire.exits) == (1, 0)

    def test_one_that_cannot_be_made_is_a_fault(self) -> None:
        def refuse() -> Driver:
            raise RuntimeError("Timed out waiting for PulseIn message. Make sure libgpiod is installed.")

        probe = Probe("dht22", refuse, INTERVAL_MS)
        assert probe.wants(0)
        probe.attempt(Instant(0, 0, "synced"))
        with pytest.raises(SensorError):
            probe.news(PATIENCE_MS)

    def test_one_that_never_returns_is_a_fault(self) -> None:
        probe = Probe("dht22", lambda: pytest.fail("not asked"), INTERVAL_MS)
        assert probe.wants(0), "an attempt that hangs from here on"
        assert not probe.wants(PATIENCE_MS)
        with pytest.raises(SensorError, match="no_answer"):
            probe.news(PATIENCE_MS)


def entry(**options: object) -> SensorEntry:
    return SensorEntry("room", "dht22", None, options, "station.toml: [[sensor]] 1")


class Board:
    D4 = object()


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Pi's pins under their names, and the library as it is."""
    real = importlib.import_module
    fakes: Callable[[str], Any] = lambda name: Board if name == "board" else real(name)  # noqa: E731
    monkeypatch.setattr(importlib, "import_module", fakes)


@pytest.mark.usefixtures("board")
class TestInItsThread:
    def test_asking_never_waits_for_the_part(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Asked, it returns at once; the reading is there at a later question."""

        asked = threading.Event()

        def slowly(_: Any) -> "array.array[int]":
            assert asked.wait(20)
            return array.array("H", pulses(frame("dht22", 20, 50)))

        monkeypatch.setattr(library.DHTBase, "_get_pulses_bitbang", slowly)
        clock = SteppedClock(1_000_000)
        sensor = Dht(entry(pin=4), {}, clock)
        try:
            assert sensor.read(clock.now()) == []
            asked.set()
            until(lambda: sensor.read(clock.now()) == [Climate(1_000_000, 20, 50)], 20, "the reading comes")
        finally:
            sensor.close()

    @pytest.mark.parametrize(
        ("options", "key"), [({}, "pin"), ({"pin": 28}, "pin"), ({"pin": 4, "pim": 1}, "pim")]
    )
    def test_wrong_options(self, options: dict[str, object], key: str) -> None:
        with pytest.raises(ConfigError) as error:
            Dht(entry(**options), {}, SteppedClock(0))
        assert error.value.key == key
