"""A damaged influx.db: it is kept, it is said, and as nobody knows how far it was, all comes again."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.influx import ledger
from server.influx.ledger import Ledger, put_aside, reached
from server.influx.progress import read
from server.store.pruner import Ages, Pruner
from server.store.sqlite import Store
from tests.support.forwarding import MIN, NOON_MS, Bucket, Forwarding, day, station

HOUR = 60 * MIN
STATIONS = [station("a"), station("b")]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Forwarding]:
    scene = Forwarding(tmp_path, Bucket().take, STATIONS)
    scene.steps()
    for number in range(1, 200):
        for id_ in ("a", "b"):
            scene.commit(id_, day(number, NOON_MS + number * MIN, people_in=number, people_out=number // 2))
    scene.now_ms += 200 * MIN
    scene.rest()
    yield scene
    scene.close()


def damage(scene: Forwarding) -> None:
    """As a bad card does it: the tables' pages are overwritten, the name of the file is there."""
    scene.forwarder.close()
    path = scene.folder / "influx.db"
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * max(4096, path.stat().st_size - 4096))


def begun_anew(scene: Forwarding) -> Bucket:
    """After the damage, to an InfluxDB in which nothing is: what comes, comes now."""
    empty = Bucket()
    scene.write = empty.take
    scene.restart()
    return empty


def test_all_that_the_store_holds_is_written_anew(scene: Forwarding) -> None:
    damage(scene)
    scene.commit("a", day(200, NOON_MS + 200 * MIN, people_in=200, people_out=100))
    bucket = begun_anew(scene)
    scene.rest()
    times = {station_id: set[int]() for station_id in ("a", "b")}
    for series, at_ms in bucket.of("status"):
        times[series.rpartition("=")[2]].add(int(at_ms))
    assert times["a"] == {NOON_MS + number * MIN for number in range(1, 201)}
    assert times["b"] == {NOON_MS + number * MIN for number in range(1, 200)}
    assert scene.forwarder.reached() == reached(scene.folder / "influx.db") == 399


def test_it_is_said_until_the_damaged_file_is_taken_away(scene: Forwarding) -> None:
    damage(scene)
    begun_anew(scene)
    scene.forwarder.step(scene.now_ms)
    assert (scene.forwarder.standing.damaged, scene.forwarder.standing.late) == ("influx.db.corrupt-1", 2)
    progress = read(scene.folder / "influx.db", scene.folder / "readings.db")
    assert progress is not None
    assert (progress.damaged, progress.late) == ("influx.db.corrupt-1", 2)
    assert reached(scene.folder / "influx.db") == 0, "nothing may be pruned until it is there"
    scene.restart()
    scene.rest()
    assert (scene.forwarder.standing.damaged, scene.forwarder.standing.late) == ("influx.db.corrupt-1", 0)
    (scene.folder / "influx.db.corrupt-1").unlink()
    scene.turn(6_000)
    assert scene.forwarder.standing.damaged == ""


def test_killed_between_the_two_files_it_is_known_still(scene: Forwarding) -> None:
    damage(scene)
    shutil.move(scene.folder / "influx.db", scene.folder / "influx.db.corrupt-1")
    bucket = begun_anew(scene)
    scene.rest()
    assert len(bucket.of("status")) == 2 * 199


def test_of_pruned_hours_the_people_come_again(scene: Forwarding) -> None:
    ages = Ages(raw_ms=HOUR, late_ms=20 * HOUR, noted_ms=30 * HOUR)
    pruner = Pruner(scene.store, ages, {"InfluxDB": scene.forwarder.reached}, lambda: 1.0)
    while pruner.step(scene.now_ms):
        pass
    left = len(list(scene.store.snapshots("a", 0, 2**53)))
    assert left < 150
    damage(scene)
    bucket = begun_anew(scene)
    scene.rest()
    assert len(bucket.of("status")) == 2 * left
    assert len(bucket.of("occupancy")) == 2 * 199


def test_which_was_put_aside_last(tmp_path: Path) -> None:
    path = tmp_path / "influx.db"
    assert put_aside(path) == ""
    for name in (
        "influx.db.corrupt-9",
        "influx.db.corrupt-10",
        "influx.db.corrupt-10-wal",
        "influx.db.corrupt-x",
    ):
        (tmp_path / name).touch()
    assert put_aside(path) == "influx.db.corrupt-10"


def test_lines_that_could_not_wait_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_WAITING", 5)
    with closing(Ledger.open(tmp_path / "other.db")) as other:
        for number in range(12):
            other.wait([f"network,network=n x={number}i 1"], number)
        assert other.followed().dropped == 7
        assert other.waiting(10)[2][0] == "network,network=n x=7i 1", "the oldest went"
    with closing(Ledger.open(tmp_path / "other.db")) as other:
        assert other.followed().dropped == 7, "for good"


def test_a_file_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "influx.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"BEGIN; {ledger._V1}; PRAGMA user_version = 1; COMMIT")
        connection.execute("UPDATE followed SET commits = 41, refused = 2")
        connection.commit()
    Store.open(tmp_path / "readings.db").close()
    before = read(path, tmp_path / "readings.db")
    assert before is not None
    assert (before.commits, before.refused, before.dropped) == (41, 2, 0), (
        "by status, before a server has run"
    )
    with closing(Ledger.open(path)) as opened:
        followed = opened.followed()
    assert (followed.commits, followed.refused, followed.dropped) == (41, 2, 0)
    assert put_aside(path) == ""
