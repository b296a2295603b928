"""What Prometheus reads of alerts and of the messages about them.

Ids and codes only: a station's name is anybody's text, and says nothing to a rule.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.alerts.model import SEVERITIES, Alert, Place, Subject
from server.desk import DeskError
from server.notify.outbox.health import Health
from server.notify.outbox.outbox import Waits
from server.web.figures import gauge

log = logging.getLogger(__name__)

MOST_ALERTS: Final = 500
"""Series of single alerts, worst and oldest first; :data:`COUNTED` counts the rest as well."""
COUNTED: Final = "waystation_alerts"
SINGLE: Final = "waystation_alert_active"


class Engine(Protocol):
    """What is read of :class:`server.alerts.engine.Engine`."""

    passed_ms: int | None

    def alerts(self) -> tuple[Alert, ...]:
        """All that are not closed."""

    def hidden(self) -> Mapping[str, str]:
        """Alerts that another says already."""

    def place(self, subject: Subject) -> Place:
        """Where a subject is."""

    def well(self) -> bool:
        """Whether alerts are judged."""


class Outbox(Protocol):
    """What is read of :class:`server.notify.outbox.outbox.Outbox`."""

    def waits(self) -> Mapping[str, Waits]:
        """What has not left, by channel."""

    def health(self) -> Mapping[str, Health]:
        """How every channel is doing."""


class Alerting(Protocol):
    """The parts of :class:`server.web.staff.services.Staff` that have figures."""

    @property
    def engine(self) -> Engine:
        """What judges."""

    @property
    def outbox(self) -> Outbox:
        """What has to leave."""


class AlertFigures(Collector):
    """Reads the figures at the moment of the scrape; None: there are no alerts to read of."""

    def __init__(self, alerting: Alerting | None, now_ms: Callable[[], int]) -> None:
        self._alerting, self._now_ms = alerting, now_ms

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: names are known at the scrape."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """All figures, each with its one-line meaning."""
        alerting = self._alerting
        judging = alerting is not None and alerting.engine.well()
        yield gauge("alerts_judged", "1 when alerts are judged and can be stored", judging)
        if alerting is None:
            return
        yield from self._alerts(alerting.engine)
        try:
            yield from self._messages(alerting.outbox)
        except DeskError as error:  # "nothing waits" would be a lie
            log.warning("message_figures_missing error=%s", error)

    def _alerts(self, engine: Engine) -> Iterator[Metric]:
        if engine.passed_ms is not None:
            age_s = max(0, self._now_ms() - engine.passed_ms) / 1000
            yield gauge("alerts_last_pass_age_seconds", "time since all was judged last", age_s)
        hidden = engine.hidden()
        active = [alert for alert in engine.alerts() if alert.active and alert.id not in hidden]
        active.sort(key=lambda alert: (SEVERITIES.index(alert.severity), alert.since_ms, alert.id))
        yield _counted(active, engine)
        yield _single(active[:MOST_ALERTS], engine)

    def _messages(self, outbox: Outbox) -> Iterator[Metric]:
        now_ms, channels = self._now_ms(), sorted(outbox.health().items())
        waits = outbox.waits()
        rows, ages, failing = (_by_channel(*each) for each in _OF_CHANNELS)
        for channel, health in channels:
            waiting = waits.get(channel, Waits(0, now_ms))
            since_ms = health.failing_since_ms if health.failing else None
            rows.add_metric([channel], waiting.rows)
            ages.add_metric([channel], max(0, now_ms - waiting.oldest_ms) / 1000)
            failing.add_metric([channel], 0 if since_ms is None else (now_ms - since_ms) / 1000)
        yield from (rows, ages, failing)


_OF_CHANNELS: Final = (
    ("messages_waiting", "messages to staff that have not left"),
    ("messages_waiting_age_seconds", "how long the oldest of them has waited"),
    ("channel_failing_seconds", "how long nothing could be delivered, 0 when it is well"),
)


def _by_channel(name: str, meaning: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"waystation_{name}", meaning, labels=["channel"])


def _counted(active: Iterable[Alert], engine: Engine) -> Metric:
    family = GaugeMetricFamily(
        COUNTED,
        "active alerts that no other alert says already",
        labels=["network", "kind", "severity"],
    )
    counts = Counter((_network(alert, engine), alert.kind, alert.severity) for alert in active)
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)
    return family


def _single(active: Iterable[Alert], engine: Engine) -> Metric:
    family = GaugeMetricFamily(
        SINGLE,
        f"1 for each of the worst {MOST_ALERTS} of them",
        labels=["id", "kind", "severity", "state", "network", "district", "station", "unit"],
    )
    for alert in active:
        place = engine.place(alert.subject)
        where = [_network(alert, engine), place.district, place.station, alert.subject.unit]
        family.add_metric([alert.id, alert.kind, alert.severity, alert.state, *where], 1)
    return family


def _network(alert: Alert, engine: Engine) -> str:
    """The innermost network, "" for the server."""
    return next(iter(engine.place(alert.subject).networks), "")
