"""Many stations in one process, cheap for each message: so that what is measured is the other end.

Run as a child process (``python -m scripts.bench.load``): a plan as JSON on its standard input, the
result as JSON on its standard output.

Two lanes, as a real station has them: a backlog, sent as fast as a window of unanswered messages
allows, and live snapshots at fixed intervals. An answer is the server's commit ack. A yardstick commits
nothing: its answers are lines on a pipe, the topic of each message that it has got, so that it is fed
no faster than it takes. (The broker's PUBACK is no answer: it comes before the message goes on, and
what a slow reader leaves is dropped.)
"""

import contextlib
import json
import os
import random
import re
import selectors
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Final, NamedTuple

from contract.topics import topic
from scripts.bench import mqtt
from scripts.bench.bodies import CHANGES_EVERY, FIRST_SEQ, Body, Size, info

_RANGE: Final = re.compile(rb",(\d+),(\d+)\]")
_HEARTBEAT_MS: Final = 30_000
_TICK_S: Final = 0.005

ANSWER_S: Final = 20.0
"""A station that is not answered for so long sends again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send.

    Attributes:
        logins: station ids with their passwords.
        backlog: snapshots of each station that wait at the start, ``rows`` in a message.
        window: messages of a station's backlog that may be unanswered.
        total: messages of all stations' backlogs that may be; they then take turns, and ``window`` and
            ``per_s`` do not count. 0 for no limit.
        per_s: most backlog messages of a station in a second; 0 for no limit.
        live_every_s: pause between a station's live snapshots; 0 for none.
        live_s: for how long live snapshots are sent; they also go on while the backlog drains.
        limit_s: when to give up.
        lines_fd: read the yardstick's answers here; None waits for commit acks.
    """

    port: int
    logins: dict[str, str]
    size: Size = "small"
    backlog: int = 0
    rows: int = 1
    window: int = 1
    total: int = 0
    per_s: float = 0
    live_every_s: float = 0
    live_s: float = 0
    limit_s: float = 60
    lines_fd: int | None = None


@dataclass(slots=True)
class Result:
    """What came of it.

    Attributes:
        sent, answered: snapshots of both lanes.
        seconds: from the first message to the last answer.
        repeated: messages sent once more because no answer came.
        drained_s: from the first message to the answer that ended the last backlog.
        live_s: from sending to the answer, of each live snapshot, sorted.
    """

    sent: int = 0
    answered: int = 0
    repeated: int = 0
    message_bytes: int = 0
    seconds: float = 0
    drained_s: float = 0
    live_s: list[float] = field(default_factory=list)


class Waiting(NamedTuple):
    """A message that is not answered yet."""

    rows: int
    at_ms: int
    sent_s: float
    live: bool


class Station:
    """One connection, its numbering and what it waits for."""

    def __init__(self, plan: Plan, name: str, password: str) -> None:
        self.waiting: dict[int, Waiting] = {}
        self.unsent = plan.backlog
        self.in_window = 0
        self.not_before_s = 0.0
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self._body = Body(plan.size)
        self._topic = topic(name, "telemetry")
        self._heads: dict[int, bytes] = {}
        self._seq = FIRST_SEQ + random.randrange(CHANGES_EVERY)  # noqa: S311 - so that not all change at once
        self._mid = 0
        self.socket = socket.create_connection(("127.0.0.1", plan.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(mqtt.connect(name, password))
        self._await(mqtt.CONNACK)
        if plan.lines_fd is None:
            self.socket.sendall(mqtt.subscribe(topic(name, "ack")))
            self._await(mqtt.SUBACK)
            birth = info(plan.size)
            self.socket.sendall(mqtt.publish_head(topic(name, "info"), len(birth)) + b"\0\1" + birth)
        self.socket.setblocking(False)

    def _await(self, kind: int) -> None:
        while True:
            self.incoming += self.socket.recv(4096)
            for found, body in mqtt.packets(self.incoming):
                if found != kind or body[-1] != 0:
                    raise ConnectionError(f"packet {found} {body!r}, expected {kind}")
                return

    def leave(self) -> None:
        """Say goodbye and wait until the broker has hung up, so that the next login meets no shadow."""
        self.socket.setblocking(True)
        self.socket.settimeout(5)
        with contextlib.suppress(OSError):
            self.socket.sendall(mqtt.DISCONNECT)
            while self.socket.recv(65536):
                pass
        self.socket.close()

    def queue(self, rows: int, at_ms: int, now_s: float, live: bool) -> None:
        """Put one message of ``rows`` snapshots behind what is to be written."""
        self._write(self._seq, rows, at_ms)
        self.waiting[self._seq] = Waiting(rows, at_ms, now_s, live)
        self._seq += rows

    def again(self, before_s: float) -> int:
        """Send once more what was sent before then and is not answered; returns how many messages."""
        late = [(seq, message) for seq, message in self.waiting.items() if message.sent_s < before_s]
        for seq, message in late:
            self._write(seq, message.rows, message.at_ms)
        return len(late)

    def _write(self, seq: int, rows: int, at_ms: int) -> None:
        if rows not in self._heads:
            self._heads[rows] = mqtt.publish_head(self._topic, self._body.size(rows))
        self._mid = self._mid % 60_000 + 1
        self.outgoing += self._heads[rows]
        self.outgoing += self._mid.to_bytes(2, "big")
        self.outgoing += self._body.make(seq, rows, at_ms, _HEARTBEAT_MS)

    def flush(self) -> bool:
        """Write what the socket takes; False while something is left."""
        if self.outgoing:
            with contextlib.suppress(BlockingIOError):
                del self.outgoing[: self.socket.send(self.outgoing)]
        return not self.outgoing

    def receive(self) -> list[Waiting]:
        """Read what is there; returns the messages that it answers."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the broker closed a station's connection")
        self.incoming += piece
        return [
            self.waiting.pop(key)
            for kind, body in mqtt.packets(self.incoming)
            if kind == mqtt.PUBLISH
            for first, last in _RANGE.findall(mqtt.payload(body))
            for key in range(int(first), int(last) + 1)
            if key in self.waiting
        ]

    def oldest(self) -> Waiting:
        """The message that has waited longest, now answered."""
        return self.waiting.pop(next(iter(self.waiting)))


class Load:
    """All stations of a plan, driven from one loop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._selector = selectors.DefaultSelector()
        named = {name: Station(plan, name, password) for name, password in plan.logins.items()}
        self._stations = list(named.values())
        self._by_topic = {topic(name, "telemetry").encode(): station for name, station in named.items()}
        for station in self._stations:
            self._selector.register(station.socket, selectors.EVENT_READ, station)
        if plan.lines_fd is not None:
            self._selector.register(plan.lines_fd, selectors.EVENT_READ)
        self._line = b""
        self._turns = deque(self._stations if plan.backlog else ())
        self._result = Result()
        self._backlog_left = plan.backlog * len(self._stations)
        self._unanswered = 0
        self._live_sent = 0

    def run(self) -> Result:
        """Send everything, wait for every answer or for the plan's limit."""
        began = time.monotonic()
        self._again_s = began + ANSWER_S
        self._oldest_ms = int(time.time() * 1000) - self._plan.backlog * _HEARTBEAT_MS
        if self._plan.total:
            self._take_turns(began)
        else:
            self._fill_all(began)
        while not self._finished(time.monotonic() - began):
            self._step(began)
        for station in self._stations:
            station.leave()
        self._result.live_s.sort()
        return self._result

    def _finished(self, age_s: float) -> bool:
        done = not self._unanswered and not self._backlog_left and age_s >= self._plan.live_s
        return done or age_s >= self._plan.limit_s

    def _step(self, began: float) -> None:
        for key, events in self._selector.select(_TICK_S):
            if key.data is None:
                self._lines(key.fd, began)
                continue
            if events & selectors.EVENT_READ:
                self._answers(key.data, began)
            if events & selectors.EVENT_WRITE:
                self._flush(key.data)
        now = time.monotonic()
        if self._plan.live_every_s and (self._backlog_left or now - began < self._plan.live_s):
            self._live(began, now)
        if self._plan.per_s and self._backlog_left:
            self._fill_all(now)
        if now >= self._again_s and self._plan.lines_fd is None:
            self._again(now)

    def _again(self, now: float) -> None:
        self._again_s = now + ANSWER_S
        for station in self._stations:
            self._result.repeated += station.again(now - ANSWER_S)
            self._flush(station)

    def _fill_all(self, now: float) -> None:
        for station in self._stations:
            self._fill(station, now)

    def _lines(self, fd: int, began: float) -> None:
        piece = os.read(fd, 1 << 20)
        if not piece:
            self._selector.unregister(fd)
        *lines, self._line = (self._line + piece).split(b"\n")
        now = time.monotonic()
        for line in lines:
            station = self._by_topic[line]
            self._take(station, station.oldest(), began, now)
        self._take_turns(now)

    def _answers(self, station: Station, began: float) -> None:
        now = time.monotonic()
        for message in station.receive():
            self._take(station, message, began, now)
        if self._plan.total:
            self._take_turns(now)
        else:
            self._fill(station, now)

    def _take(self, station: Station, message: Waiting, began: float, now: float) -> None:
        self._unanswered -= 1
        self._result.answered += message.rows
        self._result.seconds = now - began
        if message.live:
            self._result.live_s.append(now - message.sent_s)
        else:
            station.in_window -= 1
            self._backlog_left -= message.rows
            self._result.drained_s = now - began

    def _take_turns(self, now: float) -> None:
        touched = set()
        while self._turns and self._unanswered < self._plan.total:
            station = self._turns.popleft()
            self._put(station, now)
            touched.add(station)
            if station.unsent:
                self._turns.append(station)
        for station in touched:
            self._flush(station)

    def _fill(self, station: Station, now: float) -> None:
        while station.unsent and station.in_window < self._plan.window and now >= station.not_before_s:
            self._put(station, now)
        self._flush(station)

    def _put(self, station: Station, now: float) -> None:
        rows = min(self._plan.rows, station.unsent)
        at_ms = self._oldest_ms + (self._plan.backlog - station.unsent) * _HEARTBEAT_MS
        station.queue(rows, at_ms, now, live=False)
        station.unsent -= rows
        station.in_window += 1
        station.not_before_s = now + (1 / self._plan.per_s if self._plan.per_s else 0)
        self._count(rows)

    def _live(self, began: float, now: float) -> None:
        due = int((now - began) * len(self._stations) / self._plan.live_every_s)
        while self._live_sent < due:
            station = self._stations[self._live_sent % len(self._stations)]
            station.queue(1, int(time.time() * 1000), now, live=True)
            self._live_sent += 1
            self._count(1)
            self._flush(station)

    def _count(self, rows: int) -> None:
        self._result.sent += rows
        self._unanswered += 1

    def _flush(self, station: Station) -> None:
        wanted = selectors.EVENT_READ
        if not station.flush():
            wanted |= selectors.EVENT_WRITE
        if self._selector.get_key(station.socket).events != wanted:
            self._selector.modify(station.socket, wanted, station)


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    result = Load(plan).run()
    result.message_bytes = Body(plan.size).size(plan.rows)
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
