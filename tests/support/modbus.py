"""Modbus devices to talk to: pymodbus' own server over TCP and over a pty, and one that does as it likes."""

import asyncio
import os
import pty
import selectors
import socket
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.support.wait import until

CHUNK = 4096


def pzem(address: int, watts: float = 4.6, volts: float = 229.8, *, own: int | None = None) -> SimDevice:
    """A PZEM-004T; ``own`` is what its address register says, when that is not its address."""
    power, energy = round(watts * 10), 1234567
    milliamps = round(watts / volts * 1000)
    inputs = [
        *(round(volts * 10), milliamps & 0xFFFF, milliamps >> 16, power & 0xFFFF, power >> 16),
        *(energy & 0xFFFF, energy >> 16, 500, 95, 0),
    ]
    holding = [0, 2300, address if own is None else own]
    return device(address, holding=holding, inputs=inputs)


def swap_board(address: int = 1, opened: tuple[int, ...] = (), on: tuple[int, ...] = ()) -> SimDevice:
    """The 8-slot board: locks at coils 101 to 108, charger relays at 201 to 208."""
    locks = SimData(101, values=[n in opened for n in range(1, 9)], datatype=DataType.BITS)
    relays = SimData(201, values=[n in on for n in range(1, 9)], datatype=DataType.BITS)
    return SimDevice(address, ([locks, relays], [_bits()], [_registers([0])], [_registers([0])]))


def device(address: int, *, holding: list[int], inputs: list[int]) -> SimDevice:
    """Registers from address 0 on, and nothing else."""
    return SimDevice(address, ([_bits()], [_bits()], [_registers(holding)], [_registers(inputs)]))


def _registers(values: list[int]) -> SimData:
    return SimData(0, values=values, datatype=DataType.REGISTERS)


def _bits() -> SimData:
    return SimData(0, values=[False], datatype=DataType.BITS)


class Server:
    """pymodbus' server in a thread with an event loop of its own."""

    def __init__(self, make: Callable[[], ModbusTcpServer | ModbusSerialServer]) -> None:
        self._make = make
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        """End it and hang up on everybody."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def port(self) -> int:
        """Where the TCP server listens."""
        listener = self.server.transport
        assert isinstance(listener, asyncio.Server)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._begin())
        self._ready.set()
        self._loop.run_forever()

    async def _begin(self) -> None:
        self.server = self._make()
        await self.server.serve_forever(background=True)

    async def _end(self) -> None:
        await self.server.shutdown()  # type: ignore[no-untyped-call]  # the library has no types there


@contextmanager
def tcp_server(*devices: SimDevice, port: int = 0) -> Iterator[Server]:
    """pymodbus' server with these devices on a port of its own."""
    server = Server(lambda: ModbusTcpServer(list(devices), address=("127.0.0.1", port)))
    try:
        yield server
    finally:
        server.stop()


class Wire:
    """A pair of ptys, joined by a thread: ``near`` for the station, ``far`` for the devices."""

    def __init__(self, folder: Path) -> None:
        self.near, self.far = folder / "near", folder / "far"
        self._masters: list[int] = []
        self._plugged = False
        self.plug()

    def plug(self) -> None:
        """Make both ends; the names stay the same, as those in /dev/serial/by-id do."""
        for name in (self.near, self.far):
            master, slave = pty.openpty()
            tty.setraw(slave, termios.TCSANOW)
            name.symlink_to(os.ttyname(slave))
            os.close(slave)
            os.set_blocking(master, False)
            self._masters.append(master)
        self._plugged = True
        self._thread = threading.Thread(target=self._pump, args=(*self._masters,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """The adapter is pulled: both ends are gone, for whoever has them open too."""
        self._plugged = False
        self._thread.join(5)
        for master in self._masters:
            os.close(master)
        self._masters.clear()
        for name in (self.near, self.far):
            name.unlink(missing_ok=True)

    def _pump(self, one: int, other: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(one, selectors.EVENT_READ, other)
            selector.register(other, selectors.EVENT_READ, one)
            while self._plugged:
                for key, _ in selector.select(0.05):
                    # A pty whose slave nobody has open is at its end, until somebody opens it.
                    with suppress(OSError):
                        os.write(key.data, os.read(key.fd, CHUNK))


@contextmanager
def serial_server(wire: Wire, *devices: SimDevice, baud: int = 9600) -> Iterator[Server]:
    """pymodbus' server at the far end of a wire."""
    server = Server(
        lambda: ModbusSerialServer(
            list(devices), port=str(wire.far), baudrate=baud, ignore_missing_devices=True
        )
    )
    try:
        yield server
    finally:
        server.stop()


def crc16(data: bytes) -> bytes:
    """The check of a serial frame, by the polynomial, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def rtu(address: int, function: int, payload: bytes) -> bytes:
    """A serial answer: payload with its length before it and its check after it."""
    frame = bytes((address, function, len(payload))) + payload
    return frame + crc16(frame)


def mbap(question: bytes, function: int, payload: bytes, *, address: int | None = None) -> bytes:
    """An answer over TCP to ``question``."""
    unit = question[6] if address is None else address
    body = bytes((unit, function, len(payload))) + payload
    return question[:4] + len(body).to_bytes(2, "big") + body


Answer = Callable[[bytes], bytes | None]
"""A question in, the bytes that come back, None to hang up."""


class RudeSlave:
    """At the far end of a wire: answers each question with whatever it is told to."""

    def __init__(self, wire: Wire, answer: Answer) -> None:
        self.answer = answer
        self.questions: list[bytes] = []
        self._end = os.open(wire.far, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def later(self, seconds: float, data: bytes) -> None:
        """Say ``data`` after a while."""
        threading.Timer(seconds, os.write, (self._end, data)).start()

    def close(self) -> None:
        self._open = False
        self._thread.join(5)
        os.close(self._end)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._end, selectors.EVENT_READ)
            while self._open:
                if not selector.select(0.05):
                    continue
                with suppress(OSError):
                    question = os.read(self._end, CHUNK)
                    self.questions.append(question)
                    os.write(self._end, self.answer(question) or b"")


class RudeServer:
    """The same over TCP."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.questions: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._peers: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            peer.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self._peers.append(peer)
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError):
            while question := peer.recv(CHUNK):
                self.questions.append(question)
                answer = self.answer(question)
                if answer is None:
                    peer.close()
                    return
                peer.sendall(answer)


def heard(slave: RudeSlave | RudeServer, count: int = 1) -> list[bytes]:
    """The questions so far, once there are ``count``."""
    until(lambda: len(slave.questions) >= count, 30, f"{count} questions")
    return slave.questions
