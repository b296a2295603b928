"""What is known of real networks and stations goes in by the import commands and comes out as it was said.

Each row and test names the facts that it holds: TY Taiyuan, CD Chengdu, LY Liuyang, JW Jianwai, QT Qiantang.
"""

import html
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Info,
    Presence,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
)
from server.__main__ import app
from server.config import Settings
from server.live import Live
from server.pipeline import Pipeline
from server.registry import Registry
from server.store.sqlite import Store
from server.web.build import build_web
from tests.support.asgi import Client, asking

TEN = ("空调", "沙发桌椅", "微波炉", "饮水机", "书籍", "药箱", "雨伞", "工具箱", "充电插座", "无线网")
EIGHT = ("热可纳凉", "冷可取暖", "雨可栖身", "急可如厕", "渴可饮水", "累可歇脚", "伤可用药", "餐可优惠")
SEVEN = ("统一标识", "固定场所", "服务设施", "管理制度", "人员服务", "地图可查", "政策宣传")
FOUR = ("休息交流站", "补给加油站", "学习充电站", "暖心服务站")
BASIC = ("桌椅", "微波炉", "饮水机", "冷暖电器", "应急药箱（柜）", "手机充电区", "报刊书籍")

NETWORKS = f"""\
[[network]]
id = "taiyuan"
name = {{ zh = "太原市暖心驿站", en = "Taiyuan" }}
declared = 2080
standards = [{{ name = "十有", items = {list(TEN)} }}]

[[network]]
id = "taiyuan-centres"
name = {{ zh = "太原市社区党群服务中心", en = "Taiyuan community centres" }}
parent = "taiyuan"
declared = "700多"

[[network]]
id = "chengdu"
name = {{ zh = "成都市暖“新”驿站", en = "Chengdu" }}
declared = 426
declared_as_of = "2025-03"

[[network]]
id = "qingbaijiang"
name = {{ zh = "青白江区职工驿站", en = "Qingbaijiang" }}
parent = "chengdu"
declared = 120

[[network]]
id = "pujiang"
name = {{ zh = "蒲江县暖“新”驿站", en = "Pujiang" }}
parent = "chengdu"
declared = "超50"

[[network]]
id = "liuyang"
name = {{ zh = "浏阳市“奔跑者”红色驿站", en = "Liuyang" }}
declared = 25
standards = [{{ name = "七项标配", items = {list(BASIC)} }}]

[[network]]
id = "jianwai"
name = {{ zh = "建外街道暖心驿站", en = "Jianwai" }}
declared = 60
standards = [{{ name = "八可", items = {list(EIGHT)} }}, {{ name = "七有", items = {list(SEVEN)} }}]

[[network]]
id = "qiantang"
name = {{ zh = "钱塘区小哥之家", en = "Qiantang" }}
declared = 158
standards = [{{ name = "四站", items = {list(FOUR)} }}]

[[network]]
id = "elsewhere"
name = {{ zh = "别处", en = "Elsewhere" }}
declared = "30余"

[[network]]
id = "somewhere"
name = {{ zh = "某处", en = "Somewhere" }}
declared = "约90"
"""

HEAD = (
    "id,network,name_zh,aliases,region,lat,lon,datum,places,area_m2,hours,host_kind,amenities,instrumented\n"
)
ROWS = f"""\
jiajie,taiyuan,嘉节社区暖心驿站,,小店区/龙城街道/嘉节社区,,,,20,150,,党群服务中心,{"|".join(TEN)}|洗手间|象棋桌|足球游戏桌|图书通借通还,yes
nanhan,taiyuan,南寒社区暖心驿站,,南寒街道,,,,,,,充电站,充电桩,no
changxing,taiyuan,长兴北街社区暖心驿站,,万柏林区/长风西街街道,,,,,,,党群服务中心,社区食堂|法律咨询|停车位|快递储存柜,yes
tongxin,chengdu,锦小牛·同心小站,R29街区锦小牛同心小站,锦江区/成龙路街道/粮丰社区,,,,12,约27,,社区,空调|爱心冰柜|饮水机|微波炉|应急药箱|雨伞|换电柜,yes
r29,chengdu,R29社区生活空间驿站,,锦江区/成龙路街道/粮丰社区,,,,,,,社区,,no
shufang,chengdu,吾悦广场骑手暖心驿站,,龙泉驿区/东安街道/书房社区,,,,,,,商业综合体,共享图书馆|法律咨询室|心理咨询室|停车位,no
chongzhou,chengdu,崇邻驿站,,崇州市,,,,,,,社区,休憩饮水|纳凉取暖|上网充电,no
gonghui,qingbaijiang,工惠心驿,,,,,,,,Mo-Su 06:00-22:00,物流园区,冰箱|微波炉|医药箱|充电桩,no
xinmin,pujiang,新民社区暖“新”驿站,新民社区暖苏驿站,,,,,,,,社区,,no
caichang,liuyang,才常广场商圈“奔跑者”红色驿站,,,,,,,,,楼宇商圈党群服务中心,座椅|茶几|微波炉,no
shanghui,liuyang,商会大厦楼宇“奔跑者”红色驿站,,关口街道,,,,,,,街道社区党群空间,停车位,no
chaoyang,liuyang,朝阳社区驿站,,,,,,,,Mo-Su 08:00-02:00,小区邻里之家,备用头盔|雨衣|手电筒|换电柜|冷饮|西瓜,yes
zhigong,jianwai,建外地区职工之家暖心驿站,,,,,,,,,固定,微波炉|饮水机|自热锅|冰箱|休息椅,no
zhonghai,jianwai,中海广场暖心驿站,,,39.9078,116.4551,gcj02,,,,整合式,桌椅|各类充电线|饮水机|微波炉|快递柜,no
yilong,qiantang,隆·心小哥服务驿站,,义蓬街道/义隆社区,,,,,,24/7,快递物流党群服务中心,免费wifi|充电宝|饮用水|急救包|图书|充电装备|应急药品|饮水热餐,yes
baiyang,qiantang,钱塘“小哥之家”白杨街道暖心服务驿站,,白杨街道,,,,,,,司机小哥党群服务驿站,社区食堂,no
"""
KINDS = {"固定": 13, "整合式": 15, "社会化": 32}


def stations() -> str:
    """The table, with those of Jianwai that nobody has named yet."""
    named = {"固定": 1, "整合式": 1, "社会化": 0}
    more = [
        f"jw-{letter}-{number},jianwai,{kind}驿站{number},,,,,,,,,{kind},,no\n"
        for (kind, count), letter in zip(KINDS.items(), "abc", strict=True)
        for number in range(count - named[kind])
    ]
    return HEAD + ROWS + "".join(more)


def at_ms(local: str) -> int:
    """An instant of China's clock."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)


JULY_MS, JANUARY_MS = at_ms("2026-07-15T13:20"), at_ms("2027-01-15T13:20")


@dataclass
class World:
    """The networks behind the real API and pages, at an instant that a test can turn."""

    live: Live
    client: Client
    seq: int = 0

    def api(self, path: str) -> Any:
        """An answer of the API."""
        answer = self.client.ask(f"/api/v1/{path}")
        assert answer.status_code == 200, path
        return answer.json()

    def station(self, station_id: str) -> dict[str, Any]:
        """One station as the API has it."""
        row: dict[str, Any] = self.api(f"stations/{station_id}")
        return row

    def network(self, network_id: str) -> dict[str, Any]:
        """One network as the API has it."""
        rows: list[dict[str, Any]] = self.api("networks")["networks"]
        return next(row for row in rows if row["id"] == network_id)

    def page(self, path: str, language: str = "zh") -> str:
        """What a rider reads on a page: its text, without markup and blanks."""
        answer = self.client.ask(path, headers={"accept-language": language})
        assert answer.status_code == 200, path
        body = answer.text.partition("<main")[2].partition("</main>")[0]
        shown = re.sub(r"<script.*?</script>|<template.*?</template>|<[^>]*>", "", body, flags=re.DOTALL)
        return re.sub(r"\s+", "", html.unescape(shown))

    def hear(self, station_id: str, now_ms: int, info: Info | None = None, **parts: Any) -> None:
        """A snapshot of a station, just now."""
        self.seq += 1
        snapshot = Snapshot("00000000000000aa", self.seq, now_ms, 0, "b007-0000", "synced", **parts)
        if info is not None:
            self.live.set_info(station_id, info)
        self.live.apply(station_id, snapshot, now_ms)
        self.live.recompute(now_ms)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the commands have brought the files."""
    folder = tmp_path_factory.mktemp("facts")
    (folder / "waystation.toml").write_text('data_dir = "data"\n', encoding="utf-8")
    for name, text in (("networks.toml", NETWORKS), ("stations.csv", stations())):
        (folder / name).write_text(text, encoding="utf-8")
        words = ["--config", str(folder / "waystation.toml"), name.partition(".")[0], "import"]
        done = CliRunner().invoke(app, [*words, str(folder / name)])
        assert done.exit_code == 0, done.output
    return folder / "data"


@pytest.fixture
def world(imported: Path, tmp_path: Path) -> Iterator[World]:
    """The networks at 13:20 on a day in July, without any reading."""
    with closing(Registry.open(imported / "registry.db")) as registry:
        networks, known = registry.networks(), registry.stations()
    with closing(Store.open(tmp_path / "readings.db")) as store:
        live = Live(store)
        live.refresh_registry(networks, known, JULY_MS)
        with asking(build_web(live, store, Settings(), Pipeline())) as client:
            yield World(live, client)


# --- networks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "network", "declared", "zh", "en"),
    [
        ("TY-01", "taiyuan", {"count": 2080}, "对外公布2080", "2,080"),
        ("TY-29", "taiyuan-centres", {"count": 700, "qualifier": "多"}, "对外公布700多", "700+"),
        ("CD-01", "chengdu", {"count": 426, "as_of": "2025-03"}, "对外公布2025年3月426", "426"),
        ("CD-17", "qingbaijiang", {"count": 120}, "对外公布120", "120"),
        ("CD-23", "pujiang", {"count": 50, "qualifier": "超"}, "对外公布超50", "over50"),
        ("LY-01", "liuyang", {"count": 25}, "对外公布25", "25"),
        ("JW-01", "jianwai", {"count": 60}, "对外公布60", "60"),
        ("QT-01", "qiantang", {"count": 158}, "对外公布158", "158"),
        ("余, as TY-02 has it", "elsewhere", {"count": 30, "qualifier": "余"}, "对外公布30余", "30+"),
        ("约, as CD-03 has it", "somewhere", {"count": 90, "qualifier": "约"}, "对外公布约90", "about90"),
    ],
)
def test_a_declared_count_keeps_its_qualifier_and_date(
    world: World, fact: str, *, network: str, declared: dict[str, Any], zh: str, en: str
) -> None:
    assert world.network(network)["declared"] == declared, fact
    assert zh in world.page(f"/n/{network}"), fact
    assert en in world.page(f"/n/{network}", "en"), fact


def test_four_counts_are_four_things(world: World) -> None:
    """TY-01, JW-01: declared ≠ registered ≠ instrumented ≠ online."""
    world.hear("jiajie", JULY_MS)
    row = world.network("taiyuan")
    assert (row["declared"]["count"], row["registered"], row["instrumented"], row["online"]) == (
        2080,
        3,
        2,
        1,
    )
    row = world.network("jianwai")
    assert (row["declared"]["count"], row["registered"], row["instrumented"], row["online"]) == (60, 60, 0, 0)
    assert {"对外公布", "已登记", "装有设备", "现在在线"} <= set(
        re.findall("对外公布|已登记|装有设备|现在在线", world.page("/n/taiyuan"))
    )


def test_a_sub_network_is_inside_its_parent_and_not_added_again(world: World) -> None:
    """CD-17, CD-23."""
    chengdu, inner = world.network("chengdu"), [world.network("qingbaijiang"), world.network("pujiang")]
    assert [row["parent"] for row in inner] == ["chengdu", "chengdu"]
    assert [row["registered"] for row in (chengdu, *inner)] == [6, 1, 1]
    every = world.api("stations")["stations"]
    assert world.api("networks")["totals"]["registered"] == len(every) == len({row["id"] for row in every})
    assert chengdu["declared"]["count"] == 426, "declared numbers are never added"
    assert "工惠心驿" in world.page("/n/chengdu")


@pytest.mark.parametrize(
    ("fact", "network", "station", "name", "items"),
    [
        ("TY-06 TY-07", "taiyuan", "jiajie", "十有", TEN),
        ("JW-11", "jianwai", "zhonghai", "八可", EIGHT),
        ("JW-12", "jianwai", "zhonghai", "七有", SEVEN),
        ("QT-03", "qiantang", "yilong", "四站", FOUR),
        ("LY-05", "liuyang", "caichang", "七项标配", BASIC),
    ],
)
def test_a_standard_is_data_of_its_network(
    world: World, fact: str, *, network: str, station: str, name: str, items: tuple[str, ...]
) -> None:
    assert {"name": name, "items": list(items)} in world.network(network)["standards"], fact
    page = world.page(f"/s/{station}")
    assert [word for word in (name, *items) if word not in page] == [], fact


def test_the_standards_have_as_many_items_as_their_names_say() -> None:
    """TY-06, JW-11, JW-12, QT-03, LY-05."""
    assert list(map(len, (TEN, EIGHT, SEVEN, FOUR, BASIC))) == [10, 8, 7, 4, 7]


def test_three_kinds_of_venues_add_up(world: World) -> None:
    """JW-02, JW-03, JW-04, JW-05: 13 + 15 + 32 = 60."""
    rows = world.api("stations?network=jianwai")["stations"]
    kinds = [row["host_kind"] for row in rows]
    assert {kind: kinds.count(kind) for kind in KINDS} == KINDS
    assert sum(KINDS.values()) == len(rows) == world.network("jianwai")["declared"]["count"] == 60


def test_a_venue_without_sensors_is_neither_closed_nor_offline(world: World) -> None:
    """JW-04: 32 shops that let riders in have hours of their own and no sensors."""
    shops = [row for row in world.api("stations?network=jianwai")["stations"] if row["host_kind"] == "社会化"]
    assert len(shops) == 32
    assert {(row["freshness"], row["access"]["value"]) for row in shops} == {("none", "unknown")}
    assert not [row for row in shops if {"measured_at", "sockets", "batteries"} & set(row)]
    page = world.page(f"/s/{shops[0]['id']}")
    assert "没有实时数据" in page
    assert "离线" not in page
    assert "已关门" not in page


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
