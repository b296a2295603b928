"""What is known of real stations goes in by the import commands and comes out as it was said.

Each row and test names the facts that it holds, as in ``test_network_facts``.
"""

import re
from typing import Any

import pytest

from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Info,
    Presence,
    Slot,
    Socket,
    SocketInfo,
)
from tests.support.known_networks import JANUARY_MS, JULY_MS, TEN, World, at_ms

# --- stations -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "station", "name", "region"),
    [
        ("TY-03 TY-04", "jiajie", "嘉节社区暖心驿站", ["小店区", "龙城街道", "嘉节社区"]),
        ("TY-16", "nanhan", "南寒社区暖心驿站", ["南寒街道"]),
        ("TY-17", "changxing", "长兴北街社区暖心驿站", ["万柏林区", "长风西街街道"]),
        ("CD-03", "tongxin", "锦小牛·同心小站", ["锦江区", "成龙路街道", "粮丰社区"]),
        ("CD-09", "r29", "R29社区生活空间驿站", ["锦江区", "成龙路街道", "粮丰社区"]),
        ("CD-10", "shufang", "吾悦广场骑手暖心驿站", ["龙泉驿区", "东安街道", "书房社区"]),
        ("LY-03", "caichang", "才常广场商圈“奔跑者”红色驿站", None),
        ("LY-21", "shanghui", "商会大厦楼宇“奔跑者”红色驿站", ["关口街道"]),
        ("JW-06", "zhigong", "建外地区职工之家暖心驿站", None),
        ("JW-08", "zhonghai", "中海广场暖心驿站", None),
        ("QT-06", "yilong", "隆·心小哥服务驿站", ["义蓬街道", "义隆社区"]),
        ("QT-08", "baiyang", "钱塘“小哥之家”白杨街道暖心服务驿站", ["白杨街道"]),
    ],
)
def test_a_name_and_where_it_is_are_shown_as_written(
    world: World, fact: str, station: str, name: str, region: list[str] | None
) -> None:
    row = world.station(station)
    assert (row["name"]["zh"], row.get("region")) == (name, region), fact
    page = world.page(f"/s/{station}")
    assert name in page, fact
    assert "·".join(region or []) in page, fact


@pytest.mark.parametrize(
    ("fact", "network", "search", "found"),
    [
        ("CD-26: read wrongly from print", "pujiang", "暖苏", "新民社区暖“新”驿站"),
        ("CD-09: another name", "chengdu", "R29街区", "锦小牛·同心小站"),
        ("QT-06: by a part of it", "qiantang", "隆·心", "隆·心小哥服务驿站"),
    ],
)
def test_a_station_is_found_by_other_names_too(
    world: World, fact: str, network: str, search: str, found: str
) -> None:
    page = world.client.ask(f"/n/{network}", params={"q": search}).text
    cards = re.findall(r'<li class="card"[^>]*data-station="([^"]+)"', page.partition("<template")[0])
    assert [world.station(each)["name"]["zh"] for each in cards] == [found], fact


@pytest.mark.parametrize(
    ("fact", "station", "area", "shown"),
    [
        ("TY-03", "jiajie", {"area_m2": 150}, "150平方米"),
        ("CD-03", "tongxin", {"area_m2": 27, "area_qualifier": "约"}, "约27平方米"),
        ("LY-03: the 400 m² are its host's", "caichang", {}, None),
    ],
)
def test_an_area_keeps_its_qualifier_and_is_never_the_hosts(
    world: World, fact: str, station: str, area: dict[str, Any], shown: str | None
) -> None:
    row = world.station(station)
    assert {key: row[key] for key in ("area_m2", "area_qualifier") if key in row} == area, fact
    page = world.page(f"/s/{station}")
    assert shown in page if shown else "平方米" not in page, fact


@pytest.mark.parametrize(
    ("fact", "station", "amenities"),
    [
        ("TY-07 TY-08 TY-10", "jiajie", list(TEN)),
        ("TY-11: beyond the standard", "jiajie", ["洗手间"]),
        ("TY-12: in the operator's words", "jiajie", ["象棋桌", "足球游戏桌", "图书通借通还"]),
        ("TY-15 TY-16", "nanhan", ["充电桩"]),
        ("TY-17 TY-18 TY-19", "changxing", ["法律咨询", "社区食堂", "停车位", "快递储存柜"]),
        ("CD-04", "tongxin", ["空调", "爱心冰柜", "饮水机", "微波炉", "应急药箱", "雨伞"]),
        ("CD-05", "tongxin", ["换电柜"]),
        ("CD-08: riders warm up, drink, charge", "tongxin", ["微波炉", "饮水机", "换电柜"]),
        ("CD-10 CD-14", "shufang", ["共享图书馆", "法律咨询室", "心理咨询室", "停车位"]),
        ("CD-20", "gonghui", ["冰箱", "微波炉", "医药箱", "充电桩"]),
        ("CD-25", "chongzhou", ["休憩饮水", "纳凉取暖", "上网充电"]),
        ("LY-04", "caichang", ["座椅", "茶几", "微波炉"]),
        ("LY-07", "chaoyang", ["换电柜"]),
        ("LY-13 LY-15", "chaoyang", ["备用头盔", "雨衣", "手电筒", "冷饮", "西瓜"]),
        ("LY-14", "shanghui", ["停车位"]),
        ("JW-06", "zhigong", ["微波炉", "饮水机", "自热锅", "冰箱", "休息椅"]),
        ("JW-08 JW-15", "zhonghai", ["桌椅", "各类充电线", "饮水机", "微波炉", "快递柜"]),
        ("QT-05", "yilong", ["充电装备", "应急药品", "饮水热餐"]),
        ("QT-07", "yilong", ["免费wifi", "充电宝", "饮用水", "急救包", "图书"]),
        ("QT-18", "baiyang", ["社区食堂"]),
    ],
)
def test_amenities_are_shown_as_written(world: World, fact: str, station: str, amenities: list[str]) -> None:
    assert set(amenities) <= set(world.station(station)["amenities"]), fact
    page = world.page(f"/s/{station}")
    assert [word for word in amenities if word not in page] == [], fact


def test_what_goes_beyond_the_standard_is_told_as_such(world: World) -> None:
    """TY-11, TY-12, CD-21: ten things are asked for, a station may have more."""
    page = world.page("/s/jiajie")
    assert "十有10项里有10项" in page
    assert "标准以外还有洗手间、象棋桌、足球游戏桌、图书通借通还" in page


def test_wifi_is_wifi_however_it_is_written(world: World) -> None:
    """QT-07, TY-10: in lower case amid Chinese, or in Chinese."""
    codes = {
        row["station_id"]: {each.get("code") for each in row["amenities"]}
        for row in world.client.ask("/feeds/v1/station_information.json").json()["data"]["stations"]
        if row["station_id"] in ("yilong", "jiajie")
    }
    assert all("wifi" in each for each in codes.values())
    assert "Wi-Fi" in world.page("/s/yilong", "en")


@pytest.mark.parametrize(
    ("fact", "station", "host"),
    [
        ("TY-13 TY-17", "changxing", "党群服务中心"),
        ("TY-15", "nanhan", "充电站"),
        ("CD-18", "tongxin", "社区"),
        ("CD-18", "gonghui", "物流园区"),
        ("CD-18", "shufang", "商业综合体"),
        ("LY-02 LY-03", "caichang", "楼宇商圈党群服务中心"),
        ("LY-02", "shanghui", "街道社区党群空间"),
        ("LY-02", "chaoyang", "小区邻里之家"),
        ("JW-02", "zhigong", "固定"),
        ("JW-03", "zhonghai", "整合式"),
        ("QT-16", "yilong", "快递物流党群服务中心"),
        ("QT-16", "baiyang", "司机小哥党群服务驿站"),
    ],
)
def test_what_a_station_is_part_of_is_told_in_the_operators_words(
    world: World, fact: str, station: str, host: str
) -> None:
    assert world.station(station)["host_kind"] == host, fact
    assert f"依托单位{host}" in world.page(f"/s/{station}"), fact


@pytest.mark.parametrize(
    ("fact", "station", "when", "value", "why"),
    [
        ("CD-19", "gonghui", "2026-07-15T05:59", "closed", "a minute before the morning's first riders"),
        ("CD-19", "gonghui", "2026-07-15T06:00", "open", "open at six"),
        ("CD-19", "gonghui", "2026-07-15T21:40", "closing_soon", "the last half hour"),
        ("LY-10", "chaoyang", "2026-07-15T21:30", "open", "the evening's orders have begun"),
        ("LY-10", "chaoyang", "2026-07-16T01:00", "open", "past midnight, by yesterday's hours"),
        ("LY-10", "chaoyang", "2026-07-16T02:00", "closed", "they end at two"),
        ("QT-15", "yilong", "2026-07-16T03:30", "open", "round the clock"),
        ("JW-07", "zhigong", "2026-07-15T10:00", "unknown", "seen open at ten, but no hours are published"),
    ],
)
def test_hours(world: World, fact: str, *, station: str, when: str, value: str, why: str) -> None:
    world.live.recompute(at_ms(when))
    access = world.station(station)["access"]
    assert access["value"] == value, (fact, why)
    shown = {"open": "开放", "closing_soon": "快打烊", "closed": "已关门", "unknown": "不清楚"}[value]
    assert shown in world.page(f"/s/{station}"), (fact, why)


def test_round_the_clock_is_a_word_until_somebody_is_seen(world: World) -> None:
    """QT-15: open at all hours is declared; at night it is verified by whoever moves, or not at all."""
    night_ms = at_ms("2026-07-16T03:30")
    world.live.recompute(night_ms)
    assert world.station("yilong")["access"]["evidence"] == "timetable"
    world.hear("yilong", night_ms, presence=Presence(night_ms - 60_000))
    assert world.station("yilong")["access"]["evidence"] == "verified"
    assert "全天开放" in world.page("/s/yilong")


# --- what is measured -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "now_ms", "celsius", "value", "shown"),
    [
        ("TY-05: the room has 26 °C", JULY_MS, 26.0, "cool", "凉快"),
        ("TY-37: the hottest hour of the dog days, without cooling", JULY_MS, 34.0, "hot", "热"),
        ("LY-25 JW-11: in winter a room is to be warm, not cool", JANUARY_MS, 20.0, "warm", "暖和"),
        ("LY-25 JW-11: and 26 °C are so too", JANUARY_MS, 26.0, "warm", "暖和"),
    ],
)
def test_comfort_is_judged_by_the_season(
    world: World, fact: str, *, now_ms: int, celsius: float, value: str, shown: str
) -> None:
    world.hear("jiajie", now_ms, climate=Climate(now_ms, celsius, 40))
    assert world.station("jiajie")["comfort"]["value"] == value, fact
    page = world.page("/s/jiajie")
    assert shown in page, fact
    assert f"{celsius:g}°C" in page, fact


def test_many_sockets_are_counted_by_what_a_rider_can_do_with_them(world: World) -> None:
    """TY-09."""
    states = ["free"] * 9 + ["charging"] * 4 + ["fault", "unknown"]
    names = [f"s{number}" for number in range(len(states))]
    info = Info("1", 1, 30, sockets=tuple(SocketInfo(name, "ac") for name in names))
    read = tuple(Socket(name, "ac", state, JULY_MS) for name, state in zip(names, states, strict=True))  # type: ignore[arg-type] # words above
    world.hear("jiajie", JULY_MS, info, sockets=read)
    counts = world.station("jiajie")["sockets"]
    assert {key: counts[key] for key in ("total", "free", "occupied", "faulty", "unknown")} == {
        "total": 15, "free": 9, "occupied": 4, "faulty": 1, "unknown": 1
    }  # fmt: skip
    assert "9/15" in world.page("/s/jiajie")


@pytest.mark.parametrize(("fact", "station"), [("CD-05", "tongxin"), ("LY-07 LY-09", "chaoyang")])
def test_a_swap_cabinet_beside_a_station_tells_its_charged_batteries(
    world: World, fact: str, station: str
) -> None:
    slots = tuple(Slot(n, "present", charge="full" if n < 4 else "charging") for n in range(1, 6))
    info = Info("1", 1, 30, cabinets=(CabinetInfo("c1", 6),))
    world.hear(station, JULY_MS, info, cabinets=(Cabinet("c1", True, (*slots, Slot(6, "absent"))),))
    batteries = world.station(station)["batteries"]
    assert (batteries["charged"], batteries["empty"], batteries["slots"]) == (3, 1, 6), fact
    assert "满电电池3块" in world.page(f"/s/{station}"), fact


# --- what riders are offered ----------------------------------------------------------------------------


def test_what_riders_need_most_is_a_touch_away(world: World) -> None:
    """JW-09: to charge, to drink, to warm a meal."""
    page = world.client.ask("/n/jianwai").text
    offered = re.findall(r'data-wish="(\w+)"', page)
    assert {"socket", "water", "meal"} <= set(offered)
    fitting = world.client.ask("/n/jianwai?want=water,meal").text.partition("<template")[0]
    assert set(re.findall(r'<li class="card"[^>]*data-station="([^"]+)"', fitting)) == {"zhigong", "zhonghai"}


def test_a_station_is_found_on_the_map(world: World) -> None:
    """JW-12: findable on a map, where it is and not where Chinese maps draw it."""
    features = world.client.ask("/feeds/v1/stations.geojson?network=jianwai").json()["features"]
    (zhonghai,) = [each for each in features if each["id"] == "zhonghai"]
    lon, lat = zhonghai["geometry"]["coordinates"]
    assert (lat, lon) == pytest.approx((39.9064, 116.4489), abs=2e-4)


@pytest.mark.parametrize(
    "path", ["/", "/n/jianwai", "/s/zhigong", "/api/v1/stations", "/feeds/v1/feeds.json"]
)
def test_nobody_is_asked_who_they_are(world: World, path: str) -> None:
    """JW-14, LY-18, QT-09: nobody is turned away; no login, no code, no cookie."""
    answer = world.client.ask(path)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert 'type="password"' not in answer.text
