"""The figures that Prometheus reads, about stations, stream of readings and riders' pages.

Nothing here is about a rider, and nothing about one station but ids that are not in the registry.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.pipeline import Pipeline
from server.reports.reports import Reports, ReportsError
from server.state import Freshness, StationState
from server.store.damage import DAMAGE
from server.web import networks
from server.web.events import Events

_FRESHNESSES: Final[tuple[Freshness, ...]] = get_args(Freshness)


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
        yield from self._influx_figures()
        yield gauge("sse_readers", "open event streams", self._events.readers)
        yield counter("sse_frames", "frames encoded for event streams", self._events.frames_total)
        yield counter(
            "sse_dropped", "readers cut off because they took no frames", self._events.dropped_total
        )

    def _pipeline_figures(self) -> Iterable[Metric]:
        pipeline = self._pipeline
        yield gauge("ready", "1 when a reading sent now would be committed", pipeline.ready)
        replaced = "1 when a corrupt store was moved aside; what it held is beside the new one"
        yield gauge("store_replaced", replaced, bool(pipeline.store_replaced))
        yield counter("damaged_rows", "stored rows that cannot be unpacked, passed over", DAMAGE.total)
        yield gauge("broker_connected", "1 when logged in at the broker", pipeline.connected)
        yield counter("messages", "deliveries taken from the broker", pipeline.messages_total)
        yield counter("committed", "snapshots committed for the first time", pipeline.committed_total)
        yield counter("repeated", "snapshots that were already committed", pipeline.repeated_total)
        yield by_label(
            "refused", "refused snapshots and messages", "reason", dict(pipeline.refused), CounterMetricFamily
        )
        yield counter("pruned", "old snapshots taken out of the store", pipeline.pruned_total)
        yield gauge(
            "pruning_failing", "1 when old snapshots stay that should go", bool(pipeline.pruning.said)
        )
        yield by_label(
            "given_up", "snapshots pruned before a follower had them", "follower", pipeline.given_up,
            CounterMetricFamily,
        )  # fmt: skip
        yield gauge("dead_letters", "refused messages kept to look at", pipeline.dead_letters)
        yield gauge("pending", "deliveries read and not committed yet", pipeline.pending)
        yield counter("unknown", "messages of stations not in the registry", pipeline.unknown_total)
        unknown = dict(pipeline.unknown_stations)
        yield by_label(
            "unknown_station", "messages by id not in the registry", "station", unknown, GaugeMetricFamily
        )
        for name, moment in (("message", pipeline.last_message_ms), ("commit", pipeline.last_commit_ms)):
            if moment is not None:
                age_s = max(0, self._now_ms() - moment) / 1000
                yield gauge(f"last_{name}_age_seconds", f"time since the newest {name}", age_s)

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
                yield gauge("reports_open", "riders' reports that are not done", self._reports.open_count())
        except ReportsError:
            return

    def _influx_figures(self) -> Iterable[Metric]:
        """Nothing where no InfluxDB is used."""
        influx = self._pipeline.influx
        if influx is None:
            return
        behind_s = influx.behind_ms(self._now_ms()) / 1000
        yield gauge("influx_well", "1 while InfluxDB takes what it is given", not influx.why)
        yield gauge("influx_behind_seconds", "how long the oldest reading waits for InfluxDB", behind_s)
        yield gauge("influx_behind_commits", "snapshots that InfluxDB has not taken yet", influx.rows)
        yield gauge("influx_anew_stations", "stations that are written to InfluxDB anew", influx.late)
        if influx.taken_ms is not None:
            taken_s = max(0, self._now_ms() - influx.taken_ms) / 1000
            yield gauge("influx_last_taken_age_seconds", "time since InfluxDB took something", taken_s)
        yield counter("influx_lines", "lines that InfluxDB has taken", influx.written)
        yield counter("influx_refused", "lines that InfluxDB has refused for good, ever", influx.refused)
        yield counter("influx_dropped", "networks' lines that could not wait for InfluxDB", influx.dropped)

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


def gauge(name: str, meaning: str, value: float) -> Metric:
    """One number that goes up and down."""
    return GaugeMetricFamily(f"waystation_{name}", meaning, value=float(value))


def counter(name: str, meaning: str, value: float) -> Metric:
    """One number that only grows."""
    return CounterMetricFamily(f"waystation_{name}", meaning, value=float(value))


def by_label(name: str, meaning: str, label: str, values: Mapping[str, int], kind: Any) -> Metric:
    """A number for each value of one label."""
    family: Metric = kind(f"waystation_{name}", meaning, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)  # type: ignore[attr-defined]  # both families have it, Metric has not
    return family
