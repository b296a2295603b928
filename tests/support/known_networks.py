"""Real networks and stations as their operators publish them, brought in by the import commands."""

import html
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from typer.testing import CliRunner

from contract.messages import (
    Info,
    Snapshot,
)
from server.__main__ import app
from server.live import Live
from server.pipeline import Pipeline
from server.registry import Registry
from server.settings import Settings
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


def imported(folder: Path) -> Path:
    """The data folder in ``folder`` into which the commands have brought the files."""
    (folder / "waystation.toml").write_text('data_dir = "data"\n', encoding="utf-8")
    for name, text in (("networks.toml", NETWORKS), ("stations.csv", stations())):
        (folder / name).write_text(text, encoding="utf-8")
        words = ["--config", str(folder / "waystation.toml"), name.partition(".")[0], "import"]
        done = CliRunner().invoke(app, [*words, str(folder / name)])
        assert done.exit_code == 0, done.output
    return folder / "data"


@contextmanager
def brought_in(data: Path, folder: Path) -> Iterator[World]:
    """The networks at 13:20 on a day in July, without any reading."""
    with closing(Registry.open(data / "registry.db")) as registry:
        networks, known = registry.networks(), registry.stations()
    with closing(Store.open(folder / "readings.db")) as store:
        live = Live(store)
        live.refresh_registry(networks, known, JULY_MS)
        with asking(build_web(live, store, Settings(), Pipeline())) as client:
            yield World(live, client)
