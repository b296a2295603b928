"""From a sample to the frame that tells riders, with a durable outbox and store, while a city speaks.

The station that is measured is real (outbox, publisher, network) and alone in a network, so that no
frame of that network went out within the last second: what is measured is not the wait for the next
frame of a busy network, which is at most a second.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from random import Random
from typing import Final

from contract.messages import Info, SensorInfo, Snapshot, Socket, SocketInfo
from edge.clock import SystemClock
from edge.config import BrokerConfig
from edge.network import NetworkLoop
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.sampler import Sample
from scripts.bench.report import Row, judged, quantile
from scripts.bench.rig import CITY, NETWORK, PASSWORD, Child, Rig, rig
from tests.support.server import register
from tests.support.wait import until

PROBE: Final = "probe-1"
PROBE_NETWORK: Final = replace(NETWORK, id="probe")
PAUSE_S: Final = (1.1, 1.9)
"""Between two samples: longer than a frame lasts."""


def measure(quick: bool) -> Iterator[Row]:
    """Each sample changes a socket, and is waited for."""
    samples = 12 if quick else 120
    with rig(CITY) as running, ExitStack() as stack:
        running.broker.add_users({PROBE: PASSWORD})
        register(running.folder / "data", [PROBE], PROBE_NETWORK)
        until(lambda: running.get(f"/api/v1/stations/{PROBE}").status_code == 200, 30, "the probe is known")
        load = Child("load", running.plan(live_every_s=30, live_s=samples * 2 + 60, limit_s=samples * 2 + 90))
        stack.callback(load.end)
        found = sorted(_samples(running, samples, stack))
    p50, p99 = quantile(found, 0.5) * 1000, quantile(found, 0.99) * 1000
    text = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    reached = p50 <= 50 and p99 <= 300
    yield judged("sample → SSE frame ready, city load", text, "p50 ≤ 50 ms, p99 ≤ 300 ms", reached)


def _samples(running: Rig, samples: int, stack: ExitStack) -> Iterator[float]:
    outbox, publisher, network = _station(running, stack)
    stream = _Stream(running.server.port)
    stack.enter_context(closing(stream))
    random = Random(7)  # noqa: S311 - pauses that fall anywhere in the server's second
    for number in range(samples + 1):
        time.sleep(random.uniform(*PAUSE_S))
        began = time.monotonic()
        outbox.append(_sample(number))
        network.wake(publisher)
        stream.await_free(number % 2)
        if number:  # the first one makes the station live
            yield time.monotonic() - began


def _station(running: Rig, stack: ExitStack) -> tuple[Outbox, Publisher, NetworkLoop]:
    outbox = Outbox.open(running.folder / "probe.db")
    stack.callback(outbox.close)
    info = Info("bench", 1, 30, (SensorInfo("plug", "contact"),), sockets=(SocketInfo("s1", "usb"),))
    broker = BrokerConfig(running.broker.host, running.broker.port, PROBE, PASSWORD)
    publisher = Publisher(PROBE, broker, info, outbox, clock=SystemClock(), random=Random())  # noqa: S311
    network = NetworkLoop()
    network.start()
    stack.callback(network.stop, 5)
    network.wake(publisher)
    until(lambda: publisher.online, 30, "the probe is connected")
    return outbox, publisher, network


def _sample(number: int) -> Sample:
    now = SystemClock().now()
    socket_ = Socket("s1", "usb", "free" if number % 2 else "in_use", now.at_ms)
    snapshot = Snapshot(
        "0" * 16, 1, now.at_ms, now.mono_ms, SystemClock().boot_id, "synced", sockets=(socket_,)
    )
    return Sample(snapshot, event=True)


class _Stream:
    """One reader of the probe's network."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.sendall(b"GET /api/v1/events?network=probe HTTP/1.1\r\nHost: bench\r\n\r\n")
        self._got = b""
        self._read_until(b"event: refresh")

    def await_free(self, sockets: int) -> None:
        """Wait for the frame that tells of so many free sockets; any other change is none of ours."""
        self._read_until(b'"free":%d,' % sockets)

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _read_until(self, mark: bytes) -> None:
        while mark not in self._got:
            piece = self._socket.recv(65536)
            if not piece:
                raise ConnectionError("the server closed the stream")
            self._got += piece
        self._got = self._got.partition(mark)[2]
