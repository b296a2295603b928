"""How many are inside each station, as snapshots come in, kept so that it can be gone on from.

:mod:`server.occupancy` says what a row of observations comes to. Here that row is the store's: the
state after each hour's last snapshot is kept there as a checkpoint, so that a start, or a snapshot that
arrives late, folds again from the checkpoint before it and not from the beginning. So the count never
depends on the order of arrival.

What staff have counted stands in that row at the time of counting, and is kept like the snapshots: crossings
that are heard of later count on top of it when they were later, and not when they were earlier.
"""

import heapq
import itertools
import queue
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from contract.messages import Snapshot
from server.occupancy import Correction, Observation, Occupancy, Rules, StaffCount, advance, observe
from server.store import Counted
from server.store.chains import HOUR_MS
from server.store.sqlite import OccupancyChange, Store

SETTLED_MS: Final = 2_000
"""A backlog comes in many messages: it is folded once none has come for so long ..."""
PATIENCE_MS: Final = 30_000
"""... or when its first one has waited so long."""
BUDGET_S: Final = 0.2
"""Of folding at a time, so that live readings do not wait for a city's backlog."""
BEHIND_MS: Final = 10 * 60_000
AHEAD_MS: Final = HOUR_MS
"""By a server's clock that is so far behind the station's newest reading, or ahead of the newest of all
stations, nobody's count is dated: it would be overridden in silence, or override what comes later."""
END_OF_TIME_MS: Final = 2**53


class NotCountedError(Exception):
    """Nobody is counted at the station's doors, or it was never heard of: there is nothing to correct."""


class WrongClockError(Exception):
    """The server's clock is far from what the stations measure, so nobody can say when it was counted."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Somebody of the staff has counted; ``told`` gets the correction once it is in the store."""

    station_id: str
    people: int
    login: str
    told: Future[Correction]


@dataclass(slots=True)
class _Late:
    """A station with snapshots that came after newer ones."""

    oldest_ms: int
    newest_ms: int
    first_heard_ms: int
    last_heard_ms: int


@dataclass(slots=True)
class _Pending:
    """What is not in the store yet."""

    checkpoints: list[Occupancy] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)


class Headcount:
    """The occupancy of all stations; used by the ingest thread, but for :meth:`correct`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rules: Mapping[str, Rules] = {}
        self._states: dict[str, Occupancy] = {}
        self._late: dict[str, _Late] = {}
        self._pending: dict[str, _Pending] = {}
        self._asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()

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
            at_ms = snapshot.at_ms
            late = self._late.setdefault(station_id, _Late(at_ms, at_ms, now_ms, now_ms))
            late.oldest_ms, late.newest_ms = min(late.oldest_ms, at_ms), max(late.newest_ms, at_ms)
            late.last_heard_ms = now_ms
            return
        pending = self._pending.setdefault(station_id, _Pending())
        self._states[station_id] = self._advance(
            station_id, state, observe(snapshot, snapshot.at_ms), pending
        )

    def correct(self, station_id: str, people: int, login: str) -> Future[Correction]:
        """Have staff's count taken over within a second; from any thread.

        The correction is told when it is in the store: :class:`NotCountedError` where there is none,
        :class:`WrongClockError` where it cannot be dated, and sqlite3.Error where the store cannot be written
        now, which then forgets the count. One that is cancelled before that is never made.
        """
        told: Future[Correction] = Future()
        self._asked.put(_Asked(station_id, people, login, told))
        return told

    def take_counts(self, now_ms: int) -> list[str]:
        """Take over what staff have counted, as of now; the stations that it was done for. Every second."""
        done = []
        for _ in range(self._asked.qsize()):
            asked = self._asked.get()
            if not asked.told.set_running_or_notify_cancel():
                continue
            try:
                correction = self._set(asked, now_ms)
            except (NotCountedError, WrongClockError, sqlite3.Error) as error:
                asked.told.set_exception(error)
                continue
            done.append(asked.station_id)
            asked.told.set_result(correction)
        return done

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
            late = self._late[station_id]
            changes.append(self._fold(station_id, late.oldest_ms, same_from_ms=late.newest_ms))
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
        self, station_id: str, state: Occupancy | None, event: Observation | StaffCount, pending: _Pending
    ) -> Occupancy:
        if state is not None and _over(state, event):
            pending.checkpoints.append(state)
        new, correction = advance(state, event, self._rules.get(station_id, Rules()))
        if correction is not None:
            pending.corrections.append(correction)
        return new

    def _fold(
        self,
        station_id: str,
        oldest_ms: int,
        counted: Sequence[Counted] = (),
        same_from_ms: int = END_OF_TIME_MS,
    ) -> OccupancyChange:
        """Go again from the last checkpoint before ``oldest_ms`` to the newest event.

        Nothing is new from ``same_from_ms`` on: at a checkpoint there that comes out as it was, all that
        follows is as it was too. So what is weeks late costs hours of folding, not weeks.
        ``counted`` are not in the store yet.
        """
        state = self._store.checkpoint(station_id, oldest_ms)
        from_ms = 0 if state is None else (state.at_ms // HOUR_MS + 1) * HOUR_MS
        pending, kept = _Pending(), self._store.checkpoints(station_id, same_from_ms)
        for event in self._row(station_id, from_ms, counted):
            if state is not None and _over(state, event) and kept.get(state.at_ms // HOUR_MS) == state:
                end_ms = (state.at_ms // HOUR_MS + 1) * HOUR_MS
                pending.checkpoints.append(state)
                return OccupancyChange(
                    station_id, from_ms, pending.checkpoints, pending.corrections, counted, end_ms
                )
            state = self._advance(station_id, state, event, pending)
        if state is not None:
            self._states[station_id] = state
        return OccupancyChange(station_id, from_ms, pending.checkpoints, pending.corrections, counted)

    def _row(
        self, station_id: str, from_ms: int, counted: Iterable[Counted]
    ) -> Iterator[Observation | StaffCount]:
        """All that there is of a station from then on, oldest first; of the same time staff's count first."""
        kept = self._store.staff_counts(station_id, from_ms, END_OF_TIME_MS)
        counts = [StaffCount(each.at_ms, each.people) for each in (*kept, *counted)]
        snapshots = self._store.seen(station_id, from_ms, END_OF_TIME_MS)
        seen = (Observation(each.at_ms, each.doors, each.presence) for each in snapshots)
        return heapq.merge(sorted(counts, key=_at_ms), seen, key=_at_ms)

    def _set(self, asked: _Asked, now_ms: int) -> Correction:
        """Let a count speak, and keep it with what it leads to."""
        before = self._states.get(asked.station_id)
        if before is None or not before.totals:
            raise NotCountedError(asked.station_id)
        newest_ms = max(each.at_ms for each in self._states.values())
        if not before.at_ms - BEHIND_MS <= now_ms <= newest_ms + AHEAD_MS:
            raise WrongClockError(asked.station_id)
        self.keep()
        at_ms = self._free(asked.station_id, before, now_ms)
        try:
            change = self._fold(asked.station_id, at_ms, [Counted(at_ms, asked.people, asked.login)])
            self._store.put_occupancy([change])
        except sqlite3.Error:
            self._states[asked.station_id] = before
            raise
        return next(each for each in change.corrections if each.at_ms == at_ms)

    def _free(self, station_id: str, state: Occupancy, at_ms: int) -> int:
        """The first moment from then on that nothing has: of two of one time only the first counts."""
        taken = {each.at_ms for each in self._store.staff_counts(station_id, at_ms, END_OF_TIME_MS)}
        taken.add(state.at_ms)
        return next(each for each in itertools.count(at_ms) if each not in taken)


def _over(state: Occupancy, event: Observation | StaffCount) -> bool:
    """The state is an hour's last."""
    return state.at_ms // HOUR_MS < event.at_ms // HOUR_MS


def _at_ms(event: Observation | StaffCount) -> int:
    return event.at_ms


def _at_rest(late: _Late, now_ms: int) -> bool:
    return now_ms - late.last_heard_ms >= SETTLED_MS or now_ms - late.first_heard_ms >= PATIENCE_MS
