"""DHT11 and DHT22: temperature and humidity over one wire, from a part that often fails and sometimes lies.

A read takes about 0.3 s and every few fail, so a thread of the sensor's own does it; :meth:`Dht.read`
starts it when it is time and returns what has come in. The driver repeats its last value when it is asked
again within 2 s, so it is asked once per attempt and never within 2.5 s: what is published was measured.
"""

import importlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import Any, Final, Protocol

from contract import ContractError
from contract.messages import Climate, SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.options import ConfigError
from edge.sensors import Parts, Reading, SensorError
from edge.sensors.pins import HIGHEST_PIN

log = logging.getLogger(__name__)

REST_MS: Final = 2500
"""Between two attempts: the part needs 2 s, and the driver answers from memory until then."""

PATIENCE_MS: Final = 120_000
"""Without one good reading for so long the sensor is reported. Single failures are this part's nature."""

INTERVAL_S: Final = 30.0

HINTS: Final = {
    "no_answer": "check the data wire, the 3.3 V supply and the 10 kOhm pull-up",
    "incomplete": "the signal breaks off: shorten the cable or lower the pull-up to 4.7 kOhm",
    "checksum": "the signal is disturbed: keep the cable away from mains and motors",
    "impossible": "the part sends values that cannot be: replace it if this lasts",
    "grounded": "the data wire may be shorted to ground",
    "driver": "the driver failed and is started again: see the log",
}
_CODES: Final = (("not found", "no_answer"), ("full buffer", "incomplete"), ("Checksum", "checksum"))


class Driver(Protocol):
    """What is used of ``adafruit_dht``."""

    temperature: float | None
    humidity: float | None

    def measure(self) -> None: ...

    def exit(self) -> None: ...


class Dht:
    """One DHT11 or DHT22 on a pin."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals, clock
        options = entry.read_options()
        options.only("pin", "pulseio")
        pin = options.whole("pin", low=0, high=HIGHEST_PIN)
        pulseio = options.flag("pulseio") if options.has("pulseio") else None
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = 1.0
        interval_ms = round((entry.interval_s or INTERVAL_S) * 1000)
        self._probe = Probe(entry.kind, _driver_maker(entry, pin, pulseio), max(interval_ms, REST_MS))
        self._worker = _Worker()

    def parts(self) -> Parts:
        return Parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        """The newest measurement, once; measures again in the background when it is time."""
        if self._probe.wants(now.mono_ms):
            self._worker.run(lambda: self._probe.attempt(now))
        return self._probe.news(now.mono_ms)

    def close(self) -> None:
        self._worker.run(self._probe.close)
        self._worker.stop()


class Probe:
    """The attempts of one sensor, without the thread: when to try, what came of it, what it is worth."""

    def __init__(self, kind: str, make_driver: Callable[[], Driver], interval_ms: int) -> None:
        self._kind = kind
        self._make_driver = make_driver
        self._interval_ms = interval_ms
        self._driver: Driver | None = None
        self._frame: list[int] = []
        self._busy = False
        self._next_ms: int | None = None
        self._good_ms: int | None = None
        self._failure = "no_answer"
        self._climate: Climate | None = None

    def wants(self, mono_ms: int) -> bool:
        """Whether it is time for an attempt; saying yes books it."""
        if self._busy or (self._next_ms is not None and mono_ms < self._next_ms):
            return False
        self._good_ms = mono_ms if self._good_ms is None else self._good_ms
        self._busy = True
        return True

    def attempt(self, now: Instant) -> None:
        """Ask the part once. Never raises: what went wrong is told by :meth:`news`."""
        try:
            self._climate = self._measure(now.at_ms)
        except SensorError as error:
            self._fail(now, error.code)
        except RuntimeError as error:
            self._fail(now, _code(str(error)))
        except Exception:
            if self._failure != "driver":
                log.exception("kind=%s driver=failed", self._kind)
            self.close()
            self._fail(now, "driver")
        else:
            self._good_ms, self._next_ms = now.mono_ms, now.mono_ms + self._interval_ms
        self._busy = False

    def news(self, mono_ms: int) -> Sequence[Climate]:
        """A measurement that was not told yet.

        Raises:
            SensorError: when there was none for :data:`PATIENCE_MS`.
        """
        climate, self._climate = self._climate, None
        if climate is not None:
            return [climate]
        if self._good_ms is not None and mono_ms - self._good_ms >= max(PATIENCE_MS, 3 * self._interval_ms):
            raise SensorError(self._failure, HINTS[self._failure])
        return []

    def close(self) -> None:
        """End the driver, which may hold a helper process; the next attempt makes a new one."""
        driver, self._driver = self._driver, None
        if driver is not None:
            try:
                driver.exit()
            except Exception as error:
                log.warning("kind=%s driver_exit=%r", self._kind, error)

    def _measure(self, at_ms: int) -> Climate:
        if self._driver is None:
            self._driver = self._make_driver()
            self._frame = overhear(self._driver)
        self._frame.clear()
        self._driver.measure()
        temperature_c, humidity_pct = self._driver.temperature, self._driver.humidity
        if temperature_c is None or humidity_pct is None:
            raise SensorError("no_answer", HINTS["no_answer"])
        if self._kind == "dht11" and below_zero(self._frame):
            temperature_c = -temperature_c
        check_plausible(temperature_c, humidity_pct)
        try:
            return Climate(at_ms, float(temperature_c), float(humidity_pct))
        except ContractError as error:
            raise SensorError("impossible", str(error)) from None

    def _fail(self, now: Instant, code: str) -> None:
        log.debug("kind=%s failed=%s", self._kind, code)
        self._failure = code
        self._next_ms = now.mono_ms + (self._interval_ms if code == "driver" else REST_MS)


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
    return next((code for words, code in _CODES if words in message), "impossible")


def _driver_maker(entry: SensorEntry, pin: int, pulseio: bool | None) -> Callable[[], Driver]:
    try:
        # Imported here: on a PC there is no such part, and on a Pi the import sets signal handlers.
        library, board = importlib.import_module("adafruit_dht"), importlib.import_module("board")
    except (ImportError, NotImplementedError) as error:
        allowed = f"on a Raspberry Pi with the extra 'pi' installed ({error})"
        raise ConfigError(entry.where, "kind", entry.kind, allowed) from error
    kwargs = {} if pulseio is None else {"use_pulseio": pulseio}

    def make() -> Driver:
        driver: Driver = getattr(library, entry.kind.upper())(getattr(board, f"D{pin}"), **kwargs)
        return driver

    return make


class _Worker:
    """A thread that does one thing after the other; started with the first."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, job: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="dht", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def stop(self) -> None:
        """Let the last job end, for at most a second: a read takes 0.3 s."""
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
