"""A DHT22 from its wire to a reading: the real adapter and driver, and the pulses of a made-up part."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from contract.messages import Climate
from edge.clock import SteppedClock
from edge.config import SensorEntry
from edge.sensors import SensorError
from edge.sensors.attempts import PATIENCE_MS
from edge.sensors.climate_dht import INTERVAL_S, Dht
from tests.support.dht import Wire, answer, frame, merged, on_a_pi
from tests.support.wait import until

PIN = 4
AT_MS = 1_700_000_000_000
IN_S = 30
WAYS = [pytest.param(True, id="pulses timed by a helper"), pytest.param(False, id="the pin looked at")]
GOOD = answer(frame("dht22", 26.4, 61.5))
BIT = 1 + 2 * 20
"""A pulse in the middle."""


class Room:
    """A sensor on a wire, asked as the sampler does."""

    def __init__(self, wire: Wire, *, pulseio: bool) -> None:
        self.wire = wire
        self.clock = SteppedClock(AT_MS)
        options = {"pin": PIN, "pulseio": pulseio}
        self.sensor = Dht(SensorEntry("room", "dht22", None, options, "station.toml"), {}, self.clock)

    def attempt(self) -> Sequence[Climate]:
        """What comes of one attempt."""
        found = list(self.sensor.read(self.clock.now()))
        until(lambda: not self.sensor._probe._busy, IN_S, "the attempt is over")
        return [*found, *self.sensor.read(self.clock.now())]  # type: ignore[list-item]  # a DHT has no other

    def wait(self, seconds: float) -> None:
        self.clock.wait(seconds)
        self.wire.sleep(seconds)

    def fault(self) -> str:
        """Its code, once it has failed for long enough."""
        assert self.attempt() == []
        self.wait(PATIENCE_MS / 1000)
        with pytest.raises(SensorError) as error:
            self.attempt()
        until(lambda: not self.sensor._probe._busy, IN_S, "the attempt is over")
        return error.value.code

    def is_well(self) -> bool:
        """Whether it measures again; the fault stands until it does."""
        self.wait(INTERVAL_S)
        with suppress(SensorError):
            return bool(self.attempt())
        return False


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire(GOOD)
    on_a_pi(monkeypatch, made, PIN)
    return made


@contextmanager
def room(wire: Wire, *, pulseio: bool) -> Iterator[Room]:
    made = Room(wire, pulseio=pulseio)
    try:
        yield made
    finally:
        made.sensor.close()


@pytest.mark.parametrize("pulseio", WAYS)
@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct"), [(26.4, 61.5), (-12.3, 81.0), (0.0, 45.0), (80.0, 100.0)]
)
def test_what_the_part_says_is_read(
    wire: Wire, pulseio: bool, temperature_c: float, humidity_pct: float
) -> None:
    wire.says = answer(frame("dht22", temperature_c, humidity_pct))
    with room(wire, pulseio=pulseio) as its:
        assert its.attempt() == [Climate(AT_MS, temperature_c, humidity_pct)]


def flipped(train: Sequence[int]) -> list[int]:
    """One bit of the humidity is another."""
    return [
        26 if place == 7 and length == 70 else 70 if place == 7 else length
        for place, length in enumerate(train)
    ]


WRONG = [
    ([], "no_answer", "no part"),
    (GOOD[:4], "no_answer", "it is there and says nothing"),
    (GOOD[:50], "incomplete", "the signal breaks off"),
    (flipped(GOOD), "checksum", "a bit was flipped"),
    (merged(GOOD, BIT), "checksum", "a pulse was missed: all behind it are one place further"),
    (merged(GOOD[2:], BIT), "incomplete", "the same, and the part's greeting was not heard"),
]


@pytest.mark.parametrize("pulseio", WAYS)
@pytest.mark.parametrize(("says", "code", "why"), WRONG, ids=[row[2] for row in WRONG])
def test_what_is_wrong_is_told_and_passes(
    wire: Wire, pulseio: bool, says: Sequence[int], code: str, why: str
) -> None:
    wire.says = says
    with room(wire, pulseio=pulseio) as its:
        assert its.fault() == code, why
        wire.says = GOOD
        until(its.is_well, IN_S, "it says what it measures")


def test_a_helper_that_hangs_is_a_fault_and_holds_nobody_up(wire: Wire) -> None:
    with room(wire, pulseio=True) as its:
        assert len(its.attempt()) == 1
        wire.hangs = threading.Event()
        its.wait(INTERVAL_S)
        assert its.sensor.read(its.clock.now()) == []
        its.wait(PATIENCE_MS / 1000)
        with pytest.raises(SensorError, match="no_answer"):
            its.sensor.read(its.clock.now())
        hung, wire.hangs = wire.hangs, None
        hung.set()
        until(its.is_well, IN_S, "it goes on where it was")


def test_a_helper_that_does_not_start_is_the_drivers_fault(wire: Wire) -> None:
    """Not the part's, which nobody has asked."""
    wire.hangs = threading.Event()
    with room(wire, pulseio=True) as its:
        assert its.fault() == "driver"
        wire.hangs = None
        until(its.is_well, IN_S, "it is started again")
