"""A DHT on a pin of a Pi that is not there: what its wire does in a read, by its data sheet.

Adafruit's driver is the real one, in both of its ways: with Blinka's ``PulseIn``, whose helper process times
the pulses on a Pi and is a thread here, on the same message queue; and looking at the pin itself.
"""

import importlib
import signal
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pytest  # an agent that is measured with this wire must not hold it

ZERO_US, ONE_US, LOW_US, READY_US, RELEASED_US = 26, 70, 50, 80, 30
ASKED, ANSWERED = 1, 2
"""Types of messages between ``PulseIn`` and its helper."""

PULSE_IN: Final = "adafruit_blinka.microcontroller.bcm283x.pulseio.PulseIn"
LOOK_US: Final = 4
"""What a look at the pin takes."""


def frame(kind: str, temperature_c: float, humidity_pct: float) -> list[int]:
    """The five bytes with which a part says this."""
    if kind == "dht11":
        whole, tenth = divmod(round(abs(temperature_c) * 10), 10)
        body = [int(humidity_pct), 0, whole, tenth | (0x80 if temperature_c < 0 else 0)]
    else:
        humidity, temperature = round(humidity_pct * 10), round(abs(temperature_c) * 10)
        sign = 0x80 if temperature_c < 0 else 0
        body = [humidity >> 8, humidity & 255, temperature >> 8 | sign, temperature & 255]
    return [*body, sum(body) & 255]


def pulses(data: Sequence[int]) -> list[int]:
    """Microseconds of the bits on the wire: low, then high by the bit, and a last low."""
    bits = [byte >> place & 1 for byte in data for place in range(7, -1, -1)]
    return [length for bit in bits for length in (LOW_US, ONE_US if bit else ZERO_US)] + [LOW_US]


def answer(data: Sequence[int]) -> list[int]:
    """All that the part sends when it is asked: that it is there, low and high, and its bits."""
    return [READY_US, READY_US, *pulses(data)]


def merged(train: Sequence[int], at: int) -> list[int]:
    """The pulse ``at`` was too short to be noticed: its neighbours are one."""
    return [*train[: at - 1], sum(train[at - 1 : at + 2]), *train[at + 2 :]]


class Wire:
    """The wire with its part.

    Attributes:
        says: microseconds, low and high in turn, that follow on being asked; empty where there is no part.
        hangs: until it is set, nobody who times pulses says a word.
        now_us: a clock for who looks at the pin.
    """

    def __init__(self, says: Sequence[int] = ()) -> None:
        self.says = says
        self.hangs: threading.Event | None = None
        self.now_us = 1_000_000_000

    def monotonic(self) -> float:
        """The driver's clock, in its unit."""
        return self.now_us / 1e6

    def sleep(self, seconds: float) -> None:
        """Let the driver's time pass."""
        self.now_us += round(seconds * 1e6)

    def helper(self, command: Sequence[str]) -> "Helper":
        """As the helper process is started: its options, and the pin."""
        options = dict(zip(command[1::2], command[2::2], strict=False))
        return Helper(self, int(options["--queue"]), int(options["--pulses"]))

    def timed(self) -> type:
        """``pulseio.PulseIn`` on this wire."""
        module: Any = importlib.import_module(PULSE_IN)
        module.subprocess = SimpleNamespace(Popen=self.helper)
        made: type = module.PulseIn
        return made


class Helper:
    """``libgpiod_pulsein`` as a thread: keeps the last pulses, and says them when it is asked."""

    def __init__(self, wire: Wire, queue: int, most: int) -> None:
        self._wire = wire
        self._ipc = importlib.import_module("sysv_ipc")
        self._queue = self._ipc.MessageQueue(queue)
        self._heard: deque[int] = deque(maxlen=most)
        threading.Thread(target=self._serve, name="pulsein", daemon=True).start()

    def terminate(self) -> None:
        """It ends with its queue."""

    def _serve(self) -> None:
        with suppress(self._ipc.Error):
            self._answer("!")
            while True:
                self._obey(self._queue.receive(type=ASKED)[0].decode())

    def _obey(self, word: str) -> None:
        if self._wire.hangs is not None:
            self._wire.hangs.wait()
        match word[0]:
            case "t":
                self._heard.extend(self._wire.says)
            case "c":
                self._heard.clear()
            case "l":
                self._answer(str(len(self._heard)))
            case "^":
                self._answer(str(self._heard.popleft()) if self._heard else "-1")

    def _answer(self, word: str) -> None:
        if self._wire.hangs is None:
            self._queue.send(word, type=ANSWERED)


class Looked:
    """The pin itself, as ``digitalio`` wants it; the wire's clock goes on with each look."""

    IN, OUT, PULL_UP = range(3)

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._released_us = wire.now_us

    def __call__(self, _number: int) -> "Looked":
        return self

    def init(self, mode: int, pull: int | None = None) -> None:
        """Released, the line is pulled up, and the part answers."""
        del pull
        if mode == self.IN:
            self._released_us = self._wire.now_us

    def value(self, level: int | None = None) -> int:
        """The level: driven from here, or what the part makes of it."""
        self._wire.now_us += LOOK_US
        left_us = self._wire.now_us - self._released_us - RELEASED_US
        if level is not None or left_us < 0:
            return 1
        for place, length_us in enumerate(self._wire.says):
            left_us -= length_us
            if left_us < 0:
                return place % 2
        return 1


def board(number: int) -> SimpleNamespace:
    """``board`` with one pin."""
    return SimpleNamespace(**{f"D{number}": SimpleNamespace(id=number)})


class Pulseio(ModuleType):
    """The module of this name; there before the driver is imported, as on a Pi, it is the driver's choice."""

    def __init__(self, wire: Wire) -> None:
        super().__init__("pulseio")
        self.PulseIn = wire.timed()


def on_a_pi(monkeypatch: "pytest.MonkeyPatch", wire: Wire, number: int) -> None:
    """The pin ``number`` is on ``wire``, for both ways of the real driver."""
    real: Any = importlib.import_module
    own = signal.getsignal(signal.SIGTERM)
    blinka, driver = real(PULSE_IN), real("adafruit_dht")
    signal.signal(signal.SIGTERM, own)  # which Blinka's module takes
    monkeypatch.setattr(blinka, "subprocess", blinka.subprocess)  # given back at the end
    monkeypatch.setattr(driver, "PulseIn", wire.timed(), raising=False)
    monkeypatch.setattr(driver, "time", wire)
    monkeypatch.setattr(real("digitalio"), "Pin", Looked(wire))
    pins = board(number)
    monkeypatch.setattr(importlib, "import_module", lambda name: pins if name == "board" else real(name))
