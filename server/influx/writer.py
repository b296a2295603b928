"""Batches to InfluxDB: one that is refused is split until only the bad lines are left."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from server.influx.answers import Answer, Later, Refused, Taken

Write = Callable[[Sequence[str]], Answer]


class Letter(NamedTuple):
    """A line that InfluxDB refused for good, and why."""

    line: str
    why: str


class NotTakenError(Exception):
    """The lines have to come again; :attr:`later` says why and when."""

    def __init__(self, later: Later) -> None:
        super().__init__(later.why)
        self.later = later


def write(lines: Sequence[str], request: Write) -> list[Letter]:
    """Write all lines but those that are refused for good, which are returned.

    A batch with a bad line may be written in part or not at all, as the server likes; writing a point twice
    leaves one, so all of it comes again in pieces: by measurement first, as a conflict of types refuses all
    lines of one, then by halves.

    Raises:
        NotTakenError: some lines are not known to be written; the whole is to be repeated.
    """
    answer = _asked(lines, request)
    if not isinstance(answer, Refused):
        return []
    letters: list[Letter] = []
    pieces = deque(_pieces(lines, answer, letters))
    while pieces:
        piece = pieces.popleft()
        answer = _asked(piece, request)
        if isinstance(answer, Refused):
            pieces.extendleft(reversed(_halves(piece, answer, letters)))
    return letters


def _asked(lines: Sequence[str], request: Write) -> Taken | Refused:
    answer = request(lines)
    if isinstance(answer, Later):
        raise NotTakenError(answer)
    return answer


def _pieces(lines: Sequence[str], refused: Refused, letters: list[Letter]) -> list[Sequence[str]]:
    by_measurement: dict[str, list[str]] = {}
    for line in lines:
        by_measurement.setdefault(line.partition(",")[0], []).append(line)
    if len(by_measurement) == 1:
        return _halves(lines, refused, letters)
    return list(by_measurement.values())


def _halves(lines: Sequence[str], refused: Refused, letters: list[Letter]) -> list[Sequence[str]]:
    """The two halves; nothing is left to ask of a single line, or where all of them were dropped."""
    if len(lines) == 1 or refused.dropped == len(lines):
        letters += [Letter(line, refused.why) for line in lines]
        return []
    middle = len(lines) // 2
    return [lines[:middle], lines[middle:]]
