"""What is written does not depend on the order in which rows came, nor on stops in between."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from contract.messages import Snapshot
from server.influx import forwarder
from server.influx.answers import Answer
from server.influx.ledger import Ledger
from server.influx.progress import read
from server.store import Counted
from server.store.commits import Commits
from server.store.pruner import Ages, Pruner
from server.store.sqlite import OccupancyChange
from tests.support.forwarding import MIN, NOON_MS, Bucket, Forwarding, day, snapshot, station
from tests.support.wait import until

STEP_MS = 30_000


def afternoon(count: int, seed: int) -> list[Snapshot]:
    """Snapshots of a station where people come and go; now and then nobody is seen for long."""
    dice, came, left, at_ms, rows = Random(seed), 0, 0, NOON_MS, []  # noqa: S311 # a simulated day
    for seq in range(1, count + 1):
        if dice.random() < 0.6:
            came += dice.randrange(3)
            left = min(came, left + dice.randrange(3))
        at_ms += STEP_MS if dice.random() < 0.97 else 50 * MIN
        rows.append(day(seq, at_ms, people_in=came, people_out=left))
    return rows


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def scene(tmp_path: Path, bucket: Bucket) -> Iterator[Forwarding]:
    scene = Forwarding(tmp_path, bucket.take, [station("a"), station("b")])
    scene.steps()
    yield scene
    scene.close()


def in_order(folder: Path, rows: list[Snapshot]) -> Bucket:
    bucket = Bucket()
    scene = Forwarding(folder, bucket.take, [station("a"), station("b")])
    scene.steps()
    scene.now_ms = rows[-1].at_ms
    scene.commit("a", *rows)
    scene.rest()
    scene.close()
    return bucket


def stands(bucket: Bucket) -> list[tuple[tuple[str, str], dict[str, str]]]:
    """What of all points is the same however often a row was written: all but when a unit was repeated."""
    told = {**bucket.of("occupancy"), **bucket.of("climate"), **bucket.of("health")}
    told |= {
        key: {name: value for name, value in fields.items() if name not in ("name", "lat", "lon")}
        for key, fields in bucket.of("status").items()
    }
    return sorted(told.items())


def units(bucket: Bucket, rows: list[Snapshot]) -> list[dict[str, dict[str, str]]]:
    """The newest point of every unit at the time of each row, as a panel asks for it."""
    points = sorted((bucket.of("sockets") | bucket.of("cabinets")).items(), key=lambda pair: pair[0][1])
    newest: dict[str, dict[str, str]] = {}
    told = []
    for row in rows:
        while points and int(points[0][0][1]) <= row.at_ms:
            (series, _), fields = points.pop(0)
            newest[series] = fields
        told.append(dict(newest))
    return told


@pytest.mark.parametrize("seed", range(4))
def test_late_rows_come_to_what_they_would_have_been_in_time(tmp_path: Path, seed: int) -> None:
    rows, dice = afternoon(150, seed), Random(seed)  # noqa: S311 # the order of arrival
    expected = in_order(tmp_path / "in-order", rows)
    bucket = Bucket()
    scene = Forwarding(tmp_path / "late", bucket.take, [station("a"), station("b")])
    scene.steps()
    scene.now_ms = rows[-1].at_ms
    left = list(rows)
    while left:
        begin = dice.randrange(len(left))
        portion = [left.pop(begin) for _ in range(min(dice.randrange(1, 40), len(left) - begin))]
        if dice.random() < 0.3:
            portion.reverse()
        scene.commit("a", *portion)
        scene.turn(dice.choice([0, 1_000, 5_000, 20_000]))
        if seed % 2 and dice.random() < 0.15:
            scene.restart()
    scene.rest()
    assert stands(bucket) == stands(expected)
    assert len(expected.of("occupancy")) == len(rows)
    assert units(bucket, rows) == units(expected, rows)
    assert scene.forwarder.reached() == len(rows)
    scene.close()


@pytest.mark.parametrize("killed", [False, True])
def test_a_late_row_changes_the_people_counted_since(scene: Forwarding, bucket: Bucket, killed: bool) -> None:
    early = snapshot(1, NOON_MS, doors=day(1, NOON_MS, people_in=0, people_out=0).doors)
    scene.commit("a", early, day(3, NOON_MS + 2 * MIN, people_in=1, people_out=1))
    scene.rest()
    newest = ("occupancy,network=net,district=东区,station=a", str(NOON_MS + 2 * MIN))
    assert bucket.points[newest]["visits"] == "1i"
    if killed:
        scene.restart()
    scene.commit("a", day(2, NOON_MS + MIN, people_in=4, people_out=0, stream="fedcba9876543210"))
    assert scene.forwarder.standing.since_ms is None
    scene.turn(6_000)
    assert scene.forwarder.standing.since_ms == scene.now_ms, "it waits for more of the backlog"
    assert scene.forwarder.reached() == 2, "and its rows may not be pruned yet"
    scene.rest()
    assert bucket.points[newest]["visits"] == "5i", "a total smaller than before began a new sum"
    assert scene.forwarder.reached() == 3


def test_late_rows_are_written_after_a_kill(scene: Forwarding, bucket: Bucket) -> None:
    scene.commit("a", day(2, NOON_MS + MIN, people_in=1, people_out=0))
    scene.rest()
    scene.commit("a", day(1, NOON_MS, people_in=0, people_out=0))
    scene.turn(6_000)
    assert ("climate,network=net,district=东区,station=a", str(NOON_MS - 500)) not in bucket.points
    scene.restart()
    scene.rest()
    assert ("climate,network=net,district=东区,station=a", str(NOON_MS - 500)) in bucket.points


def test_what_staff_counted_is_written_from_then_on(scene: Forwarding, bucket: Bucket) -> None:
    scene.commit("a", *(day(n, NOON_MS + n * MIN, people_in=n, people_out=0) for n in range(1, 6)))
    scene.rest()
    counted_ms = NOON_MS + 3 * MIN + 1
    scene.store.put_occupancy([OccupancyChange("a", None, (), (), [Counted(counted_ms, 40, "li")])])
    scene.rest()
    people = [int(each["people"][:-1]) for _, each in sorted(bucket.of("occupancy").items())]
    assert people == [0, 1, 2, 41, 42]


def test_what_cannot_be_read_counts_as_behind(scene: Forwarding, monkeypatch: pytest.MonkeyPatch) -> None:
    """The alert goes by the age of what is not written; of a damaged file nobody can say what there is."""

    def damaged(*_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(Commits, "next", damaged)
    for _ in range(12):
        scene.turn(MIN)
    assert scene.pipeline.influx is not None
    assert scene.pipeline.influx.behind_ms(scene.now_ms) > 10 * MIN
    assert "malformed" in scene.pipeline.influx.why
    monkeypatch.undo()
    scene.turn(2 * MIN)
    scene.rest()
    assert (scene.pipeline.influx.why, scene.pipeline.influx.since_ms) == ("", None)


def test_it_begins_with_what_is_committed_from_then_on(tmp_path: Path, bucket: Bucket) -> None:
    scene = Forwarding(tmp_path, bucket.take, [station("a")])
    scene.commit("a", day(1, NOON_MS, people_in=0, people_out=0))
    scene.rest()
    assert not bucket.of("climate"), "what was before is for a backfill, which is asked for"
    scene.commit("a", day(2, NOON_MS + MIN, people_in=3, people_out=0))
    scene.rest()
    assert [each["people"] for each in bucket.of("occupancy").values()] == ["3i"], (
        "counted with what was before"
    )
    scene.close()


def test_rows_without_a_date_of_their_own_are_left_out(scene: Forwarding, bucket: Bucket) -> None:
    scene.commit("a", day(1, NOON_MS, people_in=0, people_out=0), dating="received")
    scene.commit("a", day(2, NOON_MS - MIN, people_in=2, people_out=0))
    scene.rest()
    assert [time for _, time in bucket.of("status")] == [str(NOON_MS - MIN)]
    assert scene.forwarder.reached() == 2


def test_a_row_that_is_late_for_hours_that_were_pruned(tmp_path: Path) -> None:
    hour = 60 * MIN
    rows = [
        day(n, NOON_MS + n * 10 * MIN, people_in=n, people_out=n // 2 if n % 7 else 0) for n in range(1, 60)
    ]
    late = day(13, rows.pop(12).at_ms, people_in=0, people_out=0)  # the doors began a new sum
    expected = in_order(tmp_path / "in-order", sorted([*rows, late], key=lambda row: row.at_ms))
    bucket = Bucket()
    scene = Forwarding(tmp_path / "pruned", bucket.take, [station("a"), station("b")])
    scene.steps()
    scene.now_ms = rows[-1].at_ms
    scene.commit("a", *rows)
    scene.rest()
    ages = Ages(raw_ms=2 * hour, late_ms=20 * hour, noted_ms=30 * hour)
    scene.now_ms += 3 * hour
    scene.commit("b", day(1, scene.now_ms, people_in=0, people_out=0))
    scene.rest()
    pruner = Pruner(scene.store, ages, {"InfluxDB": scene.forwarder.reached}, lambda: 1.0)
    while pruner.step(scene.now_ms):
        pass
    assert len(list(scene.store.snapshots("a", 0, 2**53))) < len(rows) / 2
    scene.commit("a", late)
    scene.rest()
    for measurement in ("occupancy", "climate"):
        told = {key: each for key, each in bucket.of(measurement).items() if key[0].endswith("=a")}
        assert told == expected.of(measurement), "also where only the people are left"
    scene.close()


def test_a_station_that_is_not_registered_holds_nothing_up(scene: Forwarding, bucket: Bucket) -> None:
    scene.commit("gone", day(1, NOON_MS, people_in=0, people_out=0))
    scene.commit("a", day(1, NOON_MS, people_in=0, people_out=0))
    scene.rest()
    assert {series for series, _ in bucket.of("status")} == {"status,network=net,district=东区,station=a"}


def test_a_row_beside_one_of_the_same_time(scene: Forwarding, bucket: Bucket) -> None:
    other = "fedcba9876543210"
    scene.commit("a", day(1, NOON_MS, people_in=0, people_out=0))
    scene.commit("a", day(1, NOON_MS, people_in=0, people_out=0, stream=other))
    scene.commit("a", day(2, NOON_MS + MIN, people_in=2, people_out=1))
    scene.rest()
    assert [each["people"] for _, each in sorted(bucket.of("occupancy").items())] == ["0i", "1i"]


def test_minutes_are_kept_and_staff_told_while_an_answer_does_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "LOOK_S", 0.01)
    bucket, asked, comes = Bucket(), threading.Event(), threading.Event()

    def write(lines: Sequence[str]) -> Answer:
        asked.set()
        assert comes.wait(120)
        return bucket.take(lines)

    scene = Forwarding(tmp_path, write, [station("a")])
    scene.commit("a", day(1, NOON_MS, people_in=1, people_out=0))
    stepping = threading.Thread(target=scene.forwarder.step, args=(scene.now_ms,))
    stepping.start()
    assert asked.wait(30)
    for minute in range(1, 4):
        scene.now_ms = NOON_MS + minute * MIN
        told = f"{minute} minutes later a line waits"
        until(lambda wanted=minute + 1: waiting(scene) == wanted, 10, told)  # type: ignore[misc] # awaited here
    assert scene.forwarder.standing.why == "no answer yet"
    comes.set()
    stepping.join()
    scene.rest()
    assert [int(at_ms) for _, at_ms in bucket.of("network")][:4] == [NOON_MS + n * MIN for n in range(4)]
    assert scene.forwarder.standing.why == ""
    scene.close()


def test_a_full_disk_beside_an_answer_that_does_not_come_sends_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "LOOK_S", 0.01)
    bucket, asked, comes, failed, twice = Bucket(), *(threading.Event() for _ in range(4))

    def write(lines: Sequence[str]) -> Answer:
        if asked.is_set() and not comes.is_set():
            twice.set()
        asked.set()
        assert comes.wait(120)
        return bucket.take(lines)

    def full(*_: object) -> None:
        failed.set()
        raise sqlite3.OperationalError("database or disk is full")

    def step(scene: Forwarding) -> None:
        while not comes.is_set():
            scene.forwarder.step(scene.now_ms)

    scene = Forwarding(tmp_path, write, [station("a")])
    stepping = threading.Thread(target=step, args=(scene,))
    stepping.start()
    assert asked.wait(30)
    with monkeypatch.context() as disk:
        disk.setattr(Ledger, "wait", full)
        scene.now_ms += MIN
        assert failed.wait(30)
    for number in (2, 3):  # the second one is kept behind whatever the first has led to
        scene.now_ms += 2 * MIN
        until(lambda wanted=number: waiting(scene) >= wanted, 30, "there is room again")  # type: ignore[misc] # awaited
    comes.set()
    stepping.join()
    assert not twice.is_set()
    scene.close()


def waiting(scene: Forwarding) -> int:
    """How many lines of networks are in the file."""
    progress = read(scene.folder / "influx.db", scene.folder / "readings.db")
    return progress.waiting if progress else 0
