"""Rows for followers: the same as history tells, whatever order they came in, damaged ones passed over."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from server.store import Accepted, packing
from server.store.commits import BEFORE_LOST_MS, Commits, Row
from server.store.sqlite import Store
from tests.support.forwarding import MIN, NOON_MS, day

OTHER = "fedcba9876543210"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "readings.db")
    yield store
    store.close()


def put(
    store: Store, id_: str, seq: int, at_ms: int, *, received_ms: int = NOON_MS, stream: str = OTHER
) -> None:
    row = day(seq, at_ms, people_in=seq, people_out=seq // 2)
    row = type(row)(**{name: getattr(row, name) for name in row.__slots__} | {"stream": stream})
    store.commit([Accepted(id_, row, received_ms, "measured", seq)])


def all_of(commits: Commits, limit: int) -> list[Row]:
    rows: list[Row] = []
    after_id = 0
    while True:
        last, found = commits.next(after_id, limit)
        if last == after_id:
            return rows
        after_id = last
        rows += found


def test_rows_are_what_history_tells(store: Store) -> None:
    dice, rows, commits = Random(5), [], Commits(store.path)  # noqa: S311 # the order of arrival
    times = [NOON_MS + n * 7 * MIN for n in range(60)] * 2
    dice.shuffle(times)
    after_id = 0
    for seq, at_ms in enumerate(times, start=1):
        put(store, dice.choice("ab"), seq, at_ms, stream=dice.choice([OTHER, "0123456789abcdef"]))
        if dice.random() < 0.3:
            after_id, found = commits.next(after_id, dice.choice([1, 3, 100]))
            rows += found
    rows += [row for row in all_of(commits, 7) if row.id > after_id]
    assert [row.id for row in rows] == list(range(1, len(times) + 1)), "each once, in the order of commits"
    for id_ in "ab":
        told = {each.id: each for each in store.snapshots(id_, 0, 2**53)}
        for row in rows:
            if row.station_id == id_:
                snapshot = told[row.id].snapshot
                assert (row.at_ms, row.climate, row.health) == (
                    snapshot.at_ms,
                    snapshot.climate,
                    snapshot.health,
                )
                assert row.values == packing.flatten(snapshot)
        stretch = list(commits.stretch(id_, NOON_MS + 60 * MIN, NOON_MS + 300 * MIN))
        expected = store.snapshots(id_, NOON_MS + 60 * MIN, NOON_MS + 300 * MIN)
        assert [row.id for row in stretch] == [each.id for each in expected]


def test_a_damaged_row_is_passed_over(store: Store) -> None:
    for seq in range(1, 6):
        put(store, "a", seq, NOON_MS + seq * MIN)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE snapshot SET units = x'c1' WHERE id = 3")
    rows = all_of(Commits(store.path), 2)
    assert [row.id for row in rows] == [1, 2], "and what only says how it differs from it"
    put(store, "a", 6, NOON_MS + 61 * MIN)
    assert [row.id for row in all_of(Commits(store.path), 100)] == [1, 2, 6], "the next hour is whole again"


def test_the_same_file_goes_on_where_it_was(store: Store) -> None:
    for seq in range(1, 6):
        put(store, "a", seq, NOON_MS + seq * MIN, received_ms=NOON_MS + seq * MIN)
    commits = Commits(store.path)
    assert commits.newest() == (5, NOON_MS + 5 * MIN)
    assert commits.found_again(3, NOON_MS + 3 * MIN) == 3
    assert commits.found_again(0, 0) == 0
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("DELETE FROM snapshot WHERE id < 4")
    assert commits.found_again(3, NOON_MS + 3 * MIN) == 3, "its row was pruned meanwhile"


def test_a_store_begun_anew_numbers_its_stations_anew(store: Store) -> None:
    """A corrupt file is moved aside while all runs: commits go on, stations get numbers as they come."""
    put(store, "a", 1, NOON_MS)
    put(store, "b", 1, NOON_MS)
    commits = Commits(store.path)
    commits.replaced()
    assert [row.station_id for row in commits.next(0, 10)[1]] == ["a", "b"]
    store.replace(sqlite3.DatabaseError("malformed"))
    put(store, "b", 2, NOON_MS + MIN)
    put(store, "a", 2, NOON_MS + MIN)
    assert commits.replaced()
    assert commits.found_again(2, NOON_MS) == 2, "no number was given again"
    assert [row.station_id for row in commits.next(2, 10)[1]] == ["b", "a"]


def test_in_another_file_all_that_was_received_since_is_new(tmp_path: Path, store: Store) -> None:
    hour = BEFORE_LOST_MS
    for seq in range(1, 11):
        put(store, "a", seq, NOON_MS + seq * hour, received_ms=NOON_MS + seq * hour)
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    for seq in range(11, 21):
        put(store, "a", seq, NOON_MS + seq * hour, received_ms=NOON_MS + seq * hour)
    written = Commits(store.path).newest()
    assert written == (20, NOON_MS + 20 * hour)
    store.close()
    for part in tmp_path.glob("readings.db*"):
        part.unlink()
    shutil.move(backup, tmp_path / "readings.db")
    back = Store.open(tmp_path / "readings.db")
    put(back, "a", 21, NOON_MS + 30 * hour, received_ms=NOON_MS + 30 * hour)
    commits = Commits(back.path)
    assert commits.replaced()
    assert not commits.replaced(), "said once"
    assert commits.found_again(*written) == 10, "only the row that came after the backup was put back"
    back.close()


def test_an_empty_store(store: Store) -> None:
    commits = Commits(store.path)
    assert commits.newest() == (0, 0)
    assert commits.next(0, 10) == (0, [])
    assert list(commits.stretch("nobody", 0, 2**53)) == []
    assert commits.measured_before("nobody", 5) is None
    assert commits.checkpoint("nobody", NOON_MS) is None
    assert commits.last_staff_counts() == {}
