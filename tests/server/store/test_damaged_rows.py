"""Rows with a bit that fell over: they unpack, to what no door can say. Everybody goes on without them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.headcount import Headcount
from server.store import packing
from server.store.chains import WHOLE, Layouts, unpack
from server.store.sqlite import Store
from tests.support.forwarding import MIN, NOON_MS, Bucket, Forwarding, day, station


def spoil(store: Store, row_id: int) -> None:
    """Let a row's first door have counted less than nobody."""
    at_ms, flags, units = store._connection.execute(
        "SELECT at_ms, flags, CAST(units AS BLOB) FROM snapshot WHERE id = ?", (row_id,)
    ).fetchone()
    layouts = Layouts(store._connection)
    link = unpack(layouts, None, (row_id, (at_ms, 0, ""), flags, units))
    packed = packing.pack_whole(layouts.no_of(link.layout), link.layout, [-11, *link.values[1:]], at_ms)
    store._connection.execute(
        "UPDATE snapshot SET units = ?, flags = flags | ? WHERE id = ?", (packed, WHOLE, row_id)
    )


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def scene(tmp_path: Path, bucket: Bucket) -> Iterator[Forwarding]:
    """Three rows, an hour apart, so that none rests on another; the second one is spoilt."""
    made = Forwarding(tmp_path, bucket.take, [station("a")])
    made.steps()
    for number in range(1, 4):
        made.commit("a", day(number, NOON_MS + number * 60 * MIN, people_in=number, people_out=0))
    spoil(made.store, 2)
    yield made
    made.close()


def test_people_are_counted_without_it_at_a_start_and_for_what_comes_late(scene: Forwarding) -> None:
    assert [each.at_ms for each in scene.store.seen("a", 0, 2**53)] == [
        NOON_MS + 60 * MIN,
        NOON_MS + 180 * MIN,
    ]
    again = Headcount(scene.store)
    again.recall(["a"])
    found = again.of("a")
    assert found is not None
    assert found.visits == 2
    scene.commit("a", day(4, NOON_MS + 30 * MIN, people_in=0, people_out=0))
    scene.live.settle(NOON_MS + 300 * MIN)
    assert scene.live.people("a") is not None


def test_influxdb_gets_all_others(scene: Forwarding, bucket: Bucket) -> None:
    expected = [str(NOON_MS + 60 * MIN), str(NOON_MS + 180 * MIN)]
    scene.rest()
    assert [at_ms for _, at_ms in bucket.of("occupancy")] == expected
    scene.commit("a", day(4, NOON_MS + 30 * MIN, people_in=0, people_out=0))
    scene.rest()
    assert sorted(at_ms for _, at_ms in bucket.of("occupancy")) == [str(NOON_MS + 30 * MIN), *expected]
    assert scene.forwarder.standing.why == ""
