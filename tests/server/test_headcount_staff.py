"""What staff counted: shown within a second, kept, and put where it belongs in the row of crossings."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import Door, Health, Presence, Snapshot
from server.headcount import Headcount, NotCountedError, WrongClockError
from server.live import Live
from server.model import Network, Station
from server.occupancy import Correction, Occupancy
from server.store import Accepted, Counted
from server.store.chains import HOUR_MS
from server.store.schema import MIGRATIONS
from server.store.sqlite import Store

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
T = 1_760_000_400_000 // HOUR_MS * HOUR_MS + 20 * 60_000
"""17:20 in Shanghai."""
MIN = 60_000
SETTLED = 120_000
STATIONS = {"st": Station("st", "net", "站", places=10)}
THERE = Presence(T - MIN)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path / "readings.db")) as opened:
        yield opened


def snapshot(at_ms: int, came: int, left: int = 0, health: Health | None = None) -> Snapshot:
    doors = (Door("d0", came, left),)
    return Snapshot(
        "00000000000000aa", (at_ms - T) // 1000 + 9_000_000, at_ms, 0, BOOT, "synced", doors=doors,
        presence=THERE, health=health,
    )  # fmt: skip


def take(store: Store, headcount: Headcount, *snapshots: Snapshot) -> None:
    store.commit([Accepted("st", one, one.at_ms, "measured", 0) for one in snapshots])
    for one in snapshots:
        headcount.add("st", one, one.at_ms)


def count(headcount: Headcount, people: int, now_ms: int, login: str = "tian") -> Correction:
    told = headcount.correct("st", people, login)
    assert headcount.take_counts(now_ms) == ["st"]
    return told.result(0)


def shown(headcount: Headcount) -> tuple[int | None, bool]:
    state = headcount.of("st")
    assert state is not None
    return state.people, state.estimated


def started(store: Store) -> Headcount:
    """As after a restart."""
    headcount = Headcount(store)
    headcount.recall(["st"])
    return headcount


def test_a_count_is_told_kept_and_outlives_a_restart(store: Store) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10), snapshot(T + MIN, 17))
    assert shown(headcount) == (7, True)
    assert count(headcount, 3, T + MIN + 20_000) == Correction(T + MIN + 20_000, "staff", 7, 3)
    assert shown(headcount) == (3, False)
    assert shown(started(store)) == (3, False)
    take(store, headcount, snapshot(T + 2 * MIN, 18))
    assert shown(headcount) == shown(started(store)) == (4, False)
    assert store.staff_counts("st", 0, 2**53) == [Counted(T + MIN + 20_000, 3, "tian")]
    assert [each.reason for each in store.corrections("st", 0, 2**53)] == ["staff"]


def test_crossings_heard_of_later_count_by_when_they_were(store: Store) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10), snapshot(T + 3 * MIN, 12))
    count(headcount, 5, T + 4 * MIN)
    take(store, headcount, snapshot(T + 6 * MIN, 15, 1))
    assert shown(headcount)[0] == 7, "three came and one went after the count"
    take(store, headcount, snapshot(T + 3 * MIN + 30_000, 13))
    headcount.settle(T + 6 * MIN + SETTLED)
    assert shown(headcount)[0] == 6, "one of the three was inside already when they were counted"


def test_a_station_whose_clock_is_ahead(store: Store) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10), snapshot(T + 3_000, 14))
    assert count(headcount, 9, T + 1_000).after == 9
    assert shown(headcount)[0] == 13, "by its own clock four came after the count"
    assert count(headcount, 2, T + 3_000) == Correction(T + 3_001, "staff", 13, 2), "of the same time: later"
    assert shown(headcount) == shown(started(store)) == (2, False)


def test_the_last_count_of_several_holds(store: Store) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10))
    told = [headcount.correct("st", people, "tian") for people in (4, 6)]
    assert headcount.take_counts(T + 1000) == ["st", "st"]
    assert [each.result(0).after for each in told] == [4, 6]
    assert shown(headcount) == shown(started(store)) == (6, False)


@pytest.mark.parametrize(("doors", "why"), [(None, "never heard"), ((), "no doors are counted there")])
def test_where_nobody_is_counted_there_is_nothing_to_correct(
    store: Store, doors: tuple[Door, ...] | None, why: str
) -> None:
    headcount = Headcount(store)
    if doors is not None:
        take(store, headcount, Snapshot("00000000000000aa", 1, T, 0, BOOT, "synced", doors=doors))
    told = headcount.correct("st", 1, "tian")
    assert headcount.take_counts(T + 1000) == [], why
    with pytest.raises(NotCountedError):
        told.result(0)
    assert store.staff_counts("st", 0, 2**53) == []


def test_a_store_that_takes_nothing_leaves_all_as_it_was(store: Store, tmp_path: Path) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10), snapshot(T + MIN, 17))
    headcount.keep()
    told = headcount.correct("st", 0, "tian")
    with closing(sqlite3.connect(tmp_path / "readings.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert headcount.take_counts(T + 2 * MIN) == []
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        told.result(0)
    assert shown(headcount) == shown(started(store)) == (7, True)


def test_one_that_nobody_waits_for_any_more_is_not_made(store: Store) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10))
    assert headcount.correct("st", 5, "tian").cancel()
    assert headcount.take_counts(T + 1000) == []
    assert store.corrections("st", 0, 2**53) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["seen", "count"]), st.integers(0, 20)), min_size=1, max_size=8),
    st.data(),
)
def test_the_order_of_arrival_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[str, int]],
    data: st.DataObject,
) -> None:
    """Snapshots come late in any order, around an hour's end; counts are made when they are made."""
    moments = [T + 35 * MIN + number * 2 * MIN for number in range(len(events))]
    seen, total = [snapshot(T, 0)], 0
    for at_ms, (what, number) in zip(moments, events, strict=True):
        if what == "seen":
            total += number
            seen.append(snapshot(at_ms, total))
    in_order, shuffled = (Store.open(tmp_path_factory.mktemp("s") / "readings.db") for _ in range(2))
    with closing(in_order), closing(shuffled):
        straight, late = Headcount(in_order), Headcount(shuffled)
        take(in_order, straight, seen[0])
        take(shuffled, late, seen[0])
        later = data.draw(st.permutations(seen[1:]))
        snapshots = iter(seen[1:])
        for at_ms, (what, number) in zip(moments, events, strict=True):
            if what == "count":
                count(straight, number, at_ms)
                count(late, number, at_ms)
            else:
                take(in_order, straight, next(snapshots))
        for one in later:
            take(shuffled, late, one)
            late.settle(moments[-1] + SETTLED)
        late.settle(moments[-1] + 10 * SETTLED)
        straight.keep()
        assert late.of("st") == straight.of("st")
        assert shuffled.corrections("st", 0, 2**53) == in_order.corrections("st", 0, 2**53)
        span = (T, moments[-1] + MIN, MIN)
        assert shuffled.history("st", "occupancy", *span) == in_order.history("st", "occupancy", *span)


def test_the_history_shows_the_count_from_then_on(store: Store) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10), snapshot(T + MIN, 17))
    count(headcount, 2, T + MIN + 30_000)
    take(store, headcount, snapshot(T + 2 * MIN, 18), snapshot(T + 3 * MIN, 18, 3))
    headcount.keep()
    people = [bucket.last for bucket in store.history("st", "occupancy", T, T + 4 * MIN, MIN)]
    assert people == [0, 7, 3, 0]


def test_the_live_state_shows_it_in_the_next_second(store: Store) -> None:
    live = Live(store)
    live.refresh_registry(
        {"net": Network("net", "网", "Net")}, {"st": Station("st", "net", "站", places=10)}, T
    )
    store.commit([Accepted("st", one, T, "measured", 0) for one in (snapshot(T, 0), snapshot(T + MIN, 9))])
    for one in (snapshot(T, 0), snapshot(T + MIN, 9)):
        live.apply("st", one, one.at_ms)
    live.show(T + MIN)
    before = live.state("st")
    assert before is not None
    assert (before.crowding.value, before.crowding.people) == ("crowded", 9)
    news: list[str] = []
    live.listen(lambda: news.append("told"))
    told: Future[Correction] = live.correct("st", 12, "tian")
    live.settle(T + MIN + 1000)
    live.show(T + MIN + 1000)
    after = live.state("st")
    assert after is not None
    assert (after.crowding.value, after.crowding.people, after.crowding.estimated) == ("full", 12, False)
    assert after.version > before.version
    assert (told.result(0).before, news) == (9, ["told"])


def test_a_better_word_is_not_held_back_when_somebody_has_looked(store: Store) -> None:
    live = Live(store)
    live.refresh_registry({"net": Network("net", "网", "Net")}, STATIONS, T)
    store.commit([Accepted("st", one, T, "measured", 0) for one in (snapshot(T, 0), snapshot(T + MIN, 12))])
    for one in (snapshot(T, 0), snapshot(T + MIN, 12)):
        live.apply("st", one, one.at_ms)
    live.show(T + MIN)
    live.correct("st", 6, "tian")
    live.settle(T + MIN + 1000)
    state = live.state("st")
    assert state is not None
    assert (state.crowding.value, state.crowding.reason) == ("busy", "places")
    take_out = snapshot(T + 2 * MIN, 12, 6)
    store.commit([Accepted("st", take_out, T, "measured", 0)])
    live.apply("st", take_out, take_out.at_ms)
    live.show(T + 2 * MIN)
    state = live.state("st")
    assert state is not None
    assert (state.crowding.value, state.crowding.reason) == ("busy", "held"), "by the doors alone it is"


def test_asking_is_safe_from_any_thread(store: Store) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10))
    told: list[Future[Correction]] = []
    threads = [
        threading.Thread(target=lambda n=n: told.append(headcount.correct("st", n, "tian"))) for n in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    headcount.take_counts(T + 1000)
    assert sorted(each.result(0).after for each in told) == list(range(8))


# --- the file -------------------------------------------------------------------------------------


def old_file(path: Path) -> None:
    """As the version before wrote it, with a station, its readings and its health."""
    with closing(Store.open(path)) as store:
        headcount = Headcount(store)
        well = Health(outbox_rows=3, dropped_total=1, uptime_s=60, cpu_c=50.5)
        take(store, headcount, snapshot(T, 10, health=well), snapshot(T + MIN, 17))
        headcount.keep()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.executescript("DROP TABLE people; DROP TABLE pruned; DROP TABLE given_up")
        raw.executescript("DROP TABLE staff_count; DROP INDEX snapshot_with_health; PRAGMA user_version = 1")


def test_an_older_file_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    old_file(path)
    with closing(sqlite3.connect(path)) as raw:
        tables = [row[0] for row in raw.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    with closing(sqlite3.connect(tmp_path / "first.db")) as raw:
        raw.executescript(MIGRATIONS[0])
        first = [row[0] for row in raw.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    assert sorted(tables) == sorted(first), "it is the file of the version before"
    with closing(Store.open(path)) as store:
        headcount = started(store)
        assert shown(headcount) == (7, True)
        count(headcount, 1, T + 2 * MIN)
        assert store.newest_healths() == {"st": (T, Health(3, 1, 60, cpu_c=50.5))}
        assert store.check_integrity() == []
    with closing(Store.open(path)) as again:
        assert shown(started(again)) == (1, False)


def test_the_healths_are_read_back_and_damaged_ones_passed_over(store: Store, tmp_path: Path) -> None:
    headcount = Headcount(store)
    healths = [Health(outbox_rows=n, dropped_total=0, uptime_s=n) for n in range(3)]
    take(store, headcount, *(snapshot(T + n * MIN, n, health=each) for n, each in enumerate(healths)))
    take(store, headcount, snapshot(T + 5 * MIN, 9))
    assert store.healths("st", T, T + 2 * MIN) == [(T, healths[0]), (T + MIN, healths[1])]
    assert store.healths("never", 0, 2**53) == []
    with closing(sqlite3.connect(tmp_path / "readings.db")) as raw, raw:
        raw.execute("UPDATE snapshot SET health = '{' WHERE at_ms = ?", (T + MIN,))
        plan = raw.execute(
            "EXPLAIN QUERY PLAN SELECT at_ms FROM snapshot WHERE station = 1 AND health IS NOT NULL"
            " AND flags & 4 = 0 ORDER BY at_ms DESC LIMIT 1"
        ).fetchall()
    assert "snapshot_with_health" in str(plan)
    assert [at_ms for at_ms, _ in store.healths("st", 0, 2**53)] == [T, T + 2 * MIN]
    assert store.newest_healths()["st"][0] == T + 2 * MIN


def test_the_states_of_two_orders_are_one(tmp_path: Path) -> None:
    """Without chance: a count between two snapshots that come in every order."""
    states: set[Occupancy | None] = set()
    for number, order in enumerate(permutations([snapshot(T + n * MIN, 3 * n) for n in (1, 3, 4)])):
        with closing(Store.open(tmp_path / f"{number}.db")) as one:
            headcount = Headcount(one)
            take(one, headcount, snapshot(T, 0))
            count(headcount, 5, T + 2 * MIN)
            take(one, headcount, *order)
            headcount.settle(T + HOUR_MS)
            states.add(headcount.of("st"))
    assert len(states) == 1
    assert {state.people for state in states if state} == {14}


@pytest.mark.parametrize(
    ("off_ms", "why"), [(-365 * 24 * HOUR_MS, "a year back"), (365 * 24 * HOUR_MS, "a year on")]
)
def test_by_a_clock_far_off_nothing_is_counted(store: Store, off_ms: int, why: str) -> None:
    headcount = Headcount(store)
    take(store, headcount, snapshot(T, 10), snapshot(T + MIN, 17))
    told = headcount.correct("st", 3, "tian")
    assert headcount.take_counts(T + MIN + off_ms) == [], why
    with pytest.raises(WrongClockError):
        told.result(0)
    take(store, headcount, snapshot(T + 2 * MIN, 18))
    assert shown(headcount) == shown(started(store)) == (8, True)
    assert store.staff_counts("st", 0, 2**53) == []
