"""Rows of the store that cannot be read: all others are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import (
    Cabinet,
    Door,
    Info,
    Presence,
    Slot,
    Snapshot,
    Socket,
)
from server.live import Live
from server.store.chains import HOUR_MS, order
from server.store.damage import DAMAGE
from server.store.sqlite import Store
from tests.support.stored import START_MS, accepted, everything, snapshot


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db")
    yield opened
    opened.close()


def _day(store: Store, station: str = "canteen") -> list[Snapshot]:
    """Two hours of a station, four snapshots each, with something of every kind."""
    made = [
        snapshot(
            n,
            START_MS + n * HOUR_MS // 5,
            doors=(Door("main", n, 0),),
            presence=Presence(START_MS),
            sockets=(Socket("a1", "usb", "charging", START_MS, float(n)),),
            cabinets=(Cabinet("c1", True, (Slot(1, "present", soc_pct=float(n)),)),),
        )
        for n in (1, 2, 3, 4, 6, 7, 8, 9)
    ]
    store.commit([accepted(each, station) for each in made])
    return made


DAMAGES = {
    "a whole row that ends too soon": ("units = substr(units, 1, 3)", 1, {1, 2, 3, 4}),
    "a whole row of no layout": ("units = x'9163'", 6, {6, 7, 8, 9}),
    "changes that are no MessagePack": ("units = x'c1'", 3, {3, 4}),
    "changes of a place that there is not": ("units = x'92cc6301'", 9, {9}),
    "a change of nothing": ("flags = 0", 6, {6, 7, 8, 9}),
}


@pytest.mark.parametrize(("damage", "seq", "gone"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_row_is_passed_over_with_what_rests_on_it(
    store: Store, caplog: pytest.LogCaptureFixture, damage: str, seq: int, gone: set[int]
) -> None:
    station = f"rotten-{seq}-{len(damage)}"
    made, others = _day(store, station), _day(store, "library")
    store._connection.execute(f"UPDATE snapshot SET {damage} WHERE seq = {seq} AND station = 1")  # noqa: S608 # above
    reopened = Store.open(store.path)
    left = [each for each in made if each.seq not in gone]
    before = DAMAGE.total

    assert everything(reopened, station) == left
    assert everything(reopened, "library") == others
    assert [each.at_ms for each in reopened.seen(station, 0, 2**53)] == [each.at_ms for each in left]
    assert DAMAGE.total - before == len(gone)
    assert sum(station in record.message for record in caplog.records) == 1

    late = replace(made[-1], seq=20, at_ms=START_MS + 3 * HOUR_MS // 5 + 1)
    last = replace(made[-1], seq=21, at_ms=made[-1].at_ms + 1)
    assert reopened.commit([accepted(late, station), accepted(last, station)]) == ["committed"] * 2
    assert everything(reopened, station) == sorted([*left, late, last], key=order)
    reopened.close()


def test_the_live_state_is_rebuilt_from_what_can_be_read(store: Store) -> None:
    _day(store, "rotten")
    store.commit([], infos={"rotten": Info("1.0", 1, 30), "library": Info("1.0", 1, 30)})
    Live(store).rebuild(START_MS + 2 * HOUR_MS)
    for column in ("snapshot SET units", "info SET body", "occupancy SET body"):
        store._connection.execute(f"UPDATE {column} = CAST(x'ff' AS TEXT)")
    _day(store, "library")
    live = Live(store)
    live.rebuild(START_MS + 2 * HOUR_MS)
    live.settle(START_MS + 3 * HOUR_MS)
    assert list(store.newest()) == ["library"]
