"""The count of people after pruning: as if nothing had gone."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.headcount import Headcount
from server.occupancy import Observation, Rules, fold
from server.store import Accepted
from server.store.chains import HOUR_MS
from server.store.pruner import Ages
from server.store.sqlite import Store
from tests.support.pruned import AGES, START_MS, accepted, hours, prune, pruner, times


class Counted:
    """A store with its count of people, as the ingest thread keeps it; pruned or not."""

    def __init__(self, path: Path, prunes: bool, ages: Ages = AGES) -> None:
        self.store = Store.open(path)
        self.headcount = Headcount(self.store)
        self.pruner = pruner(self.store, ages=ages)
        self._ages, self._prunes = ages, prunes

    def take(self, batch: Sequence[Accepted], now_ms: int) -> None:
        self.store.commit(batch)
        for each in batch:
            self.headcount.add(each.station_id, each.snapshot, now_ms)
        self.headcount.settle(now_ms + 60_000)
        self.headcount.keep()
        while self._prunes and self.pruner.step(now_ms):
            pass

    def everything(self, to_ms: int) -> tuple[object, ...]:
        """All that anybody is told of people, of the time in which readings may still come late."""
        since_ms = to_ms - self._ages.late_ms + 2 * HOUR_MS
        span = ("canteen", since_ms, to_ms)
        return (
            self.headcount.of("canteen"),
            self.store.corrections("canteen", *span[1:]),
            [self.store.crossed_before("canteen", "visits", at) for at in range(since_ms, to_ms, HOUR_MS)],
            [self.store.history(span[0], each, since_ms, to_ms, HOUR_MS // 4)
             for each in ("occupancy", "visits", "exits")],
        )  # fmt: skip


STEP_MS = 5 * 60_000
STEPS = 13 * 12
"""Thirteen hours, five minutes apart: often enough that nobody passes unseen, and empty rooms are known."""


@st.composite
def crossings(draw: st.DrawFn) -> list[int]:
    """People who came in each step: in some hours many, in others none, so that the count is corrected."""
    busy = draw(st.lists(st.booleans(), min_size=13, max_size=13))
    people = st.sampled_from([0, 0, 0, 1, 3])
    return [draw(people) if busy[step // 12] else 0 for step in range(STEPS)]


late_steps = st.dictionaries(st.integers(0, STEPS - 1), st.sampled_from([3, 13, 40, 80, 84]), max_size=40)
"""Readings that come so many steps late, seven hours at most."""


def day(came: Sequence[int], reset: int, late: Mapping[int, int]) -> list[tuple[int, list[Accepted]]]:
    """What arrives in each half hour, out of order; totals begin anew at ``reset``."""
    batches: dict[int, list[Accepted]] = {}
    for step in range(STEPS):
        total = sum(came[reset if step >= reset else 0 : step + 1])
        moved = max((n for n in range(step + 1) if came[n]), default=0)
        arrives = step + late.get(step, 0)
        row = accepted(
            step + 1, START_MS + step * STEP_MS, total, START_MS + arrives * STEP_MS + 100,
            motion_ms=START_MS + moved * STEP_MS,
        )  # fmt: skip
        batches.setdefault(arrives // 6, []).append(row)
    return [(START_MS + (number * 6 + 5) * STEP_MS, rows[::-1]) for number, rows in sorted(batches.items())]


@settings(deadline=None, max_examples=40)
@given(crossings(), st.integers(1, STEPS), late_steps)
def test_people_are_counted_as_if_nothing_had_been_pruned(
    tmp_path_factory: pytest.TempPathFactory, came: list[int], reset: int, late: dict[int, int]
) -> None:
    """Late readings before and after their neighbours are pruned, and totals that begin anew on the way."""
    folder = tmp_path_factory.mktemp("twins")
    ages = Ages(AGES.raw_ms, 11 * HOUR_MS, AGES.noted_ms)  # so that an hour can be pruned twice
    pruned, whole = (Counted(folder / f"{prunes}.db", prunes, ages) for prunes in (True, False))
    for number, (now_ms, rows) in enumerate(day(came, reset, late)):
        for twin in (pruned, whole):
            twin.take(rows, now_ms)
        if number % 5 == 4:
            pruned.pruner = pruner(pruned.store, ages=ages)  # a start, which looks through everything
            assert pruned.everything(now_ms) == whole.everything(now_ms)
    assert pruned.everything(now_ms) == whole.everything(now_ms)
    assert len(times(pruned.store)) < len(times(whole.store)) == STEPS
    seen = whole.store.seen("canteen", 0, 2**53)
    state, corrections = fold(None, (Observation(*each[:3]) for each in seen), Rules())
    assert (state, corrections) == (
        whole.headcount.of("canteen"),
        whole.store.corrections("canteen", 0, 2**53),
    ), "and as if all had come in order"
    for twin in (pruned, whole):
        again = Headcount(twin.store)
        again.recall(["canteen"])
        assert again.of("canteen") == twin.headcount.of("canteen"), "a restart counts the same"
        twin.store.close()


def test_a_sum_that_began_anew_within_pruned_hours_is_not_counted_twice(tmp_path: Path) -> None:
    twin = Counted(tmp_path / "readings.db", True)
    minute = 60_000
    for n, total in enumerate([0, 50, 100, 3, 5, 9] * 4):
        twin.take([accepted(n + 1, START_MS + n * 30 * minute, total)], START_MS + n * 30 * minute)
    before = twin.headcount.of("canteen")
    assert before is not None
    assert hours(twin.store)[0] > 2, "the first sums are pruned"
    twin.take([accepted(99, START_MS + 4 * HOUR_MS + minute, 100)], START_MS + 12 * HOUR_MS)
    after = twin.headcount.of("canteen")
    assert after is not None
    assert after.visits == before.visits, "it was seen between two that had seen the same"
    twin.store.close()


def test_what_is_older_than_any_late_reading_leaves_a_checkpoint(tmp_path: Path) -> None:
    twin = Counted(tmp_path / "readings.db", True)
    for n in range(4 * 30):
        twin.take([accepted(n + 1, START_MS + n * HOUR_MS // 4, n)], START_MS + n * HOUR_MS // 4)
    now_ms = START_MS + 30 * HOUR_MS
    prune(twin.store, now_ms)
    with closing(sqlite3.connect(tmp_path / "readings.db")) as file:
        kept = [
            hour - START_MS // HOUR_MS for (hour,) in file.execute("SELECT hour FROM occupancy ORDER BY 1")
        ]
        sights = [
            hour - START_MS // HOUR_MS for (hour,) in file.execute("SELECT hour FROM people ORDER BY 1")
        ]
    assert kept[0] == 19, "the last before all that may still change"
    assert sights[0] == 20
    ancient_ms = START_MS + 3 * HOUR_MS
    assert twin.store.crossed_before("canteen", "visits", ancient_ms) == 79, "all counting begins there"
    twin.take([accepted(999, ancient_ms + 1, 5)], now_ms)
    state = twin.headcount.of("canteen")
    assert state is not None
    assert (state.visits, state.at_ms) == (119, START_MS + 119 * HOUR_MS // 4), "too late to be counted"
    twin.store.close()
