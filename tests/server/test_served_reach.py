"""The 15-minute circle: who has an open station near, against a search of every pair."""

from datetime import date
from math import cos, radians

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.geo import wgs84_to_gcj02
from server.imports.problems import ImportFailed
from server.model import Station, Thresholds
from server.ranking import distance_m, riding_minutes
from server.served.demand import MOST_POINTS, Point, decoded, read
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


# --- the file -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "points", "why"),
    [
        ("lon,lat\n112.5,37.8\n", [Point(37.8, 112.5)], "each counts 1"),
        (
            "name,lat,lon,weight\n甲,37.8,112.5,30\n",
            [Point(37.8, 112.5, 30)],
            "in any order, others passed over",
        ),
        ("经度,纬度,人数\r\n112.5,37.8,2.5\r\n\r\n", [Point(37.8, 112.5, 2.5)], "as spreadsheets have it"),
        ("\ufefflng,Lat\n112.5,37.8", [Point(37.8, 112.5)], "with a mark, without a last line end"),
        (
            "lon,lat,weight\n112.5,37.8,\n112.6,37.9,0",
            [Point(37.8, 112.5), Point(37.9, 112.6, 0)],
            "no weight is 1",
        ),
    ],
)
def test_a_file_of_demand(text: str, points: list[Point], why: str) -> None:
    assert read(text) == points, why


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no column lon"),
        ("lon,lat\n", "line 1: there is no point"),
        ("x,y\n1,2\n", "line 1: no column lon"),
        ("lon,lat\n112.5,37.8\n112.5,abc\n", "line 3, lat: got 'abc', expected a latitude from -90 to 90"),
        ("lon,lat\n37.8,112.5\n", "line 2, lat: got '112.5', expected a latitude"),
        ("lon,lat\nnan,37.8\n", "line 2, lon: got 'nan'"),
        ("lon,lat\n112.5\n", "line 2, lat"),
        ("lon,lat,weight\n112.5,37.8,-1\n", "line 2, weight: got '-1', expected a weight from 0"),
        ("lon,lat,weight\n112.5,37.8,inf\n", "line 2, weight"),
        ("lon,lat,weight\n112.5,37.8,0\n", "all weights are 0"),
        ("lon,lat\n\0", "no CSV"),
        ('lon,lat\n"' + "x" * 200_000, "no line of CSV"),
    ],
)
def test_what_cannot_be_taken_is_told_by_line(text: str, said: str) -> None:
    with pytest.raises(ImportFailed) as failed:
        read(text)
    assert said in str(failed.value)


def test_all_problems_are_told_at_once_up_to_a_hundred() -> None:
    with pytest.raises(ImportFailed) as failed:
        read("lon,lat\n" + "x,37\n" * 5_000)
    assert len(failed.value.problems) == 100


def test_too_many_points_are_refused() -> None:
    with pytest.raises(ImportFailed, match="more than 50000 points"):
        read("lon,lat\n" + "1,1\n" * (MOST_POINTS + 1))


def test_points_of_chinese_maps_are_moved_to_where_they_are() -> None:
    lat, lon = wgs84_to_gcj02(LAT, LON)
    (there,) = read(f"lon,lat\n{lon},{lat}\n", "gcj02")
    assert (there.lat, there.lon) == pytest.approx((LAT, LON), abs=1e-6)


def test_a_file_of_a_chinese_spreadsheet_is_read_too() -> None:
    assert read(decoded("经度,纬度,名称\n112.5,37.8,甲\n".encode("gb18030"))) == [Point(37.8, 112.5)]
    assert decoded("\ufefflon".encode()) == "lon"
