"""The first to see every request: security headers, size limits, the stream and the ready-made answers.

Plain ASGI before FastAPI. What it does not know it hands on, so that it is never more than a short cut.
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from server.web.api import Answers
from server.web.bodies import Body, Headers, Message, Receive, Scope, Send, answer
from server.web.events import Events
from server.web.feeds import OPEN, PATH
from server.web.query import BadQueryError
from server.web.staff.stream import Stream

MAX_REQUEST: Final = 64 * 1024
"""Bytes of a request's body ..."""
LARGE_REQUEST: Final = 1024 * 1024
"""... and of a file of demand points, some 35,000 of them."""
REACH: Final = "/staff/served-reach"
CONSOLE: Final = "/staff/"
"""Says with a page of its own what is too large."""

SECURITY: Final[Headers] = [
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            b"manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self)"),
]

_OF_ASSETS: Final = frozenset({b"x-content-type-options", b"cross-origin-resource-policy"})
"""What matters for a style, a script or an icon; the rest is for pages, 10 kB on a first visit."""


def security(images: str = "") -> Headers:
    """The headers of every answer; ``images``: the origin of another server whose images a page may show."""
    own = b"img-src 'self'"
    both = own + b" " + images.encode() if images else own
    return [(name, value.replace(own, both)) for name, value in SECURITY]


class TooLargeError(Exception):
    """The body of a request passed :data:`MAX_REQUEST`, or what its address allows."""


def most_bytes(path: str) -> int:
    """How long a request's body may be, by its path below the base path."""
    return LARGE_REQUEST if path == REACH else MAX_REQUEST


class Front:
    """ASGI: short cuts before ``app``. Call :meth:`close` before a stop, or streams hold it up.

    ``images`` is the origin of the map's tiles, "" when there are none of another server. Only the feeds may
    be read by pages of other sites.

    ``base_path`` is ``""`` or ``/path`` without a slash at the end, as uvicorn wants its root path.
    """

    def __init__(
        self,
        app: Any,
        answers: Answers,
        events: Events,
        base_path: str,
        images: str = "",
        *,
        console: Stream,
    ) -> None:
        self._app, self._answers, self._events, self._console = app, answers, events, console
        self.base_path = base_path
        self._security = security(images)
        closed = [pair for pair in self._security if pair[0] != b"cross-origin-resource-policy"]
        self._open = [*closed, *OPEN]
        self._plain = [pair for pair in self._security if pair[0] in _OF_ASSETS]

    @property
    def awaited_ms(self) -> float:
        """From when on (monotonic) somebody with a page open waits for news; infinity while nobody does."""
        return self._events.awaited_ms

    def close(self) -> None:
        """End all event streams; from any thread."""
        self._events.close()
        self._console.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = self._path(scope)
        if path == "/api/v1/events":
            await self._events(scope, receive, send, self._security)
            return
        if path == "/staff/events":
            await self._console(scope, receive, send, self._security)
            return
        body = self._ready(path, scope)
        if body is not None:
            await answer(body, scope, send, self._security)
        elif _declared_length(scope) > MAX_REQUEST and not path.startswith(CONSOLE):
            await _too_large(send)
        else:
            await self._hand_on(scope, receive, send)

    def _path(self, scope: Scope) -> str:
        path: str = scope["path"]
        return path.removeprefix(self.base_path) if self.base_path else path

    def _ready(self, path: str, scope: Scope) -> Body | None:
        if scope["method"] not in ("GET", "HEAD"):
            return None
        query: bytes = scope["query_string"]
        if path == "/api/v1/networks" and not query:
            return self._answers.networks()
        if path == "/api/v1/stations":
            return self._stations(query)
        return None

    def _stations(self, query: bytes) -> Body | None:
        """None for anything odd: the route says what is wrong with it."""
        try:
            pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=2)
            asked = dict(pairs)
            if len(asked) != len(pairs) or not asked.keys() <= {"network", "district"}:
                return None
            return self._answers.stations(asked.get("network"), asked.get("district"))
        except (BadQueryError, ValueError):
            return None

    def _headers(self, path: str) -> Headers:
        if path.startswith("/static/"):
            return self._plain
        return self._open if path.startswith(PATH) else self._security

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        headers = self._headers(self._path(scope))

        async def secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        # Every address that answers GET answers HEAD; the server leaves the body out.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(asked, _limited(receive, most_bytes(self._path(scope))), secured)
        except TooLargeError:
            if not started:
                await _too_large(send)


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 19 else MAX_REQUEST + 1
    return 0


def _limited(receive: Receive, most: int) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise TooLargeError
        return message

    return limited


async def _too_large(send: Send) -> None:
    content = json.dumps({"error": f"a request's body holds at most {MAX_REQUEST} bytes"}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close"), *SECURITY]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": content})
