"""The thread that keeps rollups.db up to date, on a real store."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.model import Thresholds
from server.rollups import Rollups
from server.rollups import follower as module
from server.rollups.follower import Follower, remove_forerunner
from server.rollups.keeper import PUT_OFF_MS, Keeper
from server.store.trouble import WELL, Trouble
from tests.support.rollups import DAY, HOUR_MS, KEPT, LATER, MIDNIGHT, NEXT, Rig
from tests.support.wait import until

EIGHT = MIDNIGHT + 8 * HOUR_MS


@pytest.fixture
def follower(rig: Rig) -> Iterator[Follower]:
    made = Follower(rig.store, rig.path, rig.live, KEPT, now_ms=lambda: LATER)
    yield made
    made.stop()


def test_what_is_committed_is_rolled_up_and_forecasts_hear_of_it(rig: Rig, follower: Follower) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    rig.keeper.follow(EIGHT + HOUR_MS)  # noted long ago, and due
    heard: list[str] = []
    follower.start(heard.append)
    until(lambda: heard == ["canteen"], 20, "the day is made")
    assert rig.day().visits == 4


def test_another_time_zone_is_noticed(rig: Rig, follower: Follower) -> None:
    rig.fill(NEXT - HOUR_MS, NEXT, 4)
    rig.work(LATER)
    rig.set_zone("America/New_York")
    follower.start()
    until(lambda: next(rig.rollups.days(DAY, DAY)).visits_by_hour[11] == 4, 20, "by the other clock")


def test_it_rests_for_most_of_the_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what a step took on the processor, it waits nineteen times as long."""
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    rig.keeper.follow(EIGHT + HOUR_MS)
    used = iter(range(100))
    monkeypatch.setattr(time, "thread_time", lambda: float(next(used)))
    made = Follower(rig.store, rig.path, rig.live, KEPT, now_ms=lambda: LATER)
    waits: list[float | None] = []

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds)
        made._over.set()
        return True

    monkeypatch.setattr(made._over, "wait", wait)
    made.start()
    made._thread.join(20)
    assert waits == [pytest.approx(19 * 1.0)]


def test_a_database_that_cannot_be_opened_is_said_once_and_ends_orderly(
    tmp_path: Path, rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOLLOW_S", 0.01)
    path = tmp_path / "folder"
    path.mkdir()
    made = Follower(rig.store, path, rig.live, KEPT, now_ms=lambda: LATER)
    with caplog.at_level(logging.ERROR):
        made.start()
        until(lambda: bool(caplog.records), 20, "the failure is said")
        path.rmdir()
        rig.come(EIGHT)
        until(lambda: Rollups.open_reader(path).settled(0) and path.is_file(), 20, "it begins again")
    made.stop()
    assert [record.message for record in caplog.records] == [f"rollups_failed path={path}"]


def test_one_station_that_cannot_be_read_does_not_stop_the_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOLLOW_S", 0.01)
    monkeypatch.setattr(module, "DUTY", 1.0)  # no rest: how long that is depends on the machine
    for station in ("library", "canteen"):  # the first to be made fails
        rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4, station=station)
    rig.keeper.follow(EIGHT + HOUR_MS)
    thresholds = Keeper._thresholds

    def damaged(self: Keeper, station_id: str) -> Thresholds:
        if station_id == "library":
            raise sqlite3.DatabaseError("database disk image is malformed")
        return thresholds(self, station_id)

    monkeypatch.setattr(Keeper, "_thresholds", damaged)
    said: list[Trouble] = []
    now_ms = [LATER]
    made = Follower(rig.store, rig.path, rig.live, KEPT, now_ms=lambda: now_ms[0], told=said.append)
    made.start()
    until(lambda: DAY in rig.days(), 20, "the other one's day is made")
    assert "library" not in {each.station_id for each in rig.rollups.days(DAY, DAY)}
    assert set(said) == {Trouble("roll-ups are not made at present: database disk image is malformed")}
    assert rig.rollups.reached() < 16, "nothing of it is pruned"
    monkeypatch.undo()
    now_ms[0] += 2 * HOUR_MS
    until(lambda: rig.days("library") != {}, 80, "it is tried again an hour later")
    made.stop()


def test_that_all_is_well_again_is_said_once_every_hour_was_tried(rig: Rig) -> None:
    said: list[Trouble] = []
    made = Follower(rig.store, rig.path, rig.live, KEPT, now_ms=lambda: LATER, told=said.append)
    made._failed_s = time.monotonic() - 1.5 * PUT_OFF_MS / 1000
    made._recovered()
    assert said == [], "the hour that failed may fail again"
    made._failed_s -= PUT_OFF_MS / 1000
    made._recovered()
    assert said == [WELL]


def test_the_file_of_earlier_versions_is_removed_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left = tmp_path / "quarters.db"
    left.write_bytes(b"old")
    left.with_name("quarters.db-wal").write_bytes(b"old")
    with caplog.at_level(logging.INFO):
        remove_forerunner(left)
        remove_forerunner(left)
    assert list(tmp_path.iterdir()) == []
    assert len(caplog.records) == 2
