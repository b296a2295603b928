"""Drives the sockets of any number of publishers in one thread.

paho's own loop waits with ``select()``, which fails from descriptor 1024 on; here :mod:`selectors` wait.
Dialling, which blocks, is done by a few threads beside, so that a broker that does not answer holds up
nobody for long.
"""

import heapq
import logging
import queue
import resource
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from edge.connection import Connection
from edge.publisher import Publisher

log = logging.getLogger(__name__)

LONGEST_WAIT_S: Final = 1.0
"""The thread shows that it lives at least this often."""


def raise_descriptor_limit() -> int:
    """Allow as many open files as the system lets this user have; returns the number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class NetworkLoop:
    """One thread for all publishers.

    Attributes:
        failed: what ended a thread of the loop, None while all is well.
        beats: how often it has gone round; it does so at least once in :data:`LONGEST_WAIT_S`.
    """

    def __init__(self, dialers: int = 1) -> None:
        """``dialers`` is how many connections may be opened at the same time."""
        self.failed: BaseException | None = None
        self.beats = 0
        self._selector = selectors.DefaultSelector()
        self._bell_out, self._bell_in = socket.socketpair()
        self._bell_out.setblocking(False)
        self._bell_in.setblocking(False)
        self._selector.register(self._bell_out, selectors.EVENT_READ)
        self._called: deque[Publisher] = deque()
        self._dialled: deque[tuple[Publisher, Connection]] = deque()
        self._to_dial: queue.SimpleQueue[tuple[Publisher, Connection] | None] = queue.SimpleQueue()
        self._dialling: dict[Publisher, Connection] = {}
        self._sockets: dict[Publisher, socket.socket] = {}
        self._agenda: list[tuple[int, int, Publisher]] = []
        self._due: dict[Publisher, int] = {}
        self._stopping = False
        self._runner = threading.Thread(target=self._guard, args=(self._run,), name="network", daemon=True)
        self._dialers = [
            threading.Thread(target=self._guard, args=(self._dial,), name=f"dialer-{i}", daemon=True)
            for i in range(dialers)
        ]

    def start(self) -> None:
        """Begin to go round."""
        for thread in (self._runner, *self._dialers):
            thread.start()

    def wake(self, publisher: Publisher) -> None:
        """Step this publisher soon; the first time adds it. May be called from any thread."""
        self._called.append(publisher)
        self._ring()

    def stop(self, timeout_s: float) -> None:
        """End the thread, started or not. A dialler that is still connecting ends with the process."""
        self._stopping = True
        self._ring()
        for _ in self._dialers:
            self._to_dial.put(None)
        if self._runner.ident is None:
            self._end()
        else:
            self._runner.join(timeout_s)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            log.exception("network=failed")
            self.failed = error
            raise

    def _dial(self) -> None:
        while task := self._to_dial.get():
            publisher, connection = task
            # One that waited too long for its turn has been given up already.
            if publisher.connection is connection:
                connection.dial()
            self._dialled.append((publisher, connection))
            self._ring()

    def _ring(self) -> None:
        # A full pipe or a closed one: somebody has rung already, or nobody will answer any more.
        with suppress(OSError):
            self._bell_in.send(b"!")

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._go_round()
        finally:
            self._end()

    def _go_round(self) -> None:
        touched = self._serve_sockets(self._wait_s())
        touched.update(self._take_dialled())
        while self._called:
            touched.add(self._called.popleft())
        now = _mono_ms()
        touched.update(self._take_due(now))
        for publisher in touched:
            self._step(publisher, now)
        self.beats += 1

    def _wait_s(self) -> float:
        if self._called or not self._agenda:
            return 0 if self._called else LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, max(0, self._agenda[0][0] - _mono_ms()) / 1000)

    def _serve_sockets(self, wait_s: float) -> set[Publisher]:
        touched = set()
        for key, events in self._selector.select(wait_s):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._bell_out.recv(4096)
            else:
                publisher, connection = key.data
                touched.add(publisher)
                if events & selectors.EVENT_WRITE:
                    connection.write()
                if events & selectors.EVENT_READ:
                    connection.read()
        return touched

    def _take_dialled(self) -> set[Publisher]:
        touched = set()
        while self._dialled:
            publisher, connection = self._dialled.popleft()
            if self._dialling.get(publisher) is connection:
                del self._dialling[publisher]
            if publisher.connection is not connection:
                connection.close()
            touched.add(publisher)
        return touched

    def _take_due(self, now: int) -> set[Publisher]:
        touched = set()
        while self._agenda and self._agenda[0][0] <= now:
            due, _, publisher = heapq.heappop(self._agenda)
            if self._due.get(publisher) == due:
                touched.add(publisher)
        return touched

    def _step(self, publisher: Publisher, now: int) -> None:
        before = publisher.connection
        due = publisher.step(now)
        if publisher.finished:
            self._due.pop(publisher, None)
        elif self._due.get(publisher) != due:
            self._due[publisher] = due
            heapq.heappush(self._agenda, (due, id(publisher), publisher))
        connection = publisher.connection
        if connection is not None and connection is not before:
            self._dialling[publisher] = connection
            self._to_dial.put((publisher, connection))
        self._watch(publisher, connection)

    def _watch(self, publisher: Publisher, connection: Connection | None) -> None:
        """Have the selector watch the publisher's present socket, for what it waits for."""
        ready = connection is not None and self._dialling.get(publisher) is not connection
        sock = connection.socket() if connection and ready else None
        known = self._sockets.get(publisher)
        if known is not None and known is not sock:
            # Closed already, perhaps; the selector finds it by identity.
            self._selector.unregister(self._sockets.pop(publisher))
            known = None
        if connection is None or sock is None:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.wants_write() else 0)
        if known is None:
            self._selector.register(sock, events, (publisher, connection))
            self._sockets[publisher] = sock
        elif self._selector.get_key(sock).events != events:
            self._selector.modify(sock, events, (publisher, connection))

    def _end(self) -> None:
        for sock in self._sockets.values():
            sock.close()
        self._selector.close()
        self._bell_out.close()
        self._bell_in.close()


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000
