"""What riders and operators are told of: each trouble, when many are one, and heat, which never is."""

from dataclasses import replace
from typing import Any

import pytest

from contract.messages import Cabinet, CabinetInfo, Slot
from server.model import Thresholds
from server.state import Access, CabinetState, Comfort, Crowding, Notice, SocketCounts, StationState
from server.status import cabinets
from server.web.alerts import MANY, alerts
from server.web.feed_rows import AlertRow
from tests.support.web import HOUR_MS, NOON_MS, TAIYUAN, cabinet, open_state, static_state, station

NETWORKS = {TAIYUAN.id: TAIYUAN}
NOON = "2026-07-01T05:20:00Z"


def well(number: int = 1, **changes: Any) -> StationState:
    """A station of which there is nothing to tell, but for the changes."""
    state = open_state(station(number))
    calm = replace(state, sockets=SocketCounts(8, 8), socket_list=())
    return replace(calm, **changes)


def told(*states: StationState) -> tuple[AlertRow, ...]:
    return alerts(states, NETWORKS, NOON_MS)


HOT = replace(cabinet(), heat="hot")
SMOKE = replace(cabinet(), heat="smoke")
FULL = Crowding("full", 17, 16, False, NOON_MS, "places")
SUNK = replace(cabinet(), online=False)
REGIONS = {1: ("小店区", "坞城街道"), 2: ("迎泽区",), 3: ()}
OFFLINE: dict[str, Any] = {"freshness": "offline", "at_ms": NOON_MS - HOUR_MS}


@pytest.mark.parametrize(
    ("state", "types", "why"),
    [
        (well(), [], "nothing is wrong"),
        (static_state(), [], "no device is no trouble"),
        (well(access=Access("closed", "timetable")), [], "closed as posted"),
        (well(access=Access("unknown", "none")), [], "no hours published"),
        (well(notices=(Notice("open", NOON_MS),)), ["notice"], "a notice that opens"),
        (well(notices=(Notice("", NOON_MS, zh="话"),)), ["notice"], "words of staff"),
        (well(notices=(Notice("closed", NOON_MS),)), ["closed_by_notice"], "staff say so"),
        (well(notices=(Notice("locked", NOON_MS),)), ["closed_by_notice"], "staff say so"),
        (well(notices=(Notice("closed", NOON_MS + HOUR_MS),)), ["closed_by_notice"], "planned for later"),
        (well(access=Access("locked", "notice", at_ms=NOON_MS)), [], "told by its notice, not by a bolt"),
        (
            well(access=Access("locked", "contact", at_ms=NOON_MS)),
            ["locked"],
            "a bolt, though posted as open",
        ),
        (static_state(well(access=Access("closed", "notice")).station), [], "a static one without a notice"),
        (well(access=Access("open", hours_unconfirmed=True)), ["hours_unconfirmed"], "no holiday table yet"),
        (well(crowding=FULL), [], "a full room is a word, not a trouble"),
        (well(comfort=Comfort("hot", 35)), [], "a hot room is a word too"),
        (well(**OFFLINE), ["station_offline"], "silent"),
        (well(**OFFLINE, cabinets=(SUNK,)), ["station_offline"], "with all that is in it"),
        (well(cabinets=(SUNK,)), ["cabinet_offline"], "the station is there, the cabinet is not"),
        (well(sockets=SocketCounts(8, 7, faulty=1)), ["sockets_faulty"], "one is enough"),
        (well(cabinets=(HOT,)), ["cabinet_heat"], "a battery too hot"),
        (well(cabinets=(SMOKE, HOT)), ["cabinet_heat"] * 2, "each cabinet by itself"),
        (well(**OFFLINE, cabinets=(SMOKE,)), ["cabinet_heat", "station_offline"], "silent since the smoke"),
    ],
)
def test_what_is_told(state: StationState, types: list[str], why: str) -> None:
    assert [row.type for row in told(state)] == types, why


def test_an_alert_says_what_where_since_when_in_both_languages() -> None:
    told_of = Notice("closed", NOON_MS, NOON_MS + HOUR_MS, "7", "停电，暂时不能用", "Power cut")
    (row,) = told(well(notices=(told_of,)))
    assert (row.alert_id, row.network_id) == ("notice:7:taiyuan", "taiyuan")
    assert row.station_ids == ("taiyuan-0001",)
    assert [(span.start, span.end) for span in row.times] == [(NOON, "2026-07-01T06:20:00Z")]
    assert [(text.language, text.text) for text in row.summary] == [
        ("zh", "嘉节社区暖心驿站（迎泽区）：停电，暂时不能用"),
        ("en", "Jiajie Community 1 (迎泽区): Power cut"),
    ]


def test_a_notice_is_one_alert_however_many_stations_it_is_for() -> None:
    works = Notice("closed", NOON_MS, NOON_MS + HOUR_MS, "7", "全市检修", works=True)
    rows = told(*(well(number, notices=(works,)) for number in range(1, MANY + 3)))
    assert [row.alert_id for row in rows] == ["notice:7:taiyuan"]
    assert len(rows[0].station_ids) == MANY + 2
    assert rows[0].summary[0].text == f"太原市（{MANY + 2} 个驿站）：全市检修"
    assert rows[0].summary[1].text == f"Taiyuan ({MANY + 2} stations): 全市检修", "as it was typed"


def test_stations_that_share_a_name_are_told_apart_by_their_district() -> None:
    places = [replace(station(number), name_zh="育才", region=region) for number, region in REGIONS.items()]
    rows = told(*(replace(well(), station=place, **OFFLINE) for place in places))
    assert [row.summary[0].text.partition("：")[0] for row in rows] == [
        "育才（小店区）",
        "育才（迎泽区）",
        "育才",
    ]


def test_a_cabinet_is_named_by_its_label() -> None:
    (row,) = told(well(cabinets=(HOT,)))
    assert (row.alert_id, row.cabinet_id) == ("cabinet_heat:taiyuan-0001:c1", "c1")
    assert row.summary[0].text == "嘉节社区暖心驿站（迎泽区）：换电柜 A 过热，请勿靠近，不要取放电池"


def test_broken_sockets_are_told_since_the_first_and_how_many() -> None:
    (row,) = told(replace(open_state(), cabinets=(), sockets=SocketCounts(8, 2, 3, 1, 1, NOON_MS)))
    assert [span.start for span in row.times] == ["2026-07-01T04:20:00Z"]
    assert row.summary[1].text == "Jiajie Community 1 (迎泽区): 1 socket out of order"


def test_many_with_the_same_trouble_are_one_alert() -> None:
    silent = [well(number, freshness="offline", at_ms=NOON_MS - number) for number in range(1, MANY + 1)]
    assert len(told(*silent[1:])) == MANY - 1, "few are told one by one"
    (row,) = told(*silent)
    assert row.alert_id == "station_offline:taiyuan"
    assert row.station_ids == tuple(state.station.id for state in silent)
    assert row.summary[0].text == f"太原市：{MANY} 个驿站设备离线，没有实时数据"
    assert row.times[0].start == "2026-07-01T05:19:59Z", "the first of them"


def test_heat_is_never_one_of_many_and_comes_first() -> None:
    silent = [well(number, **OFFLINE, cabinets=(HOT,)) for number in range(1, 3 * MANY)]
    rows = told(*silent)
    assert [row.type for row in rows] == ["cabinet_heat"] * len(silent) + ["station_offline"]
    assert len({row.alert_id for row in rows}) == len(rows)


def test_hours_that_are_not_confirmed_are_told_once_for_a_network() -> None:
    (row,) = told(well(access=Access("open", hours_unconfirmed=True)))
    assert (row.alert_id, row.times) == ("hours_unconfirmed:taiyuan", ())
    assert row.summary[1].text == "Taiyuan: holiday hours of 1 station are not confirmed yet"


@pytest.mark.parametrize(
    ("said", "heat", "why"),
    [
        (Cabinet("c1", True, (Slot(1, "present", temperature_c=59.9),)), "", "below the limit"),
        (Cabinet("c1", True, (Slot(1, "present", temperature_c=60),)), "hot", "a battery at the limit"),
        (Cabinet("c1", True, (Slot(1, "present"),), temperature_c=61), "hot", "the cabinet itself"),
        (Cabinet("c1", True, (Slot(1, "present", temperature_c=70),), smoke=True), "smoke", "worse than hot"),
        (
            Cabinet("c1", False, (Slot(1, "present", temperature_c=70),)),
            "hot",
            "its last word before silence",
        ),
        (Cabinet("c1", True, smoke=False), "", "said that there is none"),
    ],
)
@pytest.mark.parametrize("age_ms", [0, HOUR_MS])
def test_heat_is_known_however_long_ago_the_cabinet_said_so(
    said: Cabinet, heat: str, why: str, age_ms: int
) -> None:
    infos = (CabinetInfo("c1", 1),)
    state: tuple[CabinetState, ...] = cabinets((said,), infos, NOON_MS + age_ms, Thresholds(), at_ms=NOON_MS)
    assert state[0].heat == heat, why
