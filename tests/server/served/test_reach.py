"""The 15-minute circle: who has an open station near, against a search of every pair."""

from datetime import date
from math import cos, radians

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.model import Station, Thresholds
from server.ranking import distance_m, riding_minutes
from server.served.demand import Point
from server.served.reach import ALL, ReachError, hours_of, next_day, percent, reach

ZONE = "Asia/Shanghai"
ZONES = {"taiyuan": ZONE}
THURSDAY = date(2026, 7, 2)
LAT, LON = 37.87, 112.55
LIMITS = Thresholds()


def station(number: int, east_m: float, hours: str = "24/7", north_m: float = 0) -> Station:
    lat, lon = moved(east_m, north_m)
    return Station(f"st-{number}", "taiyuan", f"驿站{number}", lat=lat, lon=lon, hours=hours)


def moved(east_m: float, north_m: float = 0) -> tuple[float, float]:
    return LAT + north_m / 111_195, LON + east_m / 111_195 / cos(radians(LAT))


def point(east_m: float, weight: float = 1.0, north_m: float = 0) -> Point:
    return Point(*moved(east_m, north_m), weight)


def test_near_is_a_ride_of_so_many_minutes_by_the_networks_speed_and_detour() -> None:
    """18 km/h and a detour of 1.3: 15 minutes are 4.5 km by road, 3,462 m in a straight line."""
    found = reach(
        [point(3_400), point(3_520)], [station(1, 0)], THURSDAY, minutes=15, zones=ZONES, thresholds=LIMITS
    )
    assert found.metres == pytest.approx(3461.5, abs=0.1)
    assert riding_minutes(3_461, LIMITS) < 15 < riding_minutes(3_462, LIMITS)
    assert list(found.opened) == [ALL, 0]


def test_only_what_is_open_at_that_hour_counts_and_unknown_hours_stand_apart() -> None:
    stations = [
        station(1, 0, "Mo-Su 08:00-20:00"),
        station(2, 30_000, ""),
        station(3, 60_000, "Mo-Su 20:00-02:00"),
    ]
    points = [point(0, 5), point(30_000, 3), point(60_000, 1), point(90_000, 1)]
    found = reach(points, stations, THURSDAY, minutes=15, zones=ZONES, thresholds=LIMITS)
    told = {each.hour: (each.served, each.unknown, each.unserved) for each in found.hours()}
    assert told[7] == (0, 3, 7)
    assert told[8] == (5, 3, 2), "open from eight on"
    assert told[19] == (5, 3, 2)
    assert told[20] == (1, 3, 6), "closed at eight in the evening, another opens"
    assert told[1] == (1, 3, 6), "yesterday's evening runs past midnight"
    assert told[2] == (0, 3, 7)
    assert (found.unposted, found.weight) == (1, 10)


def test_an_open_one_counts_before_one_of_unknown_hours() -> None:
    found = reach(
        [point(0)], [station(1, 10, ""), station(2, 20, "Mo-Su 08:00-20:00")], THURSDAY,
        minutes=15, zones=ZONES, thresholds=LIMITS,
    )  # fmt: skip
    assert (found.at(12).served, found.at(12).unknown) == (1, 0)
    assert (found.at(22).served, found.at(22).unknown) == (0, 1)


@pytest.mark.parametrize(
    ("hours", "day", "at_noon", "why"),
    [
        ("Mo-Fr 09:00-18:00; PH off", date(2026, 7, 2), True, "a Thursday"),
        ("Mo-Fr 09:00-18:00; PH off", date(2026, 10, 1), False, "a holiday"),
        ("Mo-Fr 09:00-18:00; PH off", date(2026, 10, 10), True, "a Saturday that is worked"),
        ("not hours", date(2026, 7, 2), False, "what cannot be read is not known"),
    ],
)
def test_hours_of_the_day(hours: str, day: date, at_noon: bool, why: str) -> None:
    opened, unknown = hours_of(Station("a", "taiyuan", "甲", hours=hours), day, ZONE)
    assert bool(opened >> 12 & 1) == at_noon, why
    assert (unknown == ALL) == (hours == "not hours"), why


def test_stations_without_a_place_are_told() -> None:
    found = reach(
        [point(0)], [Station("a", "taiyuan", "甲", hours="24/7")], THURSDAY,
        minutes=15, zones=ZONES, thresholds=LIMITS,
    )  # fmt: skip
    assert (found.stations, found.unplaced, found.at(12).unserved) == (0, 1, 1)


HOURS = ("24/7", "", "Mo-Su 08:00-20:00", "Mo-Su 18:00-02:00")
PLACES = st.tuples(st.floats(-20_000, 20_000), st.floats(-20_000, 20_000))


@given(
    st.lists(PLACES, max_size=25),
    st.lists(st.tuples(PLACES, st.sampled_from(HOURS)), max_size=12),
    st.sampled_from([1, 5, 15, 40]),
)
@settings(max_examples=60, deadline=None)
def test_it_is_the_same_as_looking_at_every_pair(
    points: list[tuple[float, float]], stations: list[tuple[tuple[float, float], str]], minutes: float
) -> None:
    demand = [point(east, 1, north) for east, north in points]
    known = [station(n, east, hours, north) for n, ((east, north), hours) in enumerate(stations)]
    found = reach(demand, known, THURSDAY, minutes=minutes, zones=ZONES, thresholds=LIMITS)
    for at, one in enumerate(demand):
        opened = 0
        for each in known:
            metres = distance_m((one.lat, one.lon), (each.lat or 0, each.lon or 0))
            if riding_minutes(metres, LIMITS) <= minutes:
                opened |= hours_of(each, THURSDAY, ZONE)[0]
        assert found.opened[at] == opened


def test_all_of_it_is_said_of_all_of_it_only() -> None:
    assert [percent(part, 10_000) for part in (0, 7_500, 9_999, 10_000)] == [
        "0.0%",
        "75.0%",
        "99.9%",
        "100.0%",
    ]
    assert percent(0.1 + 0.2, sum((0.1, 0.2))) == "100.0%"


def test_where_each_station_is_posted_open_is_told_too() -> None:
    known = [
        station(1, 0, "Mo-Su 08:00-20:00"),
        station(2, 1, ""),
        Station("away", "taiyuan", "远", hours="24/7"),
    ]
    found = reach([point(0)], known, THURSDAY, minutes=15, zones=ZONES, thresholds=LIMITS)
    assert found.posted == {each.id: hours_of(each, THURSDAY, ZONE) for each in known[:2]}


def test_the_next_day_of_a_kind() -> None:
    assert next_day("workday", date(2026, 7, 4), ZONE) == date(2026, 7, 6)
    assert next_day("weekend", date(2026, 7, 6), ZONE) == date(2026, 7, 11)
    assert next_day("holiday", date(2026, 9, 1), ZONE) == date(2026, 9, 25)
    with pytest.raises(ReachError, match="name a day"):
        next_day("holiday", date(2031, 1, 1), ZONE)
