"""SHT4x and SHT31 (temperature, humidity) and SCD4x (carbon dioxide too) on I2C, by Adafruit's drivers.

A bus can hang for good, so a thread of the sensor's own asks the part; see :mod:`edge.sensors.attempts`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract.messages import Climate, SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.sensors import Parts, Reading, SensorError, Verdict
from edge.sensors.attempts import Attempts, Worker
from edge.sensors.i2c import on_i2c

INTERVAL_S: Final = 30.0
REST_MS: Final = 5000
"""Between two attempts; an SCD4x has a new measurement every 5 s."""

EMPTY: Final = 8
"""After so many looks without a new measurement a part has lost its power meanwhile, and is started again."""

HINTS: Final = {
    "no_answer": "check SDA, SCL, the 3.3 V supply and the address",
    "checksum": "the signal is disturbed: shorten the cable, keep it away from mains",
    "impossible": "the part sends values that cannot be: replace it if this lasts",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of part: Adafruit's module and class, its addresses, and how it is asked."""

    module: str
    name: str
    addresses: tuple[int, ...]
    ask: Callable[[Any, int], Climate | None]
    begin: Callable[[Any], None] = lambda _: None


def _sht4x(driver: Any, at_ms: int) -> Climate:
    temperature_c, humidity_pct = driver.measurements
    return _climate(at_ms, temperature_c, humidity_pct)


def _sht31(driver: Any, at_ms: int) -> Climate:
    return _climate(at_ms, driver.temperature, driver.relative_humidity)


def _scd4x(driver: Any, at_ms: int) -> Climate | None:
    if not driver.data_ready:
        return None
    co2_ppm, temperature_c, humidity_pct = driver.CO2, driver.temperature, driver.relative_humidity
    if not co2_ppm:  # its first measurement after power has come is 0
        return None
    return _climate(at_ms, temperature_c, humidity_pct, float(co2_ppm))


def _climate(at_ms: int, temperature_c: float, humidity_pct: float, co2_ppm: float | None = None) -> Climate:
    """A hundredth is finer than any of the parts. Lines that are held low or high give an end of the scale.

    Raises:
        SensorError: at the ends of the scale, where the checksum may well be right.
    """
    if temperature_c <= -45 or temperature_c >= 130:
        raise SensorError("impossible", HINTS["impossible"])
    return Climate(at_ms, round(temperature_c, 2), round(min(max(humidity_pct, 0), 100), 2), co2_ppm)


def _begin_scd4x(driver: Any) -> None:
    # It may still measure from before a restart of the agent, and then answers nothing else.
    driver.stop_periodic_measurement()
    driver.start_periodic_measurement()


KINDS: Final = {
    "sht4x": Kind("adafruit_sht4x", "SHT4x", (0x44, 0x45, 0x46), _sht4x),
    "sht31": Kind("adafruit_sht31d", "SHT31D", (0x44, 0x45), _sht31),
    "scd4x": Kind("adafruit_scd4x", "SCD4X", (0x62,), _scd4x, _begin_scd4x),
}


class I2cAttempts(Attempts[Any]):
    """The attempts of one part. One that was away is started again: an SCD4x measures only when told to."""

    ANEW = frozenset({"driver", "no_answer"})

    def __init__(self, kind: str, make_driver: Callable[[], Any], interval_ms: int) -> None:
        super().__init__(kind, make_driver, interval_ms, rest_ms=REST_MS, hints=HINTS)
        self._ask = KINDS[kind].ask
        self._empty = 0

    def measure(self, driver: Any, at_ms: int) -> Climate | None:
        climate = self._ask(driver, at_ms)
        self._empty = 0 if climate else self._empty + 1
        if self._empty == EMPTY:
            self._empty = 0
            raise SensorError("no_answer", HINTS["no_answer"])
        return climate

    def code(self, error: Exception) -> str:
        if "CRC" in str(error):
            return "checksum"
        # Nobody at the address is a ValueError at first and an OSError later.
        away = isinstance(error, (OSError, ValueError)) or "I2C" in str(error)
        return "no_answer" if away else "driver"


class ClimateI2c:
    """One part on the bus."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        kind, options = KINDS[entry.kind], entry.read_options()
        options.only("address")
        address = options.whole("address", default=kind.addresses[0])
        if address not in kind.addresses:
            raise options.wrong("address", "one of " + ", ".join(map(hex, kind.addresses)))
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = 1.0
        self._clock, self._where = clock, f"{entry.kind} at {address:#04x}"
        interval_ms = round((entry.interval_s or INTERVAL_S) * 1000)
        maker = _driver_maker(kind, address)
        self._attempts = I2cAttempts(entry.kind, maker, max(interval_ms, REST_MS))
        self._worker = Worker(entry.kind)

    def parts(self) -> Parts:
        return Parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        """The newest measurement, once; measures again in the background when it is time."""
        if self._attempts.wants(now.mono_ms):
            self._worker.run(lambda: self._attempts.attempt(now))
        return self._attempts.news(now.mono_ms)

    def verify(self) -> Verdict:
        """Whether the part answers with a right checksum; that alone proves no good place for it."""
        # An SCD4x needs 5 s for its first measurement.
        return self._attempts.verify(self._where, self._clock, tries=8, rest_s=1)

    def close(self) -> None:
        self._worker.run(self._attempts.close)
        self._worker.stop()


def _driver_maker(kind: Kind, address: int) -> Callable[[], Any]:
    def make(library: Any, bus: Any) -> Any:
        driver = getattr(library, kind.name)(bus, address=address)
        kind.begin(driver)
        return driver

    return on_i2c(kind.module, make)
