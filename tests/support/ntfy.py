"""A receiver that takes messages as ntfy's documentation says, and refuses with the codes of its source."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

HANG: Final = 0
TOKEN: Final = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"  # noqa: S105  (made up)
MOST_BYTES: Final = 4096
"""Of a message; ntfy makes a file of what is longer."""
REFUSALS: Final = {
    40009: "invalid request: topic invalid",
    40024: "invalid request: request body must be valid JSON",
    40101: "unauthorized",
    40301: "forbidden",
    41303: "JSON body too large",
    42901: "limit reached: too many requests, please be nice",
    42908: "limit reached: too many messages",
    50001: "internal server error",
    50701: "cannot publish to UnifiedPush topic without previously active subscriber",
}
"""What ntfy says of its codes, whose first three digits are the HTTP status."""


class Ntfy:
    """What an ntfy server has taken, and how it behaves.

    Attributes:
        refuses: the code that every message is refused with; None takes them, :data:`HANG` says nothing.
        behind: a status whose page something before ntfy shows in its place, which is no JSON.
        taken: answers to the messages that have arrived, oldest first.
        asked: requests.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.refuses: int | None = None
        self.behind: int | None = None
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        self.ended = threading.Event()

    def url(self, topic: str = "taiyuan-alerts", token: str = TOKEN) -> str:
        """The channel's address."""
        return f"ntfy://{token}@127.0.0.1:{self.port}/{topic}"


class _Handler(BaseHTTPRequestHandler):
    ntfy: Ntfy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """A message as JSON at the root, its topic inside."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.ntfy.asked += 1
        self.close_connection = True
        if self.ntfy.behind is not None:
            self._answer(self.ntfy.behind, b"<html><h1>error=401.</h1></html>", "text/html")
        elif (code := self._code(body) if self.ntfy.refuses is None else self.ntfy.refuses) == HANG:
            self.ntfy.ended.wait(60)
        elif code is not None:
            said = {"code": code, "http": code // 100, "error": REFUSALS[code]}
            self._answer(code // 100, json.dumps(said).encode())
        else:
            self._take(json.loads(body))

    def _code(self, body: bytes) -> int | None:
        """What is wrong with the request; None if nothing is."""
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 40301
        try:
            said = json.loads(body)
        except ValueError:
            return 40024
        if self.path != "/" or not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", said.get("topic", "")):
            return 40009
        return 41303 if len(said["message"].encode()) > MOST_BYTES else None

    def _take(self, said: dict[str, Any]) -> None:
        kept = {"id": "sPs71M8A2T", "time": 1782883200, "expires": 1782926400, "event": "message", **said}
        self.ntfy.taken.append(kept)
        self._answer(200, json.dumps(kept).encode())

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def ntfy() -> Iterator[Ntfy]:
    """An ntfy server on a free loopback port."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    running = handler.ntfy = Ntfy(server.server_port)  # type: ignore[attr-defined]  # the class made above
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="ntfy")
    thread.start()
    try:
        yield running
    finally:
        running.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
