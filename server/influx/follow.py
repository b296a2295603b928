"""Commits in their order as lines, and stations to be written anew where a row came late.

Each station has a :class:`Track` that goes on with its newest row, at 50 µs a row. A row that is older than
what its station has had already says nothing alone: it may change the people counted from then on, the words
held back, what changed at a unit. So the station is noted, and written anew from that time to its newest row,
which puts each point over the one that it corrects.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from server.influx.ledger import Late
from server.influx.places import Place, Places
from server.influx.stretch import Stretch, track_before
from server.influx.track import Track
from server.store.commits import Commits, Row

MOST_LINES: Final = 5_000
"""Of one request, as InfluxDB advises."""
MOST_ROWS: Final = 1_000
"""Read at once: some 50 ms of work."""


@dataclass(slots=True)
class Piece:
    """Lines for one request, and what is done when they are written.

    Attributes:
        since_ms: when the first row of it was received.
        commits, received_ms: everything up to this commit is in this piece or before it.
        late: what has to be written anew.
        rows: how many rows of the store it is made of.
    """

    lines: list[str]
    since_ms: int
    commits: int
    received_ms: int
    late: dict[str, Late]
    rows: int = 0


class Follow:
    """Makes lines of what was committed. Used by one thread."""

    def __init__(self, commits: Commits, places: Places) -> None:
        self._commits, self._places = commits, places
        self._tracks: dict[str, Track] = {}
        self._counted: dict[str, int] | None = None

    def forget(self) -> None:
        """Begin afresh with all that is remembered of the stations."""
        self._tracks.clear()
        self._commits.forget()

    def next(self, after_id: int, received_ms: int, now_ms: int) -> Iterator[Piece]:
        """The next commits in pieces; none when there are none."""
        last, rows = self._commits.next(after_id, MOST_ROWS)
        if last == after_id:
            return
        piece = Piece([], now_ms, after_id, received_ms, {})
        for row in rows:
            if not piece.rows:
                piece.since_ms = row.received_ms
            self._take(row, piece, now_ms)
            if len(piece.lines) >= MOST_LINES:
                yield piece
                piece = Piece([], now_ms, row.id, row.received_ms, {})
        piece.commits = last  # damaged rows behind the last good one are passed over for good
        yield piece

    def _take(self, row: Row, piece: Piece, now_ms: int) -> None:
        piece.rows += 1
        piece.commits, piece.received_ms = row.id, row.received_ms
        place = None if row.undated else self._places.of(row.station_id)
        if place is None:
            return
        track = self._tracks.get(row.station_id) or self._begun(place, row)
        if track is None or row.at_ms <= track.at_ms:
            piece.late[row.station_id] = _noted(piece.late.get(row.station_id), row, now_ms)
        else:
            piece.lines += track.readable(place, row)

    def _begun(self, place: Place, row: Row) -> Track | None:
        """The state before the first row of a station since the start; None when there are newer rows."""
        newest_ms = self._commits.measured_before(row.station_id, row.id)
        if newest_ms is not None and newest_ms >= row.at_ms:
            return None
        track = self._tracks[row.station_id] = track_before(self._commits, place, row.at_ms)
        return track

    def counted(self, after_id: int, now_ms: int) -> list[Late]:
        """Stations where staff have counted since the last call, to be written anew from then on."""
        counted = self._commits.last_staff_counts()
        before, self._counted = self._counted, counted
        if before is None:
            return []
        return [
            Late(station_id, at_ms, after_id + 1, now_ms, 0)
            for station_id, at_ms in counted.items()
            if before.get(station_id) != at_ms
        ]

    def anew(self, late: Late, up_to: int) -> Iterator[Piece]:
        """A station from ``late.from_ms`` to the newest row of those commits; one piece at least."""
        place, piece = self._places.of(late.station_id), Piece([], late.noted_ms, up_to, late.from_ms, {})
        if place is not None:
            stretch = Stretch(self._commits, place, late.from_ms, up_to=up_to)
            for row, lines in stretch.lines():
                piece.lines += lines
                piece.rows += 1
                piece.received_ms = row.at_ms
                if len(piece.lines) >= MOST_LINES:
                    yield piece
                    piece = Piece([], late.noted_ms, up_to, row.at_ms, {})
            self._tracks[late.station_id] = stretch.track
        yield piece


def _noted(before: Late | None, row: Row, now_ms: int) -> Late:
    if before is None:
        return Late(row.station_id, row.at_ms, row.id, now_ms, now_ms)
    return before._replace(from_ms=min(before.from_ms, row.at_ms))
