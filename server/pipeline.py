"""Where the stream of readings stands: what ``/readyz``, ``/metrics`` and ``waystation status`` say."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

MAX_UNKNOWN_STATIONS: Final = 1_000
"""Ids remembered of stations that the registry does not know; more are only counted."""


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
        store_replaced: a corrupt store was moved aside here since the start, "" otherwise.
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
    store_replaced: str = ""

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

    def unknown(self, station_id: str) -> None:
        """Count one message of a station that the registry does not know."""
        self.unknown_total += 1
        if station_id in self.unknown_stations or len(self.unknown_stations) < MAX_UNKNOWN_STATIONS:
            self.unknown_stations[station_id] += 1
