"""A bus with parts that answer as their data sheets say, for Adafruit's real drivers."""

import importlib
import struct
import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pytest  # an agent that is measured with this bus must not hold it


class Part(Protocol):
    """What answers at one address."""

    def written(self, data: bytes) -> None: ...

    def read(self, count: int) -> bytes: ...


class Bus:
    """The wires with their parts.

    Attributes:
        hangs: until it is set, the next word of anybody never ends.
        closed: what opening it raises, as Blinka does where I2C is off or this user may not use it.
    """

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}
        self.hangs: threading.Event | None = None
        self.closed: Exception | None = None

    def open(self) -> "Handle":
        """As ``board.I2C()`` does on Linux: one more handle, with a lock of its own."""
        if self.closed is not None:
            raise self.closed
        return Handle(self)


class Handle:
    """As ``busio.I2C``: nobody at an address is an OSError, of which the drivers first make a ValueError."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._lock = threading.Lock()

    def try_lock(self) -> bool:
        return self._lock.acquire(blocking=False)

    def unlock(self) -> None:
        self._lock.release()

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        self._at(address).written(bytes(buffer[start:end]))

    def readfrom_into(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        end = len(buffer) if end is None else end
        buffer[start:end] = self._at(address).read(end - start)

    def _at(self, address: int) -> Part:
        if self._bus.hangs is not None:
            self._bus.hangs.wait()
        if address not in self._bus.parts:
            raise OSError(121, "Remote I/O error")
        return self._bus.parts[address]


def on_a_pi(monkeypatch: "pytest.MonkeyPatch", bus: Bus) -> None:
    """``board.I2C()`` opens ``bus``; the drivers are the real ones."""
    real: Callable[[str], Any] = importlib.import_module
    board = SimpleNamespace(I2C=bus.open)
    monkeypatch.setattr(importlib, "import_module", lambda name: board if name == "board" else real(name))


def crc8(data: bytes) -> int:
    """Sensirion's: polynomial 0x31, from 0xFF. Its example: 0xBEEF has 0x92."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def words(*numbers: int) -> bytes:
    """Numbers of 16 bits, each with its checksum."""
    packed = [struct.pack(">H", number) for number in numbers]
    return b"".join(two + bytes((crc8(two),)) for two in packed)


class Sensirion:
    """An SHT4x, SHT31 or SCD4x: remembers the last command and answers it from ``says``."""

    def __init__(self, says: dict[bytes, bytes]) -> None:
        self.says = says
        self.heard: list[bytes] = []

    def written(self, data: bytes) -> None:
        if data:
            self.heard.append(data)

    def read(self, count: int) -> bytes:
        answer = self.says.get(self.heard[-1], b"")
        return answer[:count].ljust(count, b"\xff")


class Vl53l1x:
    """A VL53L1X that sees, half by half, what ``see`` says: centimetres by the half's middle spot.

    Args:
        look_s: how long a look takes; a real one takes its timing budget.
    """

    ROI_CENTER, STATUS, RANGE, MODEL, READY, POLARITY = 0x7F, 0x89, 0x96, 0x010F, 0x31, 0x30
    START, ONWARDS = 0x87, b"\x40"

    def __init__(self, see: Callable[[int], float | None], *, look_s: float = 0.0) -> None:
        self._see = see
        self._look_s = look_s
        self._done_s = 0.0
        self._memory = bytearray(0x200)
        self._memory[self.MODEL : self.MODEL + 3] = b"\xea\xcc\x10"
        self._memory[self.POLARITY] = 0x01
        self._at = 0
        self.finishes = True

    def written(self, data: bytes) -> None:
        if len(data) < 2:
            return
        self._at = struct.unpack(">H", data[:2])[0]
        self._memory[self._at : self._at + len(data) - 2] = data[2:]
        if (self._at, data[2:]) == (self.START, self.ONWARDS):
            self._done_s = time.monotonic() + self._look_s

    def read(self, count: int) -> bytes:
        if self._at == self.STATUS:
            seen = self._see(self._memory[self.ROI_CENTER])
            self._memory[self.STATUS] = 0x09 if seen is not None else 0x04
            self._memory[self.RANGE : self.RANGE + 2] = struct.pack(">H", round((seen or 0) * 10))
        if self._at == self.READY:
            polarity = 0 if self._memory[self.POLARITY] & 0x10 else 1
            done = self.finishes and time.monotonic() >= self._done_s
            return bytes((polarity if done else 1 - polarity,))
        return bytes(self._memory[self._at : self._at + count])


def seen(rows: Sequence[tuple[float | None, float | None]]) -> Callable[[int], float | None]:
    """Half by half what is seen in turn, the last row for ever: outer (167), inner (231)."""
    left = {167: [row[0] for row in rows], 231: [row[1] for row in rows]}

    def see(center: int) -> float | None:
        half = left[center]
        return half.pop(0) if len(half) > 1 else half[0]

    return see
