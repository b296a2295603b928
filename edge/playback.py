"""A recording on the station's clock: moved by whole weeks, and begun again when it is over."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from edge.recordings import Description, Row, rows, span

DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS


class Playback:
    """Hands out rows when their time has come.

    Attributes:
        first_ms, last_ms: where the recording begins and ends on the station's clock, UTC milliseconds.
    """

    def __init__(self, description: Description, now_ms: int, *, repeat: bool) -> None:
        """Move the recording so that it ends at or before ``now_ms``, less than a week before.

        With ``repeat`` it begins again after its own length, rounded up to whole weeks (to whole days,
        if it is shorter than a week).
        """
        first, last = span(description.layout)
        self._shift_ms = (now_ms - last) // WEEK_MS * WEEK_MS
        self.first_ms, self.last_ms = first + self._shift_ms, last + self._shift_ms
        self._period_ms = _period(last - first) if repeat else None
        self._description = description
        self._rows = rows(description)
        self._next: Row | None = None
        self._advance()

    @property
    def next_ms(self) -> int | None:
        """When the next row is due; None when there is none left."""
        return None if self._next is None else self._next.at_ms

    def skip_to(self, at_ms: int) -> None:
        """Pass over everything before ``at_ms``."""
        if self._period_ms and at_ms > self.first_ms + self._period_ms:
            passes = (at_ms - self.first_ms) // self._period_ms
            self._restart(passes * self._period_ms)
        while self._next is not None and self._next.at_ms < at_ms:
            self._advance()

    def due(self, at_ms: int) -> Iterator[Row]:
        """The rows up to and including ``at_ms``, each handed out once."""
        while self._next is not None and self._next.at_ms <= at_ms:
            row = self._next
            self._advance()
            yield row

    def close(self) -> None:
        """Close the file."""
        self._rows.close()
        self._next = None

    def _advance(self) -> None:
        row = next(self._rows, None)
        if row is None and self._period_ms:
            self._restart(self._period_ms)
            return
        self._next = row and replace(row, at_ms=row.at_ms + self._shift_ms)

    def _restart(self, later_ms: int) -> None:
        self._rows.close()
        self._rows = rows(self._description)
        self._shift_ms += later_ms
        row = next(self._rows)
        self._next = replace(row, at_ms=row.at_ms + self._shift_ms)


def _period(length_ms: int) -> int:
    unit = WEEK_MS if length_ms >= WEEK_MS else DAY_MS
    return (length_ms // unit + 1) * unit
