"""Local days, which are not all of the same length."""

from datetime import date, timedelta

import pytest

from server.rollups.calendar import local_day, midnight_ms
from tests.support.rollups import HOUR_MS, SHANGHAI


@pytest.mark.parametrize(("zone", "hours"), [(SHANGHAI, 24), ("Europe/Berlin", 23), ("Asia/Kolkata", 24)])
def test_days_by_the_clock_on_the_wall(zone: str, hours: int) -> None:
    day = date(2026, 3, 29)  # Europe's clocks go forward
    begins_ms, ends_ms = midnight_ms(day, zone), midnight_ms(day + timedelta(days=1), zone)
    assert ends_ms - begins_ms == hours * HOUR_MS
    assert local_day(begins_ms, zone) == day
    assert local_day(begins_ms - 1, zone) == day - timedelta(days=1)
    assert local_day(ends_ms - 1, zone) == day
