"""The devices on a Modbus line, and the thread that asks them one after the other.

All devices on one line share one :class:`Bus`. A dead device costs the others its time-out now and then; a
line that hangs holds up nothing but its own thread.
"""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from edge.clock import Clock
from edge.sensors.modbus_line import Place, Wire
from edge.sensors.modbus_map import Span
from edge.sensors.modbus_turns import Turn, next_turn

REDIAL_MS: Final = (1000, 30_000)
"""The first and the longest rest after a line could not be opened."""

STOP_S: Final = 2.0

Exchange = Callable[[int, Span], list[int]]


class Asked(Protocol):
    """A device in the eyes of its bus."""

    turn: Turn

    def ask(self, exchange: Exchange) -> bool:
        """Fetch all that the device has to say; whether it answered. Called from the bus' thread."""


class Bus:
    """One line with its devices. Its thread starts with :meth:`start` and ends with the last device."""

    def __init__(self, place: Place, timeout_s: float, clock: Clock) -> None:
        self.place = place
        self.timeout_s = timeout_s
        self._clock = clock
        self._wire = Wire(place, timeout_s)
        self._devices: list[Asked] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._redial_at_ms = 0
        self._redial_ms = REDIAL_MS[0]

    def join(self, device: Asked) -> None:
        """One more device on the line."""
        self._devices = [*self._devices, device]

    def leave(self, device: Asked) -> bool:
        """One fewer; whether it was the last one, with which the line is closed."""
        self._devices = [each for each in self._devices if each is not device]
        if self._devices:
            return False
        self._stop.set()
        if self._thread is None:
            self._wire.close()
        else:
            self._thread.join(STOP_S)
        return True

    def start(self) -> None:
        """Begin to ask the devices, if that has not begun yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"modbus {self.place}", daemon=True)
            self._thread.start()

    def exchange(self, address: int, span: Span) -> list[int]:
        """Ask one device, on a line that is opened if need be.

        Raises:
            SensorError: there is no answer, or none to be believed.
        """
        with self._lock:
            self._open()
            return self._wire.exchange(address, span)

    def _open(self) -> None:
        mono_ms = self._clock.now().mono_ms
        if self._wire.is_open:
            return
        if mono_ms < self._redial_at_ms:
            raise self._wire.error(self._wire.unopened)
        if not self._wire.open():
            self._redial_at_ms = mono_ms + self._redial_ms
            self._redial_ms = min(2 * self._redial_ms, REDIAL_MS[1])
            raise self._wire.error(self._wire.unopened)
        self._redial_ms = REDIAL_MS[0]

    def _work(self) -> None:
        while not self._stop.is_set():
            mono_ms = self._clock.now().mono_ms
            devices = {device.turn: device for device in self._devices}
            turn, wait_ms = next_turn(devices, mono_ms)
            if turn is None:
                self._stop.wait(1.0 if wait_ms is None else wait_ms / 1000)
            else:
                turn.done(mono_ms, well=devices[turn].ask(self.exchange))
        self._wire.close()


_buses: dict[str, Bus] = {}
_buses_lock = threading.Lock()


class TakenError(Exception):
    """The line is in use with other settings."""


def join(place: Place, timeout_s: float, clock: Clock, device: Asked) -> Bus:
    """The one bus at ``place``, with ``device`` on it.

    Raises:
        TakenError: another device of this station wants it with other settings.
    """
    with _buses_lock:
        bus = _buses.get(str(place))
        if bus is None:
            bus = _buses[str(place)] = Bus(place, timeout_s, clock)
        elif (bus.place, bus.timeout_s) != (place, timeout_s):
            raise TakenError
        bus.join(device)
        return bus


def leave(bus: Bus, device: Asked) -> None:
    """Take ``device`` off; the last one closes the line."""
    with _buses_lock:
        if bus.leave(device):
            _buses.pop(str(bus.place), None)
