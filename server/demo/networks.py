"""The five networks of the demo, as their operators have published them; only the readings are simulated."""

from typing import Final

from server.model import Network, Standard

_TEN: Final = Standard(
    "十有",
    ("空调", "沙发桌椅", "微波炉", "饮水机", "书籍", "药箱", "雨伞", "工具箱", "充电插座", "无线网"),
)
_SEVEN: Final = Standard(
    "七项标配",
    ("桌椅", "微波炉", "饮水机", "冷暖电器", "应急药箱（柜）", "手机充电区", "报刊书籍"),
)
_EIGHT_CAN: Final = Standard(
    "八可",
    ("热可纳凉", "冷可取暖", "雨可栖身", "急可如厕", "渴可饮水", "累可歇脚", "伤可用药", "餐可优惠"),
)
_SEVEN_HAVE: Final = Standard(
    "七有",
    ("统一标识", "固定场所", "服务设施", "管理制度", "人员服务", "地图可查", "政策宣传"),
)
_FOUR: Final = Standard("四站", ("休息交流站", "补给加油站", "学习充电站", "暖心服务站"))

_HEATED: Final = (11, 3)
"""Months of district heating in the north."""
_SHORT_WINTER: Final = (12, 2)

NETWORKS: Final = (
    Network(
        "taiyuan", "太原暖心驿站", "Taiyuan rest stations", declared=2080, winter=_HEATED,
        standards=(_TEN,), simulated=True,
    ),
    Network(
        "chengdu", "成都暖“新”驿站", "Chengdu Nuanxin stations", declared=426, declared_as_of="2025-03",
        winter=_SHORT_WINTER, simulated=True,
    ),
    Network(
        "qingbaijiang", "青白江职工驿站", "Qingbaijiang workers' stations", parent="chengdu", declared=120,
        winter=_SHORT_WINTER, simulated=True,
    ),
    Network(
        "pujiang", "蒲江“一中心多站点”", "Pujiang stations", parent="chengdu", declared=50,
        declared_qualifier="超", winter=_SHORT_WINTER, simulated=True,
    ),
    Network(
        "liuyang", "浏阳“奔跑者”红色驿站", "Liuyang Runners' stations", declared=25,
        winter=_SHORT_WINTER, standards=(_SEVEN,), simulated=True,
    ),
    Network(
        "jianwai", "建外街道暖心驿站", "Jianwai rest stations (Beijing)", declared=60, winter=_HEATED,
        standards=(_EIGHT_CAN, _SEVEN_HAVE), simulated=True,
    ),
    Network(
        "qiantang", "钱塘“小哥之家”", "Qiantang riders' homes (Hangzhou)", declared=158,
        winter=_SHORT_WINTER, standards=(_FOUR,), simulated=True,
    ),
)  # fmt: skip
