"""A stretch of a station's time, gone through from the nearest kept count of people on.

For a start in the middle, for what came late, and for filling a bucket with what was there before.
"""

import heapq
from collections.abc import Iterator
from typing import Final

from server.influx.places import HOUR_MS, Place
from server.influx.track import Track
from server.occupancy import StaffCount
from server.store.commits import Commits, Row
from server.store.people import Sight

WARM_MS: Final = 600_000
"""So much earlier it is begun: longer than any word is held back."""
END_OF_TIME_MS: Final = 2**53
LAST_COMMIT: Final = 2**63 - 1


class Stretch:
    """Goes through a station's rows and staff's counts from ``from_ms`` on, in the order of time.

    It begins earlier by :data:`WARM_MS`, without a line, so that words held back are as they were.

    Args:
        place: the station.
        up_to: rows of later commits are left out.

    Attributes:
        track: the state after what was gone through.
    """

    def __init__(self, commits: Commits, place: Place, from_ms: int, *, up_to: int = LAST_COMMIT) -> None:
        self._commits, self._place, self._up_to = commits, place, up_to
        self._station_id = place.known.station.id
        self._from_ms = from_ms
        people = commits.checkpoint(self._station_id, from_ms - WARM_MS)
        self.track = Track(people)
        self._begin_ms = 0 if people is None else (people.at_ms // HOUR_MS + 1) * HOUR_MS
        self._counts = iter(commits.staff_counts(self._station_id, self._begin_ms))
        self._counted = next(self._counts, None)

    def lines(self, to_ms: int = END_OF_TIME_MS) -> Iterator[tuple[Row | Sight, list[str]]]:
        """Each row of ``from_ms <= at_ms < to_ms`` with its lines; of a pruned one those of the people."""
        rows: Iterator[Row | Sight] = self._commits.stretch(self._station_id, self._begin_ms, to_ms)
        sights: Iterator[Row | Sight] = self._commits.sights(self._station_id, self._begin_ms, to_ms)
        for row in heapq.merge(rows, sights, key=_at_ms):
            if isinstance(row, Row) and (row.undated or row.id > self._up_to):
                continue
            self._count(row.at_ms)
            early = row.at_ms < self._from_ms
            lines = self.track.readable(self._place, row, silent=early)
            if not early:
                yield row, lines
        self._count(to_ms - 1)

    def _count(self, at_ms: int) -> None:
        """Take in what staff counted up to then; of the same time their count comes first."""
        counted: StaffCount | None = self._counted
        while counted is not None and counted.at_ms <= at_ms:
            self.track.count(self._place, counted)
            counted = self._counted = next(self._counts, None)


def _at_ms(each: Row | Sight) -> int:
    return each.at_ms


def track_before(commits: Commits, place: Place, at_ms: int) -> Track:
    """A station's state just before ``at_ms``, with the units as they were last said."""
    stretch = Stretch(commits, place, at_ms)
    for _ in stretch.lines(at_ms):
        raise AssertionError("nothing is at or after the end")
    return stretch.track
