"""InfluxDB was away for an hour of a city: how long it takes until it has all of it."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from contract.topics import topic
from scripts.bench.bodies import FIRST_SEQ, Body, info
from scripts.bench.report import Row, judged
from scripts.bench.rig import CITY, names
from server.influx.answers import Later
from server.influx.build import forwarder_to
from server.influx.client import Client
from server.influx.forwarder import Forwarder
from server.influx.writer import Write
from server.ingest.dating import DAY_MS, Window
from server.ingest.ingest import Delivery, Ingest
from server.live import Live
from server.model import Network, Station
from server.pipeline import Pipeline
from server.store.sqlite import Store
from tests.support.influx import Influx, influx
from tests.support.programs import unpacked
from tests.support.wait import until

HEARTBEAT_MS: Final = 30_000
BEATS: Final = 120
LIMIT_S: Final = 600.0
BUCKET: Final = "bench"
WHAT: Final = "InfluxDB 1.6.7: an hour of {:,} stations drained"


def measure(quick: bool) -> Iterator[Row]:
    """Commit an hour of all stations with InfluxDB away, then let the forwarder's own thread write it."""
    stations = CITY // 8 if quick else CITY
    if not unpacked("influxd"):
        yield Row(WHAT.format(stations), "not measured: scripts/unpack.sh .venv/debian influxdb")
        return
    with tempfile.TemporaryDirectory(prefix="waystation-bench-") as name:
        folder = Path(name)
        with closing(Store.open(folder / "readings.db")) as store, influx(folder / "influx") as server:
            city = _City(folder, store, stations)
            city.speak()
            server.create(BUCKET)
            yield _drained(city, server)


class _City:
    """Its store, and what is live of it."""

    def __init__(self, folder: Path, store: Store, stations: int) -> None:
        self.folder, self.store, self.stations = folder, store, stations
        self.live = Live(store)
        networks = {"bench": Network("bench", "网", "Net")}
        known = {
            each: Station(each, "bench", each, region=(f"区{n % 10}",), places=20, instrumented=True)
            for n, each in enumerate(names(stations))
        }
        self.live.refresh_registry(networks, known, _now_ms())
        away = self.forwarder(lambda _: Later("away"))
        away.step(_now_ms())  # it begins with what is committed from now on
        away.close()

    def forwarder(self, write: Write) -> Forwarder:
        """As the server has one."""
        path = self.folder / "influx.db"
        return forwarder_to(
            write, path, self.live, self.store, pipeline=Pipeline(), engine=None, now_ms=_now_ms
        )

    def speak(self) -> None:
        """The hour that is just over, a snapshot of each station every 30 s."""
        begin_ms, ids = _now_ms() - BEATS * HEARTBEAT_MS, names(self.stations)
        ingest = Ingest(self.store, self.live, Pipeline(), Window(40 * DAY_MS, 300_000), _now_ms)
        ingest.set_stations(ids)
        ingest.take([Delivery(topic(each, "info"), info("large"), begin_ms) for each in ids])
        bodies = [Body("large") for _ in ids]
        for beat in range(BEATS):
            at_ms = begin_ms + beat * HEARTBEAT_MS
            ingest.take(
                [
                    Delivery(topic(each, "telemetry"), body.make(FIRST_SEQ + beat, 1, at_ms), at_ms)
                    for each, body in zip(ids, bodies, strict=True)
                ]
            )


def _drained(city: _City, server: Influx) -> Row:
    client = Client(server.url, server.org, BUCKET, server.token)
    forwarder, snapshots = city.forwarder(client.write), city.stations * BEATS
    began_s, used_s = time.monotonic(), time.process_time()
    forwarder.start()
    until(lambda: forwarder.standing.reached >= snapshots, 2 * LIMIT_S, "all is written")
    took_s, used_s = time.monotonic() - began_s, time.process_time() - used_s
    forwarder.stop()
    client.close()
    [counted] = server.query(BUCKET, "SELECT count(temperature_c) AS n FROM climate")
    lines, lost = forwarder.standing.written, snapshots - counted["n"]
    found = f"{took_s:.0f} s, CPU {used_s:.0f} s: {snapshots:,} snapshots, {lines:,} lines, {lost} lost"
    return judged(WHAT.format(city.stations), found, "≤ 10 min, 0 lost", took_s <= LIMIT_S and not lost)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
