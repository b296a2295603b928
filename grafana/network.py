"""By district: comfort, crowding by hour, sockets, batteries, visits. For those who run a network."""

from typing import Final

from grafana.boards import Board, network
from grafana.influxql import NETWORK, ZONE, latest, silent, targets, visits, visits_by_hour
from grafana.panels import ANY, GRAVE, Column, Piece, Place, Steps, Told, bands, gauges, lines, rows
from grafana.words import BAD, GOOD, UNKNOWN, WATCH, from_to, mapped, word_of

_DISTRICT: Final = '"district"'
_BY: Final = '"station", "district"'
_FACTS: Final = (
    "access_code crowding_code comfort_code sockets_free sockets_total batteries_charged slots_total problems"
)
_TO_STATION: Final = (
    "/d/waystation-station?var-network=${network:percentencode}"
    "&var-station=${__data.fields.station:percentencode}"
)


def _now(chosen: str, where: str = "") -> str:
    """Sums over the stations of each district, of what was told within 10 minutes."""
    facts = latest(_FACTS, "status", NETWORK, _BY)
    return f"SELECT {chosen} FROM ({facts}) {where}GROUP BY {_DISTRICT}"


def _how_many(place: Place) -> Piece:
    told = Told(
        "各区此刻",
        "每个区此刻有数据的驿站、空插座和插座总数、满电电池和仓位总数、出故障的部件。"
        "空插座或满电电池是 0 的区，看看附近的区能不能分担；有故障就报修。",
        "For each district: stations heard of within 10 minutes, free sockets of all, charged batteries of"
        " all slots, and parts out of order.",
        "No free socket or battery: send riders to the next district. Parts out of order: repair.",
    )
    chosen = (
        'count("access_code") AS "stations", sum("sockets_free") AS "sockets_free",'
        ' sum("sockets_total") AS "sockets_total", sum("batteries_charged") AS "batteries_charged",'
        ' sum("slots_total") AS "slots_total", sum("problems") AS "problems"'
    )
    columns = [
        Column("district", "区县"),
        Column("stations", "有数据的驿站"),
        Column("sockets_free", "空插座", steps=((0, BAD), (1, GOOD))),
        Column("sockets_total", "插座"),
        Column("batteries_charged", "满电电池", steps=((0, BAD), (1, GOOD))),
        Column("slots_total", "仓位"),
        Column("problems", "故障", steps=((0, GOOD), (1, WATCH))),
    ]
    return rows(told, place, targets(_now(chosen)), columns)


def _count_of(place: Place, told: Told, where: str, steps: Steps) -> Piece:
    query = _now('count("access_code") AS "stations"', f"WHERE {where} ")
    return gauges(told, place, targets(query, alias="$tag_district"), steps=steps, nothing="○ 没有")


def _visits(place: Place) -> Piece:
    told = Told(
        "各区到访人次",
        "所选时间（默认今天零点起）各区进门的人次。比平时少一半以上的区，先看门口计数器有没有被挡住。",
        "Person-times (服务人次) in the chosen range, from midnight on by default: exact, from the totals.",
        "It has no red. Half of the usual: look for blocked beams and silent stations first.",
    )
    return gauges(told, place, targets(visits(NETWORK, _DISTRICT), alias="$tag_district"))


def _by_hour(place: Place) -> Piece:
    told = Told(
        "每小时到访人次",
        "每个小时各区进门的人次，叠在一起是全网。空着的小时没有人进门，或者没有数据。",
        "Person-times of each hour, the districts on top of each other.",
        "It has no red. An empty hour: nobody came, or nothing was measured.",
    )
    query = visits_by_hour(NETWORK, _DISTRICT)
    return lines(told, place, targets(query, alias="$tag_district"), bars=True)


def _crowding(place: Place) -> Piece:
    told = Told(
        "每小时拥挤程度",
        "每个区每小时平均坐了几成（有座位数的驿站）。常常“很挤”的时段，请驿站提前开放或加座位。",
        "The mean share of places taken in each hour, of the stations whose places are known.",
        "■ (from 100 %) and ▲ (from 80 %) at the same hours each day: open earlier, add seats.",
    )
    share = (
        'SELECT mean("people") / mean("places") * 100 AS p FROM "occupancy"'
        f" WHERE {NETWORK} AND $timeFilter GROUP BY time(1h), {_BY} fill(none) tz('{ZONE}')"
    )
    query = (
        f"SELECT mean(p) FROM ({share}) WHERE $timeFilter"
        f" GROUP BY time(1h), {_DISTRICT} fill(null) tz('{ZONE}')"
    )
    words = [
        from_to(0, 49.999, "不挤", GOOD),
        from_to(50, 79.999, "有点挤", GOOD),
        from_to(80, 99.999, "很挤", WATCH),
        from_to(100, 9999, "满了", BAD),
    ]
    return bands(
        told, place, targets(query, alias="$tag_district"), mappings=words, steps=((80, WATCH), (100, BAD))
    )


def _comfort(place: Place) -> Piece:
    told = Told(
        "各区室温",
        "各区驿站的平均室温。夏天超过 30 °C、冬天低于 14 °C 的区，逐站检查空调和门窗。",
        "The mean temperature of the districts' stations.",
        "Over 30 °C in summer, under 14 °C in winter: find the stations in the list below and call them.",
    )
    query = (
        f'SELECT mean("temperature_c") FROM "climate" WHERE {NETWORK} AND $timeFilter'
        f" GROUP BY time($__interval), {_DISTRICT} fill(null)"
    )
    return lines(told, place, targets(query, alias="$tag_district"), unit="celsius")


def _stations(place: Place) -> Piece:
    told = Told(
        "驿站一览",
        "10 分钟内有数据的驿站，点编号看详情。带 ■ 的先打电话。",
        "Stations heard of within 10 minutes; the id leads to the station's own dashboard.",
        "■: call the station; ▲: watch it.",
    )
    fields = "name access_code crowding_code comfort_code sockets_free batteries_charged problems"
    columns = [
        Column("station", "编号", link=_TO_STATION),
        Column("name", "驿站"),
        Column("district", "区县"),
        Column("access_code", "开门", mappings=[word_of("access")]),
        Column("crowding_code", "拥挤", mappings=[word_of("crowding")]),
        Column("comfort_code", "冷热", mappings=[word_of("comfort")]),
        Column("sockets_free", "空插座"),
        Column("batteries_charged", "满电电池"),
        Column("problems", "故障", steps=((0, GOOD), (1, WATCH))),
    ]
    return rows(told, place, targets(latest(fields, "status", NETWORK, _BY)), columns)


def _silent(place: Place) -> Piece:
    told = Told(
        "没有新数据的驿站",
        "一周内有过数据、但 5 分钟没有新数据的驿站。先打电话问有没有电、有没有网。空的说明都在传。",
        "Stations that were heard of within a week, but not for 5 minutes.",
        "Any: call; power first, then the network. Empty is well.",
    )
    columns = [
        Column("station", "编号", link=_TO_STATION),
        Column("name", "驿站"),
        Column("district", "区县"),
        Column("n", "状态", mappings=[mapped({"0": ("数据旧了", UNKNOWN)})]),
    ]
    return rows(told, place, targets(silent(NETWORK)), columns, hidden=("Time", "lat", "lon"))


BOARD: Final = Board(
    "network",
    "驿站网络",
    "By district, for those who run a network; today by default.",
    [network(several=True)],
    [
        _how_many(Place(0, 0, 24, 8)),
        _count_of(
            Place(0, 8, 6, 8),
            Told(
                "各区开放",
                "各区此刻能进门的驿站。没列出的区一个也没有。",
                "Stations of each district that riders can enter now.",
                "It has no red. A district that is not listed has none.",
            ),
            '"access_code" <= 1',
            ((0, GOOD),),
        ),
        _count_of(
            Place(6, 8, 6, 8),
            Told(
                "各区很挤",
                "各区此刻很挤或坐满的驿站。引导骑手去旁边的驿站。",
                "Stations of each district that are crowded or full now.",
                "Guide riders to the stations beside.",
            ),
            '"crowding_code" >= 2 AND "crowding_code" <= 3',
            ANY,
        ),
        _count_of(
            Place(12, 8, 6, 8),
            Told(
                "各区太热太冷",
                "各区此刻太热或太冷的驿站。打电话让人开空调或暖气。",
                "Stations of each district that are too hot or too cold now.",
                "Call them: air conditioner, heating, door.",
            ),
            '"comfort_code" >= 3 AND "comfort_code" <= 4',
            GRAVE,
        ),
        _visits(Place(18, 8, 6, 8)),
        _by_hour(Place(0, 16, 12, 9)),
        _crowding(Place(12, 16, 12, 9)),
        _comfort(Place(0, 25, 24, 9)),
        _stations(Place(0, 34, 16, 14)),
        _silent(Place(16, 34, 8, 14)),
    ],
    since="now/d",
    refresh="5m",
)
