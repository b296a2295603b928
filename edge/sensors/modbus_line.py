"""A Modbus line, serial or TCP: one question, one answer, or why there was none. It only reads."""

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import ModbusPDU

from edge.sensors import SensorError
from edge.sensors.modbus_map import BITS, Function, Line, Span

log = logging.getLogger(__name__)

# It writes an error for each missing answer; what fails is told once, by the sensor.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL + 1)

QUIET_S: Final = 0.03
"""A line without a byte for so long is quiet: 3.5 characters at 1200 baud."""

SETTLE_S: Final = 0.5
"""The longest wait for quiet; who babbles on is heard again at the next question."""

MOST_BYTES: Final = 1024
"""More than two of the longest answers: somebody babbles."""

HINTS: Final = {
    "adapter": "the adapter cannot be opened: has another program it, or does the agent's unit not allow it?",
    "unreachable": "nobody answers at this address and port: check power, cable and network",
    "no_answer": "check the device's supply and address, A and B swapped, and the line's speed",
    "incomplete": "the answer breaks off: loose wire, missing ground, or time-out too short",
    "checksum": "bits are flipped: two devices with one address, no terminator, cable beside mains",
    "wrong_address": "another device answers: two masters on the line, or an address given twice",
    "babble": "somebody sends without being asked: wrong speed, or another protocol on this line",
    "mismatch": "the answer is not to this question: the device does not keep to the protocol",
    "hang": "the line's driver does not come back: unplug the adapter and plug it in again",
    "driver": "the library failed: see the log",
}
_REFUSALS: Final = {
    1: "it does not know this function",
    2: "it does not have this address: the map is not this device's, or set gap = 0",
    3: "it does not give so many at once: set max_registers or max_bits",
    4: "it failed",
    5: "it is busy",
    6: "it is busy",
    10: "the gateway has no way to it",
}
_GATEWAY_SILENCE: Final = 11
_CODES: Final[dict[Function, int]] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_PARITY: Final = {"none": "N", "even": "E", "odd": "O"}


@dataclass(frozen=True, slots=True)
class Serial:
    """A serial line, named by its device file."""

    port: str
    line: Line

    def __str__(self) -> str:
        return self.port


@dataclass(frozen=True, slots=True)
class Tcp:
    """A device or gateway on the network; ``rtu``: serial frames, passed on as they are."""

    host: str
    port: int = 502
    rtu: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


Place = Serial | Tcp


class _SerialClient(ModbusSerialClient):
    def close(self) -> None:
        """End the connection."""
        super().close()  # type: ignore[no-untyped-call]  # the library has no types there

    def recv(self, size: int | None) -> bytes:
        """What has come in, after a wait for the first byte.

        The library's own looks at the line every millisecond, and by a clock that jumps.
        """
        del size
        if self.socket is None:
            raise ConnectionException("closed")
        try:
            first: bytes = self.socket.read(1)
            return first + self.socket.read(self.socket.in_waiting) if first else first
        except OSError as error:
            self.close()
            raise ConnectionException(str(error)) from None

    def settle(self) -> None:
        """Read away what still comes in after a bad answer, so that it is not taken for the next one."""
        until_s = time.monotonic() + SETTLE_S
        try:
            while self.socket is not None and time.monotonic() < until_s:
                self.socket.timeout = QUIET_S
                if not self.socket.read(MOST_BYTES):
                    break
        except OSError:
            self.close()
        if self.socket is not None:
            self.socket.timeout = self.comm_params.timeout_connect


class Wire:
    """The line with its library. Not for two threads at once."""

    def __init__(self, place: Place, timeout_s: float) -> None:
        self._place = place
        self._heard = _Heard()
        self._client = _client(place, timeout_s, self._heard)

    @property
    def is_open(self) -> bool:
        """Whether there is a line, as far as is known."""
        return self._client.connected

    def open(self) -> bool:
        """Open it; whether that worked."""
        return self._client.connect()

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]  # the library has no types there

    def exchange(self, address: int, span: Span) -> list[int]:
        """Ask the device at ``address`` and return its registers, or its bits as 0 and 1.

        Raises:
            SensorError: there is no answer, or none to be believed.
        """
        self._heard.forget()
        try:
            answer = self._request(address, span)
        except ConnectionException:
            self.close()
            raise self.error(self.unopened) from None
        except _BabbleError:
            raise self._failed("babble") from None
        except ModbusException:
            raise self._failed(self._heard.diagnosis(address, self._is_rtu)) from None
        except Exception:
            log.exception("modbus=%s heard=%s", self._place, self._heard)
            raise self._failed("driver") from None
        return _checked(answer, span)

    @property
    def unopened(self) -> str:
        """The code for a line that cannot be opened."""
        return "adapter" if isinstance(self._place, Serial) else "unreachable"

    def error(self, code: str) -> SensorError:
        """``code`` with the line's name and what to look at."""
        hint = _no_adapter(self._place.port) if code == "adapter" and isinstance(self._place, Serial) else ""
        return SensorError(code, f"{self._place}: {hint or HINTS[code]}")

    def _failed(self, code: str) -> SensorError:
        if isinstance(self._client, _SerialClient):
            self._client.settle()
        else:
            # A late answer may still be under way; a new connection has none.
            self.close()
        return self.error(code)

    @property
    def _is_rtu(self) -> bool:
        return isinstance(self._place, Serial) or self._place.rtu

    def _request(self, address: int, span: Span) -> ModbusPDU:
        client = self._client
        match span.function:
            case "coil":
                return client.read_coils(span.address, count=span.count, device_id=address)
            case "discrete":
                return client.read_discrete_inputs(span.address, count=span.count, device_id=address)
            case "holding":
                return client.read_holding_registers(span.address, count=span.count, device_id=address)
            case "input":
                return client.read_input_registers(span.address, count=span.count, device_id=address)


def _no_adapter(port: str) -> str:
    """Why this user cannot open ``port``, as far as the system says; the library swallows it."""
    if not Path(port).exists():
        return "there is no adapter of this name: plugged in? 'ls /dev/serial/by-id' lists those that are"
    if not os.access(port, os.R_OK | os.W_OK):
        return "this user may not use the adapter: is it in the group dialout, and logged in anew since?"
    return ""


def _client(place: Place, timeout_s: float, heard: "_Heard") -> ModbusSerialClient | ModbusTcpClient:
    if isinstance(place, Tcp):
        framer = FramerType.RTU if place.rtu else FramerType.SOCKET
        return ModbusTcpClient(
            place.host,
            port=place.port,
            framer=framer,
            timeout=timeout_s,
            retries=0,
            trace_packet=heard.note,
        )
    return _SerialClient(
        place.port,
        baudrate=place.line.baud,
        parity=_PARITY[place.line.parity],
        stopbits=place.line.stop_bits,
        timeout=timeout_s,
        retries=0,
        trace_packet=heard.note,
    )


class _BabbleError(Exception):
    """More came in than an answer can be."""


class _Heard:
    """The bytes that came in since a question, for the diagnosis when there was no good answer."""

    def __init__(self) -> None:
        self._before = self._last = b""

    def forget(self) -> None:
        self._before = self._last = b""

    def __repr__(self) -> str:
        return (self._before + self._last).hex(" ")

    def note(self, sending: bool, data: bytes) -> bytes:
        """What the library reads: each time all that it has not understood yet."""
        if not sending:
            if not data.startswith(self._last):
                self._before += self._last
            self._last = data
            if len(self._before) + len(data) > MOST_BYTES:
                raise _BabbleError
        return data

    def diagnosis(self, address: int, rtu: bool) -> str:
        """Why there was no good answer."""
        data = self._before + self._last
        if not data:
            return "no_answer"
        return _rtu_diagnosis(data, address) if rtu else _tcp_diagnosis(data, address)


def _rtu_diagnosis(data: bytes, address: int) -> str:
    length = 5 if len(data) > 1 and data[1] & 0x80 else 5 + data[2] if len(data) > 2 else 5
    if len(data) < length:
        return "incomplete"
    frame = data[:length]
    if not FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big")):
        return "checksum"
    return "mismatch" if data[0] == address else "wrong_address"


def _tcp_diagnosis(data: bytes, address: int) -> str:
    if len(data) < 8 or len(data) < 6 + int.from_bytes(data[4:6], "big"):
        return "incomplete"
    return "mismatch" if data[6] == address else "wrong_address"


def _checked(answer: ModbusPDU, span: Span) -> list[int]:
    if answer.isError():
        raise _refused(answer.exception_code)
    values = answer.bits if span.function in BITS else answer.registers
    padded = -span.count % 8 if span.function in BITS else 0
    if answer.function_code != _CODES[span.function] or len(values) not in (span.count, span.count + padded):
        raise SensorError("mismatch", HINTS["mismatch"])
    return [int(value) for value in values[: span.count]]


def _refused(code: int) -> SensorError:
    if code == _GATEWAY_SILENCE:
        return SensorError("no_answer", f"the gateway hears nothing from it: {HINTS['no_answer']}")
    return SensorError("refused", f"the device refuses ({code}): {_REFUSALS.get(code, 'see its manual')}")
