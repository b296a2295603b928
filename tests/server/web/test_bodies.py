import asyncio
import gzip
from typing import Any

import pytest

from server.web.bodies import LONGEST_MS, MAX_KEPT, SHORTEST_MS, Bodies, Body, accepts_gzip, answer

LARGE = b'{"stations":[' + b"1," * 2000 + b"1]}"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.mono_ms = 50_000

    def __call__(self) -> int:
        return self.mono_ms


@pytest.mark.parametrize(
    ("changed", "passed_ms", "built", "why"),
    [
        (False, SHORTEST_MS * 5, 1, "nothing changed"),
        (False, LONGEST_MS, 2, "its times have grown old"),
        (True, SHORTEST_MS - 1, 1, "not more often than once a second"),
        (True, SHORTEST_MS, 2, "changed"),
    ],
)
def test_when_a_body_is_built_again(changed: bool, passed_ms: int, built: int, why: str) -> None:
    clock, made = Clock(), []

    def build() -> Body:
        made.append(1)
        return Body.of(b"x")

    bodies = Bodies(clock)
    bodies.get("key", 1, build)
    clock.mono_ms += passed_ms
    bodies.get("key", 2 if changed else 1, build)
    assert len(made) == built, why


def test_bodies_are_bounded_and_the_oldest_goes() -> None:
    bodies = Bodies(Clock())
    for key in range(MAX_KEPT + 1):
        bodies.get(key, 1, lambda: Body.of(b"x"))
    fresh = Body.of(b"again")
    assert bodies.get(0, 1, lambda: fresh) is fresh
    assert bodies.get(MAX_KEPT, 1, lambda: fresh) is not fresh


def asked(body: Body, method: str = "GET", **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
    """What is sent for a request with these headers."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(answer(body, {"method": method, "headers": given}, send, []))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_a_reader_that_can_gets_gzip_and_the_same_bytes() -> None:
    body = Body.of(LARGE)
    status, headers, content = asked(body, accept_encoding="br, gzip")
    assert (status, headers[b"content-encoding"], gzip.decompress(content)) == (200, b"gzip", LARGE)
    assert int(headers[b"content-length"]) == len(content) < len(LARGE) / 10
    status, headers, content = asked(body)
    assert b"content-encoding" not in headers
    assert content == LARGE


def test_what_a_reader_has_is_not_sent_again() -> None:
    body = Body.of(LARGE)
    etag = body.etag.decode()
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        status, headers, content = asked(body, if_none_match=known)
        assert (status, content, headers[b"etag"]) == (304, b"", body.etag), known
    assert asked(body, if_none_match='"other"')[0] == 200
    assert asked(Body.of(LARGE + b" "), if_none_match=etag)[0] == 200


def test_head_has_the_length_and_no_body() -> None:
    _, headers, content = asked(Body.of(LARGE), "HEAD")
    assert (headers[b"content-length"], content) == (str(len(LARGE)).encode(), b"")


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (b"gzip", True),
        (b"GZIP;q=0.5", True),
        (b"*", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000", False),
        (b"br, deflate", False),
        (b"", False),
        (b"x-gzip-like", False),
    ],
)
def test_who_accepts_gzip(header: bytes, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted
