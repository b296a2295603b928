"""DHT11 and DHT22: temperature and humidity over one wire, from a part that often fails and sometimes lies.

A read takes about 0.3 s and every few fail, so a thread of the sensor's own does it; :meth:`Dht.read`
starts it when it is time and returns what has come in. The driver repeats its last value when it is asked
again within 2 s, so it is asked once per attempt and never within 2.5 s: what is published was measured.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from contract.messages import Climate, SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.sensors import Parts, Reading, SensorError, Verdict
from edge.sensors.attempts import Attempts, Worker
from edge.sensors.pi import on_a_pi
from edge.sensors.pins import HIGHEST_PIN

REST_MS: Final = 2500
"""Between two attempts: the part needs 2 s, and the driver answers from memory until then."""

INTERVAL_S: Final = 30.0

HINTS: Final = {
    "no_answer": "check the data wire, the 3.3 V supply and the 10 kOhm pull-up",
    "incomplete": "the signal breaks off: shorten the cable or lower the pull-up to 4.7 kOhm",
    "checksum": "the signal is disturbed: keep the cable away from mains and motors",
    "impossible": "the part sends values that cannot be: replace it if this lasts",
    "grounded": "the data wire may be shorted to ground",
}
_CODES: Final = (
    ("not found", "no_answer"),
    ("full buffer", "incomplete"),
    ("Checksum", "checksum"),
    ("unplausible", "impossible"),
)


class Driver(Protocol):
    """What is used of ``adafruit_dht``."""

    temperature: float | None
    humidity: float | None

    def measure(self) -> None: ...

    def exit(self) -> None: ...


class Dht:
    """One DHT11 or DHT22 on a pin."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        options = entry.read_options()
        options.only("pin", "pulseio")
        pin = options.whole("pin", low=0, high=HIGHEST_PIN)
        pulseio = options.flag("pulseio") if options.has("pulseio") else None
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = 1.0
        self._clock, self._where = clock, f"{entry.kind} at GPIO {pin}"
        interval_ms = round((entry.interval_s or INTERVAL_S) * 1000)
        self._probe = Probe(entry.kind, _driver_maker(entry.kind, pin, pulseio), max(interval_ms, REST_MS))
        self._worker = Worker("dht")

    def parts(self) -> Parts:
        return Parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        """The newest measurement, once; measures again in the background when it is time."""
        if self._probe.wants(now.mono_ms):
            self._worker.run(lambda: self._probe.attempt(now))
        return self._probe.news(now.mono_ms)

    def verify(self) -> Verdict:
        """Whether the part answers; of its attempts every few fail."""
        return self._probe.verify(self._where, self._clock, tries=4, rest_s=REST_MS / 1000)

    def close(self) -> None:
        self._worker.run(self._probe.close)
        self._worker.stop()


class Probe(Attempts[Driver]):
    """The attempts of one part."""

    def __init__(self, kind: str, make_driver: Callable[[], Driver], interval_ms: int) -> None:
        super().__init__(kind, self._overheard, interval_ms, rest_ms=REST_MS, hints=HINTS)
        self._make = make_driver
        self._frame: list[int] = []

    def measure(self, driver: Driver, at_ms: int) -> Climate:
        self._frame.clear()
        driver.measure()
        temperature_c, humidity_pct = driver.temperature, driver.humidity
        if temperature_c is None or humidity_pct is None:
            raise SensorError("no_answer", HINTS["no_answer"])
        if self._kind == "dht11" and below_zero(self._frame):
            temperature_c = -temperature_c
        check_plausible(temperature_c, humidity_pct)
        return Climate(at_ms, float(temperature_c), float(humidity_pct))

    def code(self, error: Exception) -> str:
        return _code(str(error)) if isinstance(error, RuntimeError) else "driver"

    def leave(self, driver: Driver) -> None:
        """It may hold a helper process."""
        driver.exit()

    def _overheard(self) -> Driver:
        driver = self._make()
        self._frame = overhear(driver)
        return driver


def check_plausible(temperature_c: float, humidity_pct: float) -> None:
    """Refuse the readings with which these parts are known to lie although the checksum is right.

    Known from ESPHome's driver: 0 °C with 1 or 2 % is a damaged part, 0.1 °C with 1.0 % a data wire at
    ground. An all-zero frame has a right checksum too.

    Raises:
        SensorError: naming what the lie usually means.
    """
    if temperature_c == 0 and humidity_pct in (0, 1, 2):
        raise SensorError("impossible", HINTS["impossible"])
    if (temperature_c, humidity_pct) == (0.1, 1.0):
        raise SensorError("grounded", HINTS["grounded"])


def below_zero(frame: Sequence[int]) -> bool:
    """Whether a DHT11's frame has its sign bit set, which ``adafruit_dht`` overlooks."""
    return len(frame) == 5 and bool(frame[3] & 0x80)


def overhear(driver: Any) -> list[int]:
    """The bytes that ``driver`` decodes, as they come: it keeps the frame to itself."""
    frame: list[int] = []
    decode = getattr(driver, "_pulses_to_binary", None)
    if decode is not None:

        def decode_and_tell(pulses: Sequence[int], start: int, stop: int) -> int:
            frame.append(decode(pulses, start, stop))
            return frame[-1]

        driver._pulses_to_binary = decode_and_tell
    return frame


def _code(message: str) -> str:
    return next((code for words, code in _CODES if words in message), "driver")


def _driver_maker(kind: str, pin: int, pulseio: bool | None) -> Callable[[], Driver]:
    kwargs = {} if pulseio is None else {"use_pulseio": pulseio}

    def make(library: Any, wire: Any) -> Driver:
        driver: Driver = getattr(library, kind.upper())(wire, **kwargs)
        return driver

    return on_a_pi("adafruit_dht", f"D{pin}", make)
