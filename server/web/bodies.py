"""Answers encoded once: bytes, gzip and ETag kept ready, sent as plain ASGI.

A list of 2,080 stations is 0.5 MB of JSON. Encoding it costs tens of milliseconds, sending it ready-made
tens of microseconds, so a body is made again only when something that riders see has changed.
"""

import gzip
import hashlib
from collections.abc import Awaitable, Callable, Hashable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = b"application/json"
HTML: Final = b"text/html; charset=utf-8"
LIVE_CACHE: Final = b"public, max-age=1"
"""Live answers: a proxy in front may serve a second from its cache; after it, everybody asks again."""
PAGE_CACHE: Final = b"no-cache"
SHORTEST_MS: Final = 1_000
"""A body is not encoded more often than this, however often it changes."""
LONGEST_MS: Final = 10_000
"""A body without visible changes is renewed this often, for its measured-at times."""
MAX_KEPT: Final = 256
_GZIP_LEVEL: Final = 6
_WORTH_GZIP: Final = 512


@dataclass(frozen=True, slots=True)
class Body:
    """An answer ready to be sent."""

    plain: bytes
    packed: bytes | None
    etag: bytes
    content_type: bytes = JSON
    cache: bytes = LIVE_CACHE

    @classmethod
    def of(cls, plain: bytes, content_type: bytes = JSON, cache: bytes = LIVE_CACHE) -> "Body":
        """Compress and fingerprint ``plain`` once."""
        packed = gzip.compress(plain, _GZIP_LEVEL, mtime=0) if len(plain) >= _WORTH_GZIP else None
        digest = hashlib.blake2b(plain, digest_size=12).hexdigest().encode()
        return cls(plain, packed, b'W/"' + digest + b'"', content_type, cache)


class Bodies:
    """Bodies by key, each renewed when its version changes or its times have grown old.

    ``mono_ms`` is the clock, handed in. Used from one thread (the event loop).
    """

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        self._mono_ms = mono_ms
        self._kept: dict[Hashable, tuple[Body, object, int]] = {}

    def get(self, key: Hashable, version: object, build: Callable[[], Body]) -> Body:
        """The body of ``key``, built again when ``version`` is another than last time."""
        now = self._mono_ms()
        kept = self._kept.get(key)
        if kept is not None and now - kept[2] < (LONGEST_MS if kept[1] == version else SHORTEST_MS):
            return kept[0]
        body = build()
        self._kept.pop(key, None)
        self._kept[key] = (body, version, now)
        if len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        return body


async def answer(body: Body, scope: Scope, send: Send, extra: Headers, status: int = 200) -> None:
    """Send ``body``: as 304 when the reader has it, compressed when the reader can, without it on HEAD."""
    wanted = {name: value for name, value in scope["headers"] if name in _NEGOTIATED}
    headers = [(b"etag", body.etag), (b"cache-control", body.cache), (b"vary", b"accept-encoding"), *extra]
    if status == 200 and known(wanted.get(b"if-none-match", b""), body.etag):
        await _send(send, 304, headers, b"")
        return
    content = body.plain
    if body.packed is not None and accepts_gzip(wanted.get(b"accept-encoding", b"")):
        content = body.packed
        headers.append((b"content-encoding", b"gzip"))
    headers += [(b"content-type", body.content_type), (b"content-length", str(len(content)).encode())]
    await _send(send, status, headers, b"" if scope["method"] == "HEAD" else content)


async def _send(send: Send, status: int, headers: Headers, content: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


_NEGOTIATED: Final = frozenset({b"if-none-match", b"accept-encoding"})


def known(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the reader already has the body with this ETag (weak comparison)."""
    return bool(if_none_match) and (etag[2:] in if_none_match or if_none_match.strip() == b"*")


@lru_cache(maxsize=64)
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether ``Accept-Encoding`` allows gzip; a weight of 0 refuses it."""
    for part in accept_encoding.lower().split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            value = weight.replace(b" ", b"").removeprefix(b"q=")
            return not value or value.strip(b"0.") != b""
    return False
