"""How many are inside each station, as snapshots come in, kept so that it can be gone on from.

:mod:`server.occupancy` says what a row of observations comes to. Here that row is the store's: the
state after each hour's last snapshot is kept there as a checkpoint, so that a start, or a snapshot that
arrives late, folds again from the checkpoint before it and not from the beginning. So the count never
depends on the order of arrival.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.messages import Snapshot
from server.occupancy import Correction, Observation, Occupancy, Rules, advance, observe
from server.store.chains import HOUR_MS
from server.store.sqlite import OccupancyChange, Store

SETTLED_MS: Final = 2_000
"""A backlog comes in many messages: it is folded once none has come for so long ..."""
PATIENCE_MS: Final = 30_000
"""... or when its first one has waited so long."""
BUDGET_S: Final = 0.2
"""Of folding at a time, so that live readings do not wait for a city's backlog."""
END_OF_TIME_MS: Final = 2**53


@dataclass(slots=True)
class _Late:
    """A station with snapshots that came after newer ones."""

    oldest_ms: int
    first_heard_ms: int
    last_heard_ms: int


@dataclass(slots=True)
class _Pending:
    """What is not in the store yet."""

    checkpoints: list[Occupancy] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)


class Headcount:
    """The occupancy of all stations; used by the ingest thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rules: Mapping[str, Rules] = {}
        self._states: dict[str, Occupancy] = {}
        self._late: dict[str, _Late] = {}
        self._pending: dict[str, _Pending] = {}

    def set_rules(self, rules: Mapping[str, Rules]) -> None:
        """When each station's room is surely empty."""
        self._rules = rules

    def of(self, station_id: str) -> Occupancy | None:
        """The state after the newest observation; None before the first."""
        return self._states.get(station_id)

    def add(self, station_id: str, snapshot: Snapshot, now_ms: int) -> None:
        """Go on with a snapshot, or note that it came late. It is in the store already."""
        state = self._states.get(station_id)
        if state is not None and snapshot.at_ms <= state.at_ms:
            late = self._late.setdefault(station_id, _Late(snapshot.at_ms, now_ms, now_ms))
            late.oldest_ms = min(late.oldest_ms, snapshot.at_ms)
            late.last_heard_ms = now_ms
            return
        pending = self._pending.setdefault(station_id, _Pending())
        self._states[station_id] = self._advance(
            station_id, state, observe(snapshot, snapshot.at_ms), pending
        )

    def recall(self, station_ids: Iterable[str]) -> None:
        """At a start: the states as of the store's newest snapshots."""
        self._store.put_occupancy([self._fold(each, END_OF_TIME_MS) for each in station_ids])

    def settle(self, now_ms: int) -> list[str]:
        """Fold backlogs that have come to rest, within the budget; the stations that it was done for.

        Raises:
            sqlite3.Error: the store cannot be written now; the same is due again.
        """
        due = [station_id for station_id, late in self._late.items() if _at_rest(late, now_ms)]
        if not due:
            return []
        self.keep()  # what is folded from the store must find all checkpoints there
        end, changes = time.monotonic() + BUDGET_S, []
        for station_id in due:
            changes.append(self._fold(station_id, self._late[station_id].oldest_ms))
            if time.monotonic() > end:
                break
        self._store.put_occupancy(changes)
        for change in changes:
            del self._late[change.station_id]
        return [change.station_id for change in changes]

    def keep(self) -> None:
        """Write checkpoints and corrections to the store. Lost ones would be found again by folding.

        Raises:
            sqlite3.Error: the store cannot be written now; they are kept for the next time.
        """
        changes = [
            OccupancyChange(station_id, None, pending.checkpoints, pending.corrections)
            for station_id, pending in self._pending.items()
            if pending.checkpoints or pending.corrections
        ]
        if changes:
            self._store.put_occupancy(changes)
        self._pending.clear()

    def _advance(
        self, station_id: str, state: Occupancy | None, event: Observation, pending: _Pending
    ) -> Occupancy:
        if state is not None and state.at_ms // HOUR_MS < event.at_ms // HOUR_MS:
            pending.checkpoints.append(state)
        new, correction = advance(state, event, self._rules.get(station_id, Rules()))
        if correction is not None:
            pending.corrections.append(correction)
        return new

    def _fold(self, station_id: str, oldest_ms: int) -> OccupancyChange:
        """Go again from the last checkpoint before ``oldest_ms`` to the newest snapshot."""
        state = self._store.checkpoint(station_id, oldest_ms)
        from_ms = 0 if state is None else (state.at_ms // HOUR_MS + 1) * HOUR_MS
        pending = _Pending()
        for seen in self._store.seen(station_id, from_ms, END_OF_TIME_MS):
            event = Observation(seen.at_ms, seen.doors, seen.presence)
            state = self._advance(station_id, state, event, pending)
        if state is not None:
            self._states[station_id] = state
        return OccupancyChange(station_id, from_ms, pending.checkpoints, pending.corrections)


def _at_rest(late: _Late, now_ms: int) -> bool:
    return now_ms - late.last_heard_ms >= SETTLED_MS or now_ms - late.first_heard_ms >= PATIENCE_MS
