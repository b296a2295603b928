"""The store against a model that keeps everything in a list."""

import random
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
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
from server.live import Live
from server.store import Accepted, Bucket, DeadLetter
from server.store.chains import HOUR_MS, order
from server.store.damage import DAMAGE
from server.store.schema import MIGRATIONS, NewerStoreError
from server.store.sqlite import Store
from tests.support.strategies import messages

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
START_MS = 1_760_000_400_000 // HOUR_MS * HOUR_MS
STREAMS = ("00000000000000aa", "00000000000000bb")
STATIONS = ("canteen", "library")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db", dead_letters_max=3)
    yield opened
    opened.close()


def snapshot(seq: int = 1, at_ms: int = START_MS, **parts: object) -> Snapshot:
    return Snapshot(STREAMS[0], seq, at_ms, at_ms - START_MS + HOUR_MS, BOOT, "synced", **parts)  # type: ignore[arg-type] # by name


def accepted(snapshot: Snapshot, station: str = "canteen", digest: int = 0) -> Accepted:
    return Accepted(station, snapshot, snapshot.at_ms + 150, "measured", digest)


def everything(store: Store, station: str = "canteen") -> list[Snapshot]:
    return [stored.snapshot for stored in store.snapshots(station, 0, 2**53)]


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
    assert Path(store.replaced).read_bytes() == damage
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


# --- history ------------------------------------------------------------------------------------------


def test_history_in_steps(store: Store) -> None:
    values = [(0, 20.0), (10, 22.0), (60, 30.5), (200, 10.25)]
    batch = [
        accepted(snapshot(n, START_MS + s * 1000, climate=Climate(START_MS, temperature_c=value)))
        for n, (s, value) in enumerate(values, 1)
    ]
    store.commit([*batch, accepted(snapshot(9, START_MS + 70_000))])
    assert store.history("canteen", "temperature_c", START_MS, START_MS + 120_000, 60_000) == [
        Bucket(START_MS, 2, 42.0, 20.0, 22.0, 22.0),
        Bucket(START_MS + 60_000, 1, 30.5, 30.5, 30.5, 30.5),
    ]
    assert store.history("nowhere", "temperature_c", START_MS, START_MS + 120_000, 60_000) == []


def totals(pairs: Sequence[tuple[int, int]]) -> list[Accepted]:
    return [
        accepted(snapshot(n, START_MS + n * 60_000, doors=(Door("main", came, left),)))
        for n, (came, left) in enumerate(pairs, 1)
    ]


def test_visits_are_increments_and_a_smaller_total_begins_a_new_sum(store: Store) -> None:
    store.commit(totals([(100, 90), (103, 90), (2, 0), (5, 1)]))
    [bucket] = store.history("canteen", "visits", START_MS, START_MS + HOUR_MS, HOUR_MS)
    assert bucket.total == 3 + 2 + 3
    tail = store.history("canteen", "visits", START_MS + 4 * 60_000, START_MS + HOUR_MS, HOUR_MS)
    assert [bucket.total for bucket in tail] == [3]  # counted from the snapshot before the span


def test_exits_are_counted_like_visits_and_both_since_the_first_snapshot(store: Store) -> None:
    store.commit(totals([(100, 90), (103, 91), (2, 0), (5, 1)]))
    [bucket] = store.history("canteen", "exits", START_MS, START_MS + HOUR_MS, HOUR_MS)
    assert bucket.total == 1 + 0 + 1
    for minutes, visits, exits in ((1, 0, 0), (3, 3, 1), (4, 5, 1), (5, 8, 2)):
        before_ms = START_MS + minutes * 60_000
        assert store.crossed_before("canteen", "visits", before_ms) == visits
        assert store.crossed_before("canteen", "exits", before_ms) == exits


def test_rows_dated_on_receiving_stay_out_of_history_and_newest(store: Store) -> None:
    [first, second] = totals([(1, 0), (50, 0)])
    store.commit([first, replace(second, dating="received")])
    [bucket] = store.history("canteen", "visits", START_MS, START_MS + HOUR_MS, HOUR_MS)
    assert bucket.total == 0
    assert store.newest()["canteen"].snapshot == first.snapshot
    assert len(everything(store)) == 2


def test_resources_by_time(store: Store) -> None:
    sockets = (Socket("a1", "usb", "free", START_MS, 0.5), Socket("a2", "ac", "charging", START_MS, 41.5))
    slots = (Slot(1, "present", "full"), Slot(2, "present", "charging", soc_pct=96), Slot(3, "absent"))
    store.commit([accepted(snapshot(1, sockets=sockets, cabinets=(Cabinet("k", True, slots),)))])
    found = {
        quantity: store.history("canteen", quantity, START_MS, START_MS + 1, 1)[0].last
        for quantity in ("sockets_free", "power_w", "batteries_charged")
    }
    assert found == {"sockets_free": 1, "power_w": 42.0, "batteries_charged": 2}


# --- bits that fall over ------------------------------------------------------------------------------


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
