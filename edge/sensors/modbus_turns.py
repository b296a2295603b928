"""Whose turn it is on a bus that only one device can use at a time. Pure."""

from collections.abc import Iterable
from typing import Final

TRIES: Final = 3
"""A device that failed so often in a row is asked more rarely."""

REST_MS: Final = 30_000
"""The longest rest of a device that does not answer: once repaired, it is seen within this."""

PENALTY_MS: Final = 10_000
"""So far a device that fails stands back behind those that answer: its silence costs them a time-out."""


class Turn:
    """When one device is asked next."""

    def __init__(self, interval_ms: int) -> None:
        self.due_ms: int | None = None
        self._interval_ms = interval_ms
        self._failures = 0

    @property
    def failing(self) -> bool:
        """Whether the last question had no good answer."""
        return self._failures > 0

    def rank_ms(self, mono_ms: int) -> int:
        """The smallest goes first among those that are due."""
        due_ms = mono_ms if self.due_ms is None else self.due_ms
        return due_ms + (PENALTY_MS if self.failing else 0)

    def done(self, mono_ms: int, *, well: bool) -> None:
        """The device was asked at ``mono_ms``. On the grid of its interval, unless the bus was held up."""
        self._failures = 0 if well else self._failures + 1
        rest_ms = self._interval_ms
        if self._failures >= TRIES:
            rest_ms = max(rest_ms, min(REST_MS, self._interval_ms << min(self._failures - TRIES + 1, 8)))
        planned = (mono_ms if self.due_ms is None else self.due_ms) + rest_ms
        self.due_ms = planned if planned > mono_ms + rest_ms // 2 else mono_ms + rest_ms


def next_turn(turns: Iterable[Turn], mono_ms: int) -> tuple[Turn | None, int | None]:
    """Whose turn it is now, or None and in how many milliseconds somebody's will be (None: never)."""
    ordered = sorted(turns, key=lambda turn: turn.rank_ms(mono_ms))
    for turn in ordered:
        if turn.due_ms is None or turn.due_ms <= mono_ms:
            return turn, None
    waits = [turn.due_ms - mono_ms for turn in ordered if turn.due_ms is not None]
    return None, min(waits, default=None)
