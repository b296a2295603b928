"""The stations that have been written about by name, with what is known of each; the rest is simulated."""

from dataclasses import dataclass
from typing import Final

from server.model import Qualifier


@dataclass(frozen=True, slots=True)
class Named:
    """A really existing station. Empty means not published.

    Attributes:
        visits_per_day: mean, where published; otherwise what the simulation assumes.
        slots: slots of the swap cabinet beside it, 0 without one.
        live: simulated with live data, or shown as one without.
    """

    id: str
    network: str
    name_zh: str
    name_en: str
    lat: float
    lon: float
    region: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    area_m2: float | None = None
    area_qualifier: Qualifier = ""
    host_kind: str = ""
    amenities: tuple[str, ...] = ()
    hours: str = "06:00-22:00"
    places: int = 16
    visits_per_day: float = 60
    slots: int = 0
    live: bool = True


TEN: Final = (
    *("air_conditioning", "sofa", "microwave", "water", "books"),
    *("first_aid", "umbrella", "tools", "sockets", "wifi"),
)
SEVEN: Final = ("tables", "microwave", "water", "air_conditioning", "first_aid", "phone_charging", "books")

NAMED: Final = (
    Named(
        "taiyuan-jiajie", "taiyuan", "嘉节社区暖心驿站", "Jiajie community rest station", 37.7705, 112.5790,
        region=("小店区", "龙城街道", "嘉节社区"), area_m2=150, host_kind="社区",
        amenities=(*TEN, "toilet"), places=24, visits_per_day=180,
    ),
    Named(
        "taiyuan-nanhan", "taiyuan", "南寒社区暖心驿站", "Nanhan community rest station", 37.8400, 112.4790,
        region=("万柏林区", "南寒街道", "南寒社区"), host_kind="充电站",
        amenities=(*TEN, "ev_charging"), hours="24/7", places=20, visits_per_day=90,
    ),
    Named(
        "taiyuan-changxing-north", "taiyuan", "长兴北街社区暖心驿站", "Changxing North Street rest station",
        37.8290, 112.5220, region=("万柏林区", "长风西街街道", "长兴北街社区"), host_kind="党群服务中心",
        amenities=(*TEN, "canteen", "parking"), places=24, visits_per_day=110,
    ),
    Named(
        "chengdu-jinxiaoniu", "chengdu", "锦小牛·同心小站", "Jinxiaoniu Tongxin stop (R29)",
        30.6030, 104.1190, region=("锦江区", "成龙路街道", "粮丰社区"),
        aliases=("R29街区锦小牛同心小站", "锦小牛同心小站"),
        area_m2=27, area_qualifier="约", host_kind="社区",
        amenities=("air_conditioning", "fridge", "water", "microwave", "first_aid", "umbrella",
                   "battery_swap"),
        places=8, visits_per_day=32, slots=12,
    ),
    Named(
        "chengdu-r29-living", "chengdu", "R29社区生活空间驿站", "R29 community living space stop",
        30.6036, 104.1202, region=("锦江区", "成龙路街道", "粮丰社区"), host_kind="社区", live=False,
    ),
    Named(
        "chengdu-wuyue", "chengdu", "吾悦广场骑手暖心驿站", "Wuyue Plaza riders' station", 30.5640, 104.2390,
        region=("龙泉驿区", "东安街道", "书房社区"), aliases=("书房社区骑手驿站",), host_kind="商业综合体",
        amenities=("air_conditioning", "books", "water", "sockets", "wifi", "parking"),
        hours="07:00-24:00", places=30, visits_per_day=300, slots=16,
    ),
    Named(
        "qingbaijiang-gonghui", "qingbaijiang", "工惠心驿", "Gonghui Xinyi workers' stop", 30.8830, 104.2550,
        region=("青白江区",), aliases=("青白江工惠心驿",), host_kind="社区",
        amenities=("fridge", "microwave", "first_aid", "ev_charging"), places=18, visits_per_day=70,
    ),
    Named(
        "liuyang-caichang", "liuyang", "才常广场商圈“奔跑者”红色驿站", "Caichang Plaza Runners' station",
        28.1560, 113.6330, aliases=("才常广场奔跑者驿站",), host_kind="商圈党群服务中心",
        amenities=(*SEVEN, "seats"), hours="08:00-22:00", places=20, visits_per_day=40,
    ),
    Named(
        "liuyang-chaoyang", "liuyang", "朝阳社区“奔跑者”红色驿站", "Chaoyang community Runners' station",
        28.1480, 113.6360, aliases=("朝阳社区驿站",), host_kind="社区党群空间",
        amenities=(*SEVEN, "helmet", "raincoat", "torch", "battery_swap"), hours="11:00-02:00",
        places=12, visits_per_day=36, slots=12,
    ),
    Named(
        "liuyang-gongjiaqiao", "liuyang", "龚家桥社区“奔跑者”红色驿站", "Gongjiaqiao Runners' station",
        28.1700, 113.6260, region=("集里街道", "龚家桥社区"), host_kind="社区党群空间", amenities=SEVEN,
        places=14, visits_per_day=22,
    ),
    Named(
        "liuyang-shanghui", "liuyang", "商会大厦楼宇“奔跑者”红色驿站", "Chamber of Commerce tower station",
        28.1590, 113.6570, region=("关口街道",), host_kind="楼宇党群服务中心", amenities=SEVEN,
        hours="Mo-Fr 08:30-20:00", places=10, visits_per_day=18,
    ),
    Named(
        "jianwai-zhigong", "jianwai", "建外地区职工之家暖心驿站", "Jianwai workers' home rest station",
        39.9068, 116.4478, host_kind="固定阵地", hours="Mo-Su 10:00-20:00",
        amenities=("microwave", "water", "fridge", "seats"), places=24, visits_per_day=110,
    ),
    Named(
        "jianwai-zhonghai", "jianwai", "中海广场暖心驿站", "Zhonghai Plaza rest station", 39.9077, 116.4512,
        host_kind="整合式阵地", amenities=("tables", "phone_charging", "water", "microwave"),
        hours="Mo-Fr 08:00-21:00; Sa,Su 09:00-18:00", places=16, visits_per_day=80,
    ),
    Named(
        "qiantang-longxin", "qiantang", "隆·心小哥服务驿站", "Long·Xin riders' service stop",
        30.2860, 120.4900, region=("义蓬街道", "义隆社区"), aliases=("隆心小哥服务驿站",),
        host_kind="党群服务中心",
        amenities=("wifi", "power_bank", "drinking_water", "first_aid", "books"),
        hours="24/7", places=16, visits_per_day=75,
    ),
    Named(
        "qiantang-baiyang", "qiantang", "钱塘“小哥之家”白杨街道暖心服务驿站", "Baiyang street riders' home",
        30.3040, 120.3550, region=("白杨街道",), aliases=("白杨街道暖心服务驿站",), host_kind="党群服务中心",
        amenities=("wifi", "drinking_water", "sockets", "canteen"), places=30, visits_per_day=140, slots=12,
    ),
    Named(
        "qiantang-kuaidi", "qiantang", "杭州市钱塘区快递物流党群服务中心", "Qiantang couriers' centre",
        30.3130, 120.3290, host_kind="党群服务中心", amenities=("wifi", "drinking_water", "sockets", "books"),
        hours="Mo-Fr 08:30-20:30; Sa 09:00-17:00", places=36, visits_per_day=120,
    ),
    Named(
        "qiantang-siji", "qiantang", "杭州市钱塘区司机小哥党群服务驿站", "Qiantang drivers' service stop",
        30.3000, 120.3380, host_kind="党群服务中心", amenities=("ev_charging", "toilet", "drinking_water"),
        hours="24/7", places=20, visits_per_day=95,
    ),
)  # fmt: skip
