"""What a day of a station takes on the server's disk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from contract.codec import encode
from contract.messages import Telemetry
from contract.topics import topic
from edge.clock import SteppedClock
from edge.days.calendar import midnight_ms
from edge.days.station import FIRST_DAY
from edge.sampler import Sampler
from scripts.bench.report import Row, judged
from scripts.bench.rig import names
from scripts.bench.station import sensors
from server.ingest.dating import DAY_MS, Window
from server.ingest.ingest import Delivery, Ingest
from server.live import Live
from server.pipeline import Pipeline
from server.store.sqlite import Store

BEGIN_MS: Final = midnight_ms(FIRST_DAY + 172)
"""A midnight in summer; nobody comes to a simulated station before its first day."""
STEP_MS: Final = 5_000
"""How often it samples; it keeps a snapshot each 30 s, and more when something changes."""
BATCH: Final = 200


def measure(quick: bool) -> Iterator[Row]:
    """Simulated days through the station's sampler and the server's ingest, as files on the disk."""
    stations, days = (2, 0.5) if quick else (4, 3)
    with tempfile.TemporaryDirectory(prefix="waystation-bench-") as folder:
        path = Path(folder) / "readings.db"
        snapshots = fill(path, stations, days)
        size = path.stat().st_size
    each = size / stations / days / 1000
    found = f"{each:.0f} kB, {snapshots / stations / days:,.0f} snapshots of {size / snapshots:.0f} bytes"
    what = "disk a station and day, 12 sockets and a 12-slot cabinet"
    yield judged(what, found, "≤ 400 kB", each <= 400)


def fill(path: Path, stations: int, days: float) -> int:
    store, pipeline = Store.open(path), Pipeline()
    ingest = Ingest(store, Live(store), pipeline, Window(40 * DAY_MS, 300_000), lambda: BEGIN_MS)
    ingest.set_stations(names(stations))
    for number, name in enumerate(names(stations)):
        run: list[Delivery] = []
        for delivery in _day(number, name, days):
            run.append(delivery)
            if len(run) == BATCH:
                ingest.take(run)
                run = []
        ingest.take(run)
    store.close()
    return pipeline.committed_total


def _day(seed: int, name: str, days: float) -> Iterator[Delivery]:
    clock = SteppedClock(BEGIN_MS)
    sampler = Sampler(sensors(seed, clock), clock.boot_id, station=name)
    seq = 1
    while clock.now().at_ms < BEGIN_MS + days * DAY_MS:
        now = clock.now()
        sample = sampler.sample(now, f"{seed:016x}", seq)
        if sample is not None:
            seq += 1
            message = Telemetry(clock.boot_id, now.mono_ms, (sample.snapshot,))
            yield Delivery(topic(name, "telemetry"), encode(message), now.at_ms)
        clock.step_to(now.at_ms + STEP_MS)
    sampler.close()
