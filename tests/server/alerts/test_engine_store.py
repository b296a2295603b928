"""The engine over a store that is damaged: what it tells of, until when, and what it leaves to others."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from server.occupancy import Occupancy
from server.rollups.writing import Writer
from server.settings import Settings
from server.store.chains import HOUR_MS
from server.store.pruner import DAY_MS
from server.store.sqlite import OccupancyChange, Store
from server.store.trouble import Trouble
from server.upkeep import Upkeep
from tests.support.damage import overwrite_first
from tests.support.pruned import START_MS, fill
from tests.support.shift import MIN, PASS_MS, Shift, station

NOW_MS = START_MS + 20 * DAY_MS

Go = Callable[[int], None]


@contextmanager
def serving(folder: Path, now_ms: int = NOW_MS) -> Iterator[tuple[Shift, Go]]:
    """A server that keeps its store up while time passes."""
    shift = Shift(folder, [station("a")], now_ms=now_ms)
    upkeep = Upkeep(Settings(data_dir=folder), shift.store, shift.pipeline)

    def go(ms: int) -> None:
        for _ in range(ms // PASS_MS):
            upkeep.step(shift.now_ms)
            shift.step()

    with closing(shift):
        yield shift, go


def files(shift: Shift) -> dict[str, tuple[str, object]]:
    """By file, how its alert is and what it says."""
    return {
        alert.subject.unit: (alert.state, alert.values.get("problem"))
        for alert in shift.engine.alerts()
        if alert.kind == "store_damaged"
    }


def test_a_fresh_server_is_well(tmp_path: Path) -> None:
    with serving(tmp_path) as (shift, go):
        shift.all_say()
        go(20 * MIN)
        assert files(shift) == {}


def test_a_corrupt_file_is_told_of_until_somebody_takes_it_away(tmp_path: Path) -> None:
    (tmp_path / "readings.db").write_bytes(b"overwritten" * 1000)
    with serving(tmp_path) as (shift, go):
        chat = shift.receiver("chat")
        go(4 * MIN)
        assert files(shift) == {"readings.db.corrupt-1": ("firing", "moved_aside")}
        assert [told.kinds for told in shift.told(chat)] == [{"firing": {"store_damaged"}}]
    with serving(tmp_path, shift.now_ms + MIN) as (shift, go):
        go(2 * HOUR_MS)
        assert files(shift)["readings.db.corrupt-1"][0] == "firing", "a start mends nothing"
        (tmp_path / "readings.db.corrupt-1").unlink()
        go(HOUR_MS + MIN)
        assert files(shift)["readings.db.corrupt-1"][0] == "resolved"
        assert [told.kinds for told in shift.told()][1:] == [{"resolved": {"store_damaged"}}]


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Twenty days of readings that are rolled up; their oldest page is overwritten."""
    with closing(Store.open(tmp_path / "readings.db")) as store:
        fill(store, 20 * 96, station="a")
        store.put_occupancy([OccupancyChange("a", None, [Occupancy(NOW_MS)], [])])
    overwrite_first(tmp_path / "readings.db", "snapshot")
    with closing(Writer.open(tmp_path / "rollups.db")) as rollups:
        rollups.follow(10**6, 0)
    return tmp_path


def test_a_damaged_page_is_told_of_and_a_restart_does_not_end_it(damaged: Path) -> None:
    for now_ms in (NOW_MS, NOW_MS + 2 * HOUR_MS):
        with serving(damaged, now_ms) as (shift, go):
            go(90 * MIN)
            assert files(shift) == {"readings.db": ("firing", "not_pruned")}


def test_a_second_damage_is_told_of_beside_the_first(damaged: Path) -> None:
    with serving(damaged) as (shift, go):
        shift.receiver("chat")
        go(10 * MIN)
        (damaged / "rollups.db.corrupt-1").write_bytes(b"years")
        go(10 * MIN)
        assert files(shift) == {
            "readings.db": ("firing", "not_pruned"),
            "rollups.db.corrupt-1": ("firing", "moved_aside"),
        }
        told = [each.subject.unit for message in shift.told() for each in message.bundle.firing]
        assert [file for file in told if file] == ["readings.db", "rollups.db.corrupt-1"]


def failure(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("it fails")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "told", "why"),
    [
        (sqlite3.SQLITE_CORRUPT, True, "that does not pass"),
        (sqlite3.SQLITE_READONLY_DBMOVED, True, "somebody has to set its rights"),
        (sqlite3.SQLITE_FULL, False, "the disk has its own alert"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, False, "a lock passes"),
    ],
)
def test_roll_ups_that_are_not_made(tmp_path: Path, code: int, told: bool, why: str) -> None:
    with serving(tmp_path) as (shift, go):
        shift.pipeline.rollups = Trouble.of("roll-ups are not made", failure(code))
        shift.pipeline.pruning = Trouble.of("nothing is pruned", failure(sqlite3.SQLITE_FULL))
        go(10 * MIN)
        assert files(shift) == ({"": ("firing", "not_made")} if told else {}), why


def test_a_store_that_takes_nothing_is_told_of_alone(tmp_path: Path) -> None:
    (tmp_path / "readings.db").write_bytes(b"overwritten" * 1000)
    with serving(tmp_path) as (shift, go):
        shift.receiver("chat")
        shift.pipeline.stalled = "disk I/O error"
        go(30 * MIN)
        assert [told.kinds for told in shift.told()] == [{"firing": {"store_stalled"}}]
        shift.pipeline.stalled = ""
        go(30 * MIN)
        assert [told.kinds for told in shift.told()][1:] == [
            {"resolved": {"store_stalled"}},
            {"firing": {"store_damaged"}},
        ]
