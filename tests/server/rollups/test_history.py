"""The history that riders are told: the same before and after the readings are pruned."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.rollups import LongHistory
from server.rollups.calendar import DAY_MS, QUARTER_MS
from server.store import Bucket, Quantity
from server.store.pruner import Ages, Pruner
from tests.support.rollups import HOUR_MS, MIDNIGHT, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
DAYS = 12
END = MIDNIGHT + DAYS * DAY_MS


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Twelve days; of a day two hours are measured, a door begins anew on the way."""
    made = Rig(tmp_path)
    for number in range(DAYS):
        for step in range(24):
            came = number * 24 + step - (140 if number > 5 else 0)
            made.come(
                EIGHT + number * DAY_MS + step * 5 * 60_000,
                came,
                came // 2,
                celsius=20 + step % 7,
                watts=step * 2.5,
            )
    made.work(END)
    yield made
    made.close()


def prune(rig: Rig) -> None:
    """Readings stay for two days, what they saw of people for six."""
    pruner = Pruner(rig.store, Ages(2 * DAY_MS, 6 * DAY_MS, 30 * DAY_MS), {}, lambda: 1.0)
    while pruner.step(END):
        pass
    assert rig.store.counts().snapshots <= 3 * 24


def rounded(buckets: list[Bucket]) -> list[tuple[float, ...]]:
    return [
        (each.at_ms, each.count, round(each.total, 3), each.minimum, each.maximum, each.last)
        for each in buckets
    ]


@pytest.mark.parametrize("quantity", ["temperature_c", "power_w", "sockets_free", "occupancy"])
@pytest.mark.parametrize("step_ms", [QUARTER_MS, HOUR_MS, DAY_MS])
def test_what_was_measured_is_told_as_before(rig: Rig, quantity: Quantity, step_ms: int) -> None:
    long = LongHistory(rig.store, rig.rollups)
    before = rig.store.history("canteen", quantity, MIDNIGHT, END, step_ms)
    assert long.history("canteen", quantity, MIDNIGHT, END, step_ms) == before
    prune(rig)
    assert rounded(long.history("canteen", quantity, MIDNIGHT, END, step_ms)) == rounded(before)


@pytest.mark.parametrize("quantity", ["visits", "exits"])
@pytest.mark.parametrize("step_ms", [QUARTER_MS, HOUR_MS, DAY_MS])
def test_crossings_are_told_as_before(rig: Rig, quantity: Quantity, step_ms: int) -> None:
    long = LongHistory(rig.store, rig.rollups)
    times = range(MIDNIGHT, END + 1, QUARTER_MS)
    before = [rig.store.crossed_before("canteen", quantity, at_ms) for at_ms in times]
    steps = {
        each.at_ms: each.total for each in rig.store.history("canteen", quantity, MIDNIGHT, END, step_ms)
    }
    prune(rig)
    assert rig.store.people_from_ms() > EIGHT + 4 * DAY_MS
    assert [long.crossed_before("canteen", quantity, at_ms) for at_ms in times] == before
    found = long.history("canteen", quantity, MIDNIGHT, END, step_ms)
    assert {each.at_ms: each.total for each in found} == steps


def test_a_late_reading_is_told_once(rig: Rig) -> None:
    long = LongHistory(rig.store, rig.rollups)
    prune(rig)
    rig.come(EIGHT + DAY_MS + 60_000, 24, 12, celsius=35)
    rig.work(END)
    [first] = long.history(
        "canteen", "temperature_c", EIGHT + DAY_MS, EIGHT + DAY_MS + QUARTER_MS, QUARTER_MS
    )
    assert (first.count, first.maximum, round(first.total, 3)) == (4, 35, 20 + 21 + 22 + 35)


def test_a_station_without_doors_has_no_crossings(rig: Rig) -> None:
    for number in range(DAYS):
        rig.come(EIGHT + number * DAY_MS, doors=False, station="library", celsius=20)
    rig.work(END)
    prune(rig)
    long = LongHistory(rig.store, rig.rollups)
    assert long.history("library", "visits", MIDNIGHT, END, DAY_MS) == []
    assert long.crossed_before("library", "visits", MIDNIGHT) == 0
    assert len(long.history("library", "temperature_c", MIDNIGHT, END, DAY_MS)) == DAYS
    assert long.history("nobody", "temperature_c", MIDNIGHT, END, DAY_MS) == []
