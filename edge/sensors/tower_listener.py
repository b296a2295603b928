"""The port that swap cabinets dial, with a thread of its own; all cabinets of one port share it.

What it holds is bounded: so many connections, for each a frame and an answer. Whoever does not come from one
of the allowed networks is hung up on before a byte is read.
"""

import logging
import selectors
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from edge.clock import Clock
from edge.sensors.tower_memory import TowerMemory
from edge.sensors.tower_session import EndError, Guests, Session

log = logging.getLogger(__name__)

Network = IPv4Network | IPv6Network

LAN: Final[tuple[Network, ...]] = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"))
) + tuple(map(ip_network, ("::1/128", "fc00::/7", "fe80::/10")))
"""Who may dial unless the station file says otherwise: this machine, and addresses of local networks."""

STRANGERS: Final = 8
"""Connections that may wait for their login, besides two for each cabinet: its old one and its new one."""

REBIND_S: Final = 5.0
"""Between attempts to listen: at boot the address comes with the network."""

LONGEST_WAIT_S: Final = 1.0
RECEIVE_BYTES: Final = 16_384
ANSWER_BYTES: Final = 16_384
"""Unsent answers; a cabinet that takes none does not read."""

TOLD: Final = 64
"""Peers whose end was logged, so that one that knocks for ever does not fill the journal."""

KEEP_ALIVE: Final = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
"""A cabinet whose power failed says no goodbye: two minutes later its connection is known to be dead."""


class _Line:
    """A connection with its unsent answers."""

    def __init__(self, sock: socket.socket, session: Session) -> None:
        self.sock = sock
        self.session = session
        self.unsent = b""

    def send(self, data: bytes) -> None:
        self.unsent += data
        if self.unsent:
            with suppress(BlockingIOError):
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
        if len(self.unsent) > ANSWER_BYTES:
            raise EndError("does not take its answers")


class Listener:
    """One port. Its thread starts with :meth:`start` and ends with the last cabinet.

    Attributes:
        lock: to be held by whoever reads ``guests`` while the thread runs.
        guests: who may log in and who is there.
        trouble: why it cannot listen, "" while it does.
        ring: called from the thread when a cabinet told of a new danger.
    """

    def __init__(self, address: str, port: int, networks: Iterable[Network], clock: Clock) -> None:
        self.place = (address, port)
        self.networks = tuple(networks)
        self.lock = threading.Lock()
        self.guests = Guests()
        self.trouble = ""
        self.ring: Callable[[], object] = bool
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._door: socket.socket | None = None
        self._bell_out, self._bell_in = socket.socketpair()
        self._bell_out.setblocking(False)
        self._selector.register(self._bell_out, selectors.EVENT_READ)
        self._told: dict[str, str] = {}
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Where it listens; with port 0 the one that the system chose."""
        return int(self._door.getsockname()[1]) if self._door else self.place[1]

    def join(self, name: str, memory: TowerMemory) -> None:
        """One more cabinet that may log in."""
        with self.lock:
            self.guests.memories[name] = memory

    def leave(self, name: str) -> bool:
        """One fewer; whether it was the last one, with which the port is closed."""
        with self.lock:
            self.guests.memories.pop(name, None)
            self.guests.present.pop(name, None)
            last = not self.guests.memories
        if last:
            self._stop()
        return last

    def start(self) -> None:
        """Listen from now on, in a thread.

        Raises:
            RuntimeError: the thread has ended although it should not; its traceback is in the journal.
        """
        if self._thread is None:
            self._open()
            self._thread = threading.Thread(target=self._run, name="tower", daemon=True)
            self._thread.start()
        elif not self._thread.is_alive():
            raise RuntimeError("the thread that listens to swap cabinets has ended")

    def open_door(self) -> socket.socket:
        """A listening socket.

        Raises:
            OSError: the address is not this machine's, or the port is taken.
        """
        family = socket.AF_INET6 if ":" in self.place[0] else socket.AF_INET
        door = socket.socket(family, socket.SOCK_STREAM)
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(self.place)
            door.listen(STRANGERS)
            door.setblocking(False)
        except OSError:
            door.close()
            raise
        return door

    def _stop(self) -> None:
        self._stopping = True
        with suppress(OSError):
            self._bell_in.send(b"!")
        if self._thread is None:
            self._end()
        else:
            self._thread.join(LONGEST_WAIT_S)

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._open()
                self._serve(LONGEST_WAIT_S if self._door else REBIND_S)
                if not self._stopping:
                    self._sweep()
        finally:
            self._end()

    def _open(self) -> None:
        if self._door is not None:
            return
        try:
            self._door = self.open_door()
        except OSError as error:
            if not self.trouble:
                log.warning("listen=%s:%s failed=%s", *self.place, error)
            self.trouble = error.strerror or str(error)
        else:
            self.trouble = ""
            self._selector.register(self._door, selectors.EVENT_READ)
            log.info("listen=%s:%s state=open", self.place[0], self.port)

    def _serve(self, wait_s: float) -> None:
        for key, events in self._selector.select(wait_s):
            if isinstance(key.data, _Line):
                self._talk(key.data, events)
            elif key.fileobj is self._door:
                self._greet()

    def _greet(self) -> None:
        assert self._door is not None
        try:
            sock, (peer, *_) = self._door.accept()
        except OSError:  # gone again, or no descriptor left
            return
        sock.setblocking(False)
        if not self._welcome(peer):
            self._tell(peer, "not from an allowed network")
            sock.close()
        elif len(self._lines()) >= STRANGERS + 2 * len(self.guests.memories) and not self._make_room():
            self._tell(peer, "too many connections")
            sock.close()
        else:
            self._keep_alive(sock)
            line = _Line(sock, Session(self.guests, peer, self._clock.now().mono_ms))
            self._selector.register(sock, selectors.EVENT_READ, line)

    def _make_room(self) -> bool:
        """Hang up on whoever has waited longest for a login; a cabinet that has logged in stays."""
        waiting = [line for line in self._lines() if not line.session.cabinet]
        for line in waiting[:1]:
            self._hang_up(line, "too many connections wait for a login")
        return bool(waiting)

    def _welcome(self, peer: str) -> bool:
        address = ip_address(peer.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.networks)

    def _talk(self, line: _Line, events: int) -> None:
        if line.sock.fileno() < 0:  # made room for another a moment ago
            return
        try:
            if events & selectors.EVENT_READ and not self._listen(line):
                self._hang_up(line, "")
                return
            line.send(b"")
        except EndError as end:
            with suppress(OSError, EndError):
                line.send(end.answers)
            self._hang_up(line, end.reason)
        except OSError as error:
            self._hang_up(line, str(error))
        else:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.unsent else 0)
            self._selector.modify(line.sock, wanted, line)

    def _listen(self, line: _Line) -> bool:
        try:
            data = line.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return True
        try:
            with self.lock:
                answers = line.session.receive(data, self._clock.now().mono_ms)
        finally:
            if line.session.urgent:
                line.session.urgent = False
                self.ring()
        line.send(answers)
        return bool(data)

    def _sweep(self) -> None:
        mono_ms = self._clock.now().mono_ms
        with self.lock:
            overdue = [(line, why) for line in self._lines() if (why := line.session.overdue(mono_ms))]
        for line, why in overdue:
            self._hang_up(line, why)

    def _hang_up(self, line: _Line, reason: str) -> None:
        with self.lock:
            line.session.ended(self._clock.now().mono_ms)
        self._selector.unregister(line.sock)
        line.sock.close()
        if reason:
            self._tell(line.session.peer, reason)

    def _tell(self, peer: str, reason: str) -> None:
        """Into the journal, once for each peer as long as the reason is the same."""
        if self._told.get(peer) != reason:
            if len(self._told) >= TOLD:
                self._told.clear()
            self._told[peer] = reason
            log.warning("listen=%s:%s peer=%s closed=%r", self.place[0], self.port, peer, reason)

    def _lines(self) -> list[_Line]:
        return [key.data for key in self._selector.get_map().values() if isinstance(key.data, _Line)]

    def _keep_alive(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEP_ALIVE:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)

    def _end(self) -> None:
        for line in self._lines():
            line.sock.close()
        if self._door is not None:
            self._door.close()
        self._selector.close()
        self._bell_in.close()
        self._bell_out.close()
