"""Decides what may be sent now, from what was sent and what was answered.

An *answer* is the server's word that rows are committed or refused; the broker's PUBACK is none. While
answers come, the newest snapshot goes at once and the backlog behind it. While none come, only the newest
goes, ever more rarely, as a question whether somebody listens again. ``mono_ms`` is any clock that
never goes back.
"""

from collections.abc import Collection, Iterable, Sequence
from random import Random
from typing import Final

from edge.outbox import Row

ANSWER_MS: Final = 20_000
"""A row that the broker has had for this long without an answer is sent again, or, when no row was answered
meanwhile, nobody listens. The server commits within 50 ms; the rest is for a restart of it."""

QUIET_MS: Final = (30_000, 60_000, 120_000, 240_000, 300_000)
"""Between questions while nobody answers."""

BATCH_MS: Final = 200
BATCH_ROWS: Final = 200
BATCH_BYTES: Final = 32 * 1024
"""The backlog's pace: five messages a second, each of at most so many rows and bytes."""

FIRST_BYTES: Final = 4 * 1024
MAX_UNANSWERED: Final = 8 * BATCH_BYTES
"""Bytes on their way: so many at first, doubled with each batch that is answered quickly, halved with each
late answer. So a slow link carries small batches, of which some arrive before it is cut, and the newest never
waits long."""

QUICK_MS: Final = 5000
"""An answer later than this came over a link, or from a server, that is full: more than two seconds each way
besides the server's commit."""

ALONE_TRIES: Final = 3
"""A row that got no answer so often, while others did, no longer travels with others."""


class Flow:
    """What is on its way, and who may follow it."""

    def __init__(self, random: Random) -> None:
        """``random`` spreads the questions of many stations."""
        self._random = random
        self._sizes: dict[int, int] = {}
        self._sent_ms: dict[int, int] = {}
        self._at_broker: dict[int, int] = {}
        self._tries: dict[int, int] = {}
        self._unanswered = 0
        self._answered_ms: int | None = None
        self._quiet = 0
        self._ask_ms = 0
        self._proven = False
        self._last_newest = 0
        self._batch_due_ms = 0
        self._window = FIRST_BYTES

    @property
    def on_their_way(self) -> Collection[int]:
        """Ids of the rows that wait for an answer."""
        return self._sizes.keys()

    @property
    def quiet(self) -> bool:
        """Whether nobody answers."""
        return self._quiet > 0

    @property
    def flowing(self) -> bool:
        """Whether somebody answers on this connection."""
        return self._proven and not self._quiet

    @property
    def batch_bytes(self) -> int:
        """How big the next batch may be."""
        return min(BATCH_BYTES, self._window)

    def connected(self) -> None:
        """A new connection: what was on its way over the old one goes again."""
        for row in list(self._sizes):
            self._give_up(row)
        self._quiet = 0
        self._proven = False
        self._last_newest = 0
        self._window = FIRST_BYTES

    def may_send_newest(self, mono_ms: int, row: int) -> bool:
        """Whether the newest row goes now; ``row`` is its id."""
        if self._quiet:
            return mono_ms >= self._ask_ms
        return row > self._last_newest and self._unanswered < MAX_UNANSWERED

    def may_send_backlog(self, mono_ms: int) -> bool:
        """Whether a batch goes now: somebody answers on this connection, and there is room."""
        return self.flowing and mono_ms >= self._batch_due_ms and self._unanswered < self._window

    def cut(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The part of a batch that may travel together: a row that got no answer thrice goes alone."""
        lonely = [i for i, row in enumerate(rows) if self._tries.get(row.id, 0) >= ALONE_TRIES]
        return rows if not lonely else rows[: max(1, lonely[0])]

    def sent_newest(self, mono_ms: int, row: Row) -> None:
        """The newest row is on its way."""
        self._last_newest = max(self._last_newest, row.id)
        self._note(mono_ms, [row])
        if self._quiet:
            self._ask_again(mono_ms)

    def sent_backlog(self, mono_ms: int, rows: Iterable[Row]) -> None:
        """A batch is on its way."""
        self._batch_due_ms = mono_ms + BATCH_MS
        self._note(mono_ms, rows)

    def taken_back(self, rows: Iterable[int]) -> None:
        """These rows will never be sent after all."""
        for row in rows:
            self._forget(row)

    def answered(self, mono_ms: int, rows: Iterable[int]) -> None:
        """The server spoke about these rows, or about rows that are long gone."""
        sent_ms, before = mono_ms, self._unanswered
        for row in rows:
            sent_ms = min(sent_ms, self._sent_ms.get(row, mono_ms))
            self._tries.pop(row, None)
            self._forget(row)
        self._pace(mono_ms - sent_ms, before - self._unanswered)
        self._answered_ms = mono_ms
        self._proven = True
        if self._quiet:
            # What was sent into the silence may be answered yet: it gets its full time from now on.
            self._at_broker = dict.fromkeys(self._at_broker, mono_ms)
            self._quiet = 0

    def delivered(self, mono_ms: int, rows: Iterable[int]) -> None:
        """The broker has these rows: the time for an answer begins, however slow the link is."""
        for row in rows:
            if row in self._sizes:
                self._at_broker.pop(row, None)
                self._at_broker[row] = mono_ms

    def unheard(self, mono_ms: int) -> None:
        """The broker said that nobody gets what is sent."""
        if not self._quiet:
            self._window = FIRST_BYTES
            self._ask_again(mono_ms)

    def check(self, mono_ms: int) -> None:
        """Give up waiting for answers that should have come."""
        while self._at_broker and not self._quiet:
            row, at_ms = next(iter(self._at_broker.items()))
            if mono_ms - at_ms < ANSWER_MS:
                return
            self._window = FIRST_BYTES
            if self._others_answered(at_ms):
                self._give_up(row)
            else:
                self.unheard(mono_ms)

    def _pace(self, took_ms: int, size: int) -> None:
        if took_ms > QUICK_MS:
            self._window = max(FIRST_BYTES, self._window // 2)
        elif 2 * size >= self.batch_bytes:
            # A lone heartbeat says nothing about how a batch would fare.
            self._window = min(MAX_UNANSWERED, self._window * 2)

    def _others_answered(self, at_ms: int) -> bool:
        return self._answered_ms is not None and self._answered_ms > at_ms

    def _ask_again(self, mono_ms: int) -> None:
        pause = QUIET_MS[min(self._quiet, len(QUIET_MS) - 1)]
        self._quiet += 1
        self._ask_ms = mono_ms + round(pause * self._random.uniform(0.5, 1))

    def _note(self, mono_ms: int, rows: Iterable[Row]) -> None:
        for row in rows:
            self._forget(row.id)
            self._sizes[row.id] = len(row.body)
            self._sent_ms[row.id] = mono_ms
            self._unanswered += len(row.body)

    def _give_up(self, row: int) -> None:
        at_ms = self._at_broker.get(row)
        if at_ms is not None and self._others_answered(at_ms):
            self._tries[row] = self._tries.get(row, 0) + 1
        self._forget(row)

    def _forget(self, row: int) -> None:
        self._unanswered -= self._sizes.pop(row, 0)
        self._sent_ms.pop(row, None)
        self._at_broker.pop(row, None)
