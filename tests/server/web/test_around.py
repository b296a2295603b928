from collections.abc import Callable
from dataclasses import replace

import pytest

from server.model import Network, Thresholds
from server.state import Access, Comfort, Crowding, StationState
from server.web.around import around
from tests.support.web import NOON_MS, TAIYUAN, XIAODIAN, TableLive, open_state, static_state, station

KM_DEG = 1 / 111.195
"""A kilometre to the north, in degrees."""
Change = Callable[[StationState], StationState]


def at_km(number: int, km: float, network: str = "taiyuan") -> StationState:
    """An open, quiet and cool station so far to the north of the first one."""
    where = replace(station(number, network), lat=37.8 + km * KM_DEG, lon=112.5)
    return open_state(where)


def full(state: StationState) -> StationState:
    return replace(state, crowding=Crowding("full", 16, 16, False, NOON_MS, "places"))


def hot(state: StationState) -> StationState:
    return replace(state, comfort=Comfort("hot", 33, 70, NOON_MS))


def closed(state: StationState) -> StationState:
    return replace(state, access=Access("closed", "timetable"))


def silent(state: StationState) -> StationState:
    return static_state(state.station)


def hours_unknown(state: StationState) -> StationState:
    return replace(state, access=Access("unknown", "none"))


def as_it_is(state: StationState) -> StationState:
    return state


def found(here: StationState, *others: StationState, network: Network = TAIYUAN, count: int = 3) -> list[str]:
    live = TableLive()
    live.put(here, *others)
    return [state.station.id for state, _, _ in around(live, network, here, count, NOON_MS)]


def test_a_full_room_sends_to_the_nearest_that_are_better() -> None:
    here = full(at_km(1, 0))
    others = [at_km(2, 3), at_km(3, 1), hot(at_km(4, 0.2)), full(at_km(5, 0.1)), closed(at_km(6, 0.1))]
    assert found(here, *others) == ["taiyuan-0003", "taiyuan-0004", "taiyuan-0002"]
    assert found(here, *others, count=1) == ["taiyuan-0003"]
    assert found(here, *others, count=0) == []


def test_each_comes_with_the_ride() -> None:
    live, here = TableLive(), full(at_km(1, 0))
    live.put(here, at_km(2, 3))
    ((state, minutes, metres),) = around(live, TAIYUAN, here, 3, NOON_MS)
    assert (state.station.id, metres) == ("taiyuan-0002", 3000)
    assert minutes == pytest.approx(3000 * 1.3 / 300), "the ride alone, without penalties"


@pytest.mark.parametrize(
    ("here", "there", "better", "why"),
    [
        (as_it_is, as_it_is, False, "nothing is better than open, quiet and cool"),
        (full, as_it_is, True, "quiet instead of full"),
        (full, full, False, "full there too"),
        (full, silent, True, "the unknown instead of full"),
        (hot, silent, True, "the unknown instead of hot"),
        (silent, as_it_is, True, "known to be good instead of the unknown"),
        (silent, hot, False, "hot instead of the unknown"),
        (closed, full, True, "any open one instead of a closed one"),
        (closed, closed, False, "closed too"),
        (full, closed, False, "closed instead of full"),
    ],
)
def test_what_is_better(here: Change, there: Change, better: bool, why: str) -> None:
    assert found(here(at_km(1, 0)), there(at_km(2, 1))) == ["taiyuan-0002"] * better, why


@pytest.mark.parametrize(
    ("km", "there", "why"),
    [(6.9, True, "23 straight minutes on a bike"), (7.1, False, "nobody rides half an hour for a break")],
)
def test_how_far_is_near(km: float, there: bool, why: str) -> None:
    here = full(at_km(1, 0))
    assert bool(found(here, at_km(2, km))) is there, why
    east = replace(station(2), lat=37.8, lon=112.5 + km / 87.86)
    assert bool(found(here, open_state(east))) is there, f"{why}, to the east too"


def test_known_to_be_open_comes_before_not_known() -> None:
    here, unknown = full(at_km(1, 0)), hours_unknown(at_km(2, 0.2))
    assert found(here, unknown, at_km(3, 4), at_km(4, 3)) == ["taiyuan-0004", "taiyuan-0003", "taiyuan-0002"]
    assert found(here, unknown, at_km(3, 4), count=1) == ["taiyuan-0003"]
    assert found(here, unknown) == ["taiyuan-0002"], "better than nothing"


def test_what_is_not_nearby_is_told_of_only_where_nothing_is_nearer() -> None:
    here, far_away = full(at_km(1, 0)), at_km(2, 5.1)
    assert found(here, far_away, hours_unknown(at_km(3, 4.9))) == ["taiyuan-0003"]
    assert found(here, far_away, full(at_km(3, 1))) == ["taiyuan-0002"], "the near one is no better"


def test_without_coordinates_there_is_nothing_around_and_nobody_finds_it() -> None:
    nowhere = open_state(replace(station(2), lat=None, lon=None))
    assert found(full(nowhere), at_km(1, 0)) == []
    assert found(full(at_km(1, 0)), nowhere) == []


def test_the_networks_inside_the_same_outermost_one_are_searched() -> None:
    inner = full(at_km(1, 0, "xiaodian"))
    others = [at_km(2, 1), at_km(3, 2, "xiaodian"), at_km(4, 0.5, "liuyang")]
    assert found(inner, *others, network=XIAODIAN) == ["taiyuan-0002", "xiaodian-0003"]


def test_networks_in_a_ring_end_somewhere() -> None:
    ring = [Network("a-one", "甲", "A", "b-two"), Network("b-two", "乙", "B", "a-one")]
    live, here = TableLive(ring), full(at_km(1, 0, "a-one"))
    live.put(here, at_km(2, 1, "b-two"))
    assert len(around(live, ring[0], here, 3, NOON_MS)) == 1


def test_the_forecast_counts_where_the_ride_is_long() -> None:
    live, here = TableLive(), full(at_km(1, 0))
    live.put(here, at_km(2, 5), at_km(3, 5.5))
    words = {"taiyuan-0002": "qfff"}
    near = around(live, TAIYUAN, here, 3, NOON_MS, words=lambda id_, _now_ms: words.get(id_))
    assert [state.station.id for state, _, _ in near] == ["taiyuan-0003"]


def test_the_networks_own_numbers_are_used() -> None:
    here, there = hot(at_km(1, 0)), full(at_km(2, 1))
    assert found(here, there) == []
    heat = replace(TAIYUAN, thresholds=Thresholds(discomfort_penalty_min=30))
    assert found(here, there, network=heat) == ["taiyuan-0002"]
