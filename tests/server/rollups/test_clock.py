"""rollups.db while the server's clock is wrong, and at the end of what it keeps."""

from datetime import timedelta

import pytest

from server.rollups.calendar import DAY_MS
from server.rollups.keeper import Keeper
from tests.support.rollups import DAY, HOUR_MS, MIDNIGHT, NEXT, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
YEARS = 50 * 365 * DAY_MS


@pytest.mark.parametrize("kept_days", [1, 20, 400])
def test_a_clock_that_is_years_ahead_costs_no_history(rig: Rig, kept_days: int) -> None:
    """A station without a clock is dated by the server's; what it says then is of that time."""
    for number in range(kept_days):
        rig.come(EIGHT + number * DAY_MS, number)
    rig.work(EIGHT + kept_days * DAY_MS)
    rig.come(EIGHT + YEARS, kept_days)
    rig.work(EIGHT + YEARS + HOUR_MS)
    kept = {each.at_ms for each in rig.quarters(0, EIGHT + kept_days * DAY_MS)}
    assert len(kept) >= kept_days - 8, "a few of the oldest at most"
    assert EIGHT + (kept_days - 1) * DAY_MS in kept


def test_an_hour_noted_by_a_clock_that_is_ahead_is_made_all_the_same(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4)
    while rig.keeper.follow(EIGHT + YEARS):
        pass
    rig.come(EIGHT + HOUR_MS + 1, 5)
    rig.work(EIGHT + 3 * HOUR_MS)
    rig.work(EIGHT + 3 * HOUR_MS)
    assert rig.day().visits == 5
    assert rig.rollups.reached() == 5, "nothing holds pruning back for years"


def test_a_day_that_is_kept_is_not_made_of_a_late_row_alone(rig: Rig) -> None:
    """Its quarters are forgotten, so what came then cannot be added to it."""
    days = [DAY + timedelta(days=number) for number in range(12)]
    keeper = Keeper(rig.store, rig.writer, rig.live, 3)
    for number in range(12):
        rig.come(EIGHT + number * DAY_MS, number * 10)
    keeper.catch_up(EIGHT + 12 * DAY_MS)
    rig.prune(EIGHT + 11 * DAY_MS)
    rig.come(EIGHT + 12 * DAY_MS, 120)
    keeper.catch_up(EIGHT + 13 * DAY_MS)
    before = rig.days()
    rig.come(EIGHT + DAY_MS + 1, 12)
    rig.come(EIGHT + 3 * DAY_MS + 1, 32)
    keeper.catch_up(EIGHT + 13 * DAY_MS)
    assert {day: rig.days()[day] for day in days[:4]} == {day: before[day] for day in days[:4]}
    assert sum(each.visits for each in rig.days().values()) == 120


def test_a_new_stations_first_day_grows_backwards(rig: Rig) -> None:
    """Its first backlog begins before the day in UTC in which it was first heard."""
    keeper = Keeper(rig.store, rig.writer, rig.live, 3)
    rig.come(EIGHT + 4 * HOUR_MS, 7)
    keeper.catch_up(NEXT)
    rig.come(MIDNIGHT + HOUR_MS, 0)
    keeper.catch_up(NEXT)
    assert rig.day().visits == 7
