"""What a city costs: 2,080 stations, a snapshot each 30 s."""

import time
from collections.abc import Iterator
from typing import Final

from scripts.bench.process import Meter, resident_mib
from scripts.bench.report import Row, judged
from scripts.bench.rig import CITY, Child, Rig, rig
from scripts.bench.web import LIST, open_streams
from tests.support.wait import until

EVERY_S: Final = 30
SETTLE_S: Final = 60
"""Until every station's pattern of the day is made, as after each midnight, at a twentieth of a core."""


def measure(quick: bool) -> Iterator[Row]:
    """CPU over a while in which every station speaks, then memory; the same with a page open."""
    seconds = 15 if quick else 90
    with rig(CITY) as running:
        plan = running.plan(
            size="large", live_every_s=EVERY_S, live_s=2 * seconds + SETTLE_S + 60, limit_s=2 * seconds + 210
        )
        load = Child("load", plan)
        until(lambda: '"fresh"' in running.get(LIST).text, 60, "the first station is live")
        time.sleep(SETTLE_S)
        about = f"a city ({CITY:,} stations, 3 kB each {EVERY_S} s)"
        yield _cpu(f"{about}: server CPU, no page open", running, seconds)
        memory = resident_mib(running.server.pid)
        with open_streams(running, 1):
            yield _cpu(f"{about}: server CPU, a page open", running, seconds)
        load.end()
        yield judged(f"{about}: server memory", f"{memory:.0f} MiB", "≤ 200 MiB", memory <= 200)


def _cpu(what: str, running: Rig, seconds: float) -> Row:
    meter = Meter(running.server.pid)
    time.sleep(seconds)
    share = meter.read().share
    return judged(what, f"{share:.1%} of a core", "≤ 3 %", share <= 0.03)
