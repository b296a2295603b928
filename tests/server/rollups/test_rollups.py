"""rollups.db: what it keeps of a store's readings, whatever happens to either."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from contract.messages import Door, Snapshot
from server.rollups import Rollups, Summary
from server.rollups.calendar import DAY_MS, local_day, midnight_ms
from server.rollups.keeper import COMMITS_AT_ONCE, PUT_OFF_MS, SETTLED_MS
from server.rollups.writing import Writer
from server.store import Accepted
from server.store.schema import NewerStoreError
from tests.support.rollups import BOOT, DAY, HOUR_MS, KEPT, LATER, MIDNIGHT, NEXT, SHANGHAI, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
MINUTE_MS = 60_000


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def visits(rig: Rig) -> dict[int, int]:
    """Of the quarters with any, by minutes since midnight."""
    return {(each.at_ms - MIDNIGHT) // MINUTE_MS: each.visits for each in rig.quarters() if each.visits}


def test_an_hour_is_made_when_it_is_over_and_its_last_readings_are_counted(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4, 5 * MINUTE_MS)
    rig.keeper.follow(EIGHT + HOUR_MS - 1)
    assert rig.make(EIGHT + HOUR_MS + SETTLED_MS - 1) == 0
    assert rig.quarters() == []
    assert rig.make(EIGHT + HOUR_MS + SETTLED_MS) == 1
    first, *others = rig.quarters()
    assert (first.at_ms, first.visits, first.exits, first.measured) == (EIGHT, 4, 0, 1.0)
    assert first.of == {"occupancy": Summary(3, 0, 4, 8 / 3, 4)}
    assert [each.visits for each in others] == [0, 0, 0]
    assert [each.measured for each in others] == [1, 1, pytest.approx(10 / 15)]


def test_the_present_day_is_there_and_grows(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4, 5 * MINUTE_MS)
    rig.work(EIGHT + HOUR_MS)
    before = rig.day()
    rig.come(EIGHT + 2 * HOUR_MS, 7, 5)
    rig.work(EIGHT + 3 * HOUR_MS)
    after = rig.day()
    assert (before.visits, before.made_ms) == (4, EIGHT + HOUR_MS + SETTLED_MS)
    assert (after.visits, after.exits, after.made_ms) == (7, 5, EIGHT + 3 * HOUR_MS + SETTLED_MS)
    assert after.visits_by_hour == (0,) * 8 + (4, 0, 3) + (0,) * 13
    assert after.measured == pytest.approx(2 / 24)


def test_all_that_a_day_tells(rig: Rig) -> None:
    for number in range(13):
        celsius, watts = 24.0 + number % 2, 60.0 if number < 12 else None
        rig.come(EIGHT + number * 5 * MINUTE_MS, number, 0, celsius=celsius, watts=watts)
    rig.live.correct("canteen", 10, "lin")
    rig.live.settle(EIGHT + HOUR_MS + 1)
    rig.work(LATER)
    day = rig.day()
    assert (day.station_id, day.visits, day.exits) == ("canteen", 12, 0)
    assert day.temperature == Summary(13, 24, 25, 318 / 13, 24)
    assert day.occupancy == Summary(13, 0, 12, 6, 12)
    assert day.energy_wh == 60.0, "60 W for an hour"
    assert day.swaps is None
    assert day.people_s == pytest.approx(6 * 3600, rel=0.1)


def test_visits_are_told_where_the_doors_speak_again(rig: Rig) -> None:
    """Two hours in which nothing was heard; then it is known, not when."""
    rig.come(EIGHT, 10)
    rig.come(EIGHT + 2 * HOUR_MS, 30)
    rig.work(LATER)
    assert visits(rig) == {10 * 60: 20}
    rig.come(EIGHT + HOUR_MS, 15)
    rig.work(LATER)
    assert visits(rig) == {9 * 60: 5, 10 * 60: 15}, "a late word moves them, and never changes their sum"
    assert rig.day().visits == 20


def test_a_late_word_before_midnight_moves_visits_from_one_day_to_another(rig: Rig) -> None:
    rig.come(EIGHT, 10)
    rig.come(NEXT + EIGHT - MIDNIGHT, 30)
    rig.work(NEXT + DAY_MS)
    assert [each.visits for each in rig.days().values()] == [0, 20]
    rig.come(NEXT - HOUR_MS, 15)
    rig.work(NEXT + DAY_MS)
    assert [each.visits for each in rig.days().values()] == [5, 15]


@pytest.mark.parametrize("pruned", [False, True])
def test_what_comes_in_late_is_added(rig: Rig, pruned: bool) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    rig.work(LATER)
    if pruned:
        rig.prune(NEXT)
    rig.come(EIGHT + 5 * MINUTE_MS, 3)
    rig.keeper.follow(LATER + HOUR_MS)
    assert rig.make(LATER + HOUR_MS) == 0, "its people may not be counted yet"
    assert rig.make(LATER + HOUR_MS + SETTLED_MS) > 0
    first, second, *_ = rig.quarters()
    assert (first.visits, second.visits) == (3, 1)
    assert first.of["occupancy"].count == 2
    assert rig.day().visits == 4
    rig.come(EIGHT + 6 * MINUTE_MS, 4)
    rig.work(LATER + 2 * HOUR_MS)
    first, second, *_ = rig.quarters()
    assert (first.visits, second.visits) == (4, 0)
    assert first.of["occupancy"].count == 3, "what was added before is not added again"


def test_days_are_local(rig: Rig) -> None:
    """23:30 to 00:30 in Shanghai is one evening of two days, and all of it is one day in UTC."""
    for number in range(13):
        rig.come(NEXT - HOUR_MS // 2 + number * 5 * MINUTE_MS, number)
    rig.work(NEXT + 2 * DAY_MS)
    kept = rig.days()
    assert {day: each.visits for day, each in kept.items()} == {DAY: 5, DAY + timedelta(days=1): 7}
    assert kept[DAY].visits_by_hour[23] == 5
    assert kept[DAY].measured == pytest.approx(0.5 / 24), "up to midnight, between two snapshots"


def test_another_time_zone_makes_the_days_anew(rig: Rig) -> None:
    for number in range(49):
        rig.come(MIDNIGHT + number * HOUR_MS, number)
    rig.work(NEXT + 2 * DAY_MS)
    assert rig.day().visits == 23
    rig.prune(NEXT + 2 * DAY_MS)
    rig.set_zone("America/New_York")
    assert rig.keeper.moved() == ["canteen"]
    rig.keeper.move("canteen", NEXT + 2 * DAY_MS)
    assert rig.keeper.moved() == []
    found = {day: each.visits for day, each in rig.days().items()}
    assert found == {date(2026, 6, 30): 11, DAY: 24, DAY + timedelta(days=1): 13}
    assert rig.renewed[-1] == "canteen"


def test_a_day_that_only_the_clock_of_before_had_is_gone(rig: Rig) -> None:
    """01:00 in UTC is the evening before in New York; by a clock east of it that date has nothing."""
    rig.set_zone("America/New_York")
    for number in range(3):
        rig.come(NEXT + 9 * HOUR_MS + number * MINUTE_MS, number)
    rig.work(NEXT + DAY_MS)
    assert {day: each.visits for day, each in rig.days().items()} == {DAY: 2}
    rig.set_zone(SHANGHAI)
    rig.keeper.move("canteen", NEXT + DAY_MS)
    assert {day: each.visits for day, each in rig.days().items()} == {DAY + timedelta(days=1): 2}


@pytest.mark.parametrize(("now_ms", "first"), [(LATER, 29), (MIDNIGHT + KEPT * DAY_MS, 30)])
def test_of_a_half_forgotten_day_nothing_is_made(rig: Rig, now_ms: int, first: int) -> None:
    """01:00 in UTC is still the evening before in New York, and of that evening the rest may be forgotten."""
    rig.fill(MIDNIGHT - 15 * HOUR_MS, NEXT, 4, HOUR_MS)
    rig.work(LATER)
    rig.set_zone("America/New_York")
    rig.keeper.move("canteen", now_ms)
    made = {day for day, each in rig.days().items() if each.made_ms == now_ms}
    assert min(made) == date(2026, 6, first)


def test_corrections_stand_apart_from_visits(rig: Rig) -> None:
    """Nobody is seen leaving; at four in the morning the room is empty all the same."""
    for number in range(6 * 60 // 5):
        rig.come(MIDNIGHT + number * 5 * MINUTE_MS, min(number, 7))
    rig.work(LATER)
    day = rig.day()
    assert (day.visits, day.exits, day.corrected, day.corrections) == (7, 0, -7, 1)
    rig.prune(NEXT)
    rig.come(MIDNIGHT + 4 * HOUR_MS + 1, 7)
    rig.work(LATER)
    assert (rig.day().corrected, rig.day().corrections) == (-7, 1), "also when a late row comes"


def test_a_new_sum_of_a_door_is_no_negative_visit(rig: Rig) -> None:
    rig.come(EIGHT, 500)
    rig.come(EIGHT + MINUTE_MS, 510)
    rig.come(EIGHT + 2 * MINUTE_MS, 3)
    rig.come(EIGHT + 20 * MINUTE_MS, 5)
    rig.work(LATER)
    assert visits(rig) == {480: 13, 495: 2}


def test_a_door_that_was_silent_for_days_goes_on_from_its_last_word(rig: Rig) -> None:
    rig.come(EIGHT, 10)
    for ago in range(1, 12):
        rig.come(EIGHT + ago * DAY_MS, doors=False)
    rig.come(EIGHT + 12 * DAY_MS, 17)
    rig.work(EIGHT + 13 * DAY_MS)
    assert rig.day(DAY + timedelta(days=12)).visits == 7


def test_readings_dated_on_receiving_are_in_no_sum(rig: Rig) -> None:
    snapshot = Snapshot("00c0ffee00c0ffee", 1, EIGHT, 0, BOOT, "unsynced", doors=(Door("main", 5, 0),))
    rig.store.commit([Accepted("canteen", snapshot, EIGHT, "received", 1)])
    rig.work(LATER)
    assert rig.quarters() == []


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("INSERT ON quarters", "while quarters are written"),
        ("INSERT ON days", "when the quarters are written, and the days not yet"),
        ("DELETE ON touched", "while its note is taken away"),
        ("INSERT ON touched", "while it is noted what was touched"),
        ("UPDATE ON followed", "when that is noted and the cursor not yet moved"),
    ],
)
def test_an_end_in_the_middle_costs_the_repetition_of_one_step(rig: Rig, moment: str, reason: str) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    with closing(sqlite3.connect(rig.path)) as file:
        file.execute(f"CREATE TRIGGER ends BEFORE {moment} BEGIN SELECT RAISE(ROLLBACK, 'ended'); END")
    with pytest.raises(sqlite3.IntegrityError, match="ended"):
        rig.work(LATER)
    assert rig.quarters() == [], "half of it is never seen"
    with closing(sqlite3.connect(rig.path)) as file:
        file.execute("DROP TRIGGER ends")
    rig.reopen()
    rig.work(LATER + PUT_OFF_MS)
    assert (rig.day().visits, len(rig.quarters())) == (4, 8), reason


def test_what_is_reached_may_be_pruned(rig: Rig) -> None:
    assert rig.rollups.reached() == 0
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4)
    now_ms = EIGHT + HOUR_MS + MINUTE_MS
    rig.come(now_ms, 4)
    rig.keeper.follow(now_ms)
    assert rig.rollups.reached() == 0, "noted, not made"
    assert rig.rollups.settled(now_ms)
    assert not rig.rollups.settled(now_ms + SETTLED_MS)
    rig.make(now_ms + SETTLED_MS)
    assert rig.rollups.reached() == 0, "they were looked at together, and the fifth waits for its hour"
    rig.make(EIGHT + 2 * HOUR_MS + SETTLED_MS)
    assert rig.rollups.reached() == 5


def test_a_store_that_was_replaced_is_followed_from_its_beginning(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    rig.work(LATER)
    rig.store.replace(sqlite3.DatabaseError("malformed"))
    rig.come(EIGHT + MINUTE_MS, 4)
    rig.come(MIDNIGHT + 12 * HOUR_MS, 2, station="library")
    rig.work(LATER)
    assert [each.of["occupancy"].count for each in rig.quarters()] == [2, 1, 1, 1, 1, 1, 1, 1], (
        "what was lost stays"
    )
    assert len(rig.quarters(station="library")) == 1
    assert rig.rollups.reached() == 10, "its ids go on behind those of the lost file"


def test_a_long_history_is_followed_in_portions(rig: Rig) -> None:
    """From nothing it takes one step, as it only asks from when to when each station has readings."""
    rig.come(MIDNIGHT)
    assert not rig.keeper.follow(MIDNIGHT)
    with closing(sqlite3.connect(rig.store.path, isolation_level=None)) as file:
        rows = file.execute("SELECT * FROM snapshot").fetchone()[1:]
        file.executemany(
            f"INSERT INTO snapshot VALUES ({','.join('?' * (len(rows) + 1))})",  # noqa: S608 # question marks
            ((number, *rows) for number in range(2, COMMITS_AT_ONCE + 12)),
        )
    assert rig.keeper.follow(MIDNIGHT), "there may be more"
    assert rig.writer.followed() == (COMMITS_AT_ONCE + 1, 0)
    assert not rig.keeper.follow(MIDNIGHT)
    assert rig.writer.followed() == (COMMITS_AT_ONCE + 11, 0)


def test_weeks_are_made_in_days_and_the_same(rig: Rig) -> None:
    for ago in range(12):
        rig.fill(MIDNIGHT - ago * DAY_MS, MIDNIGHT - ago * DAY_MS + HOUR_MS, 3, station="library")
    rig.keeper.catch_up(NEXT)
    assert len(rig.days("library")) == 12
    assert rig.rollups.settled(NEXT + DAY_MS)


def test_what_is_old_is_forgotten_but_for_its_days(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4)
    rig.work(LATER)
    for days in (KEPT, KEPT + 1):
        rig.come(EIGHT + days * DAY_MS, 4)
        rig.work(LATER + days * DAY_MS)
    assert rig.quarters() == []
    assert rig.day().visits == 4


@pytest.mark.parametrize("damage", [b"not a database at all" * 300, b""])
def test_a_damaged_file_is_put_aside_and_made_again(rig: Rig, damage: bytes) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    rig.work(LATER)
    rig.writer.close()
    rig.path.write_bytes(damage)
    rig.writer = Writer.open(rig.path)
    rig.work(LATER)
    assert rig.day().visits == 4


def test_a_damaged_row_costs_its_day_alone(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4)
    rig.fill(EIGHT + DAY_MS, EIGHT + DAY_MS + HOUR_MS, 4)
    rig.work(NEXT + DAY_MS)
    with closing(sqlite3.connect(rig.path, isolation_level=None)) as file:
        file.execute("UPDATE quarters SET body = x'00' WHERE key = (SELECT min(key) FROM quarters)")
        file.execute("UPDATE days SET body = x'00' WHERE key = (SELECT min(key) FROM days)")
    assert list(rig.days()) == [DAY + timedelta(days=1)]
    assert [each.day for each in rig.rollups.visits(DAY, DAY + timedelta(days=1))] == list(rig.days())
    assert len(rig.quarters(EIGHT, NEXT + DAY_MS)) == 4
    assert rig.rollups.span(["canteen"]) == (DAY + timedelta(days=1),) * 2


def test_the_first_and_the_last_day_of_some_stations(rig: Rig) -> None:
    for ago, station in ((0, "canteen"), (5, "canteen"), (9, "library"), (-3, "library")):
        at_ms = EIGHT - ago * DAY_MS
        rig.fill(at_ms, at_ms + HOUR_MS, 3, station=station)
    rig.come(EIGHT - 7 * DAY_MS, 3)  # heard of once: nothing was measured, nobody came
    rig.work(LATER + 4 * DAY_MS)
    assert [DAY - timedelta(days=7) in rig.days(), rig.days()[DAY - timedelta(days=7)].measured] == [True, 0]
    both, later = ["library", "canteen"], DAY + timedelta(days=3)
    assert rig.rollups.span(["canteen"]) == (DAY - timedelta(days=5), DAY)
    assert rig.rollups.span(both) == (DAY - timedelta(days=9), later)
    assert rig.rollups.span(both, last=DAY - timedelta(days=6)) == (DAY - timedelta(days=9),) * 2
    assert rig.rollups.span(["canteen"], first=later) is None
    assert rig.rollups.span(["nobody"]) is None
    week = (DAY - timedelta(days=8), DAY - timedelta(days=6))
    assert rig.rollups.measured([week, (DAY, DAY), (DAY, later)], both) == [False, True, True]


def test_a_newer_file_is_not_touched(rig: Rig) -> None:
    rig.writer.close()
    with closing(sqlite3.connect(rig.path, isolation_level=None)) as file:
        file.execute("PRAGMA user_version = 7")
    with pytest.raises(NewerStoreError):
        Writer.open(rig.path)


def test_nothing_is_known_before_there_is_a_file(tmp_path: Path) -> None:
    empty = Rollups.open_reader(tmp_path / "none.db")
    assert empty.quarters("canteen", 0, LATER) == []
    assert list(empty.days(DAY, DAY)) == []
    assert (empty.span(["canteen"]), empty.measured([(DAY, DAY)], ["canteen"])) == (None, [False])
    assert empty.people("canteen", DAY, SHANGHAI) == {}
    assert (empty.reached(), empty.settled(LATER)) == (0, True)
    assert not (tmp_path / "none.db").exists()


def test_mean_people_by_local_quarter(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4, 5 * MINUTE_MS)
    rig.come(EIGHT + 85 * MINUTE_MS, 4)
    rig.come(EIGHT + 150 * MINUTE_MS, 9)
    rig.work(LATER)
    people = rig.rollups.people("canteen", DAY - timedelta(days=1), SHANGHAI)[DAY]
    assert people[32] == pytest.approx(8 / 3)
    assert people[33:36] == [4, 4, 4]
    assert people[36] == 4, "no snapshot, but between two that are half an hour apart"
    assert people[37] == 4, "ten minutes of it"
    assert people[38:] == [None] * 58, "then a gap"


def test_hours_of_the_week(rig: Rig) -> None:
    """1 July 2026 is a Wednesday."""
    for week in range(2):
        for number in range(13):
            rig.come(EIGHT + week * 7 * DAY_MS + number * 5 * MINUTE_MS, 100 * week + number)
    rig.work(EIGHT + 15 * DAY_MS)
    wednesday_8 = 2 * 24 + 8
    asked = (MIDNIGHT, MIDNIGHT + 15 * DAY_MS, SHANGHAI)
    found = rig.rollups.hours_of_week("canteen", "visits", *asked)
    assert found[wednesday_8] == pytest.approx((11 + 88 + 11) / 2)
    inside = rig.rollups.hours_of_week("canteen", "occupancy", *asked)
    assert inside[wednesday_8] is not None
    assert sum(each is not None for each in inside) == 1


@pytest.mark.parametrize(("zone", "hours"), [(SHANGHAI, 24), ("Europe/Berlin", 23), ("Asia/Kolkata", 24)])
def test_days_by_the_clock_on_the_wall(zone: str, hours: int) -> None:
    day = date(2026, 3, 29)  # Europe's clocks go forward
    begins_ms, ends_ms = midnight_ms(day, zone), midnight_ms(day + timedelta(days=1), zone)
    assert ends_ms - begins_ms == hours * HOUR_MS
    assert local_day(begins_ms, zone) == day
    assert local_day(begins_ms - 1, zone) == day - timedelta(days=1)
    assert local_day(ends_ms - 1, zone) == day
