from dataclasses import replace

import msgspec
import pytest

from server.state import Access, Comfort, Crowding, Freshness
from server.web import public
from tests.support.web import NOON_MS, open_state, static_state, station


@pytest.mark.parametrize(
    ("people", "places", "told", "why"),
    [
        (0, 16, None, "an empty room is a word"),
        (2, 16, None, "fewer than three people are a word"),
        (3, 16, 0, "from three on, in steps of a quarter, rounded down"),
        (4, 16, 25, "exactly a quarter"),
        (7, 16, 25, "still below half"),
        (12, 16, 75, "three quarters"),
        (16, 16, 100, "all of them"),
        (40, 16, 100, "more people than places stay 100"),
        (None, 16, None, "nobody counted"),
        (9, None, None, "places not known"),
        (9, 0, None, "no places at all"),
    ],
)
def test_the_public_is_told_quarters_and_never_people(
    people: int | None, places: int | None, told: int | None, why: str
) -> None:
    assert public.taken_pct_from(Crowding("quiet", people, places)) == told, why


def test_no_number_of_people_is_in_any_public_answer() -> None:
    state = open_state(people=7777)
    for answer in (public.status(state), public.summary(state), public.detail(state, "UTC")):
        assert b"7777" not in msgspec.json.encode(answer)
        assert b"people" not in msgspec.json.encode(answer)


def test_verified_access_does_not_tell_the_moment_somebody_passed() -> None:
    state = replace(open_state(), access=Access("open", "verified", at_ms=NOON_MS - 61_000))
    assert public.status(state).access.measured_at == public.iso(NOON_MS)
    assert public.fact_times_ms(state)[0] == NOON_MS


@pytest.mark.parametrize("freshness", ["offline", "none"])
def test_a_silent_station_speaks_only_of_its_hours(freshness: Freshness) -> None:
    state = replace(open_state(), freshness=freshness)
    told = public.detail(state, "Asia/Shanghai")
    assert (told.crowding.value, told.comfort.value, told.sockets, told.batteries) == (
        "unknown",
        "unknown",
        None,
        None,
    )
    assert (told.socket_list, told.cabinets) == ((), ())
    assert told.access.value == "open"
    assert told.amenities


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_say_is_left_out(broken: float) -> None:
    state = replace(
        open_state(replace(station(), lat=broken, area_m2=broken)), comfort=Comfort("mild", broken, broken)
    )
    text = msgspec.json.encode(public.detail(state, "UTC"))
    assert b"null" not in text
    assert msgspec.json.decode(text)["comfort"] == {"value": "mild", "reason": "no_live_data"}
    assert public.visible(state)[5][2] is None  # type: ignore[index]  # the comfort part of the tuple


def test_times_alone_are_no_news_but_every_word_is() -> None:
    before = open_state()
    assert (
        public.visible(open_state(at_ms=NOON_MS + 30_000))[1:4] != public.visible(before)[1:4]
    )  # closing moved
    later = replace(before, at_ms=NOON_MS + 30_000, comfort=replace(before.comfort, temperature_c=26.45))
    assert public.visible(later) == public.visible(before), "a twentieth of a degree is the sensor's noise"
    warmer = replace(before, comfort=replace(before.comfort, temperature_c=26.9))
    assert public.visible(warmer) != public.visible(before)


def test_batteries_are_as_old_as_the_oldest_cabinet() -> None:
    state = open_state()
    two = replace(
        state, cabinets=(*state.cabinets, replace(state.cabinets[0], id="c2", at_ms=NOON_MS - 5000))
    )
    told = public.status(two).batteries
    assert told is not None
    assert (told.charged, told.slots, told.measured_at) == (2, 16, public.iso(NOON_MS - 5000))


def test_a_static_station_is_not_closed_and_not_offline() -> None:
    told = public.summary(static_state())
    assert (told.freshness, told.access.value, told.measured_at) == ("none", "open", None)
