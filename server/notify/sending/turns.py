"""One message at a time between its sending and the note of it, as long as targets answer as they should.

What is in between when the server is killed is sent again. So that this is one message and not one for each
channel, channels take turns; but nobody waits for one that hangs: its turn is over after a moment, and a
channel that has failed takes none until it is well.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

MOMENT_S: Final = 0.3
"""Chats answer in less; so long, once, may a channel that begins to hang hold up the others."""


class Turns:
    """For one loop."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._holder: object = None
        self._failing: set[str] = set()

    def note(self, channel_id: str, *, failed: bool) -> None:
        """Note how a channel's try went."""
        if failed:
            self._failing.add(channel_id)
        else:
            self._failing.discard(channel_id)

    @asynccontextmanager
    async def turn(self, channel_id: str) -> AsyncIterator[None]:
        """A turn of the channel, that ends by itself after :data:`MOMENT_S`."""
        if channel_id in self._failing:
            yield
            return
        holder = object()
        await self._lock.acquire()
        self._holder = holder
        timer = asyncio.get_running_loop().call_later(MOMENT_S, self._end, holder)
        try:
            yield
        finally:
            timer.cancel()
            self._end(holder)

    def _end(self, holder: object) -> None:
        if self._holder is holder:
            self._holder = None
            self._lock.release()
