"""The list of a city's stations, and thousands of readers of its events."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from scripts.bench import http
from scripts.bench.process import Meter
from scripts.bench.report import Row, judged, quantile
from scripts.bench.rig import CITY, QUEUE, Child, Rig, rig, send
from tests.support.wait import until

LIST: Final = "/api/v1/stations?network=bench"
EVENTS: Final = "/api/v1/events?network=bench"
GZIP: Final = "Accept-Encoding: gzip\r\n"
CONNECTIONS: Final = 50
READERS: Final = 5000
PAGES: Final = 2000
"""Pages that are open at once while the rate of the ingest is compared."""
UNANSWERED: Final = 1000


def measure_stations(quick: bool) -> Iterator[Row]:
    """The whole list, compressed and not modified; each station has live data."""
    seconds = 3 if quick else 10
    with rig(CITY) as running:
        send(running.plan(size="large", backlog=1, limit_s=60))
        etag = running.get(LIST).headers["etag"]
        for what, headers, wanted in (
            ("compressed", GZIP, 2000),
            ("not modified", f"{GZIP}If-None-Match: {etag}\r\n", 3000),
        ):
            plan = http.Plan(running.server.port, LIST, CONNECTIONS, seconds, headers)
            found = http.Result(**Child("http", plan).result(seconds + 60))
            per_s = found.answers / found.seconds
            each = found.bytes / max(1, found.answers) / 1000
            text = f"{per_s:,.0f} requests/s of {each:,.1f} kB"
            yield judged(
                f"`/stations` of {CITY:,}, {what}", text, f"≥ {wanted:,} requests/s", per_s >= wanted
            )


def measure_readers(quick: bool) -> Iterator[Row]:
    """Open streams while a city speaks, so that there is a frame each second."""
    readers, seconds = (500, 8) if quick else (READERS, 30)
    with rig(CITY) as running:
        send(running.plan(backlog=1, limit_s=60))
        load = Child("load", running.plan(live_every_s=30, live_s=seconds + 60, limit_s=seconds + 120))
        try:
            yield from _read(running, readers, seconds)
        finally:
            load.end()


def _read(running: Rig, readers: int, seconds: int) -> Iterator[Row]:
    opening_s = readers / 200
    path = EVENTS
    plan = http.Plan(running.server.port, path, readers, opening_s + seconds, streaming=True)
    child = Child("http", plan)
    time.sleep(opening_s)
    meter = Meter(running.server.pid)
    time.sleep(seconds * 0.8)
    usage = meter.read()
    found = http.Result(**child.result(120))
    if not found.frames:
        raise RuntimeError("no frame of changes came: there is nothing to measure")
    late = quantile(found.spread_s, 0.99) * 1000
    text = f"{usage.share:.0%} of a core, p99 {late:.0f} ms, {found.frames / found.seconds:.2f} frames/s"
    wanted = "≤ 40 % of a core, p99 ≤ 500 ms"
    yield judged(f"{readers:,} SSE readers", text, wanted, usage.share <= 0.4 and late <= 500)


@contextmanager
def open_streams(running: Rig, readers: int) -> Iterator[None]:
    """So many open event streams, all of them greeted, read by a process of their own."""
    child = Child("http", http.Plan(running.server.port, EVENTS, readers, 3600, streaming=True))
    try:
        there = f"waystation_sse_readers {readers:.1f}"
        until(lambda: there in running.get("/metrics").text, 60, f"{readers} streams are open")
        yield
    finally:
        child.end()


def measure_watched_ingest(quick: bool) -> Iterator[Row]:
    """How fast snapshots are committed while thousands of pages are open, between two runs without."""
    each = 4 if quick else 24
    with rig(CITY, QUEUE) as running:
        send(running.plan(backlog=1, limit_s=60))
        alone = [_committed_per_s(running, each)]
        with open_streams(running, PAGES):
            watched = _committed_per_s(running, each)
        alone.append(_committed_per_s(running, each))
    ratio = watched / (sum(alone) / len(alone))
    text = f"{ratio:.2f} ({watched:,.0f}/s, without {alone[0]:,.0f} and {alone[1]:,.0f}/s)"
    what = f"ingest with {PAGES:,} open event streams, of the rate without"
    yield judged(what, text, "≥ 0.9", ratio >= 0.9)


def _committed_per_s(running: Rig, each: int) -> float:
    result = send(running.plan(backlog=each, total=UNANSWERED, limit_s=120))
    return result.answered / result.seconds
