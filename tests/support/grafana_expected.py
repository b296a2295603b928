"""What every query of every dashboard has to answer about the simulated city, counted from its lives.

A key is (dashboard, panel or variable, letter of the query). Tables are lists of rows, series are named and
hold a value for each time; times are the beginnings of buckets.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from server.influx import words
from tests.support.grafana_city import (
    ALERTS,
    FULL,
    GAP,
    HOT,
    HOUR,
    LIUYANG,
    MIDNIGHT,
    MINUTE,
    NETWORKS,
    NEW,
    NOW,
    SILENT,
    SLOTS,
    SOCKETS,
    STALE,
    STATIC,
    WELL,
    Life,
)

Key = tuple[str, str, str]
DAY_AGO: Final = NOW - 24 * HOUR
RECENT: Final = [life for life in LIUYANG if life.times()[-1] > NOW - 10 * MINUTE]
FRESH: Final = [life for life in LIUYANG if life.times()[-1] > NOW - 5 * MINUTE]
QUIET: Final = [life for life in LIUYANG if life not in FRESH]
TEN: Final = 10 * MINUTE
FIVE: Final = 5 * MINUTE


def bucketed(times: Iterable[int], wide: int, value: Callable[[list[int]], Any]) -> dict[int, Any]:
    """A value of the times of each bucket."""
    groups: dict[int, list[int]] = {}
    for time in times:
        groups.setdefault(time // wide * wide, []).append(time)
    return {begin: value(group) for begin, group in groups.items()}


def mean(values: Iterable[float]) -> float:
    """Arithmetic."""
    found = list(values)
    return sum(found) / len(found)


def today(life: Life, since: int = MIDNIGHT) -> list[int]:
    """When it said something in the range."""
    return [time for time in life.times() if time >= since]


def districts(lives: Iterable[Life]) -> dict[str, list[Life]]:
    """Lives by district."""
    made: dict[str, list[Life]] = {}
    for life in lives:
        made.setdefault(life.district, []).append(life)
    return made


def _row(life: Life, **cells: object) -> dict[str, object]:
    return {"station": life.id, "district": life.district} | cells


def _spot(life: Life) -> dict[str, object]:
    station = life.station
    return _row(life, name=station.name_zh, lat=station.lat, lon=station.lon)


def _by_district(lives: Iterable[Life], at_ms: int = 0) -> dict[str, dict[int, int]]:
    return {district: {at_ms: len(group)} for district, group in districts(lives).items()}


def _hours(lives: Iterable[Life]) -> dict[int, int]:
    """Entries by hour in which a station spoke, but for its first one."""
    made: dict[int, int] = {}
    for life in lives:
        spoken = sorted({time // HOUR * HOUR for time in life.times()})
        for hour in spoken[1:]:
            told = sum(hour <= time < hour + HOUR for time in life.told())
            made[hour] = made.get(hour, 0) + told
    return made


def wall() -> Mapping[Key, Any]:
    """The screen in the hall."""
    one = {
        "开放": "open",
        "很挤": "crowded",
        "太热": "hot",
        "离线": "offline",
        "满电电池": "batteries_charged",
    }
    counted = {
        "open": 6 + 1,
        "crowded": len([FULL]),
        "hot": len([HOT]),
        "offline": len([SILENT]),
        "batteries_charged": sum(slot.charge == "full" for slot in SLOTS),
    }
    visits = sum(life.visits(MIDNIGHT, NOW) for life in LIUYANG)
    registered = len([*LIUYANG, STATIC])
    calm = [WELL, GAP, STALE]
    return {
        **{("wall", title, "A"): [{name: counted[name]}] for title, name in one.items()},
        ("wall", "network", ""): [{"key": "network", "value": name} for name in sorted(NETWORKS)],
        ("wall", "part", ""): [{"key": "network", "value": name} for name in sorted(NETWORKS)],
        ("wall", "驿站网络", "A"): [{"name": NETWORKS["liuyang"].name_zh}],
        ("wall", "数据时间", "A"): [{"registered": registered}],
        ("wall", "数据新旧", "A"): [{"minutes": 3}],
        ("wall", "今日到访", "A"): [{"visits_today": visits}],
        ("wall", "人身安全、严重告警、一般告警", "A"): [dict(ALERTS)],
        ("wall", "驿站地图", "A"): [_spot(life) for life in calm],
        ("wall", "驿站地图", "B"): [_spot(NEW)],
        ("wall", "驿站地图", "C"): [_spot(FULL)],
        ("wall", "驿站地图", "D"): [_spot(HOT)],
        ("wall", "驿站地图", "E"): [_spot(life) | {"n": 0} for life in QUIET],
        **{
            ("wall", "要处理的驿站", letter): [
                _row(life, name=life.station.name_zh, code=code) for life in lives
            ]
            for letter, lives, code in [
                ("A", [HOT], 30 + words.COMFORT["hot"]),
                ("B", [FULL], 20 + words.CROWDING["full"]),
                ("C", [WELL], 1000 + sum(socket.state == "fault" for socket in SOCKETS)),
                ("D", QUIET, 0),
            ]
        },
    }


def _facts(life: Life) -> dict[str, int]:
    """What ``status`` last said of it."""
    free = sum(socket.state == "free" for socket in life.sockets)
    cabinets = [slot for cabinet in life.cabinets for slot in cabinet.slots]
    return {
        "access_code": words.ACCESS["closed" if life is NEW else "open"],
        "crowding_code": words.CROWDING["full" if life is FULL else "quiet"],
        "comfort_code": words.COMFORT["hot" if life is HOT else "cool"],
        "sockets_free": free,
        "batteries_charged": sum(slot.charge == "full" for slot in cabinets),
        "problems": sum(socket.state == "fault" for socket in life.sockets),
    }


def _taken(life: Life) -> dict[int, float]:
    """Percent of its places taken, by hour."""
    places = life.station.places or 0
    return bucketed(today(life), HOUR, lambda times: mean(map(life.people, times)) / places * 100)


def _share(lives: list[Life]) -> dict[int, float]:
    """Percent of the places taken by hour: the mean of the stations' means."""
    each = [_taken(life) for life in lives]
    hours = sorted({hour for hourly in each for hour in hourly})
    return {hour: mean(hourly[hour] for hourly in each if hour in hourly) for hour in hours}


def _warmth(lives: list[Life]) -> dict[int, float]:
    """Mean temperature of all that was measured in five minutes."""
    pairs = [(time, life.temperature(time)) for life in lives for time in today(life)]
    buckets = sorted({time // FIVE * FIVE for time, _ in pairs})
    return {begin: mean(warm for time, warm in pairs if time // FIVE * FIVE == begin) for begin in buckets}


def network() -> Mapping[Key, Any]:
    """By district."""
    groups = districts(LIUYANG)
    now = {
        district: [
            {
                "district": district,
                "stations": len(lives),
                "sockets_free": sum(_facts(life)["sockets_free"] for life in lives),
                "sockets_total": sum(len(life.sockets) for life in lives),
                "batteries_charged": sum(_facts(life)["batteries_charged"] for life in lives),
                "slots_total": sum(len(cabinet.slots) for life in lives for cabinet in life.cabinets),
                "problems": sum(_facts(life)["problems"] for life in lives),
            }
        ]
        for district, lives in districts(RECENT).items()
    }
    return {
        ("network", "network", ""): [{"key": "network", "value": name} for name in sorted(NETWORKS)],
        ("network", "各区此刻", "A"): [row for rows in now.values() for row in rows],
        ("network", "各区开放", "A"): _by_district(life for life in RECENT if life is not NEW),
        ("network", "各区很挤", "A"): _by_district([FULL]),
        ("network", "各区太热太冷", "A"): _by_district([HOT]),
        ("network", "各区到访人次", "A"): {
            district: {0: sum(life.visits(MIDNIGHT, NOW) for life in lives)}
            for district, lives in groups.items()
        },
        ("network", "每小时到访人次", "A"): {district: _hours(lives) for district, lives in groups.items()},
        ("network", "每小时拥挤程度", "A"): {district: _share(lives) for district, lives in groups.items()},
        ("network", "各区室温", "A"): {district: _warmth(lives) for district, lives in groups.items()},
        ("network", "驿站一览", "A"): [
            _row(life, name=life.station.name_zh) | _facts(life) for life in RECENT
        ],
        ("network", "没有新数据的驿站", "A"): [_spot(life) | {"n": 0} for life in QUIET],
    }


def _units(values: Mapping[str, float]) -> dict[str, dict[int, float]]:
    tens = sorted({time // TEN * TEN for time in today(WELL)})
    return {unit: dict.fromkeys(tens, value) for unit, value in values.items()}


def station() -> Mapping[Key, Any]:
    """Everything about :data:`WELL`."""
    times, facts = today(WELL), _facts(WELL)
    fives = sorted({time // FIVE * FIVE for time in times})
    inside = bucketed(times, FIVE, lambda found: mean(map(WELL.people, found)))
    now = {"开门": "access_code", "拥挤": "crowding_code", "冷热": "comfort_code", "空插座": "sockets_free"}
    now |= {"满电电池": "batteries_charged", "故障": "problems"}
    healthy = [time for time in WELL.health_times() if time >= MIDNIGHT]
    power = {socket.id: socket.power_w for socket in SOCKETS if socket.power_w is not None}
    slots = {1: "charged", 2: "charged", 3: "charging", 4: "empty"}
    return {
        **{("station", title, "A"): [{name: facts[name]}] for title, name in now.items()},
        ("station", "network", ""): [{"key": "network", "value": name} for name in sorted(NETWORKS)],
        ("station", "station", ""): [
            {"key": "station", "value": name} for name in sorted(life.id for life in LIUYANG)
        ],
        ("station", "驿站", "A"): [{"name": WELL.station.name_zh}],
        ("station", "最近一次数据", "A"): [{"access_code": facts["access_code"]}],
        ("station", "到访人次", "A"): [{"visits": WELL.visits(MIDNIGHT, NOW)}],
        ("station", "供电", "A"): [{"undervoltage": 0}],
        ("station", "时钟", "A"): [{"clock_synced": 1}],
        ("station", "站内人数", "A"): {"人数": inside},
        ("station", "站内人数", "B"): {"座位": dict.fromkeys(fives, WELL.station.places)},
        ("station", "每小时到访人次", "A"): {"人次": _hours([WELL])},
        ("station", "温度和湿度", "A"): {"温度 °C": _warmth([WELL])},
        ("station", "温度和湿度", "B"): {"湿度 %": dict.fromkeys(fives, 55.0)},
        ("station", "二氧化碳", "A"): {"CO₂": dict.fromkeys(fives, WELL.co2_ppm)},
        ("station", "每个插座", "A"): _units({each.id: words.SOCKET[each.state] for each in SOCKETS}),
        ("station", "插座用电", "A"): power,
        ("station", "换电柜每个仓", "A"): _units(
            {f"c1/{slot}": words.SLOT[word] for slot, word in slots.items()}  # type: ignore[index]  # words
        ),
        **{
            ("station", title, "A"): {"c1": value}
            for title, value in {"换电柜在线": 1, "换电柜市电": 1, "换电柜烟雾": 0}.items()
        },
        ("station", "待传数据", "A"): {"待传": {time // FIVE * FIVE: WELL.backlog for time in healthy}},
    }


def _device(life: Life) -> dict[str, object]:
    time = life.health_times()[-1]
    said = life.health(time)
    return _row(
        life,
        agent_version=life.version,
        outbox_rows=said.outbox_rows,
        clock_synced=int(not life.unsynced),
        undervoltage=int(life.undervoltage),
        cpu_c=said.cpu_c,
        disk_free_pct=said.disk_free_pct,
        dropped_total=said.dropped_total,
        refused_total=said.refused_total,
        uptime_s=said.uptime_s,
    )


def fleet() -> Mapping[Key, Any]:
    """The devices."""
    half = 30 * MINUTE
    tens = dict.fromkeys(range(DAY_AGO // TEN * TEN, NOW + 1, TEN), 0)
    backlog: dict[int, int] = {}
    for life in LIUYANG:
        for begin in {time // TEN * TEN for time in today(life, DAY_AGO)}:
            tens[begin] = tens.get(begin, 0) + 1
        for begin in {time // half * half for time in life.health_times() if time >= DAY_AGO}:
            backlog[begin] = backlog.get(begin, 0) + life.backlog
    lately = [life for life in LIUYANG if life.health_times()[-1] > NOW - 25 * MINUTE]
    return {
        ("fleet", "network", ""): [{"key": "network", "value": name} for name in sorted(NETWORKS)],
        ("fleet", "实时", "A"): [{"devices": len(FRESH)}],
        ("fleet", "没有新数据", "A"): [{"devices": len(QUIET)}],
        ("fleet", "欠压", "A"): [{"devices": len([HOT])}],
        ("fleet", "没对时", "A"): [{"devices": len([GAP])}],
        ("fleet", "丢失记录", "A"): [{"dropped_total": GAP.lost}],
        ("fleet", "拒收记录", "A"): [{"refused_total": GAP.refused}],
        ("fleet", "在线设备", "A"): {"在线": tens},
        ("fleet", "积压", "A"): {"积压": backlog},
        ("fleet", "设备一览", "A"): [_device(life) for life in lately],
        ("fleet", "丢失最多的设备", "A"): [_row(GAP, dropped=GAP.lost)],
        ("fleet", "没有新数据的设备", "A"): [_spot(life) | {"n": 0} for life in QUIET],
    }


EXPECTED: Final[Mapping[Key, Any]] = {**wall(), **network(), **station(), **fleet()}
BEGINNINGS: Final = {"wall": NOW - FIVE, "network": MIDNIGHT, "station": MIDNIGHT, "fleet": DAY_AGO}
"""From when on each dashboard shows its numbers, opened at :data:`NOW`."""
