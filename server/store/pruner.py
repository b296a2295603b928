"""What is pruned when: a little at a time, by the thread that writes, so that nobody has to wait for it.

Once an hour the hour that has become old is taken out, station by station, so that whole pages of the file
become free for what comes in. Once a day, and at the start, all that is older is looked through: hours that
had to stay because something late came into them, or because a follower had not taken them.

A follower that stands still for long must not fill the disk. Past :data:`PATIENCE` times the age, or when
the disk has less than :data:`TIGHT` free, pruning goes on without it, and what it will never get is counted
in the same transaction. But one that has only begun (after an upgrade, or with a new file) is given as long
as a reading is kept, and :data:`GRACE_MS` on a full disk: a year's readings are not lost to its first second.

A damaged page stops nothing but its own station, which is left out until all is looked through again.
"""

import heapq
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from server.store.chains import HOUR_MS
from server.store.pruning import Hour, Pruning
from server.store.schema import is_corrupt
from server.store.sqlite import Store

log = logging.getLogger(__name__)

DAY_MS: Final = 24 * HOUR_MS
BUDGET_S: Final = 0.02
"""Of a step; the hour that is begun in it is finished, some 5 ms at a snapshot each 30 s."""
PATIENCE: Final = 2
TIGHT: Final = 0.05
"""Share of the disk."""
GRACE_MS: Final = 2 * HOUR_MS
"""Longer than roll-ups wait for the present hour to be over, which is no standing still."""

Followers = Mapping[str, Callable[[], int | None]]
"""By name, the commit up to which each has taken everything for good, None for one that wants nothing; quick,
and callable from any thread."""


@dataclass(frozen=True, slots=True)
class Ages:
    """How long what is kept, in milliseconds.

    Attributes:
        raw_ms: snapshots.
        late_ms: what is needed to count people anew: a day longer than readings may be late.
        noted_ms: corrections and staff's counts.
    """

    raw_ms: int
    late_ms: int
    noted_ms: int

    @classmethod
    def of_days(cls, raw: int, late: int, noted: int) -> "Ages":
        """From settings in days."""
        return cls(raw * DAY_MS, (max(late, raw) + 1) * DAY_MS, max(noted, late + 1) * DAY_MS)


@dataclass(slots=True)
class _Round:
    """One look through the stations: of each the hours from ``next`` on, before ``before_hour``."""

    before_hour: int
    whole: bool
    next: list[Hour] = field(default_factory=list)


class _Now(NamedTuple):
    """The moment of a step: by the server's clock, by the stations' too, and where followers are."""

    server_ms: int
    present_ms: int
    reached: Mapping[str, int]


class Pruner:
    """Used by the store's writing thread.

    Attributes:
        pruned_total: rows taken out since the start.
        given_up_hours: hours of stations that did not wait for a follower.
        damaged: numbers of stations of which old rows stay, as SQLite finds the file damaged there.

    Args:
        free: the share of the disk that is free.
    """

    def __init__(self, store: Store, ages: Ages, followers: Followers, free: Callable[[], float]) -> None:
        self._store, self._ages, self._followers, self._free = store, ages, followers, free
        self._round = _Round(0, whole=False)
        self._whole_ms = -DAY_MS
        self._away: set[str] = set()
        self._behind: dict[str, _Now] = {}
        """Since when each follower is known to be behind what is old; forgotten when it has caught up."""
        self._seen_behind: set[str] = set()
        self.pruned_total = 0
        self.given_up_hours = 0
        self.damaged: set[int] = set()

    def waits(self, now_ms: int) -> bool:
        """Nothing has become old since the last round."""
        return not self._round.next and self._old_hour(now_ms) <= self._round.before_hour

    def step(self, now_ms: int, budget_s: float = BUDGET_S) -> bool:
        """Prune for so long; whether there may be more to do at once.

        Raises:
            sqlite3.Error: the store cannot be written now; nothing of the step has happened.
        """
        if self.waits(now_ms):
            return False
        end, gone, at = time.monotonic() + budget_s, 0, None
        try:
            with self._store.pruning() as pruning:
                now = self._looked(pruning, now_ms)
                todo = self._round.next.copy()
                while todo:
                    at = todo[0]
                    gone += self._visit(pruning, todo, now)
                    if time.monotonic() > end:
                        break
        except sqlite3.DatabaseError as error:
            if at is None or not is_corrupt(error):
                raise
            self._leave_out(at, error)
            return bool(self._round.next)
        self._round.next = todo
        self.pruned_total += gone
        return bool(todo)

    def _looked(self, pruning: Pruning, now_ms: int) -> _Now:
        """Begin a round if it is time; the moment of the step."""
        present_ms = pruning.present_ms(now_ms, self._ages.raw_ms)
        self._begin(pruning, present_ms)
        return _Now(now_ms, present_ms, self._reached() if self._round.next else {})

    def _leave_out(self, hour: Hour, error: sqlite3.Error) -> None:
        """Go on without a station of which old rows cannot be read; its next chance is the next round."""
        self._round.next = [each for each in self._round.next if each.station_no != hour.station_no]
        if hour.station_no not in self.damaged:
            self.damaged.add(hour.station_no)
            log.error("pruning_damaged station_no=%d from_hour=%d error=%s", *reversed(hour), error)

    def _old_hour(self, now_ms: int) -> int:
        """Hours before that one are old."""
        return (now_ms - self._ages.raw_ms) // HOUR_MS

    def _begin(self, pruning: Pruning, present_ms: int) -> None:
        """Begin a round when the last one is over and an hour has become old since."""
        before = self._old_hour(present_ms)
        if self._round.next or before <= self._round.before_hour:
            return
        tight = bool(self._behind) and self._free() < TIGHT
        whole = tight or present_ms - self._whole_ms >= DAY_MS
        if self._round.whole:  # the one that is over
            self._behind = {name: since for name, since in self._behind.items() if name in self._seen_behind}
        if whole:
            self._seen_behind.clear()
            self.damaged.intersection_update(pruning.stations())
        first = 0 if whole else self._round.before_hour
        self._whole_ms = present_ms if whole else self._whole_ms
        self._round = _Round(before, whole, [Hour(first, no) for no in pruning.stations()])

    def _visit(self, pruning: Pruning, todo: list[Hour], now: _Now) -> int:
        """Deal with the oldest hour that is left to look at; the rows that went."""
        asked = heapq.heappop(todo)
        hour = pruning.next_hour(asked.station_no, asked.hour, self._round.before_hour)
        if hour is None:
            if self._round.whole:
                self._tidy(pruning, asked.station_no, now)
                self.damaged.discard(asked.station_no)
            return 0
        found = Hour(hour, asked.station_no)
        if todo and todo[0] < found and hour > asked.hour:
            heapq.heappush(todo, found)  # others have older ones
            return 0
        heapq.heappush(todo, Hour(hour + 1, asked.station_no))
        return pruning.prune(found, self._late_hour(now)) if self._may_go(pruning, found, now) else 0

    def _may_go(self, pruning: Pruning, hour: Hour, now: _Now) -> bool:
        ages = pruning.ages(hour, now.server_ms)
        if ages.received_ms >= now.present_ms - self._ages.raw_ms or pruning.stays(hour):
            return False
        behind = {name: taken for name, taken in now.reached.items() if taken < ages.newest_id}
        if not behind:
            return True
        if not self._gone_without(hour, behind, now):
            return False
        pruning.give_up(hour, behind, now.present_ms)
        self.given_up_hours += 1
        self._say(behind)
        return True

    def _gone_without(self, hour: Hour, behind: Iterable[str], now: _Now) -> bool:
        """True for hours that wait for these followers no longer."""
        waited_ms = min(self._behind_ms(name, now) for name in behind)
        old_ms = now.present_ms - PATIENCE * self._ages.raw_ms
        if (hour.hour + 1) * HOUR_MS <= old_ms and waited_ms >= self._ages.raw_ms:
            return True
        return waited_ms >= GRACE_MS and self._free() < TIGHT

    def _behind_ms(self, name: str, now: _Now) -> int:
        """For how long a follower is known to be behind: by both clocks, as either may jump."""
        self._seen_behind.add(name)
        since = self._behind.setdefault(name, now)
        return min(now.server_ms - since.server_ms, now.present_ms - since.present_ms)

    def _say(self, behind: Mapping[str, int]) -> None:
        for name, reached in behind.items():
            if name not in self._away:
                self._away.add(name)
                log.error("follower_given_up follower=%s reached=%d", name, reached)

    def _reached(self) -> dict[str, int]:
        """Where the followers are; one that cannot say has taken nothing."""
        found = {}
        for name, ask in self._followers.items():
            try:
                taken = ask()
            except (OSError, sqlite3.Error) as error:
                log.warning("follower_unknown follower=%s error=%s", name, error)
                taken = 0
            if taken is not None:
                found[name] = taken
        return found

    def _late_hour(self, now: _Now) -> int:
        return (now.present_ms - self._ages.late_ms) // HOUR_MS

    def _tidy(self, pruning: Pruning, station_no: int, now: _Now) -> None:
        pruning.forget_people(station_no, self._late_hour(now))
        pruning.forget_corrections(station_no, now.present_ms - self._ages.noted_ms)
