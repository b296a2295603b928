"""Two thousand open pages, and stations go on: each message is committed, each page hears of it in order."""

import json
import re
import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.support.corpus import as_bytes, snapshot, telemetry
from tests.support.mosquitto import Broker
from tests.support.server import NETWORK, RawStation, ServerProcess, register, settings_for
from tests.support.wait import until

READERS: Final = 2_000
STATIONS: Final = ("st-001", "st-002", "st-003")
ROUNDS: Final = 6
EACH: Final = 8
"""Messages of each station in a round."""
DEADLINE_S: Final = 60.0
_SPARE: Final = 200
"""Files that a process needs besides its readers."""


@pytest.fixture(autouse=True)
def enough_files() -> Iterator[None]:
    """As many open files as the system lets this process and the server have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = READERS + _SPARE
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"no more than {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Page:
    """One open stream: what it has heard, by station and in order."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.socket.sendall(f"GET /api/v1/events?network={NETWORK.id} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        self._rest = b""
        self.frames: list[int] = []
        self.heard: dict[str, list[float]] = {}
        self.opened = self.ended = False

    def take(self) -> None:
        """Read what is there."""
        data = self.socket.recv(65_536)
        self.ended = not data
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            self._hear(event)

    def _hear(self, event: bytes) -> None:
        self.opened = self.opened or b"event: refresh" in event
        if b"event: changes" not in event:
            return
        number = re.search(rb"^id: .*-(\d+)$", event, re.MULTILINE)
        data = re.search(rb"^data: (.*)$", event, re.MULTILINE)
        assert number is not None
        assert data is not None
        self.frames.append(int(number[1]))
        for row in json.loads(data[1])["stations"]:
            self.heard.setdefault(row["id"], []).append(row["comfort"]["temperature_c"])


@contextmanager
def reading(pages: list[Page]) -> Iterator[None]:
    """All pages take what comes, in one thread, as long as this goes on."""
    stop = threading.Event()
    with selectors.DefaultSelector() as selector:
        for page in pages:
            page.socket.setblocking(False)
            selector.register(page.socket, selectors.EVENT_READ, page)

        def read() -> None:
            while not stop.is_set():
                for key, _ in selector.select(0.1):
                    key.data.take()
                    if key.data.ended:
                        selector.unregister(key.fileobj)

        thread = threading.Thread(target=read, name="pages")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(DEADLINE_S)
            for page in pages:
                page.socket.close()


def temperature(seq: int) -> float:
    """Half a degree more with each message, so that a page can see it and tell the order."""
    return 10 + seq / 2


def send(station: RawStation, seq: int) -> None:
    now_ms = time.time_ns() // 1_000_000
    climate = {"at_ms": now_ms, "temperature_c": temperature(seq), "humidity_pct": 50}
    station.send(as_bytes(telemetry(snapshot(seq, now_ms, climate=climate))))


def test_messages_are_committed_and_told_in_order(broker: Broker, tmp_path: Path) -> None:
    register(tmp_path / "data", STATIONS)
    server = ServerProcess(settings_for(broker, tmp_path / "data"))
    server.start()
    with ExitStack() as stack:
        stack.callback(server.stop)
        stations = [stack.enter_context(RawStation(broker, id_, broker.add_user(id_))) for id_ in STATIONS]
        pages = [Page(server.port) for _ in range(READERS)]
        stack.enter_context(reading(pages))
        until(lambda: all(page.opened for page in pages), DEADLINE_S, "every page is open")
        for first in range(1, ROUNDS * EACH, EACH):
            rounds = len(pages[0].frames)
            for seq in range(first, first + EACH):
                for station in stations:
                    send(station, seq)
            until(partial(told_more, pages[0], rounds), DEADLINE_S, "the round is told")
        last = ROUNDS * EACH
        everything = set(range(1, last + 1))
        until(lambda: all(s.committed() == everything for s in stations), DEADLINE_S, "all are committed")
        until(lambda: all(newest(page) == temperature(last) for page in pages), DEADLINE_S, "all are told")
        assert not [page for page in pages if page.ended], "nobody was cut off"
        for page in pages:
            assert page.frames == sorted(set(page.frames)), "frames come once and in order"
            assert all(told == sorted(set(told)) for told in page.heard.values()), "and so do the words"
        assert [station.refused() for station in stations] == [{}] * len(stations)


def told_more(page: Page, frames: int) -> bool:
    """Whether a page has heard of more than so many frames."""
    return len(page.frames) > frames


def newest(page: Page) -> float | None:
    """What the page shows once all of its stations show the same, else None."""
    shown = {told[-1] for told in list(page.heard.values())}
    return shown.pop() if len(page.heard) == len(STATIONS) and len(shown) == 1 else None
