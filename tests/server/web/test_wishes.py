from dataclasses import replace

import pytest

from server.model import Station, Thresholds
from server.ranking import Wish, judge
from server.state import Access, StationState
from server.web import wishes
from server.web.order import candidate
from tests.support.web import HOUR_MS, NOON_MS, cabinet, open_state, static_state, station

OPEN = open_state()
"""Two sockets free, one battery charged, water and microwave and toilet, four of sixteen places taken."""


def lacks(state: StationState, *wanted: Wish) -> tuple[str, ...]:
    judged = judge(candidate(state), None, wanted, NOON_MS, Thresholds())
    return wishes.lacks(judged, wanted)


def with_amenities(*words: str) -> StationState:
    return static_state(replace(station(), amenities=words))


@pytest.mark.parametrize(
    ("want", "parsed", "why"),
    [
        ("socket", ("socket",), "one"),
        ("water,socket", ("socket", "water"), "always in one order, so that one list has one address"),
        ("socket,socket", ("socket",), "each once"),
        ("", (), "none"),
        ("sockets", (), "no such wish"),
        ("socket,sauna,<script>", ("socket",), "what is not a wish is ignored"),
        (" socket", (), "nothing is guessed"),
        (",,,", (), "nothing between commas"),
        ("SOCKET", (), "codes are as they are written"),
        ("socket," + "x" * 100_000 + ",water", ("socket",), "nobody wishes so much"),
        ("socket,battery,water,meal,toilet,places", wishes.WISHES, "all"),
        ("\u202esocket\x00", (), "control characters"),
    ],
)
def test_wishes_of_an_address(want: str, parsed: tuple[Wish, ...], why: str) -> None:
    assert wishes.parse(want) == parsed, why


@pytest.mark.parametrize(
    ("chosen", "touched", "want"),
    [((), "socket", "socket"), (("socket",), "socket", ""), (("water",), "socket", "socket,water")],
)
def test_a_touch_sets_a_wish_or_takes_it_back(chosen: tuple[Wish, ...], touched: Wish, want: str) -> None:
    assert wishes.toggled(chosen, touched) == want


@pytest.mark.parametrize(
    ("state", "wish", "missing", "why"),
    [
        (OPEN, "socket", (), "two are free"),
        (replace(OPEN, sockets=replace(OPEN.sockets, free=0)), "socket", ("no_socket",), "all are taken"),
        (replace(OPEN, freshness="stale"), "socket", ("unknown_socket",), "six minutes ago one was free"),
        (replace(OPEN, freshness="offline"), "socket", ("unknown_socket",), "it has some, or not"),
        (with_amenities("插座"), "socket", ("unknown_socket",), "it says it has some"),
        (with_amenities("空调"), "socket", ("no_socket",), "it says nothing of sockets"),
        (OPEN, "battery", (), "one is charged"),
        (replace(OPEN, cabinets=()), "battery", ("no_battery",), "no cabinet"),
        (replace(OPEN, cabinets=(cabinet(words=("empty",)),)), "battery", ("no_battery",), "all are out"),
        (with_amenities("换电柜"), "battery", ("unknown_battery",), "a cabinet of which nothing is heard"),
        (OPEN, "water", (), "饮水机"),
        (with_amenities("矿泉水"), "water", (), "also without live data: a bottle is water"),
        (with_amenities("drinking_water"), "water", (), "by its code"),
        (with_amenities("沙发"), "water", ("no_water",), "not registered"),
        (OPEN, "meal", (), "微波炉"),
        (with_amenities("社区食堂"), "meal", (), "a canteen"),
        (with_amenities("自热锅"), "meal", (), "a pot"),
        (with_amenities(" WiFi "), "meal", ("no_meal",), "not registered"),
        (OPEN, "toilet", (), "洗手间"),
        (with_amenities("卫生间"), "toilet", (), "whatever it is called"),
        (with_amenities(), "toilet", ("no_toilet",), "nothing is registered"),
        (OPEN, "places", (), "quiet"),
        (replace(OPEN, crowding=replace(OPEN.crowding, value="crowded")), "places", (), "some are free yet"),
        (replace(OPEN, crowding=replace(OPEN.crowding, value="full")), "places", ("no_places",), "full"),
        (static_state(), "places", (), "not known to be full"),
        (
            replace(OPEN, freshness="stale", crowding=replace(OPEN.crowding, value="full")),
            "places", (), "full six minutes ago is not full",
        ),
        (
            replace(OPEN, access=Access("closed", "timetable", NOON_MS + HOUR_MS)),
            "water", ("closed",), "nobody drinks behind a closed door",
        ),
        (replace(OPEN, access=Access("locked", "contact")), "water", ("closed",), "nor behind a locked one"),
        (replace(OPEN, access=Access("unknown")), "water", (), "maybe closed is not closed"),
    ],
)  # fmt: skip
def test_what_a_station_lacks(state: StationState, wish: Wish, missing: tuple[str, ...], why: str) -> None:
    assert lacks(state, wish) == missing, why


def test_without_wishes_a_closed_station_lacks_nothing() -> None:
    assert lacks(replace(OPEN, access=Access("closed", "timetable", NOON_MS + HOUR_MS))) == ()


def test_all_that_lacks_is_named() -> None:
    bare = replace(with_amenities(), access=Access("closed", "timetable"))
    assert lacks(bare, "socket", "water", "toilet") == ("closed", "no_socket", "no_water", "no_toilet")


def test_a_station_without_coordinates_or_region_is_a_candidate_too() -> None:
    seen = candidate(static_state(Station("st-1", "taiyuan", "某驿站")))
    assert (seen.place, seen.district, seen.sockets_free, seen.batteries_charged) == (None, "", None, None)
