"""Server-sent events: one frame, encoded once, to thousands of readers.

Plain ASGI, because a framework's streaming response costs twice the time and three times the memory a
reader. A reader is a bounded queue and a wake-up. The pump rests until the ingest tells of news for a network
whose frame is due, or a frame becomes due; it encodes what changed once per selection of districts, and wakes
the readers in slices so that no other request waits long. A reader that does not take its frames is cut off,
never waited for.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qs

from server.web import networks
from server.web.bodies import Headers, Receive, Scope, Send
from server.web.feed import (
    FRAME_MS,
    TIMES_MS,
    NetworkFeed,
    Row,
    changes_event,
    narrowed,
    refresh_event,
    times_event,
)
from server.web.readers import Reader, cutter, serve

log = logging.getLogger(__name__)

MAX_READERS: Final = 10_000
"""About 100 MB at 10 KiB each; a further reader is answered 503 and polls the list."""
SEND_TIMEOUT_MS: Final = 20_000
KEEP_ALIVE_MS: Final = 15_000
"""How often ``alive`` is sent: proxies and phones close quiet connections after 30 s or more."""
SILENCE_MS: Final = 35_000
"""Without a word for so long, a reader knows that the line is dead: two of ``alive`` were lost."""
_SLICE: Final = 200
_MAX_DISTRICTS: Final = 64
_ALIVE: Final = b"event: alive\ndata: {}\n\n"
_OPENING: Final = b"retry: 3000\n\n"


class Channel:
    """A network as its readers hear it."""

    def __init__(self, feed: NetworkFeed, version: tuple[int, ...], mono_ms: int) -> None:
        self.feed = feed
        self.version = version
        self.readers: dict[frozenset[str], set[Reader]] = {}
        self.framed_ms = mono_ms - FRAME_MS
        self.advanced_ms = mono_ms
        self.timed_ms = mono_ms
        self.heard_ms = mono_ms

    @property
    def due_ms(self) -> int:
        """From when on the next frame of changes may go."""
        return self.framed_ms + FRAME_MS


class Events:
    """The hub of all streams. Everything happens on the event loop that first opened one.

    Attributes:
        readers: open streams; may be read from any thread, as the two totals.
    """

    def __init__(
        self,
        live: networks.Live,
        epoch: str,
        mono_ms: Callable[[], int],
        now_ms: Callable[[], int],
    ) -> None:
        self._live, self._epoch = live, epoch
        self._mono_ms, self._now_ms = mono_ms, now_ms
        self._channels: dict[str, Channel] = {}
        self._pump: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._closing = False
        self.readers = 0
        self.dropped_total = 0
        self.frames_total = 0
        live.listen(self._wake)

    @property
    def awaited_ms(self) -> float:
        """From when on (monotonic) a reader waits for news; infinity without readers. From any thread."""
        return min(self._dues(), default=math.inf)

    def last_id(self, network_id: str) -> str:
        """The event id from which a page rendered now has to go on."""
        return self._channel(network_id).feed.last_id

    def close(self) -> None:
        """End all streams; may be called from any thread. New ones are refused."""
        self._closing = True
        self._soon(self._close_all)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Answer one request for the stream."""
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, headers, *refusal)
            return
        network_id, districts, last_id = _wanted(scope)
        await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM_HEADERS, *headers]})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        reader = Reader(cutter(send))
        self._join(reader, network_id, districts, last_id)
        try:
            await serve(reader, receive, send, self._mono_ms)
        finally:
            self._leave(reader, network_id, districts)

    def _wake(self) -> None:
        """Have the pump look now, unless it will anyway; from any thread."""
        if not self._news.is_set() and self.awaited_ms <= self._mono_ms():
            self._soon(self._news.set)

    def _soon(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and every stream with it
                self._loop.call_soon_threadsafe(call)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        query = _query(scope)
        unknown = sorted(set(query) - {"network", "districts", "last_event_id"})
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "the stream answers GET"
        if unknown:
            return 400, f"no such parameter: {unknown[0]!a}; there are network, districts, last_event_id"
        if query.get("network", [""])[0] not in self._live.networks():
            return 404, "network: one of the ids in /api/v1/networks"
        if len(_wanted(scope)[1]) > _MAX_DISTRICTS:
            return 400, f"districts: at most {_MAX_DISTRICTS}"
        if self._closing or self.readers >= MAX_READERS:
            return 503, "no room for another stream; ask /api/v1/stations every 30 s instead"
        return None

    def _channel(self, network_id: str) -> Channel:
        channel = self._channels.get(network_id)
        if channel is None:
            version = networks.version(self._live, network_id)
            channel = Channel(
                NetworkFeed(self._epoch, self._live.states(network_id)), version, self._mono_ms()
            )
            self._channels[network_id] = channel
        elif not channel.readers and self._stale(network_id, channel):
            self._advance(network_id, channel)
        return channel

    def _join(self, reader: Reader, network_id: str, districts: frozenset[str], last_id: str) -> None:
        channel = self._channel(network_id)
        reader.offer(_OPENING)
        missed = channel.feed.since(last_id) if last_id else None
        if missed is None:
            reader.offer(refresh_event(channel.feed.last_id))
        else:
            reader.offer(changes_event(channel.feed.last_id, narrowed(missed, districts)))
        channel.readers.setdefault(districts, set()).add(reader)
        self.readers += 1
        if self._pump is None or self._pump.done():
            self._loop = asyncio.get_running_loop()
            self._pump = self._loop.create_task(self._run())

    def _leave(self, reader: Reader, network_id: str, districts: frozenset[str]) -> None:
        channel = self._channels[network_id]
        readers = channel.readers.get(districts, set())
        readers.discard(reader)
        self.readers -= 1
        if not readers:
            channel.readers.pop(districts, None)

    async def _run(self) -> None:
        """Until the last reader has left; the next one starts it again."""
        while self.readers and not self._closing:
            for network_id, channel in list(self._channels.items()):
                if channel.readers:
                    await self._step(network_id, channel)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest_ms() / 1000):
                    await self._news.wait()
            self._news.clear()

    def _dues(self) -> Iterator[int]:
        return (channel.due_ms for channel in list(self._channels.values()) if channel.readers)

    def _rest_ms(self) -> int:
        """Until the next frame becomes due, for what came sooner; where one is due already, news wakes us."""
        now = self._mono_ms()
        return min((due - now for due in self._dues() if due > now), default=FRAME_MS)

    async def _step(self, network_id: str, channel: Channel) -> None:
        now = self._mono_ms()
        if now >= channel.due_ms:
            await self._wake_slowly(self._tell_changes(network_id, channel))
        if now - channel.timed_ms >= TIMES_MS:
            channel.timed_ms = now
            await self._wake_slowly(self._tell_times(channel))
        if now - channel.heard_ms >= KEEP_ALIVE_MS:
            channel.heard_ms = now
            await self._wake_slowly([(readers, _ALIVE) for readers in channel.readers.values()])
            self._cut_off_stuck(channel, now)

    def _stale(self, network_id: str, channel: Channel) -> bool:
        """The version tells of most changes at once; the rest (a room a quarter fuller) waits a second."""
        changed = networks.version(self._live, network_id) != channel.version
        return changed or self._mono_ms() - channel.advanced_ms >= FRAME_MS

    def _advance(self, network_id: str, channel: Channel) -> list[Row] | None:
        channel.version = networks.version(self._live, network_id)
        channel.advanced_ms = self._mono_ms()
        return channel.feed.advance(self._live.states(network_id))

    def _tell_changes(self, network_id: str, channel: Channel) -> list[tuple[set[Reader], bytes]]:
        if not self._stale(network_id, channel):
            return []
        rows = self._advance(network_id, channel)
        if rows == []:
            return []
        channel.framed_ms = self._mono_ms()
        if rows is None:
            refresh = refresh_event(channel.feed.last_id)
            return [(readers, refresh) for readers in channel.readers.values()]
        return [
            (readers, changes_event(channel.feed.last_id, chosen))
            for districts, readers in channel.readers.items()
            if (chosen := narrowed(rows, districts))
        ]

    def _tell_times(self, channel: Channel) -> list[tuple[set[Reader], bytes]]:
        times, now_ms = channel.feed.times(), self._now_ms()
        told = []
        for districts, readers in channel.readers.items():
            chosen = [
                (name, moments) for place, name, moments in times if not districts or place in districts
            ]
            if chosen:
                told.append((readers, times_event(now_ms, chosen)))
        return told

    async def _wake_slowly(self, told: list[tuple[set[Reader], bytes]]) -> None:
        for readers, frame in told:
            self.frames_total += 1
            for number, reader in enumerate(list(readers), 1):
                if not reader.offer(frame):
                    self._cut_off(reader)
                if number % _SLICE == 0:
                    await asyncio.sleep(0)

    def _cut_off_stuck(self, channel: Channel, now: int) -> None:
        for readers in channel.readers.values():
            for reader in readers:
                if reader.sending_since_ms is not None and now - reader.sending_since_ms > SEND_TIMEOUT_MS:
                    self._cut_off(reader)

    def _cut_off(self, reader: Reader) -> None:
        if not reader.closed:
            self.dropped_total += 1
            reader.close()
            reader.cut_off()

    def _close_all(self) -> None:
        for channel in self._channels.values():
            for readers in channel.readers.values():
                for reader in readers:
                    reader.close()
        self._news.set()


_STREAM_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def _query(scope: Scope) -> dict[str, list[str]]:
    try:
        return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        return {"": []}


def _wanted(scope: Scope) -> tuple[str, frozenset[str], str]:
    query = _query(scope)
    header = next((value for name, value in scope["headers"] if name == b"last-event-id"), b"")
    last_id = header.decode("latin-1") or query.get("last_event_id", [""])[0]
    names = ",".join(query.get("districts", [])).split(",")
    return query.get("network", [""])[0], frozenset(name for name in names if name), last_id


async def _refuse(send: Send, headers: Headers, code: int, reason: str) -> None:
    extra = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    extra += [(b"retry-after", b"30")] if code == 503 else []
    extra += [(b"allow", b"GET, HEAD")] if code == 405 else []
    await send({"type": "http.response.start", "status": code, "headers": [*extra, *headers]})
    body = b'{"error":"' + reason.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"}'
    await send({"type": "http.response.body", "body": body})
