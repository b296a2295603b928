"""From a sample to the frame that tells riders and to the screen, durable, while a city speaks.

The station that is measured is real (outbox, publisher, network) and alone in a network. For the frame,
samples are so far apart that no frame of that network went out within the last second: what is measured is
not the wait for the next frame of a busy network. For the screen, a phone's page in Chromium, they follow
one another at once, so that wait is part of it.
"""

import socket
import time
from collections.abc import Callable, Iterator
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
from tests.support.browser import chromium, phone
from tests.support.server import register
from tests.support.wait import until

PROBE: Final = "probe-1"
PROBE_NETWORK: Final = replace(NETWORK, id="probe")
APART_S: Final = (1.1, 1.9)
"""Between two samples: longer than a frame lasts."""
AT_ONCE_S: Final = (0.0, 1.0)
_ON_SCREEN: Final = """sockets => document.querySelector('[data-resource=sockets] .amount')
    ?.textContent.startsWith(`${sockets}/`)"""

Watch = Callable[[int], None]
"""Returns when so many free sockets are told."""


def measure(quick: bool) -> Iterator[Row]:
    """Each sample changes a socket, and is waited for."""
    samples = 12 if quick else 120
    with rig(CITY) as running, ExitStack() as stack:
        running.broker.add_users({PROBE: PASSWORD})
        register(running.folder / "data", [PROBE], PROBE_NETWORK)
        until(lambda: running.get(f"/api/v1/stations/{PROBE}").status_code == 200, 30, "the probe is known")
        load = Child("load", running.plan(live_every_s=30, live_s=samples * 2 + 60, limit_s=samples * 2 + 90))
        stack.callback(load.end)
        station = _station(running, stack)
        stream = stack.enter_context(closing(_Stream(running.server.port)))
        frame = sorted(_samples(station, samples, APART_S, stream.await_free))
        screen = sorted(_samples(station, samples // 2, AT_ONCE_S, _page(running.server.port, stack)))
    p50, p99 = quantile(frame, 0.5) * 1000, quantile(frame, 0.99) * 1000
    text = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    reached = p50 <= 50 and p99 <= 300
    yield judged("sample → SSE frame ready, city load", text, "p50 ≤ 50 ms, p99 ≤ 300 ms", reached)
    p50, worst = quantile(screen, 0.5), screen[-1]
    text = f"p50 {p50:.2f} s, longest {worst:.2f} s of {len(screen)} samples"
    yield judged("sample → on the screen, city load", text, "≤ 1.5 s", worst <= 1.5)


def _samples(
    station: tuple[Outbox, Publisher, NetworkLoop], samples: int, pause_s: tuple[float, float], watch: Watch
) -> Iterator[float]:
    outbox, publisher, network = station
    random = Random(7)  # noqa: S311 - pauses that fall anywhere in the server's second
    for number in range(samples + 1):
        time.sleep(random.uniform(*pause_s))
        began = time.monotonic()
        outbox.append(_sample(number))
        network.wake(publisher)
        watch(number % 2)
        if number:  # the first one makes the station live
            yield time.monotonic() - began


def _page(port: int, stack: ExitStack) -> Watch:
    """The probe's network on a phone."""
    page = stack.enter_context(phone(stack.enter_context(chromium()))).new_page()
    page.goto(f"http://127.0.0.1:{port}/n/probe")
    page.wait_for_selector(".connection[data-state=live]")

    def shows(sockets: int) -> None:
        page.wait_for_function(_ON_SCREEN, arg=sockets)

    return shows


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
