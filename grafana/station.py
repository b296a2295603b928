"""Everything about one station: the words, the air, the people, each socket and slot, the device."""

from typing import Any, Final

from grafana.boards import Board, network, station
from grafana.influxql import LATE_HEALTH, NETWORK, NOW, STATION, Target, targets, visits, visits_by_hour
from grafana.panels import ANY, Piece, Place, Told, bands, big, lines
from grafana.words import BAD, GOOD, WATCH, word_of, yes_no

_HERE: Final = f"{NETWORK} AND {STATION}"


def _last(measurement: str, field: str, when: str = NOW) -> str:
    return f'SELECT last("{field}") AS "{field}" FROM "{measurement}" WHERE {_HERE} AND {when}'


def _course(measurement: str, field: str, how: str = "mean", by: str = "") -> str:
    """A field over time; nothing stands where nothing was measured."""
    return (
        f'SELECT {how}("{field}") AS "{field}" FROM "{measurement}" WHERE {_HERE} AND $timeFilter'
        f" GROUP BY time($__interval){by} fill(null)"
    )


def _name(place: Place) -> Piece:
    told = Told(
        "驿站",
        "选中的驿站的名字。",
        "The station's name.",
        "`没有数据`: this id has never sent anything; choose another.",
    )
    query = f'SELECT last("name") AS "name" FROM "status" WHERE {_HERE}'
    return big(told, place, [Target(query)], field="name", nothing="✕ 没有数据")


def _as_of(place: Place) -> Piece:
    told = Told(
        "最近一次数据",
        "最近一次数据是多久以前测的。超过 10 分钟就是离线：先问有没有电、有没有网。",
        "How long ago the newest snapshot was measured.",
        "More than 10 minutes: power first, then the network, then the device.",
    )
    query = f'SELECT last("access_code") AS "access_code" FROM "status" WHERE {_HERE}'
    return big(told, place, [Target(query)], field="Time", unit="dateTimeFromNow", nothing="✕ 没有数据")


def _word(place: Place, told: Told, kind: str) -> Piece:
    query = _last("status", f"{kind}_code")
    return big(told, place, [Target(query)], mappings=[word_of(kind)])


def _now(place: Place, told: Told, query: str, **dress: Any) -> Piece:
    return big(told, place, [Target(query)], **dress)


def _visits(place: Place) -> Piece:
    told = Told(
        "到访人次",
        "所选时间内（默认今天零点起）进门的人次。",
        "Person-times (服务人次) in the chosen range, from midnight on by default.",
        "It has no red. 0 on a busy day: look at the beam at the door.",
    )
    return big(told, place, [Target(visits(_HERE, ""))])


def _people(place: Place) -> Piece:
    told = Told(
        "站内人数",
        "屋里的人数（进减出）和座位数。人数一直贴着座位数，考虑加座。",
        "People inside (entries less exits) and the places.",
        "It has no red. Always at the places: add seats. Never back to 0 at night: look at the beam.",
    )
    queries = [_course("occupancy", "people"), _course("occupancy", "places", "last")]
    return lines(told, place, [Target(queries[0], "人数"), Target(queries[1], "座位", "B")])


def _by_hour(place: Place) -> Piece:
    told = Told(
        "每小时到访人次",
        "每个小时进门的人次。",
        "Person-times of each hour.",
        "It has no red. An empty hour: nobody came, or nothing was measured.",
    )
    return lines(told, place, targets(visits_by_hour(_HERE, ""), alias="人次"), bars=True)


def _air(place: Place) -> Piece:
    told = Told(
        "温度和湿度",
        "室温和相对湿度。断开的地方没有测到；长时间一条直线，多半是传感器坏了。",
        "Temperature and humidity; gaps were not measured.",
        "Over 30 °C in summer, under 14 °C in winter: air conditioner, heating. A flat line: the sensor.",
    )
    queries = [_course("climate", "temperature_c"), _course("climate", "humidity_pct")]
    return lines(told, place, [Target(queries[0], "温度 °C"), Target(queries[1], "湿度 %", "B")])


def _co2(place: Place) -> Piece:
    told = Told(
        "二氧化碳",
        "空气里的二氧化碳。超过 1500 ppm 就开窗通风。没有装传感器的驿站是空的。",
        "Carbon dioxide; empty where there is no sensor.",
        "From 1,500 ppm: open the windows.",
    )
    return lines(
        told, place, targets(_course("climate", "co2_ppm"), alias="CO₂"), unit="ppm", steps=((1500, WATCH),)
    )


def _sockets(place: Place) -> Piece:
    told = Told(
        "每个插座",
        "每个插座的状态，每 10 分钟一格。■ 坏了或未通电的报修；✕ 或空着的格子是没有数据。",
        "The state of each socket, by ten minutes; empty: nothing was heard.",
        "■: at fault or switched off; have it repaired.",
    )
    return bands(
        told, place, targets(_states("sockets"), alias="$tag_unit"), mappings=[word_of("socket.state")]
    )


def _states(measurement: str, where: str = "") -> str:
    """The last state in each ten minutes: units say it at least every five."""
    return (
        f'SELECT last("state_code") FROM "{measurement}" WHERE {_HERE} AND $timeFilter{where}'
        ' GROUP BY time(10m), "unit" fill(null)'
    )


def _power(place: Place) -> Piece:
    told = Told(
        "插座用电",
        "每个插座的功率。充电器插着不充电也有几瓦；一直几百瓦以上，去看看接了什么。",
        "The power that each socket draws.",
        "It has no red. Hundreds of watts all day: look what is plugged in.",
    )
    return lines(
        told, place, targets(_course("sockets", "power_w", by=', "unit"'), alias="$tag_unit"), unit="watt"
    )


def _slots(place: Place) -> Piece:
    told = Told(
        "换电柜每个仓",
        "每个仓的状态，每 10 分钟一格。■ 故障或离线的联系运营方；▲ 门开着的去关上。",
        "The state of each slot of the swap cabinets, by ten minutes.",
        "■: call whoever runs the cabinet; ▲ door open: shut it.",
    )
    return bands(told, place, targets(_states("cabinets"), alias="$tag_unit"), mappings=[word_of("slot")])


def _cabinet(place: Place, told: Told, field: str, yes: tuple[str, str], no: tuple[str, str]) -> Piece:
    query = f'SELECT last("{field}") AS "{field}" FROM "cabinets" WHERE {_HERE} AND {NOW} GROUP BY "unit"'
    asked = [Target(query, "$tag_unit")]
    return big(told, place, asked, mappings=[yes_no(yes, no)], nothing="○ 没有换电柜")


def _device(place: Place) -> Piece:
    told = Told(
        "待传数据",
        "设备里还没传上来的记录。网络断了会越积越多，通了自己会传完。",
        "Snapshots that wait in the device to be sent.",
        "It has no red. Growing: its network. Falling: it catches up by itself.",
    )
    return lines(told, place, targets(_course("health", "outbox_rows", "last"), alias="待传"))


_WORDS: Final = (
    _word(
        Place(10, 0, 4, 4),
        Told(
            "开门",
            "骑手现在能不能进门。■ 门锁着：该开门却锁着，打电话。",
            "Whether riders can get in now.",
            "■ `门锁着`: shut although posted as open; call.",
        ),
        "access",
    ),
    _word(
        Place(14, 0, 5, 4),
        Told(
            "拥挤",
            "现在挤不挤，按座位算。■ 满了：引导去别处。",
            "How full it is, by its places.",
            "■ `满了`: guide riders elsewhere.",
        ),
        "crowding",
    ),
    _word(
        Place(19, 0, 5, 4),
        Told(
            "冷热",
            "现在热不热、冷不冷。■：打电话开空调或暖气。",
            "How the air feels.",
            "■: call; air conditioner, heating, door.",
        ),
        "comfort",
    ),
)

BOARD: Final = Board(
    "station",
    "单个驿站",
    "Everything about one station; today by default.",
    [network(), station()],
    [
        _name(Place(0, 0, 6, 4)),
        _as_of(Place(6, 0, 4, 4)),
        *_WORDS,
        _visits(Place(0, 4, 4, 4)),
        _now(
            Place(4, 4, 4, 4),
            Told(
                "空插座",
                "现在空着能充电的插座。",
                "Sockets that are free now.",
                "■ 0: none is free; see below whether some are broken.",
            ),
            _last("status", "sockets_free"),
            steps=((0, BAD), (1, GOOD)),
        ),
        _now(
            Place(8, 4, 4, 4),
            Told(
                "满电电池",
                "现在能换的满电电池。没有换电柜的驿站一直是 0。",
                "Charged batteries now; always 0 without a cabinet.",
                "■ 0: call whoever runs the cabinet.",
            ),
            _last("status", "batteries_charged"),
            steps=((0, BAD), (1, GOOD)),
        ),
        _now(
            Place(12, 4, 4, 4),
            Told(
                "故障",
                "此刻出故障的部件：传感器、插座、仓位、换电柜。后台“设备”页写着是哪个。",
                "Parts out of order now: sensors, sockets, slots, cabinets.",
                "▲: the console's page of devices names them.",
            ),
            _last("status", "problems"),
            steps=ANY,
        ),
        _now(
            Place(16, 4, 4, 4),
            Told(
                "供电",
                "设备的电压够不够。■ 欠压：换电源适配器，否则会丢数据、坏卡。",
                "Whether the device's supply holds its voltage.",
                "■: replace the power supply; it damages the card.",
            ),
            _last("health", "undervoltage", LATE_HEALTH),
            mappings=[yes_no(("欠压", BAD), ("正常", GOOD))],
        ),
        _now(
            Place(20, 4, 4, 4),
            Told(
                "时钟",
                "设备的时钟准不准。▲ 没对时：网络不通，或路由器挡住了对时。",
                "Whether the device's clock is synchronised.",
                "▲: no network, or a router that stops NTP.",
            ),
            _last("health", "clock_synced", LATE_HEALTH),
            mappings=[yes_no(("已对时", GOOD), ("没对时", WATCH))],
        ),
        _people(Place(0, 8, 12, 8)),
        _by_hour(Place(12, 8, 12, 8)),
        _air(Place(0, 16, 12, 8)),
        _co2(Place(12, 16, 12, 8)),
        _sockets(Place(0, 24, 12, 9)),
        _power(Place(12, 24, 12, 9)),
        _slots(Place(0, 33, 15, 9)),
        _cabinet(
            Place(15, 33, 3, 9),
            Told(
                "换电柜在线",
                "每个换电柜有没有应答。■ 离线：看柜子通没通电、网线松没松。",
                "Whether each cabinet answers.",
                "■: its power, its cable.",
            ),
            "online",
            ("在线", GOOD),
            ("离线", BAD),
        ),
        _cabinet(
            Place(18, 33, 3, 9),
            Told(
                "换电柜市电",
                "每个换电柜有没有市电。■ 停电：看跳闸没有。",
                "Whether each cabinet has mains.",
                "■: the breaker.",
            ),
            "mains_ok",
            ("有电", GOOD),
            ("停电", BAD),
        ),
        _cabinet(
            Place(21, 33, 3, 9),
            Told(
                "换电柜烟雾",
                "每个换电柜有没有烟。■ 有烟：立即疏散，打 119，不要开柜门。",
                "Whether there is smoke in a cabinet.",
                "■: everybody out, call 119, do not open the cabinet.",
            ),
            "smoke",
            ("有烟", BAD),
            ("没有", GOOD),
        ),
        _device(Place(0, 42, 24, 7)),
    ],
    since="now/d",
    refresh="1m",
)
