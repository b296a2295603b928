"""Is it alive, is it ready, and the figures behind the answer: ``/healthz``, ``/readyz``, ``/metrics``.

Nothing here is about a rider, and nothing about one station but ids that are not in the registry.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, get_args

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from server.model import Freshness, StationState
from server.pipeline import Pipeline
from server.reports import Reports, ReportsError
from server.store.damage import DAMAGE
from server.web import networks
from server.web.events import Events

_FRESHNESSES: Final[tuple[Freshness, ...]] = get_args(Freshness)


def add_health(
    app: FastAPI,
    live: networks.Live,
    pipeline: Pipeline,
    events: Events,
    now_ms: Callable[[], int],
    *,
    reports: Reports | None = None,
) -> None:
    """Add the three addresses to ``app``."""
    figures = CollectorRegistry()
    figures.register(Figures(live, pipeline, events, now_ms, reports))
    ProcessCollector(registry=figures)

    @app.get("/healthz", tags=["health"], response_class=PlainTextResponse)
    async def healthz() -> Response:
        """Alive: the process answers."""
        return PlainTextResponse("ok\n", headers=_NO_STORE)

    @app.get("/readyz", tags=["health"], response_class=JSONResponse)
    async def readyz() -> Response:
        """Ready: a reading sent now would be committed and shown; otherwise 503 with the reasons."""
        reasons = not_ready(pipeline)
        return JSONResponse(
            {"ready": not reasons, "reasons": reasons, "notices": notices(pipeline)},
            503 if reasons else 200,
            headers=_NO_STORE,
        )

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    def metrics() -> Response:
        """Figures in Prometheus' text format."""
        return Response(generate_latest(figures), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=_NO_STORE)


_NO_STORE: Final = {"cache-control": "no-store"}


def not_ready(pipeline: Pipeline) -> list[str]:
    """Why a reading sent now would not be committed; empty when it would."""
    reasons = []
    if not pipeline.alive:
        reasons.append("ingest is not running: the live state is not rebuilt yet, or its thread has ended")
    if not pipeline.connected:
        reasons.append("not connected to the broker")
    if pipeline.stalled:
        reasons.append(f"the store takes nothing: {pipeline.stalled}")
    return reasons


def notices(pipeline: Pipeline) -> list[str]:
    """What staff should look at although readings are taken."""
    if not pipeline.store_replaced:
        return []
    moved_to = Path(pipeline.store_replaced).name
    return [f"a corrupt store was moved aside as {moved_to}; a new one was begun"]


class Figures(Collector):
    """Reads the figures at the moment of the scrape; keeps none of its own."""

    def __init__(
        self,
        live: networks.Live,
        pipeline: Pipeline,
        events: Events,
        now_ms: Callable[[], int],
        reports: Reports | None,
    ) -> None:
        self._live, self._pipeline = live, pipeline
        self._events, self._now_ms = events, now_ms
        self._reports = reports

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: names are known at the scrape."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """All figures, each with its one-line meaning."""
        yield from self._pipeline_figures()
        yield from self._station_figures()
        yield from self._report_figures()
        yield _gauge("sse_readers", "open event streams", self._events.readers)
        yield _counter("sse_frames", "frames encoded for event streams", self._events.frames_total)
        yield _counter(
            "sse_dropped", "readers cut off because they took no frames", self._events.dropped_total
        )

    def _pipeline_figures(self) -> Iterable[Metric]:
        pipeline = self._pipeline
        yield _gauge("ready", "1 when a reading sent now would be committed", pipeline.ready)
        replaced = "1 when a corrupt store was moved aside; what it held is beside the new one"
        yield _gauge("store_replaced", replaced, bool(pipeline.store_replaced))
        yield _counter("damaged_rows", "stored rows that cannot be unpacked, passed over", DAMAGE.total)
        yield _gauge("broker_connected", "1 when logged in at the broker", pipeline.connected)
        yield _counter("messages", "deliveries taken from the broker", pipeline.messages_total)
        yield _counter("committed", "snapshots committed for the first time", pipeline.committed_total)
        yield _counter("repeated", "snapshots that were already committed", pipeline.repeated_total)
        yield _by_label(
            "refused", "refused snapshots and messages", "reason", dict(pipeline.refused), CounterMetricFamily
        )
        yield _gauge("dead_letters", "refused messages kept to look at", pipeline.dead_letters)
        yield _gauge("pending", "deliveries read and not committed yet", pipeline.pending)
        yield _counter("unknown", "messages of stations not in the registry", pipeline.unknown_total)
        unknown = dict(pipeline.unknown_stations)
        yield _by_label(
            "unknown_station", "messages by id not in the registry", "station", unknown, GaugeMetricFamily
        )
        for name, moment in (("message", pipeline.last_message_ms), ("commit", pipeline.last_commit_ms)):
            if moment is not None:
                age_s = max(0, self._now_ms() - moment) / 1000
                yield _gauge(f"last_{name}_age_seconds", f"time since the newest {name}", age_s)

    def _station_figures(self) -> Iterable[Metric]:
        names = list(self._live.networks())
        outer = networks.roots(self._live.networks())
        states = [state for network in outer for state in self._live.states(network.id)]
        stations = GaugeMetricFamily(
            "waystation_stations", "registered stations by freshness", labels=["network", "freshness"]
        )
        counts = Counter((state.station.network, state.freshness) for state in states)
        for name in names:
            for freshness in _FRESHNESSES:
                stations.add_metric([name, freshness], counts[name, freshness])
        yield stations
        yield from self._ages(states)

    def _report_figures(self) -> Iterable[Metric]:
        """Nothing where the file cannot be read: 0 would say that nobody has complained."""
        try:
            if self._reports is not None:
                yield _gauge("reports_open", "riders' reports that are not done", self._reports.open_count())
        except ReportsError:
            return

    def _ages(self, states: list[StationState]) -> Iterable[Metric]:
        now_ms = self._now_ms()
        ages = sorted(now_ms - state.at_ms for state in states if state.freshness == "fresh" and state.at_ms)
        family = GaugeMetricFamily(
            "waystation_fresh_age_seconds", "age of the newest reading of fresh stations", labels=["quantile"]
        )
        for quantile in (0.5, 0.95, 1.0):
            if ages:
                value = ages[min(len(ages) - 1, int(quantile * len(ages)))]
                family.add_metric([f"{quantile:g}"], max(0, value) / 1000)
        yield family


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"waystation_{name}", meaning, value=float(value))


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"waystation_{name}", meaning, value=float(value))


def _by_label(name: str, meaning: str, label: str, values: dict[str, int], kind: Any) -> Metric:
    family: Metric = kind(f"waystation_{name}", meaning, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)  # type: ignore[attr-defined]  # both families have it, Metric has not
    return family
