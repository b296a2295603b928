"""Writes what the store holds to InfluxDB, for the first time or once more: station by station, in time.

It only reads the store and has nothing to do with how far the server has written: both may run. A point that
is there already is overwritten with the same values, so it can be stopped anywhere and asked again.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from server.influx.answers import pause_ms
from server.influx.places import Place
from server.influx.stretch import Stretch
from server.influx.writer import Letter, NotTakenError, Write, write
from server.store.commits import Commits

MOST_LINES: Final = 5_000
"""Of one request, as InfluxDB advises."""
FEWEST_LINES: Final = 100
MOST_TRIES: Final = 10
"""In a row; with the pauses between them some four minutes."""
MOST_LETTERS: Final = 10
"""Refused lines that are shown; all are counted."""


class Span(NamedTuple):
    """A station's time from ``from_ms`` on, before ``to_ms``."""

    place: Place
    from_ms: int
    to_ms: int

    @property
    def station_id(self) -> str:
        """Its id; spans come in the order of ids."""
        return self.place.known.station.id


@dataclass(frozen=True, slots=True)
class Reached:
    """How far it came.

    Attributes:
        job: what was asked for; another question begins anew.
        asked_ms: when it was asked for; later rows are the server's to write.
        station_id, at_ms: stations of smaller ids are written, and this one before that time.
        lines, refused: so many were written, and refused by InfluxDB for good.
    """

    job: str
    asked_ms: int
    station_id: str = ""
    at_ms: int = 0
    lines: int = 0
    refused: int = 0


class StoppedError(Exception):
    """InfluxDB took nothing, at the beginning or for long; the message says why."""


class Bookmark:
    """The file that says how far it came, for the next time."""

    def __init__(self, path: Path, job: str) -> None:
        self._path, self._job = path, job

    def read(self, now_ms: int) -> Reached:
        """Where to go on; the beginning where there is no file, or one of another job."""
        with suppress(OSError, ValueError, TypeError):
            reached = Reached(**json.loads(self._path.read_text(encoding="utf-8")))
            if reached.job == self._job:
                return reached
        return Reached(self._job, now_ms)

    def write(self, reached: Reached) -> None:
        """Replace it whole: a stop in between leaves the one before."""
        new = self._path.with_name(f"{self._path.name}.new")
        new.write_text(json.dumps(asdict(reached)), encoding="utf-8")
        new.replace(self._path)

    def remove(self) -> None:
        """There is nothing left to do."""
        self._path.unlink(missing_ok=True)


Tell = Callable[[Reached, str], None]
"""Hears how far it is, and why it waits, "" when it does not."""


class Backfill:
    """One job.

    Args:
        request: writes lines to InfluxDB.
        reached: as the bookmark says.
        sleep: waits so many seconds.

    Attributes:
        reached: how far it is now.
        letters: the first lines that InfluxDB refused for good this time.
    """

    def __init__(
        self,
        request: Write,
        bookmark: Bookmark,
        reached: Reached,
        tell: Tell,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.reached = reached
        self.letters: list[Letter] = []
        self._request, self._bookmark, self._tell, self._sleep = request, bookmark, tell, sleep
        self._size, self._any_taken = MOST_LINES, False

    def run(self, commits: Commits, spans: Sequence[Span]) -> None:
        """Write everything behind :attr:`reached`.

        Raises:
            StoppedError: the next time it goes on from where it came to.
        """
        waiting: list[str] = []
        self._tell(self.reached, "")
        upto = self.reached.station_id, self.reached.at_ms
        for station_id, at_ms, lines in _pieces(commits, spans, self.reached):
            if waiting and len(waiting) + len(lines) > MOST_LINES:
                self._write(waiting, *upto)
                waiting = []
            waiting += lines
            upto = station_id, at_ms
            if not waiting:
                self._go_on(*upto)
        if waiting:
            self._write(waiting, *upto)
        self._bookmark.remove()

    def _write(self, lines: Sequence[str], station_id: str, at_ms: int) -> None:
        """Write all these lines; they go up to ``at_ms`` of that station."""
        letters: list[Letter] = []
        at = 0
        while at < len(lines):
            piece = lines[at : at + self._size]
            taken = self._tried(piece)
            if taken is not None:
                letters += taken
                at += len(piece)
        self.letters += letters[: MOST_LETTERS - len(self.letters)]
        before = self.reached
        self.reached = replace(
            before, lines=before.lines + len(lines) - len(letters), refused=before.refused + len(letters)
        )
        self._go_on(station_id, at_ms)
        self._bookmark.write(self.reached)

    def _go_on(self, station_id: str, at_ms: int) -> None:
        self.reached = replace(self.reached, station_id=station_id, at_ms=at_ms)
        self._tell(self.reached, "")

    def _tried(self, piece: Sequence[str]) -> list[Letter] | None:
        """Write a piece, however long it takes; None when it has to be a smaller one."""
        for tries in range(1, MOST_TRIES + 1):
            try:
                letters = write(piece, self._request)
            except NotTakenError as error:
                later = error.later
            else:
                self._any_taken = True
                return letters
            if later.smaller and self._size > FEWEST_LINES:
                self._size //= 2
                return None
            if tries == MOST_TRIES or not self._any_taken:
                raise StoppedError(later.why)
            self._tell(self.reached, later.why)
            self._sleep(max(later.pause_ms or 0, pause_ms(tries)) / 1000)
        raise AssertionError("unreachable")


def _pieces(
    commits: Commits, spans: Sequence[Span], reached: Reached
) -> Iterator[tuple[str, int, list[str]]]:
    """Lines for a request at most, with their station and the time up to which they go."""
    for span in spans:
        from_ms = span.from_ms
        if span.station_id == reached.station_id:
            from_ms = max(from_ms, reached.at_ms)
        if span.station_id < reached.station_id or from_ms >= span.to_ms:
            continue
        together: list[str] = []
        for row, lines in Stretch(commits, span.place, from_ms).lines(span.to_ms):
            if len(together) + len(lines) > MOST_LINES:
                yield span.station_id, row.at_ms, together
                together = []
            together += lines
        yield span.station_id, span.to_ms, together
