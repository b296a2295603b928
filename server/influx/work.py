"""What is to be written next, in which order, and what is noted once it is. Used by one thread.

Lines of networks first, as nothing can make them again; then commits in their order; then stations with late
rows, once these have come to rest.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from server.influx.follow import MOST_LINES, MOST_ROWS, Follow, Piece
from server.influx.ledger import Late, Ledger
from server.influx.minutes import MINUTE_MS
from server.influx.writer import Letter
from server.store.commits import Commits

log = logging.getLogger(__name__)

FOLLOW_MS: Final = 5_000
"""How often new commits are looked for once all are written."""
SETTLED_MS: Final = 5_000
PATIENCE_MS: Final = 60_000
"""A backlog comes in many messages: its station is written anew when none has come for so long, or then."""

Done = Callable[[list[Letter], int], None]


@dataclass(slots=True)
class Task:
    """Lines to be written.

    Attributes:
        since_ms: when the first thing was heard of that is in them.
        done: called with what was refused, and the time, once all else is written.
        letters: what has been refused so far.
    """

    lines: list[str]
    since_ms: int
    done: Done
    letters: list[Letter] = field(default_factory=list)


class Work:
    """Finds tasks.

    Args:
        minute: the lines of the networks as they are at present.
        damaged: what an earlier file said of how far all is written is lost.
    """

    def __init__(
        self,
        ledger: Ledger,
        commits: Commits,
        follow: Follow,
        minute: Callable[[int], list[str]],
        *,
        damaged: bool = False,
    ) -> None:
        self.ledger = ledger
        self._commits, self._follow = commits, follow
        self._minute = minute
        self._source: Iterator[Task] = iter(())
        self._looked_ms, self._more = -FOLLOW_MS, False
        self._kept_ms = 0
        self._late = {each.station_id: each for each in ledger.late()}
        if ledger.followed().commits < 0:
            self._begin(damaged)

    def _begin(self, damaged: bool) -> None:
        """From now on, whether or not InfluxDB is there; then all there is, where nobody knows better."""
        commits, received_ms = self._commits.newest()
        spans = self._commits.spans() if damaged else {}
        all_there_is = [Late(name, span[0], 1, received_ms, received_ms) for name, span in spans.items()]
        self.ledger.follow(commits, received_ms, all_there_is, [], received_ms)
        self._late = {each.station_id: each for each in self.ledger.late()}
        log.info("influx_begun commits=%d anew=%d", commits, len(all_there_is))

    def close(self) -> None:
        """Let go of the file, and of all that was remembered of stations."""
        self.ledger.close()
        self._follow.forget()

    def keep_minute(self, now_ms: int) -> None:
        """Note how the networks are, once a minute, also while nothing can be written."""
        minute_ms = now_ms // MINUTE_MS * MINUTE_MS
        if minute_ms != self._kept_ms:
            self._kept_ms = minute_ms
            self.ledger.wait(self._minute(now_ms), minute_ms)

    def next(self, now_ms: int) -> Task | None:
        """What is due; None when nothing is."""
        task = next(self._source, None)
        if task is None:
            self._source = self._due(now_ms)
            task = next(self._source, None)
        return task

    def since_ms(self) -> int | None:
        """Since when there is a station that has to be written anew; None when there is none."""
        return min((late.noted_ms for late in self._late.values()), default=None)

    def reached(self) -> int:
        """The commit up to which all is written."""
        first = min((late.first_id - 1 for late in self._late.values()), default=None)
        followed = max(0, self.ledger.followed().commits)
        return followed if first is None else min(first, followed)

    @property
    def late(self) -> int:
        """How many stations have to be written anew."""
        return len(self._late)

    def rows(self) -> int:
        """How many commits are not written, roughly."""
        return max(0, self._commits.newest()[0] - self.ledger.followed().commits)

    def _due(self, now_ms: int) -> Iterator[Task]:
        yield from self._waiting()
        if self._more or not 0 <= now_ms - self._looked_ms < FOLLOW_MS:
            self._looked_ms = now_ms
            yield from self._followed(now_ms)
        if not self._more:
            yield from self._anew(now_ms)

    def _waiting(self) -> Iterator[Task]:
        last, since_ms, lines = self.ledger.waiting(MOST_LINES)
        if lines:
            yield Task(lines, since_ms, partial(self.ledger.waited, last))

    def _followed(self, now_ms: int) -> Iterator[Task]:
        after_id, received_ms = self._cursor()
        self._note(self._follow.counted(after_id, now_ms))
        rows = 0
        for piece in self._follow.next(after_id, received_ms, now_ms):
            rows += piece.rows
            yield Task(piece.lines, piece.since_ms, partial(self._follow_done, piece))
        self._more = rows > 0 and self.rows() >= MOST_ROWS // 2

    def _cursor(self) -> tuple[int, int]:
        """Where to go on; in a file that was replaced as told there."""
        followed = self.ledger.followed()
        if self._commits.replaced():
            found = self._commits.found_again(followed.commits, followed.received_ms)
            if found != followed.commits:
                log.warning("influx_store_replaced commits=%d goes_on=%d", followed.commits, found)
                self._follow.forget()
                self.ledger.begin(found, followed.received_ms)
        followed = self.ledger.followed()
        return followed.commits, followed.received_ms

    def _follow_done(self, piece: Piece, letters: list[Letter], now_ms: int) -> None:
        late = piece.late.values()
        self.ledger.follow(piece.commits, piece.received_ms, late, letters, now_ms)
        if late:
            self._late = {each.station_id: each for each in self.ledger.late()}

    def _note(self, late: list[Late]) -> None:
        if late:
            self.ledger.note(late)
            self._late = {each.station_id: each for each in self.ledger.late()}

    def _anew(self, now_ms: int) -> Iterator[Task]:
        """The station that has waited longest, to its newest row."""
        due = next((late for late in self._late.values() if _at_rest(late, now_ms)), None)
        if due is None:
            return
        pieces = self._follow.anew(due, self.ledger.followed().commits)
        piece = next(pieces)
        for following in pieces:
            yield Task(piece.lines, due.noted_ms, partial(self._anew_done, due, piece.received_ms))
            piece = following
        yield Task(piece.lines, due.noted_ms, partial(self._anew_done, due, None))

    def _anew_done(self, late: Late, up_to_ms: int | None, letters: list[Letter], now_ms: int) -> None:
        self.ledger.rewritten(late, up_to_ms, letters, now_ms)
        if up_to_ms is None:
            self._late.pop(late.station_id, None)


def _at_rest(late: Late, now_ms: int) -> bool:
    quiet, waited = now_ms - late.heard_ms, now_ms - late.noted_ms
    return not (0 <= quiet < SETTLED_MS and 0 <= waited < PATIENCE_MS)
