"""What is remembered of each station: its trends, and its days of counts. Used by the engine's thread.

Both are lost with the process. At a start they are made again of the last hours of the store, thinned, so
that a city is read in a few seconds; from then on they follow the committed snapshots.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from contract.messages import Climate, Snapshot
from server.alerts import trends
from server.alerts.trends import (
    DAYS_KEPT,
    HOUR_MS,
    MOST_STEPS,
    NEXT_MS,
    STEP_C,
    STEP_PCT,
    Days,
    Step,
    Trend,
    Warmth,
)
from server.live import Registered, Tap
from server.occupancy import Occupancy
from server.store.lately import Lately, Spans
from server.store.sqlite import Store

log = logging.getLogger(__name__)

RECALLED_MS: Final = 25 * HOUR_MS
"""So far back equal readings are followed: a little more than the longest time that they may be equal."""
_SPANS: Final = Spans(RECALLED_MS, (DAYS_KEPT + 1) * 24 * HOUR_MS, STEP_C, STEP_PCT, NEXT_MS)
_NEW: Final = Trend()
_NO_DAYS: Final = Days()


class Memory:
    """Trends and days of all stations."""

    def __init__(self, store: Store, tap: Tap) -> None:
        self._store, self._tap = store, tap
        self._trends: dict[str, Trend] = {}
        self._days: dict[str, Days] = {}

    def trend(self, station_id: str) -> Trend:
        """After the newest snapshot that was followed."""
        return self._trends.get(station_id, _NEW)

    def days(self, station_id: str, people: Occupancy | None, time_zone: str) -> Days:
        """After what the doors have counted by now."""
        days = self._days.get(station_id, _NO_DAYS)
        if people is None or not people.totals:
            return days
        days = trends.count(days, people.at_ms, people.visits, people.exits, time_zone)
        self._days[station_id] = days
        return days

    def follow(self, fires: Callable[[str, Snapshot], bool]) -> dict[str, Snapshot]:
        """Take in what was committed since the last call.

        Args:
            fires: whether a snapshot shows that something burns.

        Returns:
            the newest snapshot of each station for which it does.
        """
        burning: dict[str, Snapshot] = {}
        for _ in range(len(self._tap)):
            station_id, snapshot = self._tap.popleft()
            self._trends[station_id] = trends.advance(self._trends.get(station_id, _NEW), snapshot)
            if fires(station_id, snapshot):
                burning[station_id] = snapshot
        return burning

    def recall(self, stations: Mapping[str, Registered], now_ms: int) -> None:
        """Make trends and days of the store; before the first :meth:`follow`."""
        for station_id, known in stations.items():
            if not known.station.instrumented:
                continue
            try:
                said = self._store.lately(station_id, now_ms, _SPANS)
            except sqlite3.Error as error:  # then this station's trends begin now
                log.warning("trends_not_recalled station=%s error=%s", station_id, error)
                continue
            self._trends[station_id] = _trend(said)
            self._days[station_id] = _counted(said, known.network.time_zone)

    def forget(self, stations: Iterable[str]) -> None:
        """Drop all but these."""
        kept = set(stations)
        self._trends = {id_: trend for id_, trend in self._trends.items() if id_ in kept}
        self._days = {id_: days for id_, days in self._days.items() if id_ in kept}


def _trend(said: Lately) -> Trend:
    trend = _NEW
    for at_ms, health in said.healths:
        trend = trends.report(trend, health, at_ms)
    if said.newest is None:
        return trend
    return replace(
        trend,
        at_ms=said.newest.at_ms,
        climate=Climate(*said.newest),
        warmths=tuple(Warmth(*each) for each in said.minutes),
        steps=tuple(Step(at_ms, by_c, by_pct or 0.0) for at_ms, by_c, by_pct in said.steps)[-MOST_STEPS:],
        flat_since_ms=said.same_since_ms,
    )


def _counted(said: Lately, time_zone: str) -> Days:
    days = _NO_DAYS
    for at_ms, visits, exits in said.crossed:
        days = trends.count(days, at_ms, visits, exits, time_zone)
    return days
