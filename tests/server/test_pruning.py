"""What is left of the store after pruning: everything that anybody still asks for."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import Climate, Door, Health, Presence, Snapshot
from server.headcount import Headcount
from server.occupancy import Observation, Rules, fold
from server.store import Accepted, Dating
from server.store.chains import HOUR_MS
from server.store.pruner import DAY_MS, Ages, Followers, Pruner
from server.store.schema import MIGRATIONS
from server.store.sqlite import Store

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
STREAM = "00000000000000aa"
START_MS = 1_760_000_400_000 // DAY_MS * DAY_MS
AGES = Ages(raw_ms=2 * HOUR_MS, late_ms=9 * HOUR_MS, noted_ms=30 * HOUR_MS)
HEALTH = Health(1, 2, 3, cpu_c=50.5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db")
    yield opened
    opened.close()


def accepted(
    seq: int, at_ms: int, came: int = 0, received_ms: int | None = None,
    *, station: str = "canteen", motion_ms: int | None = None, dating: Dating = "measured",
    health: Health | None = None,
) -> Accepted:  # fmt: skip
    snapshot = Snapshot(
        STREAM, seq, at_ms, at_ms - START_MS + DAY_MS, BOOT, "synced",
        Climate(at_ms, 21.0 + seq % 5), (Door("front", came, came // 2),), Presence(motion_ms or at_ms),
        health=health,
    )  # fmt: skip
    return Accepted(station, snapshot, at_ms + 100 if received_ms is None else received_ms, dating, seq)


def pruner(
    store: Store, followers: Followers = MappingProxyType({}), free: float = 1.0, ages: Ages = AGES
) -> Pruner:
    return Pruner(store, ages, followers, lambda: free)


def prune(store: Store, now_ms: int, **how: object) -> Pruner:
    """Until nothing is left to do."""
    made = pruner(store, **how)  # type: ignore[arg-type] # by name
    while made.step(now_ms):
        pass
    return made


def times(store: Store, station: str = "canteen") -> list[int]:
    return [stored.snapshot.at_ms for stored in store.snapshots(station, 0, 2**53)]


def hours(store: Store, station: str = "canteen") -> list[int]:
    return sorted({(at_ms - START_MS) // HOUR_MS for at_ms in times(store, station)})


def fill(store: Store, count: int, *, station: str = "canteen", every_ms: int = HOUR_MS // 4) -> None:
    store.commit([accepted(n + 1, START_MS + n * every_ms, n // 3, station=station) for n in range(count)])


# --- the count of people ------------------------------------------------------------------------------


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


# --- which hours go -----------------------------------------------------------------------------------


def test_whole_hours_go_when_they_are_old(store: Store) -> None:
    fill(store, 40)
    made = prune(store, START_MS + 9 * HOUR_MS + HOUR_MS // 2)
    assert hours(store) == [7, 8, 9], "the seventh is half old, and stays"
    assert made.pruned_total == 28
    assert [stored.snapshot for stored in store.snapshots("canteen", START_MS + 7 * HOUR_MS, 2**53)] == [
        accepted(n + 1, START_MS + n * HOUR_MS // 4, n // 3).snapshot for n in range(28, 40)
    ], "what stays reads as it did"


def test_a_late_row_stays_as_long_as_any_other(store: Store) -> None:
    fill(store, 40)
    now_ms = START_MS + 9 * HOUR_MS + HOUR_MS // 2
    ages = Ages(AGES.raw_ms, 20 * HOUR_MS, AGES.noted_ms)
    made = prune(store, now_ms, ages=ages)
    late = accepted(100, START_MS + 5, 1, received_ms=now_ms)
    assert store.commit([late]) == ["committed"]
    assert not made.step(now_ms + HOUR_MS)
    store.commit([accepted(200, now_ms + 30 * HOUR_MS, 14)])
    while made.step(now_ms + HOUR_MS):
        pass
    assert hours(store)[:2] == [0, 8]
    assert next(store.snapshots("canteen", 0, 2**53)).snapshot == late.snapshot
    prune(store, now_ms + 3 * HOUR_MS, ages=ages)
    assert late.snapshot.at_ms not in times(store)
    assert [each.at_ms - START_MS for each in store.seen("canteen", 0, START_MS + HOUR_MS)] == sorted(
        [5, *range(0, HOUR_MS, HOUR_MS // 4)]
    ), "the count still has it, and its neighbours"


def test_identities_outlive_rows(store: Store) -> None:
    fill(store, 40)
    prune(store, START_MS + 9 * HOUR_MS)
    again = accepted(1, START_MS, 0)
    other = Accepted("canteen", again.snapshot, again.received_ms, "measured", 77)
    assert store.commit([again, other]) == ["repeated", "repeated"], "nothing can contradict a pruned row"
    assert hours(store)[0] == 7


def test_a_row_is_not_written_as_a_change_of_one_that_is_gone(store: Store) -> None:
    """The writer remembers each hour's newest row; what comes behind it later must be whole."""
    store.commit([accepted(1, START_MS, 1), accepted(2, START_MS + 20 * HOUR_MS, 1)])
    now_ms = START_MS + 20 * HOUR_MS
    prune(store, now_ms)
    late = accepted(3, START_MS + 60_000, 1, received_ms=now_ms)
    store.commit([late])
    assert [stored.snapshot for stored in store.snapshots("canteen", 0, START_MS + HOUR_MS)] == [
        late.snapshot
    ]


def test_a_station_that_fell_silent_is_not_forgotten(store: Store) -> None:
    store.commit([
        accepted(1, START_MS, health=HEALTH),
        accepted(2, START_MS + HOUR_MS),
        accepted(3, START_MS + 2 * HOUR_MS),
        accepted(4, START_MS + 4 * HOUR_MS, dating="received"),
        accepted(1, START_MS + 30 * DAY_MS, station="library"),
    ])  # fmt: skip
    prune(store, START_MS + 30 * DAY_MS)
    assert hours(store) == [0, 2], "its newest word, and its newest report on the machine"
    assert store.newest()["canteen"].snapshot.seq == 3
    assert store.newest_healths()["canteen"] == (START_MS, HEALTH)


def test_ids_go_on_after_all_is_pruned(store: Store) -> None:
    fill(store, 8)
    store.commit([accepted(99, START_MS + 60, received_ms=START_MS)])
    store.commit([accepted(1, START_MS + 20 * DAY_MS, station="library")])
    prune(store, START_MS + 20 * DAY_MS)
    newest, _ = store.committed(0, 1)
    assert newest == 10
    store.close()
    with closing(Store.open(store.path)) as again:
        again.commit([accepted(2, START_MS + 20 * DAY_MS + 1, station="library")])
        assert again.committed(10, 100)[0] == 11


def test_a_clock_that_is_years_ahead_prunes_nothing(store: Store) -> None:
    fill(store, 8)
    prune(store, START_MS + 50 * 365 * DAY_MS)
    assert len(times(store)) == 8
    prune(store, 0)
    assert len(times(store)) == 8, "nor one that is reset"


def test_damage_within_an_hour_does_not_stop_it(store: Store) -> None:
    fill(store, 40)
    with closing(sqlite3.connect(store.path)) as file:
        file.execute("UPDATE snapshot SET units = x'c1' WHERE id = 3")
        file.commit()
    prune(store, START_MS + 10 * HOUR_MS)
    assert hours(store)[0] == 7
    assert [each.at_ms for each in store.seen("canteen", 0, START_MS + HOUR_MS)] == [
        START_MS, START_MS + HOUR_MS // 4
    ], "those behind it only say what differs"  # fmt: skip


# --- followers ----------------------------------------------------------------------------------------


def go_on(made: Pruner, store: Store, now_ms: int) -> None:
    """Prune at a later time, of which there is a reading."""
    store.commit([accepted(now_ms // HOUR_MS, now_ms, 14)])
    while made.step(now_ms):
        pass


def test_nothing_goes_that_a_follower_has_not_taken(store: Store) -> None:
    fill(store, 40)
    reached = 9
    made = prune(store, START_MS + 9 * HOUR_MS + 1, followers={"rollups": lambda: reached})
    assert hours(store)[0] == 2
    reached = 40
    go_on(made, store, START_MS + 36 * HOUR_MS)
    assert hours(store) == [36]
    assert store.given_up() == {}


def test_one_that_stands_still_is_left_behind_when_all_is_twice_as_old(store: Store) -> None:
    fill(store, 40)
    followers = {"influxdb": lambda: 6, "rollups": lambda: 2**53}
    made = prune(store, START_MS + 9 * HOUR_MS + 1, followers=followers)
    assert store.given_up() == {}, "it may have begun just now, after an upgrade"
    store.commit([accepted(998, START_MS + 30 * HOUR_MS, 14)])
    go_on(made, store, START_MS + 33 * HOUR_MS + 2)
    assert hours(store) == [30, 33], "the former only once as old"
    [(name, lost)] = store.given_up().items()
    assert (name, lost.snapshots) == ("influxdb", 34)
    assert (lost.first_ms, lost.last_ms) == (START_MS + 6 * HOUR_MS // 4, START_MS + 39 * HOUR_MS // 4)


def test_neither_clock_alone_makes_a_follower_stand_still(store: Store) -> None:
    """The server's is set ahead; or it was off for long, and the first reading is of now."""
    fill(store, 40)
    made = prune(store, START_MS + 10 * HOUR_MS, followers={"rollups": lambda: 0}, free=0.01)
    store.commit([accepted(998, START_MS + 21 * HOUR_MS // 2, 14)])
    while made.step(START_MS + 1000 * DAY_MS):
        pass
    assert hours(store)[0] == 0
    again = pruner(store, {"rollups": lambda: 0})
    again.step(START_MS + 60 * DAY_MS)
    go_on(again, store, START_MS + 60 * DAY_MS + 5_000)
    assert hours(store)[0] == 0
    assert store.given_up() == {}


def test_on_a_full_disk_nobody_waits_long(store: Store) -> None:
    fill(store, 40)
    followers = {"influxdb": lambda: 6, "rollups": lambda: 2**53}
    now_ms = START_MS + 9 * HOUR_MS + 1
    made = prune(store, now_ms, followers=followers, free=0.01)
    assert hours(store)[0] == 1
    go_on(made, store, now_ms + HOUR_MS)
    assert hours(store)[0] == 8
    assert store.given_up()["influxdb"].snapshots == 26


def test_who_caught_up_and_falls_behind_again_is_waited_for_anew(store: Store) -> None:
    fill(store, 40)
    reached = 6
    made = prune(store, START_MS + 9 * HOUR_MS + 1, followers={"rollups": lambda: reached})
    reached = 2**53
    go_on(made, store, START_MS + 36 * HOUR_MS)
    go_on(made, store, START_MS + 61 * HOUR_MS)
    reached = 41
    go_on(made, store, START_MS + 86 * HOUR_MS)
    assert hours(store) == [61, 86]
    assert store.given_up() == {}


def test_a_follower_that_cannot_be_asked_has_taken_nothing(store: Store) -> None:
    def broken() -> int:
        raise sqlite3.OperationalError("disk I/O error")

    fill(store, 40)
    prune(store, START_MS + 9 * HOUR_MS + 1, followers={"rollups": broken})
    assert hours(store)[0] == 0


# --- faults -------------------------------------------------------------------------------------------


def test_a_step_that_fails_leaves_all_as_it_was(store: Store) -> None:
    fill(store, 400, every_ms=HOUR_MS // 10)
    made, now_ms = pruner(store), START_MS + 39 * HOUR_MS
    before = times(store)
    store._connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON people BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.Error, match="full"):
        made.step(now_ms)
    assert times(store) == before, "nothing of the step has happened"
    store._connection.execute("DROP TRIGGER full")
    while made.step(now_ms):
        pass
    assert hours(store)[0] == 37
    assert store.check_integrity() == []


def test_a_file_of_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    dump = (Path(__file__).parents[1] / "readings_2.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as file:
        file.executescript(dump)
        assert file.execute("PRAGMA user_version").fetchone()[0] == 2
    with closing(Store.open(path)) as store:
        assert store._connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        newest = store.newest()["canteen"].snapshot.at_ms
        before = [store.crossed_before("canteen", "visits", newest - n * HOUR_MS) for n in range(4)]
        assert before[0] > before[2] > 0
        prune(store, newest)
        assert [store.crossed_before("canteen", "visits", newest - n * HOUR_MS) for n in range(4)] == before
        assert store.newest()["canteen"].snapshot.at_ms == newest
        assert store.counts().snapshots < dump.count('INSERT INTO "snapshot"')


def test_rows_are_pruned_in_steps_however_small(store: Store) -> None:
    stations = ("canteen", "library", "harbour")
    for station in stations:
        fill(store, 40, station=station)
    made, steps = pruner(store), 0
    while made.step(START_MS + 9 * HOUR_MS, budget_s=0):
        steps += 1
    assert steps >= 3 * 7, "an hour of a station in each"
    assert [hours(store, station) for station in stations] == [[7, 8, 9]] * 3
