"""The store against a model that keeps everything in a list."""

import random
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import (
    Cabinet,
    Climate,
    Door,
    Fault,
    Health,
    Info,
    Presence,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
)
from server.store import Accepted, DeadLetter
from server.store.chains import HOUR_MS, order
from server.store.schema import MIGRATIONS, NewerStoreError
from server.store.sqlite import Store
from tests.support.stored import BOOT, START_MS, STATIONS, STREAMS, accepted, everything, snapshot
from tests.support.strategies import messages


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db", dead_letters_max=3)
    yield opened
    opened.close()


# --- any order, any repetition ------------------------------------------------------------------------

numbers = st.one_of(st.none(), st.sampled_from([0.0, 21.5, 21.7, 22, -3.14159, 99.99]))
instants = st.integers(START_MS - 5, START_MS + 3)
sockets = st.builds(
    Socket,
    id=st.just("a1"),
    kind=st.just("usb"),
    state=st.sampled_from(["free", "charging", "unknown"]),
    since_ms=instants,
    power_w=numbers.filter(lambda value: value is None or value >= 0),
)
slots = st.builds(
    Slot,
    n=st.just(1),
    battery=st.sampled_from(["present", "absent"]),
    enabled=st.sampled_from([None, True, False]),
    soc_pct=st.sampled_from([None, 20, 20.5]),
    alarms=st.sampled_from([(), ("overheat",), ("overheat", "smoke")]),
)
cabinets = st.builds(
    Cabinet, id=st.just("k1"), online=st.booleans(), slots=st.tuples(slots), smoke=st.booleans()
)
doors = st.builds(
    Door, id=st.sampled_from(["in", "out"]), in_total=st.integers(0, 3), out_total=st.just(2**53 - 1)
)


@st.composite
def contents(draw: st.DrawFn) -> list[Accepted]:
    """Snapshots of two stations and streams within three hours, some of them at the very same time."""
    found = []
    for station in STATIONS:
        for stream in STREAMS:
            times = draw(st.lists(st.integers(0, 3 * 12), max_size=12))
            for seq, step in enumerate(times, 1):
                one = Snapshot(
                    stream,
                    seq,
                    START_MS + step * 300_000,
                    draw(st.integers(0, 5)),
                    BOOT,
                    "synced",
                    draw(st.one_of(st.none(), st.builds(Climate, at_ms=instants, temperature_c=numbers))),
                    tuple(draw(st.lists(doors, max_size=1))),
                    draw(st.one_of(st.none(), st.builds(Presence, st.one_of(st.none(), instants)))),
                    tuple(draw(st.lists(sockets, max_size=1))),
                    tuple(draw(st.lists(cabinets, max_size=1))),
                    draw(st.one_of(st.none(), st.just(Health(1, 2, 3, cpu_c=50.5)))),
                    tuple(
                        draw(
                            st.lists(st.builds(Fault, st.just("t"), st.just("silent"), instants), max_size=1)
                        )
                    ),
                )
                found.append(accepted(one, station, digest=hash((stream, seq)) % 2**31))
    return found


@settings(deadline=None, max_examples=60)
@given(contents(), st.randoms(use_true_random=False), st.integers(1, 7), st.booleans())
def test_whatever_order_and_repetition_every_snapshot_comes_back_once_and_exactly(
    made: list[Accepted], chance: random.Random, size: int, reopen: bool
) -> None:
    deliveries = made + [one for one in made if chance.random() < 0.4]
    chance.shuffle(deliveries)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "readings.db")
        for start in range(0, len(deliveries), size):
            store.commit(deliveries[start : start + size])
            if reopen and chance.random() < 0.3:
                store.close()
                store = Store.open(Path(folder) / "readings.db")
        for station in STATIONS:
            expected = sorted((one.snapshot for one in made if one.station_id == station), key=order)
            assert everything(store, station) == expected
            if expected:
                assert store.newest()[station].snapshot == expected[-1]
        assert store.check_integrity() == []
        store.close()


@settings(deadline=None, max_examples=60)
@given(st.lists(messages(Snapshot), min_size=1, max_size=3))
def test_every_snapshot_that_the_contract_allows_comes_back_exactly(made: list[Snapshot]) -> None:
    made = [replace(one, boot_id=BOOT) for one in made]  # a stream belongs to one boot
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "readings.db")
        store.commit([accepted(one) for one in made])
        distinct = {(one.stream, one.seq): one for one in reversed(made)}
        assert everything(store) == sorted(distinct.values(), key=order)
        store.close()


def test_a_late_row_leaves_what_comes_after_it_as_it_was(store: Store) -> None:
    busy = (Socket("a1", "usb", "charging", START_MS, 30.5),)
    free = (Socket("a1", "usb", "free", START_MS, 0.0),)
    first, late, last = (
        snapshot(1, START_MS, sockets=free),
        snapshot(2, START_MS + 1000, sockets=busy),
        snapshot(3, START_MS + 2000, sockets=free),  # the same as the first: written as "no change"
    )
    store.commit([accepted(first), accepted(last)])
    store.commit([accepted(late)])
    assert everything(store) == [first, late, last]


def test_an_hour_is_readable_without_the_hour_before(store: Store) -> None:
    free = (Socket("a1", "usb", "free", START_MS, 0.0),)
    rows = [snapshot(n, START_MS + n * HOUR_MS // 2, sockets=free) for n in range(1, 6)]
    store.commit([accepted(row) for row in rows])
    assert [s.snapshot for s in store.snapshots("canteen", rows[3].at_ms, rows[4].at_ms + 1)] == rows[3:]


# --- identity -----------------------------------------------------------------------------------------


def test_a_repeat_is_answered_and_another_body_is_a_conflict(store: Store) -> None:
    first = accepted(snapshot(1), digest=11)
    other = accepted(snapshot(1, START_MS + 5), digest=12)
    assert store.commit([first]) == ["committed"]
    assert store.commit([first, other, accepted(snapshot(2))]) == ["repeated", "conflict", "committed"]
    assert everything(store) == [first.snapshot, snapshot(2)]


def test_a_repeat_within_one_batch_is_seen(store: Store) -> None:
    first, other = accepted(snapshot(1), digest=11), accepted(snapshot(1), digest=12)
    assert store.commit([first, first, other]) == ["committed", "repeated", "conflict"]


def test_a_row_that_the_server_dated_may_come_again_corrected(store: Store) -> None:
    unsynced = replace(accepted(replace(snapshot(1), clock="unsynced"), digest=1), dating="estimated")
    assert store.commit([unsynced]) == ["committed"]
    assert store.commit([accepted(snapshot(1, START_MS + 99), digest=2)]) == ["repeated"]


def test_the_same_numbers_in_another_stream_or_station_are_other_snapshots(store: Store) -> None:
    elsewhere = replace(snapshot(1), stream=STREAMS[1])
    batch = [accepted(snapshot(1)), accepted(elsewhere), accepted(snapshot(1), "library")]
    assert store.commit(batch) == ["committed"] * 3


def test_pruned_rows_are_still_known(store: Store, tmp_path: Path) -> None:
    store.commit([accepted(snapshot(n)) for n in (1, 2, 4)])
    store.close()
    with sqlite3.connect(tmp_path / "readings.db") as raw:
        raw.execute("DELETE FROM snapshot")
    reopened = Store.open(tmp_path / "readings.db")
    assert reopened.commit([accepted(snapshot(n)) for n in (1, 2, 3, 4)]) == [
        "repeated",
        "repeated",
        "committed",
        "repeated",
    ]
    reopened.close()


# --- transactions and files ---------------------------------------------------------------------------


def test_a_batch_that_fails_leaves_nothing_and_the_store_goes_on(store: Store) -> None:
    good = accepted(snapshot(1))
    bad = accepted(snapshot(2), digest=2**70)  # more than SQLite can hold
    with pytest.raises(OverflowError):
        store.commit([good, bad])
    assert everything(store) == []
    assert store.commit([good]) == ["committed"]
    assert everything(store) == [good.snapshot]


def test_a_full_disk_commits_nothing_until_there_is_room(store: Store) -> None:
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    batch = [
        accepted(snapshot(n, START_MS + n, faults=(Fault(f"s{n}", "silent", n),))) for n in range(1, 400)
    ]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.commit(batch)
    assert everything(store) == []
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    assert set(store.commit(batch)) == {"committed"}
    assert len(everything(store)) == 399


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"not a database, but long enough to be read as a header....." * 100, id="overwritten"),
        pytest.param(b"SQLite format 3\0" + bytes(3000), id="only the first words are right"),
    ],
)
def test_a_corrupt_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(damage)
    store = Store.open(path)
    assert (tmp_path / "readings.db.corrupt-1").read_bytes() == damage
    assert store.commit([accepted(snapshot(1))]) == ["committed"]
    assert store.check_integrity() == []
    store.close()


def test_a_file_that_becomes_corrupt_while_running_is_replaced(store: Store) -> None:
    store.commit([accepted(snapshot(1))])
    moved = store.replace(sqlite3.DatabaseError("malformed"))
    assert Path(moved).exists()
    assert store.commit([accepted(snapshot(2))]) == ["committed"]
    assert everything(store) == [snapshot(2)]


def test_a_newer_schema_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(NewerStoreError):
        Store.open(path)
    assert path.exists()


def test_dead_letters_are_bounded_and_the_newest_stay(store: Store) -> None:
    letters = [DeadLetter(n, "waystation/v1/canteen/telemetry", "malformed", "x") for n in range(5)]
    store.commit((), letters)
    assert [letter.received_ms for letter in store.dead_letters()] == [4, 3, 2]
    assert store.counts().dead_letters == 3


def test_infos_come_back(store: Store) -> None:
    info = Info("1.2", 1, 30, sockets=(SocketInfo("a1", "usb", "左一"),), simulated=True)
    store.commit((), (), {"canteen": info})
    assert store.infos() == {"canteen": info}
