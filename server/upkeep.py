"""What the server does for its own store from time to time, in the thread that writes it."""

import logging
import shutil
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from server.influx import ledger
from server.pipeline import Pipeline
from server.rollups import Rollups
from server.settings import Settings
from server.store import lock
from server.store.chains import HOUR_MS
from server.store.pruner import DAY_MS, Ages, Followers, Pruner
from server.store.schema import is_corrupt, lies_aside
from server.store.sqlite import Store
from server.store.trouble import Trouble

log = logging.getLogger(__name__)

NOTED_DAYS: Final = 1_096
"""Corrections and staff's counts are kept as long as quarters of an hour are."""
TOLD_DAYS: Final = 30
"""What was given up is told for so long since; ``waystation store size`` tells it for ever."""
AGAIN_MS: Final = 60_000
"""So long after it could not be written (a full disk …) the store is pruned again."""
DAMAGED_MS: Final = HOUR_MS
"""The same where the file is damaged, which does not pass."""


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
        self._rollups_db = settings.rollups_db
        self._pruner = pruner(settings, store)
        self._told = (-1, -1)
        self._rests = (0, 0)
        self._error = ""
        self._look_aside()

    def step(self, now_ms: int) -> None:
        """Prune a little, unless a backup is being made, or it could not be done just before."""
        self._look_aside()
        since_ms, until_ms = self._rests
        if since_ms <= now_ms < until_ms:  # a clock that was set back has no rest
            return
        try:
            self._step(now_ms)
        except sqlite3.Error as error:
            self._rests = (now_ms, now_ms + (DAMAGED_MS if is_corrupt(error) else AGAIN_MS))
            if str(error) != self._error:
                log.error("pruning_failed error=%s again_in_s=%d", error, (self._rests[1] - now_ms) // 1000)
            self._error = str(error)
            self._pipeline.pruning = Trouble.of("nothing is pruned", error)

    def _look_aside(self) -> None:
        """What was damaged is told of until somebody takes it away."""
        with suppress(OSError):
            self._pipeline.store_replaced = str(lies_aside(self._store.path) or "")
            self._pipeline.rollups_replaced = str(lies_aside(self._rollups_db) or "")

    def _step(self, now_ms: int) -> None:
        self._tell(now_ms)
        if self._pruner.waits(now_ms) or lock.is_held(self._folder, lock.BACKUP):
            return
        self._pruner.step(now_ms)
        self._error = ""
        self._pipeline.pruned_total = self._pruner.pruned_total
        self._pipeline.pruning = Trouble(of_damaged(len(self._pruner.damaged)))
        self._tell(now_ms)

    def _tell(self, now_ms: int) -> None:
        """What was given up, anew each hour: it ages, though nothing happens."""
        as_of = (self._pruner.given_up_hours, now_ms // HOUR_MS)
        if as_of == self._told:
            return
        lately = now_ms - TOLD_DAYS * DAY_MS
        found = self._store.given_up().items()
        self._pipeline.given_up = {name: lost.snapshots for name, lost in found if lost.newest_ms > lately}
        self._told = as_of


def of_damaged(stations: int) -> str:
    """What to say when so many stations could not be pruned, "" for none."""
    if not stations:
        return ""
    return (
        f"old readings of {stations} stations are not pruned, as readings.db is damaged there; "
        "waystation store check says more"
    )
