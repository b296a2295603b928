"""Many HTTP clients in one cheap process: requests as fast as they are answered, or open event streams.

Run as a child process (``python -m scripts.bench.http``): a plan as JSON in, the result as JSON out.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Final

_CHUNK: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask.

    Attributes:
        connections: kept open all the while.
        headers: more request headers, one to a line.
        seconds: for how long.
        streaming: open an event stream on each connection instead of asking again and again.
    """

    port: int
    path: str
    connections: int
    seconds: float
    headers: str = ""
    streaming: bool = False


@dataclass(slots=True)
class Result:
    """What came of it.

    Attributes:
        answers: whole answers, or frames.
        spread_s: of each frame, from the first reader that had it to each other one; sorted.
    """

    answers: int = 0
    bytes: int = 0
    seconds: float = 0
    frames: int = 0
    spread_s: list[float] = field(default_factory=list)


class Client:
    """One connection."""

    def __init__(self, plan: Plan) -> None:
        self.socket = socket.create_connection(("127.0.0.1", plan.port))
        self.request = f"GET {plan.path} HTTP/1.1\r\nHost: bench\r\n{plan.headers}\r\n".encode()
        self.got = bytearray()
        self.left: int | None = None

    def ask(self) -> None:
        """Send the request."""
        self.socket.sendall(self.request)

    def answered(self) -> int:
        """Take what has come; bytes of the answer if that was all of it, else 0."""
        self.got += self.socket.recv(_CHUNK)
        if self.left is None:
            end = self.got.find(b"\r\n\r\n")
            if end < 0:
                return 0
            self.left = end + 4 + _content_length(bytes(self.got[:end]))
        if len(self.got) < self.left:
            return 0
        size, self.left = self.left, None
        del self.got[:size]
        return size


def _content_length(head: bytes) -> int:
    if b" 200 " not in head[:20] and b" 304 " not in head[:20]:
        raise ConnectionError(head.decode(errors="replace"))
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:") and b" 304 " not in head[:20]:
            return int(line.partition(b":")[2])
    return 0


def ask(plan: Plan) -> Result:
    """Every connection asks again as soon as it is answered."""
    selector = selectors.DefaultSelector()
    for _ in range(plan.connections):
        client = Client(plan)
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.ask()
    result, began = Result(), time.monotonic()
    while (passed := time.monotonic() - began) < plan.seconds:
        for key, _ in selector.select(1):
            if size := key.data.answered():
                result.answers += 1
                result.bytes += size
                key.data.ask()
    result.seconds = passed
    return result


def stream(plan: Plan) -> Result:
    """Every connection reads frames; the first ``id:`` of a frame tells which one it is."""
    selector = selectors.DefaultSelector()
    for _ in range(plan.connections):
        client = Client(plan)
        client.ask()
        selector.register(client.socket, selectors.EVENT_READ, client)
    first: dict[bytes, float] = {}
    result, began = Result(), time.monotonic()
    while (passed := time.monotonic() - began) < plan.seconds:
        for key, _ in selector.select(1):
            _frames(key.data, first, result)
    result.seconds = passed
    result.frames = len(first)
    result.spread_s.sort()
    return result


def _frames(client: Client, first: dict[bytes, float], result: Result) -> None:
    piece = client.socket.recv(_CHUNK)
    if not piece:
        raise ConnectionError("the server closed a stream")
    result.bytes += len(piece)
    client.got += piece
    *frames, rest = bytes(client.got).split(b"\n\n")
    client.got = bytearray(rest)
    now = time.monotonic()
    for frame in frames:
        if b"event: changes" in frame:
            name = frame.partition(b"id: ")[2].partition(b"\n")[0]
            result.answers += 1
            result.spread_s.append(now - first.setdefault(name, now))


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    json.dump(asdict(stream(plan) if plan.streaming else ask(plan)), sys.stdout)


if __name__ == "__main__":
    main()
