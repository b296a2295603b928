"""``waystation-edge`` on a machine that takes itself for a Pi: parts of an I2C bus that is not there.

    python -m tests.support.pi run --config station.toml

At the usual addresses are an SHT4x, an SHT31, an SCD4x and a VL53L1X, under which people walk. The drivers
are Adafruit's; only ``board`` is made up. On SIGUSR1 the bus hangs, and goes on at the next one. A part that
does not answer is given up after ten seconds instead of two minutes.
"""

import signal
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Final

from edge.__main__ import main
from edge.sensors import attempts
from tests.support.i2c import Bus, Sensirion, Vl53l1x, seen, words

TEMPERATURE_C: Final = 26.5
HUMIDITY_PCT: Final = 55.0
CO2_PPM: Final = 812
CAME, WENT = 3, 1
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


def hang(wires: Bus) -> None:
    """The bus hangs, or goes on."""
    hung, wires.hangs = wires.hangs, threading.Event() if wires.hangs is None else None
    if hung is not None:
        hung.set()


if __name__ == "__main__":
    WIRES = bus()
    sys.modules["board"] = Board(WIRES)
    signal.signal(signal.SIGUSR1, lambda *_: hang(WIRES))
    attempts.PATIENCE_MS = PATIENCE_MS  # type: ignore[misc]  # a test need not wait as long as a technician
    sys.exit(main())
