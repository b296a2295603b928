"""Which stations a notice is for, and which of several decides there."""

from dataclasses import replace

import pytest

from server.board import Board, Posting
from server.hours import timetable
from server.model import Network, Station

NOW = 1_800_000_000_000
"""16:00 in Shanghai, a Friday."""
HOUR = 3_600_000
NETWORKS = {
    "city": Network("city", "城", "City"),
    "part": Network("part", "区", "Part", parent="city"),
    "town": Network("town", "镇", "Town"),
}
STATIONS = (
    Station("city-1", "city", "一", region=("东区", "街")),
    Station("city-2", "city", "二", region=("西区",)),
    Station("part-1", "part", "三", region=("东区",)),
    Station("town-1", "town", "四", region=("东区",)),
)
POSTING = Posting(1, "city", "", "", "closed", NOW, NOW + HOUR, "话", "", works=False, by="max", made_ms=NOW)


def board(*postings: Posting) -> Board:
    made = Board()
    made.place(STATIONS, NETWORKS)
    made.post(postings)
    return made


@pytest.mark.parametrize(
    ("place", "stations", "why"),
    [
        ({}, {"city-1", "city-2", "part-1"}, "a network with those inside it"),
        ({"network": "part"}, {"part-1"}, "the one inside"),
        ({"district": "东区"}, {"city-1", "part-1"}, "a district, not the town's of that name"),
        ({"station": "city-2"}, {"city-2"}, "one station"),
        ({"network": "town", "station": "city-2"}, set(), "a station that has moved to another network"),
        ({"station": "gone"}, set(), "a station that is gone"),
        ({"network": "gone"}, set(), "a network that is gone"),
        ({"district": "北区"}, set(), "a district that is gone"),
    ],
)
def test_where_it_holds(place: dict[str, str], stations: set[str], why: str) -> None:
    made = board(replace(POSTING, **place))  # type: ignore[arg-type]  # by name
    assert {each.id for each in STATIONS if made.of(each.id)} == stations, why


def test_the_narrowest_decides_there_the_strictest_there_the_longest() -> None:
    postings = [
        replace(POSTING, id=1, access=""),
        replace(POSTING, id=2, access="open"),
        replace(POSTING, id=3, access="closed", until_ms=NOW + HOUR),
        replace(POSTING, id=4, access="closed", until_ms=NOW + 2 * HOUR),
        replace(POSTING, id=5, network="part", access="open"),
        replace(POSTING, id=6, district="东区", access="open"),
        replace(POSTING, id=7, network="part", station="part-1", access="open"),
    ]
    assert [notice.id for notice in board(*postings).of("part-1")] == ["7", "6", "5", "4", "3", "2", "1"]
    assert [notice.id for notice in board(*postings).of("city-2")] == ["4", "3", "2", "1"]


def test_only_stations_with_other_notices_are_named() -> None:
    made = board(replace(POSTING, district="东区"))
    assert made.post([replace(POSTING, district="东区")]) == set(), "the same again"
    assert made.post([replace(POSTING, district="东区", zh="别的话")]) == {"city-1", "part-1"}
    assert made.post([]) == {"city-1", "part-1"}, "taken down"


def test_a_registry_that_changes_moves_the_notices_along() -> None:
    made = board(replace(POSTING, district="西区"))
    made.place([replace(STATIONS[1], region=("东区",)), STATIONS[0]], NETWORKS)
    assert made.of("city-2") == ()


def test_hours_are_looked_ahead_with_the_notices() -> None:
    open_till_22 = timetable("08:00-22:00", "Asia/Shanghai")
    made = board(replace(POSTING, from_ms=NOW + HOUR, until_ms=NOW + 2 * HOUR))
    told = [made.posted("city-1", open_till_22, NOW + n * HOUR) for n in (0, 1, 2, 3)]
    assert [each.then for each in told] == ["closed", "open", None, None], "then it is over"
    assert [each.changes_at_ms for each in told[:2]] == [NOW + HOUR, NOW + 2 * HOUR]
    assert made.posted("town-1", open_till_22, NOW) == open_till_22.at(NOW), "nothing is put up there"
