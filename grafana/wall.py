"""The screen in the city hall: large letters, few numbers, and never an old one without saying so."""

from typing import Final

from grafana.boards import Board, network, part
from grafana.influxql import FRESH, NETWORK, Target
from grafana.panels import ANY, GRAVE, Piece, Place, Steps, Told, big
from grafana.wall_map import city, wrong
from grafana.words import BAD, GOOD, UNKNOWN, from_to, mapped

_NUMBER: Final = 80
"""Pixels of a number's letters: on 55 inches with 1,920 pixels its digits are 3.6 cm high. Six metres ask
for 3 cm, a two-hundredth of them. A count of six digits still fits."""
_WORD: Final = 60
_GONE: Final = mapped({"-1": ("不明", UNKNOWN)})


def _count(column: int, field: str, steps: Steps, told: Told, *, row: int = 4, width: int = 4) -> Piece:
    place = Place(column, row, width, 6)
    return big(told, place, [Target(_fresh_only(field))], size=_NUMBER, mappings=[_GONE], steps=steps)


def _fresh_only(*fields: str) -> str:
    """The last numbers within 5 minutes; -1 in their place when they are older, so that titles stay."""
    new = ", ".join(f'last("{field}") AS "{field}"' for field in fields)
    old = ", ".join(f'last("registered") * 0 - 1 AS "{field}"' for field in fields)
    newest = ", ".join(f'max("{field}") AS "{field}"' for field in fields)
    network = f'FROM "network" WHERE {NETWORK}'
    return f"SELECT {newest} FROM (SELECT {old} {network}), (SELECT {new} {network} AND {FRESH})"


def _name() -> Piece:
    told = Told(
        "驿站网络",
        "这块屏显示的是哪个地区。显示“没有数据”时，检查网址里的 var-network 写得对不对。",
        "The network that this screen shows, in the operator's own words.",
        "`没有数据`: nothing was ever written for the network in `var-network`; check the address.",
    )
    query = f'SELECT last("name") AS "name" FROM "network" WHERE {NETWORK}'
    return big(told, Place(0, 0, 12, 4), [Target(query)], size=_WORD, field="name", nothing="✕ 没有数据")


def _as_of() -> Piece:
    told = Told(
        "数据时间",
        "屏上的数字是什么时候的。它和墙上的钟差 5 分钟以上，就说明数据旧了：先看这台屏幕的网络，再看服务器。",
        "When the newest numbers were made, as a clock time. It is true even on a screen that is frozen.",
        "More than 5 minutes behind the clock on the wall: the screen's own network first, then Grafana, then"
        " `waystation influx status` on the server.",
    )
    query = f'SELECT last("registered") AS "registered" FROM "network" WHERE {NETWORK}'
    return big(
        told,
        Place(12, 0, 7, 4),
        [Target(query)],
        size=_WORD,
        field="Time",
        unit="time:MM-DD HH:mm",
        nothing="✕ 没有数据",
    )


def _fresh() -> Piece:
    told = Told(
        "数据新旧",
        "5 分钟内有新数据才是“实时”。变成“数据旧了”时，其他数字会自动隐去，不会把旧的当成新的。",
        "Whether anything came within the last 5 minutes. With `数据旧了` all other numbers go too.",
        "The server no longer writes, or InfluxDB takes nothing: `waystation influx status`, then"
        " [operations](../docs/operations.md).",
    )
    known = f'SELECT last("registered") * 0 AS n FROM "network" WHERE {NETWORK}'
    heard = f'SELECT count("registered") AS n FROM "network" WHERE {NETWORK} AND {FRESH}'
    words = [mapped({"0": ("数据旧了", BAD)}), from_to(1, 1_000, "实时", GOOD)]
    query = f'SELECT sum(n) AS "minutes" FROM ({known}), ({heard})'
    return big(
        told,
        Place(19, 0, 5, 4),
        [Target(query)],
        size=_WORD,
        mappings=words,
        steps=((0, BAD), (1, GOOD)),
        nothing="✕ 没有数据",
    )


def _alerts() -> Piece:
    told = Told(
        "告警",
        "现在还没处理完的告警：人身安全、严重、一般。前两个不是 0，就请值班员打开后台的“告警”。",
        "Alerts that are open now: safety, critical, warning.",
        "Safety: call the station at once. All: the console's page of alerts says what to do for each.",
    )
    fields = {"alerts_safety": "人身安全", "alerts_critical": "严重告警", "alerts_warning": "一般告警"}
    asked = [Target(_fresh_only(*fields))]
    place = Place(16, 10, 8, 5)
    return big(told, place, asked, size=_WORD, names=fields, mappings=[_GONE], steps=GRAVE)


BOARD: Final = Board(
    "wall",
    "驿站大屏",
    "For a screen in the city hall, readable at six metres; nobody touches it.",
    [network(hidden=True), part()],
    [
        _name(),
        _as_of(),
        _fresh(),
        _count(
            0,
            "open",
            (),
            Told(
                "开放",
                "现在能进门的驿站有几个，包括快打烊的。明显偏少时看看是不是节假日，或有驿站临时关门。",
                "Stations that riders can enter now, those about to close among them.",
                "It has no red: fewer than usual means a holiday, notices of closure, or shut bolts.",
            ),
        ),
        _count(
            4,
            "crowded",
            ANY,
            Told(
                "很挤",
                "很挤或坐满的驿站有几个。地图上看是哪几个，请附近的驿站延长开放，或引导骑手过去。",
                "Stations that are crowded or full (from 80 % of their places).",
                "Find them on the map; guide riders to stations near by, or open another room.",
            ),
        ),
        _count(
            8,
            "hot",
            GRAVE,
            Told(
                "太热",
                "室内太热的驿站有几个。马上打电话让人开空调；开着还热，报修。",
                "Stations in which it is too hot to rest (over 30 °C, or humid).",
                "Call: air conditioner off, door open, or broken.",
            ),
        ),
        _count(
            12,
            "visits_today",
            (),
            Told(
                "今日到访",
                "今天零点到现在进门的人次，只数人次、不认人。补传的数据到了，数字会往上改。",
                "Person-times (服务人次) since local midnight. Late data changes it.",
                "It has no red. `✕ 不明`: nothing new for 5 minutes, or nobody is counted.",
            ),
        ),
        _count(
            16,
            "batteries_charged",
            ((0, BAD), (1, GOOD)),
            Told(
                "满电电池",
                "现在马上能换的电池一共几块。是 0 就联系换电柜运营方。",
                "Charged batteries that riders can take now, in all cabinets.",
                "0: call whoever runs the cabinets. A network without cabinets: leave the panel out.",
            ),
        ),
        _count(
            20,
            "offline",
            ANY,
            Told(
                "离线",
                "10 分钟以上没有传来数据的驿站。多半是停电或断网：先打电话问有没有电。",
                "Stations with a device that has said nothing for more than 10 minutes.",
                "Power or network: call the station. Many at once: the carrier, or the broker.",
            ),
        ),
        city(Place(0, 10, 16, 18)),
        _alerts(),
        wrong(Place(16, 15, 8, 13)),
    ],
    since="now-5m",
    refresh="30s",
    kiosk=True,
)
