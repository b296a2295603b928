"""The devices: who is heard of, with which release, how much waits, what was lost."""

from typing import Final

from grafana.boards import Board, network
from grafana.influxql import FRESH, LATE_HEALTH, NETWORK, Target, latest, silent, targets
from grafana.panels import ANY, GRAVE, Column, Piece, Place, Steps, Told, big, lines, rows
from grafana.words import BAD, GOOD, UNKNOWN, WATCH, mapped, yes_no

_BY: Final = '"station", "district"'
_HEALTH: Final = (
    "agent_version outbox_rows clock_synced undervoltage cpu_c disk_free_pct dropped_total refused_total"
    " uptime_s"
)
_TO_STATION: Final = (
    "/d/waystation-station?var-network=${network:percentencode}"
    "&var-station=${__data.fields.station:percentencode}"
)
_STATION: Final = (Column("station", "编号", link=_TO_STATION), Column("district", "区县"))


def _devices(field: str, where: str) -> str:
    """How many devices last said, within 25 minutes, what ``where`` asks for."""
    said = latest(field, "health", NETWORK, _BY, LATE_HEALTH)
    return f'SELECT count("{field}") AS "devices" FROM ({said}) WHERE {where}'


def _number(place: Place, told: Told, query: str, steps: Steps = (), nothing: str = "○ 0") -> Piece:
    return big(told, place, [Target(query)], steps=steps, nothing=nothing)


def _lost(field: str) -> str:
    """What was lost in the chosen range: the steps of a total that begins anew with a new outbox."""
    steps = (
        f'SELECT non_negative_difference("{field}") AS d FROM "health" WHERE {NETWORK} AND $timeFilter'
        f" GROUP BY {_BY}"
    )
    return f'SELECT sum(d) AS "{field}" FROM ({steps})'


def _losers(place: Place) -> Piece:
    told = Told(
        "丢失最多的设备",
        "所选时间内丢了记录（存不下、卡坏了）的设备，丢得多的在前面。换卡、查电源。",
        "Devices that lost snapshots unsent in the chosen range: outbox or disk full, file replaced.",
        "Any: the card, the power supply, then the network that was away for so long.",
    )
    steps = (
        f'SELECT non_negative_difference("dropped_total") AS d FROM "health"'
        f" WHERE {NETWORK} AND $timeFilter GROUP BY {_BY}"
    )
    sums = f'SELECT sum(d) AS "dropped" FROM ({steps}) GROUP BY {_BY}'
    query = f'SELECT "dropped" FROM ({sums}) WHERE "dropped" > 0 GROUP BY {_BY}'
    return rows(told, place, targets(query), [*_STATION, Column("dropped", "丢失", steps=GRAVE)])


def _versions(place: Place) -> Piece:
    told = Told(
        "设备一览",
        "25 分钟内报过平安的设备：版本、积压、时钟、电压、温度、磁盘。版本不一样的，排个时间升级。",
        "Devices that said within 25 minutes how they are; the columns sort.",
        "■ under-voltage: power supply. ▲ clock: NTP. Hot from 80 °C: out of the sun. Disk under 10 %: card.",
    )
    columns = [
        *_STATION,
        Column("agent_version", "版本"),
        Column("outbox_rows", "积压", steps=((0, GOOD), (120, WATCH))),
        Column("clock_synced", "时钟", mappings=[yes_no(("已对时", GOOD), ("没对时", WATCH))]),
        Column("undervoltage", "电压", mappings=[yes_no(("欠压", BAD), ("正常", GOOD))]),
        Column("cpu_c", "处理器", unit="celsius", steps=((0, GOOD), (80, BAD))),
        Column("disk_free_pct", "磁盘剩余", unit="percent", steps=((0, BAD), (10, GOOD))),
        Column("dropped_total", "累计丢失"),
        Column("refused_total", "累计拒收"),
        Column("uptime_s", "运行", unit="s"),
    ]
    return rows(told, place, targets(latest(_HEALTH, "health", NETWORK, _BY, LATE_HEALTH)), columns)


def _silent(place: Place) -> Piece:
    told = Told(
        "没有新数据的设备",
        "一周内有过数据、但 5 分钟没有新数据的。先打电话问有没有电、有没有网。空的说明都在传。",
        "Devices that were heard of within a week, but not for 5 minutes.",
        "Any: call; power first, then the network. Empty is well.",
    )
    columns = [
        *_STATION,
        Column("name", "驿站"),
        Column("n", "状态", mappings=[mapped({"0": ("数据旧了", UNKNOWN)})]),
    ]
    return rows(told, place, targets(silent(NETWORK)), columns, hidden=("Time", "lat", "lon"))


def _backlog(place: Place) -> Piece:
    told = Told(
        "积压",
        "所有设备还没传上来的记录之和。断网会涨，恢复后自己落回去；一直不落，查服务器。",
        "Snapshots that wait in all devices together.",
        "It has no red. It rises when networks are away and falls by itself; else look at the server.",
    )
    each = (
        f'SELECT last("outbox_rows") AS b FROM "health" WHERE {NETWORK} AND $timeFilter'
        ' GROUP BY time(30m), "station" fill(none)'
    )
    query = f"SELECT sum(b) FROM ({each}) WHERE $timeFilter GROUP BY time(30m) fill(null)"
    return lines(told, place, targets(query, alias="积压"))


def _online(place: Place) -> Piece:
    told = Told(
        "在线设备",
        "每 10 分钟传过数据的设备数。突然掉一截，多半是断电或断网；整片掉，查服务器和运营商。",
        "Devices that sent something in each ten minutes.",
        "It has no red. A step down: power or a carrier; all of them: the broker or the server.",
    )
    each = (
        f'SELECT last("access_code") AS a FROM "status" WHERE {NETWORK} AND $timeFilter'
        ' GROUP BY time(10m), "station" fill(none)'
    )
    query = f"SELECT count(a) FROM ({each}) WHERE $timeFilter GROUP BY time(10m) fill(null)"
    return lines(told, place, targets(query, alias="在线"))


_HEARD: Final = latest("access_code", "status", NETWORK, _BY, FRESH)


BOARD: Final = Board(
    "fleet",
    "驿站设备",
    "The devices, for those who keep them running; a day by default.",
    [network(several=True)],
    [
        _number(
            Place(0, 0, 4, 4),
            Told(
                "实时",
                "5 分钟内有数据的设备。",
                "Devices heard of within 5 minutes.",
                "It has no red; see `没有新数据`.",
            ),
            f'SELECT count("access_code") AS "devices" FROM ({_HEARD})',
            ((0, GOOD),),
            "✕ 0",
        ),
        _number(
            Place(4, 0, 4, 4),
            Told(
                "没有新数据",
                "一周内有过数据、但 5 分钟没有新数据的设备。看下面的名单。",
                "Devices heard of within a week, but not for 5 minutes.",
                "▲: the list below has their names.",
            ),
            f'SELECT count(n) AS "devices" FROM ({silent(NETWORK)})',
            ANY,
        ),
        _number(
            Place(8, 0, 4, 4),
            Told(
                "欠压",
                "电压不够的设备。换电源适配器和线。",
                "Devices whose supply voltage is too low.",
                "■: replace the power supply and its cable.",
            ),
            _devices("undervoltage", '"undervoltage" = 1'),
            GRAVE,
        ),
        _number(
            Place(12, 0, 4, 4),
            Told(
                "没对时",
                "时钟没对准的设备。查路由器有没有挡住对时（NTP）。",
                "Devices whose clock is not synchronised.",
                "▲: a router that stops NTP, or no network.",
            ),
            _devices("clock_synced", '"clock_synced" = 0'),
            ANY,
        ),
        _number(
            Place(16, 0, 4, 4),
            Told(
                "丢失记录",
                "所选时间内没传上来就丢了的记录。不是 0 就看“丢失最多的设备”。",
                "Snapshots lost unsent in the chosen range.",
                "■: see the devices that lost most.",
            ),
            _lost("dropped_total"),
            GRAVE,
        ),
        _number(
            Place(20, 0, 4, 4),
            Told(
                "拒收记录",
                "所选时间内被服务器拒收的记录。不是 0 就看后台“设备”页的拒收原因。",
                "Snapshots that the server refused in the chosen range.",
                "▲: the console's page of refused messages has the reasons.",
            ),
            _lost("refused_total"),
            ANY,
        ),
        _online(Place(0, 4, 12, 8)),
        _backlog(Place(12, 4, 12, 8)),
        _versions(Place(0, 12, 24, 14)),
        _losers(Place(0, 26, 12, 10)),
        _silent(Place(12, 26, 12, 10)),
    ],
    since="now-24h",
    refresh="1m",
)
