"""Server-sent events for the console: "something has changed", whether it is about safety, and nothing more.

A page that hears of it fetches itself and so shows what its reader may see, no more. Plain ASGI, in front of
the framework as :mod:`server.web.events`; but it carries one small frame a second at most, to few readers.
A stream ends soon after its session has.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import anyio.to_thread
from fastapi import Request

from server.accounts.sessions import COOKIE
from server.desk import DeskError
from server.web.bodies import Headers, Receive, Scope, Send
from server.web.desk import RefusedError, check_sender
from server.web.readers import Reader, cutter, serve
from server.web.staff.services import Staff

log = logging.getLogger(__name__)

MAX_READERS: Final = 500
"""Open pages of all staff; the next one fetches itself every 30 s instead."""
FRAME_MS: Final = 1_000
ALIVE_MS: Final = 15_000
SEND_TIMEOUT_MS: Final = 20_000
LOOK_S: Final = 3.0
"""How often it is looked whether sessions may have ended."""
CHECK_MS: Final = 60_000
"""Sessions are read so often even if the file has not changed: time ends them, too."""
_OPENING: Final = b"retry: 3000\n\n"
_ALIVE: Final = b"event: alive\ndata: {}\n\n"
_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Stream:
    """The hub of ``/staff/events``. Everything happens on the event loop that first opened one.

    ``staff`` is None where the console cannot work; ``mono_ms`` and ``now_ms`` are the clocks, handed in.
    """

    def __init__(self, staff: Staff | None, mono_ms: Callable[[], int], now_ms: Callable[[], int]) -> None:
        self._staff, self._mono_ms, self._now_ms = staff, mono_ms, now_ms
        self._tokens: dict[Reader, str | None] = {}
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump: asyncio.Task[None] | None = None
        self._closing = False
        self._told_version = self._told_ms = self._alive_ms = self._checked_ms = 0
        if staff is not None:
            staff.engine.listen(self._wake)

    @property
    def readers(self) -> int:
        """Open streams."""
        return len(self._tokens)

    def close(self) -> None:
        """End all streams; may be called from any thread. New ones are refused."""
        self._closing = True
        self._soon(self._close_all)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Answer one request for the stream."""
        request = Request(scope)
        status = await self._refusal(request)
        if status:
            where = request.client.host if request.client else ""
            log.warning("staff_refused status=%d route=GET:/staff/events address=%s", status, where)
            refusal = [(b"cache-control", b"no-store"), (b"content-length", b"0"), *headers]
            await _whole(send, status, refusal)
        elif scope["method"] == "HEAD":
            await _whole(send, 200, [*_HEADERS, *headers])
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *headers]})
            await self._read(Reader(cutter(send)), request.cookies.get(COOKIE), receive, send)

    async def _refusal(self, request: Request) -> int:
        """The status that refuses a request, 0 for none."""
        if request.method not in ("GET", "HEAD"):
            return 405
        if self._staff is None or self._closing or self.readers >= MAX_READERS:
            return 503
        try:
            check_sender(request)
            open_ = await anyio.to_thread.run_sync(self._open, {request.cookies.get(COOKIE)})
        except RefusedError as error:
            return error.status
        except DeskError as error:
            log.warning("desk_failed route=/staff/events error=%s", error)
            return 503
        return 0 if open_ else 401

    async def _read(self, reader: Reader, token: str | None, receive: Receive, send: Send) -> None:
        assert self._staff is not None
        reader.offer(_OPENING)
        engine = self._staff.engine
        version = engine.version
        reader.offer(_alerts(version, engine.safety_version))
        self._tokens[reader] = token
        if self._pump is None or self._pump.done():
            self._told_version = version
            self._alive_ms = self._checked_ms = self._mono_ms()
            self._loop = asyncio.get_running_loop()
            self._pump = self._loop.create_task(self._run(self._staff))
        try:
            await serve(reader, receive, send, self._mono_ms)
        finally:
            del self._tokens[reader]

    def _wake(self) -> None:
        """Something has changed; from any thread."""
        self._soon(self._news.set)

    def _soon(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and every stream with it
                self._loop.call_soon_threadsafe(call)

    async def _run(self, staff: Staff) -> None:
        """Until the last reader has left; the next one starts it again."""
        while self._tokens and not self._closing:
            self._tell(staff)
            await self._end_sessions(staff)
            rest_ms = self._told_ms + FRAME_MS - self._mono_ms()
            if self._news.is_set() and rest_ms > 0:
                await asyncio.sleep(rest_ms / 1000)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()

    def _tell(self, staff: Staff) -> None:
        now = self._mono_ms()
        if now - self._told_ms >= FRAME_MS:
            self._news.clear()
            version, safety = staff.engine.version, staff.engine.safety_version
            if version != self._told_version:
                self._told_version, self._told_ms = version, now
                self._offer(_alerts(version, safety))
        if now - self._alive_ms >= ALIVE_MS:
            self._alive_ms = now
            self._offer(_ALIVE)

    def _offer(self, frame: bytes) -> None:
        now = self._mono_ms()
        for reader in list(self._tokens):
            since_ms = reader.sending_since_ms
            if not reader.offer(frame) or (since_ms is not None and now - since_ms > SEND_TIMEOUT_MS):
                reader.close()
                reader.cut_off()

    async def _end_sessions(self, staff: Staff) -> None:
        """End the streams whose sessions have ended; what cannot be read now is read the next time."""
        now = self._mono_ms()
        tokens = dict(self._tokens)
        due = now - self._checked_ms >= CHECK_MS
        try:
            if not due and not await anyio.to_thread.run_sync(staff.desk.changed):
                return
            open_ = await anyio.to_thread.run_sync(self._open, set(tokens.values()))
        except DeskError as error:
            log.warning("desk_failed route=/staff/events error=%s", error)
            return
        self._checked_ms = now
        for reader, token in tokens.items():
            if token not in open_:
                reader.close()

    def _open(self, tokens: Iterable[str | None]) -> set[str | None]:
        """Those of open sessions. Reads the file: in a thread."""
        assert self._staff is not None
        find, now_ms = self._staff.sessions.find, self._now_ms()
        return {token for token in tokens if find(token, now_ms, used=False)}

    def _close_all(self) -> None:
        for reader in self._tokens:
            reader.close()
        self._news.set()


def _alerts(version: int, safety: int) -> bytes:
    return b'event: alerts\ndata: {"version": %d, "safety": %d}\n\n' % (version, safety)


async def _whole(send: Send, status: int, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
