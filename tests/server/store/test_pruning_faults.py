"""Pruning on a damaged file, and with a server's clock that has jumped."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from contract.messages import Climate, Snapshot
from server.pipeline import Pipeline
from server.rollups.writing import Writer
from server.settings import Settings
from server.store import Accepted, Dating
from server.store.chains import HOUR_MS
from server.store.pruner import DAY_MS, Ages, Pruner
from server.store.sqlite import Store
from server.upkeep import AGAIN_MS, Upkeep
from server.web.health import notices
from tests.support.damage import overwrite_first

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
START_MS = 1_760_000_400_000 // DAY_MS * DAY_MS
RAW_DAYS = 14
AGES = Ages.of_days(RAW_DAYS, 40, 1_096)
STATIONS = ("canteen", "library", "harbour")
FAR_MS = 3_650 * DAY_MS


def readings(
    station: str, times: Sequence[int], dating: Dating = "measured", first: int = 1
) -> list[Accepted]:
    return [
        Accepted(
            station,
            Snapshot("00000000000000aa", seq, at_ms, seq, BOOT, "synced", Climate(at_ms, 21.0 + seq % 5)),
            at_ms, dating, seq,
        )
        for seq, at_ms in enumerate(times, first)
    ]  # fmt: skip


def every(step_ms: int, from_ms: int, to_ms: int) -> range:
    return range(from_ms, to_ms, step_ms)


# --- a damaged file -----------------------------------------------------------------------------------

NOW_MS = START_MS + 20 * DAY_MS
OLD_MS = NOW_MS - RAW_DAYS * DAY_MS - HOUR_MS
"""Of hours that are over, with the newest reading."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Twenty days of three stations, one behind the other; the oldest page of them is overwritten."""
    path = tmp_path / "readings.db"
    with closing(Store.open(path)) as store:
        for station in STATIONS:
            store.commit(readings(station, every(HOUR_MS // 2, START_MS, NOW_MS)))
    overwrite_first(path, "snapshot")
    return path


@pytest.fixture
def damaged(path: Path) -> Iterator[Store]:
    with closing(Store.open(path)) as store:
        yield store


def oldest(store: Store, station: str) -> int | None:
    """By the index, which is whole."""
    row = store._connection.execute(
        "SELECT min(at_ms) FROM snapshot JOIN station ON no = station WHERE station.id = ?", (station,)
    ).fetchone()
    return None if row[0] is None else int(row[0])


def test_a_damaged_page_stops_its_station_alone(damaged: Store, caplog: pytest.LogCaptureFixture) -> None:
    made = Pruner(damaged, AGES, {}, lambda: 1.0)
    while made.step(NOW_MS):
        pass
    assert [oldest(damaged, each) for each in STATIONS] == [START_MS, *[OLD_MS] * 2]
    assert made.damaged == {1}
    for day in range(1, 4):
        damaged.commit(readings("library", [NOW_MS + day * DAY_MS], first=2_000 + day))
        while made.step(NOW_MS + day * DAY_MS):
            pass
    assert made.damaged == {1}
    said = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.message.split()[0] for record in said] == ["pruning_damaged"], "once, not every second"


def test_a_page_of_many_stations_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """As stations send: of each some rows on every page, and the oldest page is pruned first."""
    names = [f"station-{number:03}" for number in range(200)]
    with closing(Store.open(tmp_path / "readings.db")) as store:
        for seq, at_ms in enumerate([START_MS, *every(60_000, NOW_MS - HOUR_MS // 4, NOW_MS)], 1):
            store.commit([each for name in names for each in readings(name, [at_ms], first=seq)])
    overwrite_first(tmp_path / "readings.db", "snapshot")
    with closing(Writer.open(tmp_path / "rollups.db")) as rollups:
        rollups.follow(10**6, 0)
    with closing(Store.open(tmp_path / "readings.db")) as store:
        pipeline = Pipeline()
        upkeep = Upkeep(Settings(data_dir=tmp_path), store, pipeline)
        for second in range(200):
            upkeep.step(NOW_MS + second * 1000)
        kept = [name for name in names if oldest(store, name) == START_MS]
        assert 10 < len(kept) < 150, "those of the page"
        assert notices(pipeline)[0].startswith(f"old readings of {len(kept)} stations are not pruned")


def test_whatever_fails_is_said_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline()
    with closing(Store.open(tmp_path / "readings.db")) as store:
        store.commit(readings("canteen", every(DAY_MS, START_MS, NOW_MS)))
        upkeep = Upkeep(Settings(data_dir=tmp_path), store, pipeline)
        store._connection.execute(
            "CREATE TEMP TRIGGER full BEFORE DELETE ON snapshot BEGIN SELECT RAISE(ABORT, 'is full'); END"
        )
        with closing(Writer.open(tmp_path / "rollups.db")) as rollups:
            rollups.follow(20, 0)
        for second in range(10 * AGAIN_MS // 1000):
            upkeep.step(NOW_MS + second * 1000)
        assert notices(pipeline) == ["nothing is pruned at present: is full"]
        assert [record.message.split()[0] for record in caplog.records] == ["pruning_failed"]
        store._connection.execute("DROP TRIGGER full")
        upkeep.step(NOW_MS + 11 * AGAIN_MS)
        upkeep.step(NOW_MS + 11 * AGAIN_MS + 1000)
        assert notices(pipeline) == []
        assert oldest(store, "canteen") == NOW_MS - (RAW_DAYS + 1) * DAY_MS


# --- a clock that has jumped --------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Ten days of a station whose clock was never set: the server has dated its readings."""
    with closing(Store.open(tmp_path / "readings.db")) as opened:
        opened.commit(readings("canteen", every(HOUR_MS, START_MS, START_MS + 10 * DAY_MS), "estimated"))
        yield opened


def kept_days(store: Store, now_ms: int, from_ms: int = 0) -> float:
    """Prune; how many days are left of those from then on."""
    made = Pruner(store, AGES, {}, lambda: 1.0)
    while made.step(now_ms):
        pass
    count = store._connection.execute("SELECT count(*) FROM snapshot WHERE at_ms >= ?", (from_ms,))
    return float(count.fetchone()[0]) / 24


def test_a_clock_that_is_years_ahead_ages_nothing_before_a_station_has_spoken(store: Store) -> None:
    assert kept_days(store, START_MS + FAR_MS) == 10


def test_nor_does_it_when_stations_without_a_clock_have_spoken_since(store: Store) -> None:
    """What they sent is dated, and was received, by the wrong clock; the time since is right."""
    now_ms = START_MS + FAR_MS
    store.commit(readings("canteen", every(HOUR_MS, now_ms, now_ms + 8 * DAY_MS), "estimated", 1_000))
    assert kept_days(store, now_ms + 8 * DAY_MS) == pytest.approx(6 + 8, abs=0.1), "14 days as ever"


def test_two_jumps_are_two_silences(store: Store) -> None:
    for jumps in (1, 2):
        now_ms = START_MS + jumps * FAR_MS
        store.commit(
            readings("canteen", every(HOUR_MS, now_ms, now_ms + 4 * DAY_MS), "estimated", 1_000 * jumps)
        )
    assert kept_days(store, START_MS + 2 * FAR_MS + 4 * DAY_MS) == pytest.approx(6 + 4 + 4, abs=0.1)


def test_after_two_weeks_all_that_was_before_is_old(store: Store) -> None:
    """The rows that a silent station keeps for ever make no silence that would count."""
    store.commit(readings("library", [START_MS + 10 * DAY_MS], "estimated"))
    now_ms = START_MS + FAR_MS
    store.commit(readings("canteen", every(HOUR_MS, now_ms, now_ms + 20 * DAY_MS), "estimated", 1_000))
    assert kept_days(store, now_ms + 20 * DAY_MS) == pytest.approx(RAW_DAYS, abs=0.1)
    assert oldest(store, "library") == START_MS + 10 * DAY_MS


def test_a_station_with_a_clock_ends_all_doubt(store: Store) -> None:
    now_ms = START_MS + 30 * DAY_MS
    store.commit(readings("library", [now_ms]))
    assert kept_days(store, now_ms) == pytest.approx(2 / 24), "the newest of each"


def test_a_clock_that_was_ahead_for_a_while_and_is_right_again(store: Store) -> None:
    ahead_ms, now_ms = START_MS + FAR_MS, START_MS + 12 * DAY_MS
    store.commit(readings("canteen", every(HOUR_MS, ahead_ms, ahead_ms + DAY_MS), "estimated", 1_000))
    store.commit(readings("canteen", every(HOUR_MS, now_ms, now_ms + 8 * DAY_MS), "estimated", 2_000))
    assert kept_days(store, now_ms + 8 * DAY_MS, START_MS) == pytest.approx(4 + 1 + 8, abs=0.1)
