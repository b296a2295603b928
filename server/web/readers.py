"""One reader of an event stream: a bounded queue, a wake-up, and an end when it takes nothing."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from server.web.bodies import Receive, Send

MAX_PENDING: Final = 16
"""Frames that may wait for one reader before it is cut off."""


class Reader:
    """One open stream: frames that wait for it, and since when it has been taking one."""

    __slots__ = ("_wake", "closed", "cut_off", "pending", "sending_since_ms")

    def __init__(self, cut_off: Callable[[], None]) -> None:
        self.pending: deque[bytes] = deque()
        self.sending_since_ms: int | None = None
        self.closed = False
        self.cut_off = cut_off
        self._wake = asyncio.Event()

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; False when the queue is full."""
        if len(self.pending) >= MAX_PENDING:
            return False
        self.pending.append(frame)
        self._wake.set()
        return True

    def close(self) -> None:
        """Let the stream end after nothing more."""
        self.closed = True
        self._wake.set()

    async def write(self, send: Send, mono_ms: Callable[[], int]) -> None:
        """Send what comes until closed."""
        while not self.closed:
            await self._wake.wait()
            self._wake.clear()
            while self.pending and not self.closed:
                self.sending_since_ms = mono_ms()
                await send({"type": "http.response.body", "body": self.pending.popleft(), "more_body": True})
                self.sending_since_ms = None


async def serve(reader: Reader, receive: Receive, send: Send, mono_ms: Callable[[], int]) -> None:
    """Write the stream until the reader leaves or is closed."""
    leaving = asyncio.ensure_future(_until_disconnect(receive))
    leaving.add_done_callback(lambda _: reader.close())
    try:
        await reader.write(send, mono_ms)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        leaving.cancel()


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def cutter(send: Send) -> Callable[[], None]:
    """How to end a connection whose reader takes nothing: closing would wait for its buffer for ever.

    ASGI has no word for it, so uvicorn's transport is aborted; another server waits for TCP's own timeout.
    """
    transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
    abort: Callable[[], None] | None = getattr(transport, "abort", None)
    return abort or (lambda: None)
