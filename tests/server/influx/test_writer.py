"""A refused batch is split until only the bad lines are left, in few requests."""

from collections.abc import Sequence

import pytest

from server.influx.answers import TAKEN, Answer, Later, Refused
from server.influx.writer import Letter, NotTakenError, write


class Picky:
    """Takes all lines but those that hold a word, and keeps a batch in part or not at all."""

    def __init__(self, bad: str, *, partly: bool, counts: bool) -> None:
        self._bad, self._partly, self._counts = bad, partly, counts
        self.kept: set[str] = set()
        self.requests = 0

    def take(self, lines: Sequence[str]) -> Answer:
        self.requests += 1
        bad = [line for line in lines if self._bad in line]
        if not bad or self._partly:
            self.kept |= set(lines) - set(bad)
        return Refused("no", len(bad) if self._counts else None) if bad else TAKEN


def batch(bad: Sequence[int] = ()) -> list[str]:
    """Five thousand lines of five measurements."""
    names = ("climate", "occupancy", "status", "sockets", "cabinets")
    return [f"{names[n % 5]},n={n} v={'bad' if n in bad else 1} {n}" for n in range(5_000)]


@pytest.mark.parametrize(("partly", "counts"), [(True, True), (True, False), (False, False)])
def test_only_the_bad_lines_are_left(partly: bool, counts: bool) -> None:
    server, lines = Picky("bad", partly=partly, counts=counts), batch([17, 1_017, 2_500, 4_018, 4_999])
    letters = write(lines, server.take)
    assert {letter.line for letter in letters} == {line for line in lines if "bad" in line}
    assert server.kept == {line for line in lines if "bad" not in line}
    assert server.requests <= 110, "one in a thousand"


def test_a_measurement_that_is_refused_whole_costs_few_requests() -> None:
    server, lines = Picky("climate", partly=True, counts=True), batch()
    letters = write(lines, server.take)
    assert letters == [Letter(line, "no") for line in lines if line.startswith("climate")]
    assert len(server.kept) == 4_000
    assert server.requests == 6


def test_a_single_line() -> None:
    assert write(["m v=bad 1"], lambda _: Refused("no")) == [Letter("m v=bad 1", "no")]


def test_all_of_it_comes_again_when_one_piece_could_not_be_written() -> None:
    answers: list[Answer] = [Refused("no"), TAKEN, Later("503 not ready:", 5_000)]
    with pytest.raises(NotTakenError) as error:
        write(["a,n=1 v=1 1", "b,n=1 v=1 1", "c,n=1 v=1 1"], lambda _: answers.pop(0))
    assert error.value.later.pause_ms == 5_000
