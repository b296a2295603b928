"""What stations of each network usually are: whose weather, how many visits, hours, hosts, amenities."""

from typing import Final

from server.demo.named import SEVEN, TEN

CITY: Final = {
    "taiyuan": "taiyuan", "chengdu": "chengdu", "qingbaijiang": "chengdu", "pujiang": "chengdu",
    "liuyang": "liuyang", "jianwai": "beijing", "qiantang": "hangzhou",
}  # fmt: skip
VISITS: Final = {
    "taiyuan": (20, 150), "chengdu": (30, 220), "qingbaijiang": (15, 90), "pujiang": (10, 50),
    "liuyang": (10, 30), "jianwai": (25, 140), "qiantang": (20, 130),
}  # fmt: skip

HOURS: Final = (
    ("06:00-22:00", 5, ("06:00-22:00",)),
    ("24/7", 2, ("24h",)),
    ("07:00-23:00", 2, ("07:00-23:00",)),
    ("08:00-21:30", 2, ("08:00-21:30",)),
    ("Mo-Fr 08:30-20:30; Sa,Su 09:00-18:00", 2, ("08:30-20:30",) * 5 + ("09:00-18:00",) * 2),
    ("Mo-Fr 08:30-18:30", 1, ("08:30-18:30",) * 5 + ("closed",) * 2),
    ("10:00-02:00", 1, ("10:00-26:00",)),
    ("", 1, ("08:00-21:00",)),
)
"""Posted hours, how often they occur, and the simulated week behind them."""
NAMED_WEEKS: Final = {
    "11:00-02:00": ("11:00-26:00",),
    "07:00-24:00": ("07:00-24:00",),
    "08:00-22:00": ("08:00-22:00",),
    "Mo-Su 10:00-20:00": ("10:00-20:00",),
    "Mo-Fr 08:30-20:00": ("08:30-20:00",) * 5 + ("closed",) * 2,
    "Mo-Fr 08:30-20:30; Sa 09:00-17:00": ("08:30-20:30",) * 5 + ("09:00-17:00", "closed"),
    "Mo-Fr 08:00-21:00; Sa,Su 09:00-18:00": ("08:00-21:00",) * 5 + ("09:00-18:00",) * 2,
}
WEEKS: Final = {hours: week for hours, _, week in HOURS} | NAMED_WEEKS

HOSTS: Final = {
    "taiyuan": ("党群服务中心", "社区食堂", "爱心驿站", "充电站"),
    "chengdu": ("社区", "商业综合体", "物流园区"),
    "qingbaijiang": ("社区", "物流园区", "商业综合体"),
    "pujiang": ("社区", "物流园区"),
    "liuyang": ("社区党群空间", "楼宇党群服务中心", "小区邻里之家"),
    "qiantang": ("党群服务中心",),
}
AMENITIES: Final = {
    "taiyuan": TEN,
    "chengdu": (
        "air_conditioning",
        "water",
        "microwave",
        "fridge",
        "first_aid",
        "umbrella",
        "sockets",
        "wifi",
    ),
    "qingbaijiang": ("fridge", "microwave", "first_aid", "ev_charging", "water", "sockets"),
    "pujiang": ("water", "microwave", "first_aid", "sockets", "seats"),
    "liuyang": SEVEN,
    "jianwai": ("seats", "water", "microwave", "phone_charging", "first_aid"),
    "qiantang": ("wifi", "power_bank", "drinking_water", "first_aid", "books", "sockets"),
}
EXTRAS: Final = ("toilet", "parking", "raincoat", "heating", "nap", "canteen", "tools")
