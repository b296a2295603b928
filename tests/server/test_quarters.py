"""quarters.db: what it keeps of a store's readings, whatever happens to either."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from contract.messages import Door, Snapshot
from server.forecast import QUARTER_MS, QUARTERS
from server.live import Live
from server.model import Network, Station
from server.quarters import COMMITS_AT_ONCE, SETTLED_MS, Keeper, Quarters, local_day, midnight_ms
from server.store import Accepted
from server.store.sqlite import Store

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
SHANGHAI = "Asia/Shanghai"
DAY = date(2026, 7, 1)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MIDNIGHT = midnight_ms(DAY, SHANGHAI)
NEXT = MIDNIGHT + DAY_MS
LATER = NEXT + HOUR_MS


class Rig:
    """A store, a live state and the keeper, with stations that count at a door."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "quarters.db"
        self.store = Store.open(folder / "readings.db")
        self.live = Live(self.store)
        stations = {name: Station(name, "net", name, instrumented=True) for name in ("canteen", "library")}
        self.live.refresh_registry({"net": Network("net", "网", "Net")}, stations, MIDNIGHT)
        self.quarters = Quarters.open(self.path)
        self.seq = 0

    @property
    def keeper(self) -> Keeper:
        return Keeper(self.store, self.quarters, self.live)

    def come(
        self, at_ms: int, came: int, left: int = 0, station: str = "canteen", doors: bool = True
    ) -> None:
        """A snapshot with these totals, counted as the ingest counts it."""
        self.seq += 1
        totals = (Door("main", came, left),) if doors else ()
        snapshot = Snapshot("00c0ffee00c0ffee", self.seq, at_ms, 0, BOOT, "synced", doors=totals)
        self.store.commit([Accepted(station, snapshot, at_ms, "measured", self.seq)])
        self.live.apply(station, snapshot, at_ms)
        self.live.settle(at_ms + HOUR_MS)

    def fill(
        self, from_ms: int, to_ms: int, came: int, step_ms: int = QUARTER_MS, station: str = "canteen"
    ) -> None:
        """``came`` people are inside all the time; the first snapshot is the base line."""
        for at_ms in range(from_ms, to_ms, step_ms):
            self.come(at_ms, 0 if at_ms == from_ms else came, 0, station)

    def make(self, now_ms: int) -> int:
        """Make all that is due; how many steps that took."""
        steps = 0
        while station := self.quarters.due_station(now_ms):
            assert self.keeper.make(station, now_ms)
            steps += 1
        return steps

    def work(self, now_ms: int) -> int:
        """Follow, and make all that is due when that has settled."""
        while self.keeper.follow(now_ms):
            pass
        return self.make(now_ms + SETTLED_MS)

    def kept(self, station: str = "canteen") -> dict[date, list[float | None]]:
        return {
            day: list(means) for day, means in self.quarters.days(station, DAY - timedelta(days=50)).items()
        }

    def reopen(self) -> None:
        self.quarters.close()
        self.quarters = Quarters.open(self.path)

    def close(self) -> None:
        self.quarters.close()
        self.store.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def test_a_day_is_made_when_it_is_over_and_its_last_readings_are_counted(rig: Rig) -> None:
    rig.fill(MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 10 * HOUR_MS, 4)
    rig.keeper.follow(MIDNIGHT + 10 * HOUR_MS)
    assert rig.make(NEXT + SETTLED_MS - 1) == 0
    assert rig.make(NEXT + SETTLED_MS) == 1
    day = rig.kept()[DAY]
    assert day[8 * 4] == 2.0, "from nobody to four, evenly"
    assert day[8 * 4 + 1 : 10 * 4 - 1] == [4.0] * 6
    assert [quarter for quarter, people in enumerate(day) if people is not None] == list(range(32, 39))


def test_days_are_local(rig: Rig) -> None:
    """23:30 to 00:30 in Shanghai is one evening of two days, and all of it is one day in UTC."""
    rig.fill(NEXT - HOUR_MS // 2, NEXT + HOUR_MS // 2 + 1, 2, 300_000)
    rig.work(NEXT + 2 * DAY_MS)
    kept = rig.kept()
    assert sorted(kept) == [DAY, DAY + timedelta(days=1)]
    assert kept[DAY][-1] == 2.0
    assert kept[DAY + timedelta(days=1)][:2] == [2.0, 2.0]


def test_what_comes_in_late_makes_its_day_anew(rig: Rig) -> None:
    rig.fill(MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 10 * HOUR_MS, 4)
    rig.come(MIDNIGHT + 12 * HOUR_MS, 4)
    rig.work(LATER)
    assert rig.kept()[DAY][44] is None, "a gap of two hours is not bridged"
    rig.come(MIDNIGHT + 10 * HOUR_MS + 2 * QUARTER_MS, 9)
    rig.come(MIDNIGHT + 11 * HOUR_MS, 9)
    rig.come(MIDNIGHT + 11 * HOUR_MS + 2 * QUARTER_MS, 4)
    rig.keeper.follow(LATER + HOUR_MS)
    assert rig.make(LATER + HOUR_MS) == 0, "its people may not be counted yet"
    assert rig.make(LATER + HOUR_MS + SETTLED_MS) > 0
    assert rig.kept()[DAY][10 * 4 + 2] == 9.0


def test_the_day_after_a_late_one_is_made_anew_too(rig: Rig) -> None:
    """Who came in unheard of in the evening is there after midnight."""
    rig.fill(MIDNIGHT + 20 * HOUR_MS, NEXT + 2 * HOUR_MS, 1)
    rig.work(NEXT + 2 * DAY_MS)
    before = rig.kept()[DAY + timedelta(days=1)][0]
    with closing(sqlite3.connect(rig.path, isolation_level=None)) as file:
        file.execute("DELETE FROM day WHERE day = ?", (DAY.toordinal() + 1,))
    rig.come(MIDNIGHT + 20 * HOUR_MS + 60_000, 1)
    rig.work(NEXT + 2 * DAY_MS)
    assert before == 1.0
    assert rig.kept()[DAY + timedelta(days=1)][0] == 1.0


def test_what_is_no_longer_in_the_store_stays(rig: Rig) -> None:
    """The store is pruned; then something very late arrives for that day."""
    rig.fill(MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 10 * HOUR_MS, 4)
    rig.work(LATER)
    before = rig.kept()[DAY]
    with closing(sqlite3.connect(rig.store.path, isolation_level=None)) as file:
        file.execute("DELETE FROM snapshot")
    rig.come(MIDNIGHT + 15 * HOUR_MS, 4)
    rig.work(LATER + HOUR_MS)
    assert rig.kept()[DAY][32:39] == before[32:39]


def test_doors_that_do_not_answer_count_nobody(rig: Rig) -> None:
    rig.fill(MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 10 * HOUR_MS, 4)
    for quarter in range(8):
        rig.come(MIDNIGHT + 10 * HOUR_MS + quarter * QUARTER_MS, 0, doors=False)
    rig.work(LATER)
    assert rig.kept()[DAY][10 * 4 :] == [None] * (QUARTERS - 40)


def test_a_station_without_doors_keeps_nothing(rig: Rig) -> None:
    rig.come(MIDNIGHT + HOUR_MS, 0, doors=False)
    assert rig.work(LATER) == 1
    assert rig.kept() == {}


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("INSERT ON day", "while a day is written"),
        ("DELETE ON touched", "when the day is written and its note not yet taken away"),
        ("INSERT ON touched", "while it is noted what was touched"),
        ("UPDATE ON followed", "when that is noted and the cursor not yet moved"),
    ],
)
def test_an_end_in_the_middle_costs_the_repetition_of_one_step(rig: Rig, moment: str, reason: str) -> None:
    rig.fill(MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 10 * HOUR_MS, 4)
    with closing(sqlite3.connect(rig.path)) as file:
        file.execute(f"CREATE TRIGGER ends BEFORE {moment} BEGIN SELECT RAISE(ROLLBACK, 'ended'); END")
    with pytest.raises(sqlite3.IntegrityError, match="ended"):
        rig.work(LATER)
    with closing(sqlite3.connect(rig.path)) as file:
        file.execute("DROP TRIGGER ends")
    rig.reopen()
    rig.work(LATER + SETTLED_MS)
    assert rig.kept()[DAY][33:39] == [4.0] * 6, reason


def test_a_store_that_was_replaced_is_followed_from_its_beginning(rig: Rig) -> None:
    rig.fill(MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 10 * HOUR_MS, 4)
    rig.work(LATER)
    rig.store.replace(sqlite3.DatabaseError("malformed"))
    rig.fill(MIDNIGHT + 12 * HOUR_MS, MIDNIGHT + 13 * HOUR_MS, 2, station="library")
    rig.work(LATER)
    assert rig.kept("library")[DAY][12 * 4 + 1 : 12 * 4 + 3] == [2.0] * 2
    assert rig.kept()[DAY][33:39] == [4.0] * 6, "what was made of the lost readings stays"


def test_a_long_history_is_followed_in_portions(rig: Rig) -> None:
    """From nothing it takes one step, as it only asks from when to when each station has readings."""
    rig.come(MIDNIGHT, 0)
    assert not rig.keeper.follow(MIDNIGHT)
    with closing(sqlite3.connect(rig.store.path, isolation_level=None)) as file:
        rows = file.execute("SELECT * FROM snapshot").fetchone()[1:]
        file.executemany(
            f"INSERT INTO snapshot VALUES ({','.join('?' * (len(rows) + 1))})",  # noqa: S608 # question marks
            ((number, *rows) for number in range(2, COMMITS_AT_ONCE + 12)),
        )
    assert rig.keeper.follow(MIDNIGHT), "there may be more"
    assert rig.quarters.followed() == COMMITS_AT_ONCE + 1
    assert not rig.keeper.follow(MIDNIGHT)
    assert rig.quarters.followed() == COMMITS_AT_ONCE + 11


@pytest.mark.parametrize("damage", [b"not a database at all" * 300, b""])
def test_a_damaged_file_is_put_aside_and_made_again(rig: Rig, damage: bytes) -> None:
    rig.fill(MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 10 * HOUR_MS, 4)
    rig.work(LATER)
    rig.quarters.close()
    rig.path.write_bytes(damage)
    rig.quarters = Quarters.open(rig.path)
    rig.work(LATER)
    assert rig.kept()[DAY][33:39] == [4.0] * 6


def test_damage_in_the_midst_is_found_too(rig: Rig) -> None:
    days = {DAY.toordinal() - ago: [1.0] * QUARTERS for ago in range(200)}
    rig.quarters.put("canteen", days)
    rig.quarters.close()
    content = bytearray(rig.path.read_bytes())
    content[-3 * 4096 :] = bytes(3 * 4096)
    rig.path.write_bytes(content)
    rig.quarters = Quarters.open(rig.path)
    assert rig.kept() == {}
    assert list(rig.path.parent.glob("quarters.db.corrupt-*"))


def test_a_file_of_another_version_is_put_aside(rig: Rig) -> None:
    rig.quarters.close()
    with closing(sqlite3.connect(rig.path, isolation_level=None)) as file:
        file.execute("PRAGMA user_version = 7")
    rig.quarters = Quarters.open(rig.path)
    assert rig.quarters.followed() == 0
    assert list(rig.path.parent.glob("quarters.db.corrupt-*"))


def test_old_days_are_forgotten(rig: Rig) -> None:
    rig.quarters.put("canteen", {DAY.toordinal() - ago: [1.0] * QUARTERS for ago in (0, 20, 40)})
    rig.quarters.forget(DAY - timedelta(days=20))
    assert sorted(rig.kept()) == [DAY - timedelta(days=20), DAY]


def test_catching_up_makes_everything_at_once(rig: Rig) -> None:
    for ago in range(12):
        rig.fill(MIDNIGHT - ago * DAY_MS, MIDNIGHT - ago * DAY_MS + HOUR_MS, 3, station="library")
    rig.keeper.catch_up(NEXT)
    assert len(rig.kept("library")) == 12


@pytest.mark.parametrize(("zone", "hours"), [(SHANGHAI, 24), ("Europe/Berlin", 23), ("Asia/Kolkata", 24)])
def test_days_by_the_clock_on_the_wall(zone: str, hours: int) -> None:
    day = date(2026, 3, 29)  # Europe's clocks go forward
    begins_ms, ends_ms = midnight_ms(day, zone), midnight_ms(day + timedelta(days=1), zone)
    assert ends_ms - begins_ms == hours * HOUR_MS
    assert local_day(begins_ms, zone) == day
    assert local_day(begins_ms - 1, zone) == day - timedelta(days=1)
    assert local_day(ends_ms - 1, zone) == day
