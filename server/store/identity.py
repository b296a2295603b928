"""Which snapshots are committed: ranges of sequence numbers by stream, kept after rows are pruned."""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

MAX_CACHED_STREAMS: Final = 20_000
"""Streams whose ranges stay in memory: several starts of every agent of the largest network."""


class Ranges:
    """A set of whole numbers, kept as sorted ranges that neither overlap nor touch.

    Attributes:
        changed: ranges written since last asked, first number to last; None for one that is gone.
    """

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        pairs = sorted(ranges)
        self._firsts = [first for first, _ in pairs]
        self._lasts = [last for _, last in pairs]
        self.changed: dict[int, int | None] = {}

    def __contains__(self, number: int) -> bool:
        position = bisect_right(self._firsts, number) - 1
        return position >= 0 and number <= self._lasts[position]

    def pairs(self) -> list[tuple[int, int]]:
        """All ranges, both ends included."""
        return list(zip(self._firsts, self._lasts, strict=True))

    def add(self, number: int) -> None:
        """Add a number that is not in the set yet."""
        after = bisect_right(self._firsts, number)
        touches_before = after > 0 and self._lasts[after - 1] == number - 1
        touches_after = after < len(self._firsts) and self._firsts[after] == number + 1
        last = self._remove(after) if touches_after else number
        if touches_before:
            self._lasts[after - 1] = last
            self.changed[self._firsts[after - 1]] = last
        else:
            self._firsts.insert(after, number)
            self._lasts.insert(after, last)
            self.changed[number] = last

    def _remove(self, position: int) -> int:
        self.changed[self._firsts.pop(position)] = None
        return self._lasts.pop(position)


class Committed:
    """The ranges of all streams, read from the store when first needed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._streams: dict[int, Ranges] = {}
        self._touched: set[int] = set()

    def of(self, stream_no: int) -> Ranges:
        """The committed numbers of one stream."""
        ranges = self._streams.get(stream_no)
        if ranges is None:
            rows = self._connection.execute(
                "SELECT first, last FROM committed WHERE stream = ?", (stream_no,)
            )
            ranges = self._streams[stream_no] = Ranges(rows)
        return ranges

    def add(self, stream_no: int, number: int) -> None:
        """Take note of a number that is committed with the caller's transaction."""
        self.of(stream_no).add(number)
        self._touched.add(stream_no)

    def save(self) -> None:
        """Write what was added, within the caller's transaction."""
        changes = [(no, self.of(no).changed) for no in self._touched]
        gone = [(no, first) for no, changed in changes for first, last in changed.items() if last is None]
        kept = [(no, first, last) for no, changed in changes for first, last in changed.items() if last]
        self._connection.executemany("DELETE FROM committed WHERE stream = ? AND first = ?", gone)
        self._connection.executemany("INSERT OR REPLACE INTO committed VALUES (?, ?, ?)", kept)
        for _, changed in changes:
            changed.clear()
        self._touched.clear()

    def trim(self) -> None:
        """Keep memory bounded; call between transactions."""
        if len(self._streams) > MAX_CACHED_STREAMS:
            self._streams.clear()
