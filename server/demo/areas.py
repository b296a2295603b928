"""Where the demo's invented stations stand: real districts and streets, invented communities.

Coordinates are WGS-84 centres of districts, good to a kilometre or two: enough for a plausible map.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Area:
    """A district, or a street where the network is a district.

    Attributes:
        network: id of the network that its stations belong to.
        weight: share of the network's stations that stand here.
        spread_km: how far from the centre they stand.
        parts: next level of the region path (streets of a district), may be empty.
    """

    network: str
    name: str
    lat: float
    lon: float
    weight: float
    spread_km: float
    parts: tuple[str, ...] = ()


def _area(network: str, name: str, place: tuple[float, float, float, float], parts: str = "") -> Area:
    return Area(network, name, *place, tuple(parts.split()))


AREAS: Final = (
    _area("taiyuan", "小店区", (37.782, 112.566, 5, 5),
          "坞城街道 营盘街道 北营街道 平阳路街道 黄陵街道 小店街道 龙城街道"),
    _area("taiyuan", "迎泽区", (37.858, 112.566, 4, 3),
          "柳巷街道 文庙街道 庙前街道 迎泽街道 桥东街道 老军营街道"),
    _area("taiyuan", "杏花岭区", (37.886, 112.573, 4, 3),
          "巨轮街道 三桥街道 鼓楼街道 杏花岭街道 坝陵桥街道 大东关街道 敦化坊街道"),
    _area("taiyuan", "万柏林区", (37.862, 112.513, 5, 4),
          "千峰街道 下元街道 和平街道 兴华街道 万柏林街道 南寒街道 长风西街街道 小井峪街道"),
    _area("taiyuan", "尖草坪区", (37.930, 112.500, 3, 4),
          "尖草坪街道 光社街道 迎新街街道 古城街道 汇丰街道 柴村街道 新城街道"),
    _area("taiyuan", "晋源区", (37.728, 112.480, 2, 5), "义井街道 罗城街道 晋源街道 金胜镇 晋祠镇"),
    _area("taiyuan", "清徐县", (37.608, 112.358, 1, 3), "清源镇 徐沟镇"),
    _area("chengdu", "锦江区", (30.650, 104.085, 4, 3),
          "春熙路街道 锦官驿街道 成龙路街道 三圣街道 东湖街道 沙河街道"),
    _area("chengdu", "青羊区", (30.672, 104.048, 3, 3), "少城街道 草堂街道 金沙街道 光华街道 太升路街道"),
    _area("chengdu", "金牛区", (30.698, 104.050, 3, 4),
          "抚琴街道 茶店子街道 驷马桥街道 营门口街道 沙河源街道"),
    _area("chengdu", "武侯区", (30.636, 104.045, 4, 4),
          "玉林街道 浆洗街街道 望江路街道 簇桥街道 晋阳街道 火车南站街道"),
    _area("chengdu", "成华区", (30.668, 104.110, 3, 4), "猛追湾街道 双桥子街道 万年场街道 龙潭街道 青龙街道"),
    _area("chengdu", "龙泉驿区", (30.562, 104.262, 3, 5), "东安街道 龙泉街道 十陵街道 大面街道"),
    _area("chengdu", "双流区", (30.576, 103.925, 2, 5), "东升街道 西航港街道 九江街道"),
    _area("chengdu", "崇州市", (30.632, 103.672, 1, 3), "崇阳街道 羊马街道"),
    _area("qingbaijiang", "青白江区", (30.880, 104.250, 1, 4), "大弯街道 大同街道 弥牟镇 城厢镇"),
    _area("pujiang", "蒲江县", (30.197, 103.506, 1, 4), "鹤山街道 寿安街道 西来镇"),
    _area("liuyang", "淮川街道", (28.146, 113.640, 3, 1)),
    _area("liuyang", "集里街道", (28.166, 113.628, 3, 1.5)),
    _area("liuyang", "荷花街道", (28.140, 113.612, 2, 1.5)),
    _area("liuyang", "关口街道", (28.160, 113.660, 2, 1.5)),
    _area("liuyang", "永安镇", (28.268, 113.352, 1, 1.5)),
    _area("jianwai", "永安里", (39.9085, 116.4470, 1, 0.35)),
    _area("jianwai", "建国里", (39.9060, 116.4405, 1, 0.35)),
    _area("jianwai", "光华里", (39.9150, 116.4505, 1, 0.35)),
    _area("jianwai", "秀水", (39.9120, 116.4430, 1, 0.3)),
    _area("jianwai", "北郎", (39.9055, 116.4600, 1, 0.35)),
    _area("jianwai", "南郎", (39.9015, 116.4570, 1, 0.35)),
    _area("qiantang", "白杨街道", (30.303, 120.352, 4, 2.5)),
    _area("qiantang", "下沙街道", (30.318, 120.322, 4, 2)),
    _area("qiantang", "义蓬街道", (30.283, 120.493, 2, 2.5)),
    _area("qiantang", "河庄街道", (30.298, 120.430, 2, 2.5)),
    _area("qiantang", "新湾街道", (30.303, 120.590, 1, 2)),
    _area("qiantang", "前进街道", (30.318, 120.540, 1, 2)),
    _area("qiantang", "临江街道", (30.282, 120.650, 1, 2)),
)  # fmt: skip

_NORTH: Final = (
    "和平 建设 兴华 文化 胜利 平阳 并州 学府 康宁 千峰 滨河 龙潭 桃园 迎春 朝阳 东华 西苑 锦绣 金桥 阳光 "
    "新华 光明 青年 永乐 富康 安居 祥云 望景 长治 解放 柳溪 汾河 丽华 双塔 五一 水西 南内环 桥北 晋安 体育 "
    "星河 府西 府东 新建 后铁 前进 丰收 东风 向阳 育才"
)
_SOUTH: Final = (
    "锦华 青龙 玉林 芳草 桂溪 红星 莲花 杜鹃 银杏 海棠 双林 东升 金沙 清江 梅花 凤凰 望江 晋阳 草堂 文殊 "
    "川音 沙河 龙舟 水碾 天府 牡丹 木综 柳江 静居 琉璃 大慈 劲松 喜树 蓝谷 青羊 泡桐 槐树 竹林 祥和 永丰 "
    "锦城 和美 双桥 圣灯 高地 怡福 槐荫 华林 惠民 长天"
)
_RIVER: Final = (
    "云水 朗琴 邻里 闻潮 听涛 江湾 观澜 学林 文海 高沙 东海 海达 松乔 伊萨卡 智格 元成 湾畔 绣江 下沙 新元 "
    "金沙 月雅 多蓝 清雅 早城 景苑 物美 围中 春园 蓬园 临海 潮都 新围 向红 江东 建一 文伟 民主 同二 三联"
)
_QINGBAIJIANG: Final = "红阳 石家碾 华金 团结 怡湖 凤祥 凤凰 杏花 同华 国光 化工 蓉欧"
_PUJIANG: Final = "朝阳 桥楼 文华 工农 鹤鸣 蒲砚 清江 松华"
_HUNAN: Final = (
    "西湖 浏河 新河 神仙坳 太平 圭斋 唐洲 嗣同 百宜 平水 北正 金沙 长兴 道吾 花炮 黎家 升平 东沙 石霜 牛石"
)

COMMUNITIES: Final = {
    "taiyuan": tuple(_NORTH.split()),
    "chengdu": tuple(_SOUTH.split()),
    "qingbaijiang": tuple(_QINGBAIJIANG.split()),
    "pujiang": tuple(_PUJIANG.split()),
    "liuyang": tuple(_HUNAN.split()),
    "qiantang": tuple(_RIVER.split()),
}

VARIANTS: Final = ("", "东", "西", "南", "北", "一", "二", "三", "苑", "里", "新")
"""Appended to a community's name where its plain form is taken: 千峰, 千峰南, 千峰二 …"""

TOWERS: Final = (
    *(
        "国贸大厦",
        "建外SOHO西区",
        "建外SOHO东区",
        "银泰中心",
        "赛特大厦",
        "招商局大厦",
        "双子座大厦",
        "航华科贸中心",
    ),
    *(
        "华彬大厦",
        "中环世贸中心",
        "万达广场",
        "CBD国际大厦",
        "世贸天阶",
        "嘉里中心",
        "永安里地铁口",
        "建国门外大街",
    ),
    *(
        "通惠河北路",
        "光华路",
        "灵通观",
        "秀水街",
        "郎家园",
        "日坛国际",
        "京汇大厦",
        "富尔大厦",
        "丰联广场",
        "科伦大厦",
    ),
)
AGENCIES: Final = ("链家", "我爱我家", "麦田房产")
SHOP_PLACES: Final = (
    *("永安里", "建国里", "光华里", "秀水", "北郎", "南郎", "郎家园", "灵通观", "建外SOHO", "国贸", "大北窑"),
)
