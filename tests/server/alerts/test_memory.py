"""What is remembered after a start is what would be if the server had never ended."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import Climate, Door, Health, Snapshot
from server.alerts import trends
from server.alerts.memory import Memory
from server.alerts.trends import HOUR_MS, Trend
from server.live import Live
from server.model import Network
from server.store import Accepted
from server.store.sqlite import Store
from tests.support.shift import MIN, NOON_MS, station

NETWORKS = {"net": Network("net", "网", "Net")}
STATIONS = {"a": station("a"), "b": station("b")}
WELL = Health(outbox_rows=0, dropped_total=0, uptime_s=600)


def snapshots(airs: Iterable[tuple[int, float | None, float | None]]) -> Iterator[Snapshot]:
    for seq, (at_ms, temperature, humidity) in enumerate(airs, 1):
        climate = Climate(at_ms, temperature, humidity)
        yield Snapshot("0123456789abcdef", seq, at_ms, 0, "0f8b2c1d", "synced", climate=climate)


def recalled(folder: Path, said: Iterable[Snapshot], now_ms: int = NOON_MS) -> Memory:
    """A memory of what a store holds; station b never spoke."""
    with closing(Store.open(folder / "readings.db")) as store:
        store.commit([Accepted("a", each, each.at_ms, "measured", each.seq) for each in said])
        live = Live(store)
        live.refresh_registry(NETWORKS, STATIONS, now_ms)
        live.rebuild(now_ms)
        memory = Memory(store, live.tap)
        memory.recall(live.registered(), now_ms)
        return memory


def every(step_ms: int, hours: float, value: float = 21.5) -> list[tuple[int, float | None, float | None]]:
    first_ms = NOON_MS - round(hours * HOUR_MS)
    return [(at_ms, value, 40.0) for at_ms in range(first_ms, NOON_MS + 1, step_ms)]


ROWS = {
    "flat for seven hours": every(MIN, 7),
    "flat, but silent for two hours in between": [
        air for air in every(MIN, 7) if not NOON_MS - 4 * HOUR_MS < air[0] < NOON_MS - 2 * HOUR_MS
    ],
    "flat since it changed": [*every(MIN, 7, 21.4)[:60], *every(MIN, 7)[60:]],
    "only the humidity changed": [
        (at_ms, 21.5, 41.0 if at_ms < NOON_MS - 3 * HOUR_MS else 40.0) for at_ms, _, _ in every(MIN, 5)
    ],
    "no temperature at times": [
        (at_ms, None if at_ms % (5 * MIN) == 0 else value, 40.0) for at_ms, value, _ in every(MIN, 3)
    ],
    "warming": [(at_ms, 20 + (at_ms - NOON_MS) / HOUR_MS, 40.0) for at_ms, _, _ in every(30_000, 2)],
    "jumping": [(at_ms, 30.0 if at_ms % (10 * MIN) == 0 else 21.5, 40.0) for at_ms, _, _ in every(30_000, 2)],
    "jumping in humidity, which is unknown at times": [
        (at_ms, 21.5 + at_ms % 7 / 10, (40.0, 90.0, None)[at_ms // MIN % 3]) for at_ms, _, _ in every(MIN, 2)
    ],
    "one reading": every(MIN, 0),
}


@pytest.mark.parametrize("airs", ROWS.values(), ids=ROWS.keys())
def test_recalled_is_as_if_followed(
    tmp_path: Path, airs: list[tuple[int, float | None, float | None]]
) -> None:
    said = list(snapshots(airs))
    followed, found = trends.fold(Trend(), said), recalled(tmp_path, said).trend("a")
    assert found.climate == followed.climate
    assert found.flat_since_ms == followed.flat_since_ms
    assert found.steps == followed.steps
    ours, theirs = found.warming_c, followed.warming_c
    assert (ours is None) == (theirs is None)
    if not found.steps:  # or it depends on which of a minute's readings is looked at
        assert ours is None or abs(ours - (theirs or 0)) <= 0.05


def test_what_is_old_is_not_flat(tmp_path: Path) -> None:
    memory = recalled(tmp_path, snapshots(every(MIN, 7)), NOON_MS + 2 * HOUR_MS)
    trend = memory.trend("a")
    assert trend.flat_since_ms == NOON_MS, "from its last word on, and that is long ago"
    assert trend.warming_c is None
    assert memory.trend("b") == Trend()


def test_a_loss_that_was_declared_before_the_start(tmp_path: Path) -> None:
    said = list(snapshots(every(10 * MIN, 1)))
    said[2] = replace(said[2], health=WELL)
    said[4] = replace(said[4], health=replace(WELL, dropped_total=7))
    trend = recalled(tmp_path, said).trend("a")
    assert (trend.lost_rows, trend.lost_at_ms) == (7, said[4].at_ms)
    assert trend.health_at_ms == said[4].at_ms


def test_days_out_of_the_kept_hours(tmp_path: Path) -> None:
    """Ten come and five leave at each full hour."""
    said = [
        replace(each, doors=(Door("main", 10 * number, 5 * number),))
        for number, each in enumerate(snapshots(every(HOUR_MS, 24 * 5)))
    ]
    with closing(Store.open(tmp_path / "readings.db")) as store:
        live = Live(store)
        live.refresh_registry(NETWORKS, STATIONS, NOON_MS)
        for each in said:
            store.commit([Accepted("a", each, each.at_ms, "measured", each.seq)])
            live.apply("a", each, each.at_ms)
            live.settle(each.at_ms)
        memory = Memory(store, live.tap)
        memory.recall(live.registered(), NOON_MS)
        days = memory.days("a", live.people("a"), "Asia/Shanghai")
        assert [(day.came, day.left) for day in days.finished] == [(240, 120)] * 4
        assert memory.days("b", live.people("b"), "Asia/Shanghai").finished == ()


def test_what_is_committed_is_followed_once(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path / "readings.db")) as store:
        live = Live(store)
        live.refresh_registry(NETWORKS, STATIONS, NOON_MS)
        memory = Memory(store, live.tap)
        first, second = snapshots(every(MIN, 1 / 60))
        live.apply("a", second, NOON_MS)
        live.apply("a", first, NOON_MS)
        burning = memory.follow(lambda _, snapshot: snapshot is first)
        assert burning == {"a": first}
        assert memory.trend("a").at_ms == second.at_ms, "a backlog does not move it back"
        assert memory.follow(lambda *_: True) == {}
        memory.forget(["b"])
        assert memory.trend("a") == Trend()
