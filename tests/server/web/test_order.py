from dataclasses import replace

import pytest

from server.model import Thresholds
from server.ranking import Wish
from server.state import Access, StationState
from server.web.order import Choice, Listed, choose, page_of
from tests.support.web import HOUR_MS, NOON_MS, open_state, static_state, station


def state(number: int, name: str = "驿站", **changes: object) -> StationState:
    """Numbers 3, 6, 9 are in 小店区, 1, 4, 7 in 迎泽区, 2, 5, 8 in 万柏林区."""
    return replace(open_state(station(number, name=name)), **changes)  # type: ignore[arg-type]  # any field


def listed(states: list[StationState], choice: Choice) -> list[tuple[str, tuple[str, ...]]]:
    found = choose(states, choice, NOON_MS, Thresholds())
    return [(each.state.station.id.removeprefix("taiyuan-"), each.lacks) for each in found]


CLOSED = Access("closed", "timetable", NOON_MS + HOUR_MS)


def test_by_district_and_name_and_closed_ones_last() -> None:
    states = [
        state(1, "乙"),
        state(4, "丙"),
        state(7, "甲", access=CLOSED),
        state(2, "甲"),
        static_state(station(5, name="乙")),
        state(3, "甲", freshness="offline"),
    ]
    ids = [number for number, _ in listed(states, Choice())]
    assert ids == ["0005", "0002", "0003", "0004", "0001", "0007"], "万柏林区, 小店区, 迎泽区; 丙, 乙, 甲"


@pytest.mark.parametrize(
    ("search", "found", "why"),
    [
        ("锦小牛", True, "a name"),
        ("小牛 同心", True, "blanks do not matter"),
        ("COMMUNITY 1", True, "case does not matter"),
        ("嘉节驿站", True, "an alias"),
        ("迎泽", True, "a district"),
        ("文庙街道", True, "a street"),
        ("小店", False, "another district"),
        ("", True, "nothing typed"),
    ],
)
def test_a_name_is_found(search: str, found: bool, why: str) -> None:
    assert bool(listed([state(1, "锦小牛同心")], Choice(search=search))) == found, why


@pytest.mark.parametrize(
    ("wishes", "expected", "why"),
    [
        ((), [("0002", ()), ("0003", ()), ("0001", ())], "all"),
        (("socket",), [("0002", ())], "only those that have it"),
        (
            ("socket", "battery"),
            [("0002", ("no_battery",)), ("0001", ("no_socket",)), ("0003", ("unknown_socket", "no_battery"))],
            "none has both: the nearest to it first, each with what it lacks",
        ),
    ],
)
def test_what_fits_or_what_is_nearest_to_it(
    wishes: tuple[Wish, ...], expected: list[tuple[str, tuple[str, ...]]], why: str
) -> None:
    full = open_state()
    states = [
        state(1, sockets=replace(full.sockets, free=0), crowding=replace(full.crowding, value="crowded")),
        state(2, cabinets=()),
        state(3, freshness="stale", cabinets=()),
    ]
    assert sorted(listed(states, Choice(wishes=wishes))) == sorted(expected), why
    assert listed(states, Choice(wishes=wishes))[0] == expected[0], why


def test_what_is_closed_is_the_last_that_comes_near() -> None:
    empty = replace(open_state().sockets, free=0)
    states = [state(2, access=CLOSED), state(1, sockets=empty, cabinets=())]
    assert listed(states, Choice(wishes=("socket", "battery"))) == [
        ("0001", ("no_socket", "no_battery")),
        ("0002", ("closed",)),
    ]


@pytest.mark.parametrize(
    ("count", "page", "shown", "number", "pages"),
    [(0, 1, 0, 1, 1), (5, 1, 2, 1, 3), (5, 3, 1, 3, 3), (5, 99, 1, 3, 3), (4, 2, 2, 2, 2)],
)
def test_pages(count: int, page: int, shown: int, number: int, pages: int) -> None:
    rows, at, of = page_of([Listed(state(1), ())] * count, page, 2)
    assert (len(rows), at, of) == (shown, number, pages)
