"""What a city costs: 2,080 stations, a snapshot each 30 s."""

import time
from collections.abc import Iterator
from typing import Final

from scripts.bench.process import Meter, resident_mib
from scripts.bench.report import Row, judged
from scripts.bench.rig import CITY, Child, rig
from scripts.bench.web import LIST
from tests.support.wait import until

EVERY_S: Final = 30
SETTLE_S: Final = 5


def measure(quick: bool) -> Iterator[Row]:
    """CPU over a while in which every station speaks, then memory."""
    seconds = 15 if quick else 90
    with rig(CITY) as running:
        plan = running.plan(
            size="large", live_every_s=EVERY_S, live_s=seconds + SETTLE_S + 30, limit_s=seconds + 120
        )
        load = Child("load", plan)
        until(lambda: '"fresh"' in running.get(LIST).text, 60, "the first station is live")
        time.sleep(SETTLE_S)
        meter = Meter(running.server.pid)
        time.sleep(seconds)
        usage, memory = meter.read(), resident_mib(running.server.pid)
        load.end()
        about = f"a city ({CITY:,} stations, 3 kB each {EVERY_S} s)"
        yield judged(f"{about}: server CPU", f"{usage.share:.1%} of a core", "≤ 3 %", usage.share <= 0.03)
        yield judged(f"{about}: server memory", f"{memory:.0f} MiB", "≤ 200 MiB", memory <= 200)
