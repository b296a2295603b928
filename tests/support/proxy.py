"""A bad line between a station and its broker: slow, late, cut, or silently dead.

with Line(broker.port, bytes_per_s=2500) as line:
    station = Station(line.port, password)
    ...
    line.cut()
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from tests.support.wait import until

CHUNK: Final = 256
BUFFER: Final = 4096
"""What the line itself holds; the rest waits in the sender's socket, as with a modem."""


END: Final = b""


class Line:
    """A TCP proxy on a free loopback port, in a thread of its own.

    Attributes:
        port: to be dialled instead of the broker's.
        dialled: how many connections there have been.
    """

    def __init__(
        self,
        target: int,
        *,
        delay_s: float = 0,
        bytes_per_s: float | None = None,
        cut_after: int | None = None,
    ) -> None:
        """A line to ``target`` on this machine.

        Args:
            delay_s: for each direction.
            bytes_per_s: for each direction; None is as fast as it goes.
            cut_after: every connection is cut once so many bytes went to the target.
        """
        self.port = 0
        self.dialled = 0
        self._target = target
        self._delay_s = delay_s
        self._there, self._back = bytes_per_s, bytes_per_s
        self._held = False
        self._cut_after = cut_after
        self._calls: set[_Call] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)

    def cut(self) -> None:
        """End every connection at once, noticed by both sides."""
        self._loop.call_soon_threadsafe(self._cut_all)

    def go_dead(self) -> None:
        """Swallow all that is sent over today's connections, which stay open; new ones work."""
        self._do(self._kill_all)

    def hold(self) -> None:
        """From now on swallow all that is sent, also over new connections: each is taken, none answered."""
        self._held = True

    def drip(self, bytes_per_s: float) -> None:
        """From now on answers come so slowly, and requests as before."""
        self._back = bytes_per_s

    def heal(self) -> None:
        """Carry again as fast as it goes; of what was swallowed nothing comes back."""
        self._held, self._there, self._back = False, None, None

    def _cut_all(self) -> None:
        for call in self._calls:
            call.cut()

    async def _kill_all(self) -> None:
        for call in self._calls:
            call.dead = True

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.dialled += 1
        there = await asyncio.open_connection("127.0.0.1", self._target, limit=BUFFER)
        call = _Call(writer, there[1])
        self._calls.add(call)
        try:
            with suppress(ConnectionError):
                await asyncio.gather(
                    self._carry(call, reader, there[1], self._cut_after),
                    self._carry(call, there[0], writer, None, back=True),
                )
        finally:
            self._calls.discard(call)
            call.cut()

    async def _carry(
        self,
        call: "_Call",
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        cut_after: int | None,
        *,
        back: bool = False,
    ) -> None:
        """One direction; when one ends, both do."""
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.ensure_future(self._deliver(late, sink))
        carried = 0
        try:
            while (data := await source.read(CHUNK)) and (cut_after is None or carried < cut_after):
                for piece in self._pieces(data, back):
                    if call.dead or self._held:
                        continue
                    rate = self._rate(back)
                    if rate:
                        await asyncio.sleep(len(piece) / rate)
                    carried += len(piece)
                    late.put_nowait((self._loop.time() + self._delay_s, piece))
            if not data:
                late.put_nowait((0, END))
                await delivery
        finally:
            delivery.cancel()
            call.cut()

    def _rate(self, back: bool) -> float | None:
        return self._back if back else self._there

    def _pieces(self, data: bytes, back: bool) -> Iterator[bytes]:
        """What goes over in a second at most, so that a slow line is never silent for long."""
        while data:
            size = max(1, int(self._rate(back) or CHUNK))
            yield data[:size]
            data = data[size:]

    async def _deliver(self, late: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while (item := await late.get())[1] != END:
                await asyncio.sleep(max(0, item[0] - self._loop.time()))
                sink.write(item[1])
                await sink.drain()

    def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        async def do() -> None:
            await work()

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(20)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0, limit=BUFFER)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        self._cut_all()

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._close)
        until(lambda: not self._calls, 20, "all connections of the line have ended")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


class _Call:
    """One connection through the line."""

    def __init__(self, *ends: asyncio.StreamWriter) -> None:
        self.dead = False
        self._ends = ends

    def cut(self) -> None:
        for end in self._ends:
            end.transport.abort()
