"""``waystation-edge`` on a machine that takes itself for a Pi: parts on wires that are not there.

    python -m tests.support.pi run --config station.toml

At the usual I2C addresses are an SHT4x, an SHT31, an SCD4x and a VL53L1X, under which people walk; on GPIO 4
is a DHT22. The drivers are Adafruit's; only what is below them is made up. On SIGUSR1 the bus hangs, and goes
on at the next one. A part that does not answer is given up after ten seconds instead of two minutes. A line
like ``17 low`` on the standard input drives a pin, where gpiozero's are mock ones.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterable
from types import ModuleType, SimpleNamespace
from typing import Final

from gpiozero import Device  # type: ignore[import-untyped]  # it has no types

from edge.__main__ import main
from edge.sensors import attempts
from tests.support.dht import Pulseio, Wire, answer, frame
from tests.support.i2c import Bus, Sensirion, Vl53l1x, seen, words

TEMPERATURE_C: Final = 26.5
HUMIDITY_PCT: Final = 55.0
CO2_PPM: Final = 812
DHT_PIN: Final = 4
DHT_TEMPERATURE_C, DHT_HUMIDITY_PCT = 27.5, 60.0
CAME, WENT = 6, 1
"""People that walk under the VL53L1X after the start."""

PATIENCE_MS: Final = 10_000
LOOK_S: Final = 0.033
_FLOOR, _HEAD = 210.0, 45.0
_EMPTY, _OUTER, _BOTH, _INNER = (_FLOOR, _FLOOR), (_HEAD, _FLOOR), (_HEAD, _HEAD), (_FLOOR, _HEAD)


def bus() -> Bus:
    """All parts, well."""
    heat, damp = round((TEMPERATURE_C + 45) / 175 * 65535), HUMIDITY_PCT / 100
    sht31 = words(heat, round(damp * 65535))
    made = Bus()
    made.parts = {
        0x44: Sensirion({b"\xfd": words(heat, round((HUMIDITY_PCT + 6) / 125 * 65535))}),
        0x45: Sensirion({b"\x24\x00": sht31, b"\x24\x16": sht31}),
        0x62: Sensirion({b"\xe4\xb8": words(0x8006), b"\xec\x05": words(CO2_PPM, heat, round(damp * 65536))}),
        0x29: Vl53l1x(_people(), look_s=LOOK_S),
    }
    return made


def _people() -> Callable[[int], float | None]:
    come = [*[_OUTER] * 3, *[_BOTH] * 3, *[_INNER] * 3, *[_EMPTY] * 5]
    go = [*[_INNER] * 3, *[_BOTH] * 3, *[_OUTER] * 3, *[_EMPTY] * 5]
    return seen([*[_EMPTY] * 30, *come * CAME, *go * WENT])


class Board(ModuleType):
    """As Adafruit's module of this name, on a Pi."""

    def __init__(self, only: Bus) -> None:
        super().__init__("board")
        self.I2C = only.open
        setattr(self, f"D{DHT_PIN}", SimpleNamespace(id=DHT_PIN))


def hang(wires: Bus) -> None:
    """The bus hangs, or goes on."""
    hung, wires.hangs = wires.hangs, threading.Event() if wires.hangs is None else None
    if hung is not None:
        hung.set()


def drive(lines: Iterable[str]) -> None:
    """Pins, as they are told."""
    for line in lines:
        number, level = line.split()
        pin = Device.pin_factory.pin(int(number))
        pin.drive_high() if level == "high" else pin.drive_low()


if __name__ == "__main__":
    WIRES = bus()
    DHT = Wire(answer(frame("dht22", DHT_TEMPERATURE_C, DHT_HUMIDITY_PCT)))
    sys.modules["board"], sys.modules["pulseio"] = Board(WIRES), Pulseio(DHT)
    threading.Thread(target=drive, args=(sys.stdin,), daemon=True).start()
    signal.signal(signal.SIGUSR1, lambda *_: hang(WIRES))
    attempts.PATIENCE_MS = PATIENCE_MS  # type: ignore[misc]  # a test need not wait as long as a technician
    sys.exit(main())
