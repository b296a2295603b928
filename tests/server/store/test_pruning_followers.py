"""What pruning keeps for those who have not taken it yet."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.store.chains import HOUR_MS
from server.store.pruner import DAY_MS, Pruner
from server.store.sqlite import Store
from tests.support.pruned import START_MS, accepted, fill, hours, prune, pruner


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db")
    yield opened
    opened.close()


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
    assert hours(store)[0] == 1, "so long roll-ups wait for the present hour"
    go_on(made, store, now_ms + 2 * HOUR_MS)
    assert hours(store)[0] == 9
    assert store.given_up()["influxdb"].snapshots == 30


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
