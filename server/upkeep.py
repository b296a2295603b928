"""What the server does for its own store from time to time, in the thread that writes it."""

import shutil
from functools import partial
from pathlib import Path
from typing import Final

from server.config import Settings
from server.influx import ledger
from server.pipeline import Pipeline
from server.rollups import Rollups
from server.store import lock
from server.store.pruner import DAY_MS, Ages, Followers, Pruner
from server.store.sqlite import Store

NOTED_DAYS: Final = 1_096
"""Corrections and staff's counts are kept as long as quarters of an hour are."""
TOLD_DAYS: Final = 30
"""What was given up is told for so long since; ``waystation store size`` tells it for ever."""


def pruner(settings: Settings, store: Store) -> Pruner:
    """The one that these settings ask for."""
    ages = Ages.of_days(settings.raw_days, settings.accept_past_days, NOTED_DAYS)
    return Pruner(store, ages, followers(settings), lambda: free_share(settings.data_dir))


def followers(settings: Settings) -> Followers:
    """Whoever must have taken a reading before it may be pruned."""
    found: Followers = {"roll-ups": Rollups.open_reader(settings.rollups_db).reached}
    if not settings.influx_url:
        return found
    return {**found, "InfluxDB": partial(ledger.reached, settings.influx_db)}


def free_share(folder: Path) -> float:
    """Of the disk that ``folder`` is on."""
    disk = shutil.disk_usage(folder)
    return disk.free / disk.total


class Upkeep:
    """Called every second by the ingest thread."""

    def __init__(self, settings: Settings, store: Store, pipeline: Pipeline) -> None:
        self._folder, self._store, self._pipeline = settings.data_dir, store, pipeline
        self._pruner = pruner(settings, store)
        self._told = -1

    def step(self, now_ms: int) -> None:
        """Prune a little, unless a backup is being made.

        Raises:
            sqlite3.Error: the store cannot be written now; it is tried again.
        """
        if self._told < 0:
            self._tell(now_ms)
        if self._pruner.waits(now_ms) or lock.is_held(self._folder, lock.BACKUP):
            return
        self._pruner.step(now_ms)
        self._pipeline.pruned_total = self._pruner.pruned_total
        if self._told != self._pruner.given_up_hours:
            self._tell(now_ms)

    def _tell(self, now_ms: int) -> None:
        lately = now_ms - TOLD_DAYS * DAY_MS
        found = self._store.given_up().items()
        self._pipeline.given_up = {name: lost.snapshots for name, lost in found if lost.newest_ms > lately}
        self._told = self._pruner.given_up_hours
