"""Points that lie where no station is: told, and no reason for a map to show half of the country."""

from math import cos, radians

import pytest

from server.ranking import distance_m
from server.served import demand_words
from server.served.astray import FAR_M, Astray, Box, astray
from server.served.demand import Point
from server.web.text import Text

LAT, LON = 37.87, 112.55
METRES = 3_461.5


def place(east_km: float, north_km: float = 0, line: int = 0) -> Point:
    return Point(LAT + north_km / 111.195, LON + east_km / 111.195 / cos(radians(LAT)), line=line)


CITY = [place(0), place(8), place(0, 6), place(8, 6)]


def told(found: Astray, language: str = "zh") -> str:
    return "".join(demand_words.far(Text("en" if language == "en" else "zh", 0), found))


def test_points_around_the_stations_are_nothing_to_tell() -> None:
    found = astray([place(-10), place(18), place(4, 3)], CITY, METRES)
    assert (found.far, found.hidden, told(found)) == (0, 0, "")
    assert found.frame.holds(LAT, place(18).lon)
    assert found.frame.holds(LAT - 3.4 / 111.195, LON), "the circle of the southernmost station is in it"


def test_one_point_that_is_wrong_by_a_digit_is_told_and_does_not_make_the_map_a_dot() -> None:
    wrong = Point(LAT, LON + 10, line=3)
    found = astray([place(0, line=2), wrong, place(3, line=4)], CITY, METRES)
    assert (found.far, found.hidden, found.line, found.swapped) == (1, 1, 3, 0)
    km = min(distance_m((LAT, LON + 10), (each.lat, each.lon)) for each in CITY) / 1000
    assert found.farthest_m / 1000 == pytest.approx(km)
    assert found.frame.east - found.frame.west < 1
    assert (
        f"1 个点离驿站所在的地方超过 20 公里；最远的在第 3 行，离最近的驿站 {km:.0f} 公里。请核对坐标"
        in told(found)
    )
    assert f"1 point is more than 20 km away from where the stations are; in line 3, {km:.0f} km" in told(
        found, "en"
    )


def test_a_wrong_station_does_not_make_the_map_a_dot_either() -> None:
    found = astray([place(0)], [*CITY, place(900)], METRES)
    assert found.frame.east - found.frame.west < 1
    assert found.far == 0
    town = astray([place(0)], [*CITY, place(60)], METRES)
    assert town.frame.holds(LAT, place(60).lon), "a town of the same network is no mistake"


def test_demand_that_lies_elsewhere_as_a_whole_is_shown_and_told() -> None:
    elsewhere = [place(400 + each, line=each + 2) for each in range(10)]
    found = astray(elsewhere, CITY, METRES)
    assert (found.far, found.hidden, found.line) == (10, 0, 11)
    assert found.frame.holds(elsewhere[9].lat, elsewhere[9].lon)


def test_a_region_around_the_city_is_bulk_although_it_is_far() -> None:
    region = [place(10 * each, line=each) for each in range(1, 21)]
    found = astray([*region, place(3_000, line=21)], CITY, METRES)
    assert (found.far, found.hidden, found.line) == (19, 1, 21)
    assert found.frame.holds(region[-1].lat, region[-1].lon)


def test_what_would_be_near_the_other_way_round_is_told() -> None:
    """In Oslo both ways round are places: only where the stations are tells which is meant."""
    oslo = [Point(59.91, 10.75), Point(59.95, 10.70)]
    given = [Point(59.92, 10.74, line=2), Point(10.74, 59.92, line=3), Point(10.76, 59.93, line=4)]
    found = astray(given, oslo, METRES)
    assert (found.far, found.swapped, found.swapped_line) == (2, 2, 3)
    assert "其中 2 个（先看第 3 行）的经度和纬度好像写反了：对调以后就在驿站附近。" in told(found)
    assert "In 2 of them, first in line 3, longitude and latitude seem" in told(found, "en")


def test_a_wider_circle_makes_fewer_points_far() -> None:
    points = [place(0), place(8 + 25)]
    assert astray(points, CITY, METRES).far == 1
    assert astray(points, CITY, 27_000).far == 0


def test_without_stations_there_is_the_bulk_of_the_points() -> None:
    found = astray([place(each) for each in range(9)] + [place(2_000)], [], METRES)
    assert (found.far, found.hidden) == (0, 1)
    assert found.frame.east - found.frame.west < 1


@pytest.mark.parametrize(("lat", "lon", "metres"), [(1, 1, 0), (3, 1, 111_195), (1, -1, 111_178), (0, 2, 0)])
def test_how_far_a_place_is_from_a_box(lat: float, lon: float, metres: float) -> None:
    box = Box(0, 0, 2, 2)
    assert box.metres_to(lat, lon) == pytest.approx(metres, abs=30)
    assert Box(0, 0, 1, 1).joined(Box(1, -1, 2, 0)) == Box(0, -1, 2, 1)


def test_a_box_grows_by_as_many_metres_on_each_side() -> None:
    grown = Box(LAT, LON, LAT, LON).grown(FAR_M)
    for lat, lon in ((grown.north, LON), (grown.south, LON), (LAT, grown.east), (LAT, grown.west)):
        assert distance_m((LAT, LON), (lat, lon)) == pytest.approx(FAR_M, rel=0.001)
