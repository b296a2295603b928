"""What of a standard is kept, missing or unknown, with the reason in words."""

from dataclasses import replace
from typing import Any

import pytest

from server import standards
from server.model import Network, Season, Standard
from server.state import Access, Comfort, Crowding, SocketCounts, StationState
from server.web.text import amenity_codes
from tests.support.web import LIUYANG, NOON_MS, TAIYUAN, XIAODIAN, open_state, static_state, station

TEN = Standard(
    "十有", ("空调", "沙发桌椅", "微波炉", "饮水机", "书籍", "药箱", "雨伞", "工具箱", "充电插座", "无线网")
)


def code(word: str) -> str:
    return amenity_codes().get(word.strip().lower(), word)


def said(item: str, state: StationState, season: Season = "summer") -> str:
    """``kept``, ``missing now`` and the like."""
    (judged,) = standards.judge(Standard("s", (item,)), state, season, code)
    return f"{judged.state} now" if judged.now else judged.state


def with_amenities(*words: str) -> StationState:
    return static_state(replace(station(), amenities=words))


@pytest.mark.parametrize(
    ("item", "amenities", "expected", "why"),
    [
        ("空调", ("空调", "雨伞"), "kept", "by the same word"),
        ("累可歇脚", ("空调",), "kept", "its number of places is recorded"),
        ("空调", ("冷暖电器",), "kept", "by another word for it"),
        ("应急药箱（柜）", ("药箱",), "kept", "however it is written"),
        ("wifi", ("无线网",), "kept", "in the standard's own words"),
        ("雨伞", ("空调",), "missing", "amenities are recorded, this one is not among them"),
        ("雨伞", (), "unknown", "no amenities are recorded at all"),
        ("沙发桌椅", ("沙发", "桌子"), "kept", "in two parts"),
        ("沙发桌椅", ("沙发",), "missing", "only one part of it"),
        ("桌椅", ("沙发桌椅",), "kept", "a sofa with a table will do"),
        ("手机充电区", ("充电插座",), "kept", "a socket charges a phone"),
        ("渴可饮水", ("饮水机",), "kept", "a promise in words of its own"),
        ("渴可饮水", ("矿泉水",), "kept", "any one that keeps it"),
        ("渴可饮水", ("雨伞",), "missing", "nothing to drink is recorded"),
        ("伤可用药", ("急救包",), "kept", "first aid"),
        ("学习充电站", ("图书",), "kept", "the third of 四站"),
        ("统一标识", ("空调",), "unknown", "no data speaks of signs"),
        ("管理制度", ("空调",), "unknown", "nor of rules"),
        ("人员服务", ("空调",), "unknown", "nor of staff"),
        ("餐可优惠", ("食堂",), "unknown", "nor of prices"),
        ("统一标识", ("统一标识",), "kept", "unless somebody has recorded it"),
        ("地图可查", (), "kept", "its position is recorded"),
        ("服务设施", ("空调",), "kept", "there are some"),
        ("服务设施", (), "unknown", "none are recorded"),
    ],
)
def test_an_item_by_what_is_recorded(item: str, amenities: tuple[str, ...], expected: str, why: str) -> None:
    assert said(item, with_amenities(*amenities)) == expected, why


def test_a_place_without_a_position_is_not_missing_on_the_map() -> None:
    where = replace(station(), lat=None, lon=None, area_m2=None)
    assert [said(item, static_state(where)) for item in ("地图可查", "固定场所")] == ["unknown", "unknown"]
    assert said("固定场所", static_state(replace(where, area_m2=27))) == "kept"


def live(**changes: Any) -> StationState:
    return replace(open_state(replace(station(), amenities=("洗手间", "空调"))), **changes)


SHUT, LOCKED = Access("closed", "timetable"), Access("locked", "contact")
HOT, WARM = Comfort("hot", 31.0, 50, NOON_MS), Comfort("warm", 20.0, 50, NOON_MS)
FULL = Crowding("full", 16, 16, reason="places")


@pytest.mark.parametrize(
    ("item", "state", "season", "expected", "why"),
    [
        ("热可纳凉", live(), "summer", "kept now", "it is cool"),
        ("热可纳凉", live(comfort=Comfort("mild", 29.0, 50, NOON_MS)), "summer", "kept now", "not hot"),
        ("热可纳凉", live(comfort=HOT), "summer", "missing now", "it is hot"),
        ("热可纳凉", live(comfort=HOT), "winter", "kept", "no promise of the season"),
        ("热可纳凉", live(comfort=Comfort("unknown")), "summer", "kept", "by its air conditioning"),
        ("热可纳凉", live(freshness="stale"), "summer", "kept", "an old reading is none"),
        ("热可纳凉", live(access=SHUT), "summer", "missing now", "nobody gets in"),
        ("冷可取暖", live(comfort=WARM), "winter", "kept now", "it is warm"),
        ("冷可取暖", live(comfort=Comfort("cold", 9.0, 50, NOON_MS)), "winter", "missing now", "it is cold"),
        ("冷可取暖", live(comfort=WARM), "between", "kept", "neither season"),
        ("累可歇脚", live(), "summer", "kept now", "places are free"),
        ("累可歇脚", live(crowding=FULL), "summer", "missing now", "none are"),
        ("累可歇脚", live(crowding=Crowding("unknown")), "summer", "kept", "by its places"),
        ("急可如厕", live(), "summer", "kept now", "a toilet behind an open door"),
        ("急可如厕", live(access=SHUT), "summer", "missing now", "behind a closed one"),
        ("急可如厕", live(access=LOCKED), "summer", "missing now", "behind a locked one"),
        ("急可如厕", live(access=Access("unknown")), "summer", "kept", "nothing is known of its door"),
        ("急可如厕", with_amenities("空调"), "summer", "missing", "no toilet is recorded"),
        ("急可如厕", with_amenities(), "summer", "unknown", "nothing is recorded"),
        ("雨可栖身", live(), "summer", "kept now", "a roof behind an open door"),
        ("雨可栖身", live(access=Access("unknown")), "summer", "unknown", "no hours, no sensor"),
        ("充电插座", live(), "summer", "kept", "its own sockets tell"),
        ("充电插座", live(sockets=SocketCounts()), "summer", "missing", "neither recorded nor told"),
    ],
)  # fmt: skip
def test_a_promise_that_can_be_seen_now(
    item: str, state: StationState, season: Season, expected: str, why: str
) -> None:
    assert said(item, state, season) == expected, why


def test_what_goes_beyond_the_standard() -> None:
    amenities = ("空调", "沙发", "桌子", "饮水机", "洗手间", "象棋桌", "急救箱")
    assert standards.extras((TEN,), amenities, code) == ("洗手间", "象棋桌")


def test_an_inner_network_keeps_the_standard_of_the_one_around_it() -> None:
    networks = {network.id: network for network in (TAIYUAN, XIAODIAN, LIUYANG)}
    assert standards.standards_of(networks, "xiaodian") == TAIYUAN.standards
    assert standards.standards_of(networks, "taiyuan") == TAIYUAN.standards
    assert standards.standards_of(networks, "liuyang") == ()
    assert standards.standards_of(networks, "nowhere") == ()


def test_a_ring_of_parents_has_no_standard() -> None:
    ring = {name: Network(name, name, name, parent=other) for name, other in (("a", "b"), ("b", "a"))}
    assert standards.standards_of(ring, "a") == ()
