"""What is left of the store after pruning: everything that anybody still asks for."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.store import Accepted
from server.store.chains import HOUR_MS
from server.store.pruner import DAY_MS, Ages
from server.store.schema import MIGRATIONS
from server.store.sqlite import Store
from tests.support.pruned import AGES, HEALTH, START_MS, accepted, fill, hours, prune, pruner, times


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db")
    yield opened
    opened.close()


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


# --- faults -------------------------------------------------------------------------------------------


def test_a_step_that_fails_leaves_all_as_it_was(store: Store) -> None:
    fill(store, 400, every_ms=HOUR_MS // 10)
    made, now_ms = pruner(store), START_MS + 39 * HOUR_MS
    before = times(store)
    store._connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON people BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.Error, match="full"):
        made.step(now_ms, budget_s=60)
    assert times(store) == before, "nothing of the step has happened"
    store._connection.execute("DROP TRIGGER full")
    while made.step(now_ms):
        pass
    assert hours(store)[0] == 37
    assert store.check_integrity() == []


def test_a_file_of_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    dump = (Path(__file__).parents[2] / "readings_2.sql").read_text(encoding="utf-8")
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
