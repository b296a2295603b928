"""What is asked of rollups.db: spans of days, people by quarter, hours of the week."""

from datetime import timedelta
from pathlib import Path

import pytest

from server.rollups import Rollups
from server.rollups.calendar import DAY_MS
from tests.support.rollups import DAY, HOUR_MS, LATER, MIDNIGHT, SHANGHAI, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
MINUTE_MS = 60_000


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
