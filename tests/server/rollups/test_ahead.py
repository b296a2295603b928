"""Roll-ups beside a readings.db that ends before they do."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.app import Server
from server.rollups import Day
from server.rollups.ahead import AnotherStoreError, go_on_behind
from server.rollups.writing import Writer
from server.settings import Settings
from server.web.health import notices
from tests.support.rollups import HOUR_MS, LATER, MIDNIGHT, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
MINUTE_MS = 60_000
DAY_MS = 24 * HOUR_MS


def warm(rig: Rig, from_ms: int, count: int, came: int, station: str = "canteen") -> None:
    for number in range(count):
        rig.come(from_ms + number * 5 * MINUTE_MS, came + number, celsius=20.0 + number % 3, station=station)


@pytest.fixture
def before(rig: Rig, tmp_path: Path) -> Path:
    """A copy of the readings made before the last of them; all are in the roll-ups."""
    warm(rig, EIGHT, 12, 0)
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(rig.store.path)) as file, closing(sqlite3.connect(copy)) as into:
        file.backup(into)
    warm(rig, EIGHT + HOUR_MS, 12, 12)
    rig.work(LATER)
    return copy


def put_back(rig: Rig, readings: Path | None) -> str:
    """By hand, while the server is stopped; what the next start says."""
    rig.restart(readings)
    return go_on_behind(rig.store, rig.rollups)


def told(day: Day) -> tuple[int, int, float]:
    """What would be another when a row counts twice."""
    assert day.temperature is not None
    assert day.occupancy is not None
    return day.temperature.count, day.occupancy.count, day.visits


def test_an_older_copy_counts_nothing_twice(rig: Rig, before: Path) -> None:
    was = rig.day()
    said = put_back(rig, before)
    assert "an older readings.db was put back: it ended at reading 12, roll-ups have 24" in said
    rig.work(LATER)
    assert rig.day()[:-1] == was[:-1], "also what only the roll-ups have now; but for when it was made"
    rig.come(EIGHT + 7 * MINUTE_MS, 1, celsius=21.0)
    rig.work(LATER + HOUR_MS)
    assert rig.store.last_commit() == 25
    readings, people, visits = told(rig.day())
    assert (readings, people, visits) == (told(was)[0] + 1, told(was)[1] + 1, told(was)[2])
    assert rig.rollups.reached() == 25


def test_the_server_looks_at_its_start(rig: Rig, before: Path, tmp_path: Path) -> None:
    rig.restart(before)
    server = Server(Settings(data_dir=tmp_path))
    try:
        assert any("an older readings.db was put back" in said for said in notices(server.pipeline))
        assert server.store.last_commit() == 24
    finally:
        server.stop()


def test_the_next_start_has_nothing_to_say(rig: Rig, before: Path) -> None:
    put_back(rig, before)
    assert go_on_behind(rig.store, rig.rollups) == ""


def test_a_file_that_was_begun_anew_goes_on_behind(rig: Rig, before: Path) -> None:
    """And the older copy that is put back later still counts nothing twice."""
    was = rig.day()
    assert put_back(rig, None) == "", "the log has said that it was"
    rig.come(EIGHT + DAY_MS, 30, celsius=19.0)
    rig.work(LATER + DAY_MS)
    assert rig.rollups.reached() == 25
    put_back(rig, before)
    rig.work(LATER + DAY_MS)
    assert told(rig.day()) == told(was)


@pytest.mark.usefixtures("before")
def test_the_readings_of_another_server_are_refused(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Rig(tmp_path / "other")
    warm(other, EIGHT + 90 * DAY_MS, 12, 0)
    other.close()
    with pytest.raises(AnotherStoreError, match=r"mv .*rollups\.db\* .*rollups-before"):
        put_back(rig, tmp_path / "other" / "readings.db")
    assert rig.store.last_commit() == 12, "nothing was changed"
    rig.path.rename(rig.path.with_name("rollups.db.other"))
    assert go_on_behind(rig.store, rig.rollups) == "", "as it says"


def test_nothing_is_made_where_the_readings_end_too_early(rig: Rig, before: Path) -> None:
    """However that came about."""
    was = rig.day()
    rig.restart(before)
    with pytest.raises(RuntimeError, match=r"ends at reading 12, roll-ups have 24"):
        rig.work(LATER)
    assert told(rig.day()) == told(was)


def test_older_roll_ups_are_brought_up_to_date(rig: Rig, tmp_path: Path) -> None:
    """Put back of a backup, as long as the readings since are there."""
    warm(rig, EIGHT, 18, 0)
    rig.work(LATER)
    copy = tmp_path / "rollups-copy.db"
    with closing(sqlite3.connect(copy)) as into:
        rig.writer.connection.backup(into)
    warm(rig, EIGHT + 90 * MINUTE_MS, 18, 18)
    rig.work(LATER)
    was = rig.day()
    rig.writer.close()
    for suffix in ("", "-wal", "-shm"):
        rig.path.with_name(f"{rig.path.name}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(copy, rig.path)
    rig.writer = Writer.open(rig.path)
    assert told(rig.day()) != told(was)
    rig.work(LATER)
    assert rig.day()[:-1] == was[:-1]


@pytest.mark.usefixtures("before")
def test_damaged_roll_ups_stop_no_start(rig: Rig) -> None:
    rig.writer.close()
    rig.path.write_bytes(b"overwritten" * 1000)
    assert go_on_behind(rig.store, rig.rollups) == ""
    rig.reopen()
