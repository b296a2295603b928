"""Where the stream of readings stands: what ``/readyz``, ``/metrics`` and ``waystation status`` say."""

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from server.influx.standing import Standing
from server.store.trouble import WELL, Trouble

RECENTLY_MS: Final = 600_000
"""Refused messages and unknown stations are also told of so long before now."""
_STEP_MS: Final = 60_000
MAX_UNKNOWN_STATIONS: Final = 1_000
"""Ids remembered of stations that the registry does not know; more are only counted."""


class Lately:
    """How often each name occurred in the last :data:`RECENTLY_MS`, to the minute; from any thread.

    Of hostile names no more than :data:`MAX_UNKNOWN_STATIONS` a minute are remembered.
    """

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, Counter[str]]] = deque(maxlen=RECENTLY_MS // _STEP_MS)
        self._lock = threading.Lock()

    def add(self, name: str, now_ms: int) -> None:
        """Count one."""
        minute = now_ms // _STEP_MS
        with self._lock:
            if not self._minutes or self._minutes[-1][0] != minute:
                self._minutes.append((minute, Counter()))
            names = self._minutes[-1][1]
            if name in names or len(names) < MAX_UNKNOWN_STATIONS:
                names[name] += 1

    def counts(self, now_ms: int) -> Mapping[str, int]:
        """All that was counted lately."""
        since = (now_ms - RECENTLY_MS) // _STEP_MS
        total: Counter[str] = Counter()
        with self._lock:
            for minute, names in self._minutes:
                if since < minute <= now_ms // _STEP_MS:
                    total.update(names)
        return total


@dataclass(slots=True)
class Pipeline:
    """Counters since the start. The ingest thread writes, any thread reads.

    Attributes:
        connected: logged in at the broker and subscribed.
        alive: the ingest thread runs.
        stalled: why nothing can be committed at present (disk full …), "" when all is well.
        last_message_ms, last_commit_ms: UTC milliseconds, None before the first.
        messages_total: deliveries taken from the broker, of every kind.
        committed_total: snapshots committed for the first time.
        repeated_total: snapshots that were already committed, answered again.
        refused: snapshots and messages refused, by reason.
        dead_letters: refused messages kept in the store, bounded.
        pending: deliveries read and not committed yet.
        unknown_stations: messages by station id that is not in the registry, bounded.
        pruned_total: old snapshots taken out of the store.
        given_up: by follower, snapshots that were pruned before it had taken them, ever.
        rollups: why roll-ups are not made.
        pruning: why old readings are not pruned, or not all.
        store_replaced: a corrupt store was moved aside and lies here, "" otherwise; rollups_replaced: the
            same of roll-ups.
        store_older: an older copy of the store was found at the start, "" otherwise.
        influx: how far InfluxDB has all that was committed; None where none is used.
    """

    connected: bool = False
    alive: bool = False
    stalled: str = ""
    last_message_ms: int | None = None
    last_commit_ms: int | None = None
    messages_total: int = 0
    committed_total: int = 0
    repeated_total: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    dead_letters: int = 0
    pending: int = 0
    unknown_stations: Counter[str] = field(default_factory=Counter)
    unknown_total: int = 0
    pruned_total: int = 0
    given_up: Mapping[str, int] = field(default_factory=dict)
    rollups: Trouble = WELL
    pruning: Trouble = WELL
    store_replaced: str = ""
    rollups_replaced: str = ""
    store_older: str = ""
    influx: Standing | None = None
    _refused_of: Lately = field(default_factory=Lately)
    _future_of: Lately = field(default_factory=Lately)
    _unknown: Lately = field(default_factory=Lately)

    @property
    def answered_total(self) -> int:
        """Snapshots that were acked, however often."""
        return self.committed_total + self.repeated_total

    @property
    def ready(self) -> bool:
        """True when a reading sent now would be committed."""
        return self.alive and self.connected and not self.stalled

    def refuse(self, reason: str, count: int = 1) -> None:
        """Count ``count`` refusals for ``reason``."""
        self.refused[reason] += count

    def refuse_of(self, station_id: str, now_ms: int, reason: str = "") -> None:
        """Note that something of a registered station was refused; it is counted by :meth:`refuse`."""
        self._refused_of.add(station_id, now_ms)
        if reason == "too_new":
            self._future_of.add(station_id, now_ms)

    def refused_lately(self, now_ms: int) -> Mapping[str, int]:
        """By registered station, what was refused of it in the last :data:`RECENTLY_MS`."""
        return self._refused_of.counts(now_ms)

    def future_lately(self, now_ms: int) -> Mapping[str, int]:
        """As :meth:`refused_lately`, what was dated in the future."""
        return self._future_of.counts(now_ms)

    def unknown_lately(self, now_ms: int) -> Mapping[str, int]:
        """By id, messages of stations unknown to the registry in the last :data:`RECENTLY_MS`."""
        return self._unknown.counts(now_ms)

    def unknown(self, station_id: str, now_ms: int) -> None:
        """Count one message of a station that the registry does not know."""
        self._unknown.add(station_id, now_ms)
        self.unknown_total += 1
        if station_id in self.unknown_stations or len(self.unknown_stations) < MAX_UNKNOWN_STATIONS:
            self.unknown_stations[station_id] += 1
