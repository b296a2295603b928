"""What the store tells of the past, in steps."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import (
    Cabinet,
    Climate,
    Door,
    Slot,
    Socket,
)
from server.store import Accepted, Bucket
from server.store.chains import HOUR_MS
from server.store.sqlite import Store
from tests.support.stored import START_MS, accepted, everything, snapshot


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db")
    yield opened
    opened.close()


def test_history_in_steps(store: Store) -> None:
    values = [(0, 20.0), (10, 22.0), (60, 30.5), (200, 10.25)]
    batch = [
        accepted(snapshot(n, START_MS + s * 1000, climate=Climate(START_MS, temperature_c=value)))
        for n, (s, value) in enumerate(values, 1)
    ]
    store.commit([*batch, accepted(snapshot(9, START_MS + 70_000))])
    assert store.history("canteen", "temperature_c", START_MS, START_MS + 120_000, 60_000) == [
        Bucket(START_MS, 2, 42.0, 20.0, 22.0, 22.0),
        Bucket(START_MS + 60_000, 1, 30.5, 30.5, 30.5, 30.5),
    ]
    assert store.history("nowhere", "temperature_c", START_MS, START_MS + 120_000, 60_000) == []


def totals(pairs: Sequence[tuple[int, int]]) -> list[Accepted]:
    return [
        accepted(snapshot(n, START_MS + n * 60_000, doors=(Door("main", came, left),)))
        for n, (came, left) in enumerate(pairs, 1)
    ]


def test_visits_are_increments_and_a_smaller_total_begins_a_new_sum(store: Store) -> None:
    store.commit(totals([(100, 90), (103, 90), (2, 0), (5, 1)]))
    [bucket] = store.history("canteen", "visits", START_MS, START_MS + HOUR_MS, HOUR_MS)
    assert bucket.total == 3 + 2 + 3
    tail = store.history("canteen", "visits", START_MS + 4 * 60_000, START_MS + HOUR_MS, HOUR_MS)
    assert [bucket.total for bucket in tail] == [3]  # counted from the snapshot before the span


def test_exits_are_counted_like_visits_and_both_since_the_first_snapshot(store: Store) -> None:
    store.commit(totals([(100, 90), (103, 91), (2, 0), (5, 1)]))
    [bucket] = store.history("canteen", "exits", START_MS, START_MS + HOUR_MS, HOUR_MS)
    assert bucket.total == 1 + 0 + 1
    for minutes, visits, exits in ((1, 0, 0), (3, 3, 1), (4, 5, 1), (5, 8, 2)):
        before_ms = START_MS + minutes * 60_000
        assert store.crossed_before("canteen", "visits", before_ms) == visits
        assert store.crossed_before("canteen", "exits", before_ms) == exits


def test_rows_dated_on_receiving_stay_out_of_history_and_newest(store: Store) -> None:
    [first, second] = totals([(1, 0), (50, 0)])
    store.commit([first, replace(second, dating="received")])
    [bucket] = store.history("canteen", "visits", START_MS, START_MS + HOUR_MS, HOUR_MS)
    assert bucket.total == 0
    assert store.newest()["canteen"].snapshot == first.snapshot
    assert len(everything(store)) == 2


def test_resources_by_time(store: Store) -> None:
    sockets = (Socket("a1", "usb", "free", START_MS, 0.5), Socket("a2", "ac", "charging", START_MS, 41.5))
    slots = (Slot(1, "present", "full"), Slot(2, "present", "charging", soc_pct=96), Slot(3, "absent"))
    store.commit([accepted(snapshot(1, sockets=sockets, cabinets=(Cabinet("k", True, slots),)))])
    found = {
        quantity: store.history("canteen", quantity, START_MS, START_MS + 1, 1)[0].last
        for quantity in ("sockets_free", "power_w", "batteries_charged")
    }
    assert found == {"sockets_free": 1, "power_w": 42.0, "batteries_charged": 2}
