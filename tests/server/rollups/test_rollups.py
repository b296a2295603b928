"""rollups.db: what it makes of a store's readings, of late ones and of those of other zones too."""

from datetime import date, timedelta

import pytest

from contract.messages import Door, Snapshot
from server.rollups import Summary
from server.rollups.calendar import DAY_MS
from server.rollups.keeper import SETTLED_MS
from server.store import Accepted
from tests.support.rollups import BOOT, DAY, HOUR_MS, KEPT, LATER, MIDNIGHT, NEXT, SHANGHAI, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
MINUTE_MS = 60_000


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
