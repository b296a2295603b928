"""A small city on disk with names that try to break out, for what is written to InfluxDB."""

from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Fault,
    Health,
    Info,
    Presence,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
)
from server.influx import known
from server.influx.places import Place
from server.model import Network, Station
from server.registry import Registry
from server.settings import Settings
from server.store import Accepted
from server.store.sqlite import Store

BOOT: Final = "6fd1c0de-1111-2222-3333-444455556666"
HEARTBEAT_MS: Final = 30_000
NETWORKS: Final = {
    "city": Network("city", '城市 "甲", \\n=1\n二', "City"),
    "town": Network("town", "小镇🍜", "Town", parent="city", time_zone="Asia/Urumqi"),
}
STATIONS: Final = (
    Station(
        "ferry", "city", '渡口 "甲", a=b\\路\r\n二楼☂\U0001f35c', region=('高 新,区="东"', "街"), places=12
    ),
    Station("market", "city", "市场\\", region=("a\nb\\",), lat=28.1637, lon=113.6433, places=8),
    Station("town-1", "town", "镇口驿站", instrumented=True),
)
DISTRICTS: Final = {"ferry": '高 新,区="东"', "market": "a b", "town-1": "-"}
"""As they come back: what no tag can hold is a space."""
NAMES: Final = {"ferry": '渡口 "甲", a=b 路 二楼☂🍜', "market": "市场 ", "town-1": "镇口驿站"}
_SOCKETS: Final = {"ferry": 3, "market": 0, "town-1": 1}
_SLOTS: Final = {"ferry": 4, "market": 2, "town-1": 0}
_STATES: Final = ("free", "charging", "full", "in_use", "off", "fault", "unknown")


class City:
    """Its files in ``folder``, and what was committed.

    Attributes:
        said: the snapshots of each station, in time.
        infos: what each station has.
    """

    def __init__(self, folder: Path, from_ms: int, snapshots: int) -> None:
        self.folder, self.from_ms = folder, from_ms
        self.to_ms = from_ms + snapshots * HEARTBEAT_MS
        self.settings = Settings(data_dir=folder)
        self.infos = {each.id: _info(each.id) for each in STATIONS}
        self.said = {each.id: [_snapshot(each.id, n, from_ms) for n in range(snapshots)] for each in STATIONS}
        with closing(Registry.open(self.settings.registry_db)) as registry:
            registry.put_networks(list(NETWORKS.values()))
            registry.put_stations(list(STATIONS))
        with closing(Store.open(self.settings.readings_db)) as store:
            store.commit([], infos=self.infos)
            for station_id, said in self.said.items():
                store.commit([Accepted(station_id, each, each.at_ms, "measured", each.seq) for each in said])

    def places(self) -> list[Place]:
        """What is known of the stations, in the order of ids."""
        return known.places(NETWORKS, STATIONS, self.infos)


def _info(station_id: str) -> Info:
    sockets = tuple(SocketInfo(f"s{n}", "ac") for n in range(_SOCKETS[station_id]))
    cabinets = (CabinetInfo("c0", _SLOTS[station_id]),) if _SLOTS[station_id] else ()
    return Info("0.1.0", 1, 30, doors=("main",), sockets=sockets, cabinets=cabinets)


def _snapshot(station_id: str, n: int, from_ms: int) -> Snapshot:
    """The station's ``n``-th one; the same each time it is asked for."""
    dice, at_ms = Random(f"{station_id} {n}"), from_ms + n * HEARTBEAT_MS  # noqa: S311  (numbers to tell apart)
    came = n * (3 + len(station_id)) // 7
    co2 = float(dice.randrange(400, 2000)) if station_id == "ferry" else None
    air = Climate(at_ms - 1000, round(dice.uniform(18, 34), 1), round(dice.uniform(30, 90), 1), co2)
    return Snapshot(
        "00000000000000aa",
        n + 1,
        at_ms,
        n * HEARTBEAT_MS,
        BOOT,
        "synced",
        climate=air,
        doors=(Door("main", 100 + came, 50 + came * 2 // 3),),
        presence=Presence(at_ms),
        sockets=tuple(_socket(each, at_ms, dice) for each in range(_SOCKETS[station_id])),
        cabinets=(_cabinet(_SLOTS[station_id], dice),) if _SLOTS[station_id] else (),
        health=Health(n, 0, n * 30, 0, 50 + n % 99 / 8, n % 2 == 0, 71.5) if n % 20 == 0 else None,
        faults=(Fault("room", "silent", at_ms),) if n % 7 == 0 else (),
    )


def _socket(n: int, at_ms: int, dice: Random) -> Socket:
    state = dice.choice(_STATES)
    power_w = round(dice.uniform(0, 65), 2) if state in ("charging", "full", "in_use") else None
    return Socket(f"s{n}", "ac", state, at_ms, power_w)  # type: ignore[arg-type]  # one of them


def _cabinet(slots: int, dice: Random) -> Cabinet:
    made = tuple(
        Slot(
            n + 1,
            "present",
            dice.choice(("idle", "charging", "full")),
            "closed",
            True,
            float(dice.randrange(101)),
            30.5,
        )
        for n in range(slots)
    )
    return Cabinet(
        "c0", dice.random() < 0.9, made, mains_ok=True, temperature_c=round(dice.uniform(20, 40), 1)
    )
