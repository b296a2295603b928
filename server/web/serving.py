"""uvicorn in a thread of a process that does other things too."""

import asyncio
from typing import Final

import uvicorn

TICK_S: Final = 1.0
"""Between looks at the clock, for the ``date`` of the answers."""


class WebServer(uvicorn.Server):
    """Wakes once a second where uvicorn looks ten times whether it is to end: here it is told."""

    _loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Have :meth:`run` return soon; from any thread, also before it has begun."""
        self.should_exit = True
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        """Serve until :meth:`end`."""
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            try:
                await asyncio.wait_for(self._ended.wait(), TICK_S)
            except TimeoutError:
                continue
        self._loop = None  # it may be closed when somebody else ends it
