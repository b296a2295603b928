"""A simulated afternoon of a small network with one station of each fate, and what its numbers are.

Every number that a dashboard has to show is counted here from the lives themselves: who came in when, what
stood at a socket. The points come another way: snapshots into the real store, and out of it through the
server's own code.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Health,
    Info,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
)
from server.influx import minutes, points
from server.influx.places import Places
from server.influx.stretch import Stretch
from server.live import Live
from server.model import Network, Station
from server.store import Accepted
from server.store.commits import Commits
from server.store.reader import Reader
from server.store.sqlite import Store
from server.today import Today

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
NOW: Final = int(datetime(2026, 7, 15, 15, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
MIDNIGHT: Final = NOW - 15 * HOUR
BEGIN: Final = MIDNIGHT - 6 * HOUR
STEP: Final = 2 * MINUTE
"""Each station says so often how it is."""
HOSTILE: Final = '东区/O\'Neil (1+1) <b>"x" $timeFilter'
"""A district as somebody could type it."""
HOSTILE_NAME: Final = '<img src=x onerror=alert(1)> "满座" ${network} ; DROP DATABASE city'
ALERTS: Final = {"alerts_safety": 1, "alerts_critical": 2, "alerts_warning": 3}


def at(hour: int, minute: int = 0) -> int:
    """A time of the day; hours below 0 are of the evening before."""
    return MIDNIGHT + hour * HOUR + minute * MINUTE


@dataclass(frozen=True, slots=True)
class Life:
    """What happens at a station.

    Attributes:
        came, went: when somebody passes the door.
        silent: from when to when nothing is sent, and nothing measured either.
        base_c: temperature in even hours; in odd ones it is half a degree warmer.
        lost: so many snapshots are lost at 11:00; refused: so many refused then.
        unsynced: the clock is not set from 12:00 on.
    """

    station: Station
    came: tuple[int, ...] = ()
    went: tuple[int, ...] = ()
    silent: tuple[tuple[int, int], ...] = ()
    base_c: float = 26.0
    co2_ppm: float | None = None
    sockets: tuple[Socket, ...] = ()
    cabinets: tuple[Cabinet, ...] = ()
    version: str = "1.4.0"
    undervoltage: bool = False
    unsynced: bool = False
    lost: int = 0
    refused: int = 0
    backlog: int = 0

    @property
    def id(self) -> str:
        """Of the station."""
        return self.station.id

    @property
    def district(self) -> str:
        """Of the station."""
        return self.station.region[0]

    def times(self) -> list[int]:
        """When it says how it is."""
        every = range(BEGIN + 90_000, NOW, STEP)
        return [time for time in every if not any(begin <= time < end for begin, end in self.silent)]

    def told(self) -> list[int]:
        """For each entry, when a snapshot first told of it; what none tells of is left out."""
        times = self.times()
        first = ((next((time for time in times if time >= came), None)) for came in self.came)
        return [time for time in first if time is not None]

    def visits(self, from_ms: int, to_ms: int) -> int:
        """Entries told of in that time."""
        return sum(from_ms <= time <= to_ms for time in self.told())

    def people(self, time: int) -> int:
        """Who is inside."""
        return sum(came <= time for came in self.came) - sum(went <= time for went in self.went)

    def temperature(self, time: int) -> float:
        """Of the room."""
        return self.base_c + 0.5 * ((time - MIDNIGHT) // HOUR % 2)

    def health(self, time: int) -> Health:
        """Of the device."""
        late = time >= at(11)
        return Health(
            self.backlog,
            self.lost if late else 0,
            (time - BEGIN) // 1000,
            self.refused if late else 0,
            cpu_c=51.5,
            undervoltage=self.undervoltage,
            disk_free_pct=70.0,
        )

    def health_times(self) -> list[int]:
        """Every ten minutes."""
        return self.times()[::5]

    def snapshots(self) -> Iterator[Snapshot]:
        """All of it, as the station would send it."""
        healthy = set(self.health_times())
        for seq, time in enumerate(self.times(), 1):
            doors = Door("d1", sum(c <= time for c in self.came), sum(w <= time for w in self.went))
            yield Snapshot(
                "0" * 16,
                seq,
                time,
                time - BEGIN,
                "abcdef01",
                "unsynced" if self.unsynced and time >= at(12) else "synced",
                climate=Climate(time, self.temperature(time), 55.0, self.co2_ppm),
                doors=(doors,),
                sockets=self.sockets,
                cabinets=self.cabinets,
                health=self.health(time) if time in healthy else None,
            )

    def info(self) -> Info:
        """What it has."""
        sockets = tuple(SocketInfo(socket.id, socket.kind) for socket in self.sockets)
        cabinets = tuple(CabinetInfo(cabinet.id, len(cabinet.slots)) for cabinet in self.cabinets)
        return Info(self.version, 1, 120, doors=("d1",), sockets=sockets, cabinets=cabinets)


def _station(id_: str, district: str, places: int, lat: float, **more: object) -> Station:
    named = {"name_zh": f"{id_}驿站", "hours": "24/7", "instrumented": True, "network": "liuyang"} | more
    return Station(id_, region=(district,), places=places, lat=lat, lon=113.5, **named)  # type: ignore[arg-type]  # a table


def _around(hour: int, *passed: int) -> tuple[int, ...]:
    return tuple(at(hour, minute) for minute in passed)


SOCKETS: Final = (
    Socket("a1", "ac", "free", BEGIN, 0.0),
    Socket("a2", "ac", "free", BEGIN, 0.0),
    Socket("a3", "ac", "charging", BEGIN, 30.0),
    Socket("a4", "ac", "fault", BEGIN),
)
SLOTS: Final = (
    Slot(1, "present", "full", "closed", soc_pct=100.0),
    Slot(2, "present", "full", "closed", soc_pct=99.0),
    Slot(3, "present", "charging", "closed", soc_pct=40.0),
    Slot(4, "absent", "idle", "closed"),
)
WELL: Final = Life(
    _station("jili-well", "集里", 10, 28.10),
    came=tuple(at(hour, 5) for hour in range(6, 15)),
    went=tuple(at(hour, 50) for hour in range(6, 15)),
    co2_ppm=700.0,
    sockets=SOCKETS,
    cabinets=(Cabinet("c1", True, SLOTS, True, 31.0, False),),
    backlog=4,
)
HOT: Final = Life(
    _station("jili-hot", "集里", 5, 28.11),
    came=_around(7, 10, 20),
    went=_around(7, 40, 41),
    base_c=34.0,
    version="1.3.0",
    undervoltage=True,
)
FULL: Final = Life(
    _station("east-full", HOSTILE, 4, 28.12, name_zh=HOSTILE_NAME), came=_around(8, 1, 3, 5, 7)
)
SILENT: Final = Life(
    _station("east-silent", HOSTILE, 6, 28.13),
    came=(at(9, 1), at(13, 1)),
    went=(at(9, 30),),
    silent=((at(12), NOW),),
)
GAP: Final = Life(
    _station("east-gap", HOSTILE, 6, 28.14),
    came=(*_around(-2, 30, 31, 32, 33, 34), at(10, 5)),
    went=(*_around(-1, 10, 11, 12, 13, 14), at(10, 40)),
    silent=((at(-2), at(2)),),
    unsynced=True,
    lost=3,
    refused=2,
)
NEW: Final = Life(
    _station("jili-new", "集里", 8, 28.15, hours="08:00-12:00"),
    came=_around(10, 5, 9),
    went=_around(10, 20, 21),
    silent=((BEGIN, at(9)),),
)
STALE: Final = Life(_station("jili-stale", "集里", 3, 28.16), silent=((NOW - 6 * MINUTE, NOW),))
OTHER: Final = Life(
    _station("chengdu-one", "武侯", 5, 30.6, network="chengdu"),
    came=(at(10, 1),),
    went=(at(10, 3),),
    base_c=34.0,
)
LIUYANG: Final = (WELL, HOT, FULL, SILENT, GAP, NEW, STALE)
LIVES: Final = (*LIUYANG, OTHER)
STATIC: Final = Station("liuyang-static", "liuyang", "没有设备的驿站", region=("集里",), hours="24/7")
NETWORKS: Final = {
    "liuyang": Network("liuyang", "浏阳“奔跑者”红色驿站", "Liuyang"),
    "chengdu": Network("chengdu", "成都驿站", "Chengdu"),
}


@dataclass(slots=True)
class City:
    """The simulated data as lines for InfluxDB.

    Attributes:
        lines: everything up to :data:`NOW`.
    """

    folder: Path
    lives: tuple[Life, ...] = LIVES
    lines: list[str] = field(default_factory=list)

    def simulate(self) -> None:
        """Live through it: the store commits, the server words, points are made of it."""
        path = self.folder / "readings.db"
        store = Store.open(path)
        for life in self.lives:
            rows = [
                Accepted(life.id, snapshot, snapshot.at_ms, "measured", 0) for snapshot in life.snapshots()
            ]
            store.commit(rows, infos={life.id: life.info()})
        live = Live(store)
        stations = {life.id: life.station for life in self.lives} | {STATIC.id: STATIC}
        live.refresh_registry(NETWORKS, stations, NOW)
        live.rebuild(NOW)
        places = Places(live)
        for life in self.lives:
            place = places.of(life.id)
            assert place is not None
            for _, made in Stretch(Commits(path), place, 0).lines():
                self.lines += made
        self._minutes(live, Reader(path))
        store.close()

    def _minutes(self, live: Live, reader: Reader) -> None:
        today = Today(live, reader)
        for ago in range(3):
            self.lines += minutes.lines(live, None, today, NOW - ago * MINUTE)
        self.lines.append(points.network("liuyang", NETWORKS["liuyang"].name_zh, ALERTS, NOW))
