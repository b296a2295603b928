"""A city comes back after an hour without a server: everything waits, and life goes on meanwhile."""

from collections.abc import Iterator
from typing import Final

from scripts.bench.report import Row, judged, quantile
from scripts.bench.rig import CITY, rig, send

ROWS: Final = 80
"""Snapshots in a message, as many as a station puts into 32 KiB."""
BATCHES_PER_S: Final = 5
"""A station's pace."""


def measure(quick: bool) -> Iterator[Row]:
    """All stations at once, each as fast as a station may, with live snapshots between."""
    waiting = 12 if quick else 120
    with rig(CITY) as running:
        plan = running.plan(
            backlog=waiting, rows=ROWS, per_s=BATCHES_PER_S, live_every_s=30, live_s=20, limit_s=600
        )
        result = send(plan)
    wanted = "drained ≤ 5 min, live p95 ≤ 10 s"
    late, drained = quantile(result.live_s, 0.95), result.drained_s
    unanswered = result.sent - result.answered
    pace = f"{drained:.0f} s ({waiting * CITY / drained:,.0f}/s)"
    found = f"{pace}, live p95 {late:.1f} s, {result.repeated} messages sent twice"
    reached = not unanswered and drained <= 300 and late <= 10
    yield judged(f"backlog of {waiting * CITY:,} snapshots", found, wanted, reached)
