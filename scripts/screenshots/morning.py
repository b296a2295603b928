"""An hour of the demo's Taiyuan that the alerts' engine has watched, by a clock that is turned.

The stations say what they say in the demo: badly cooled rooms grow hot, two sensors fail. Put on top is
what seldom happens: a hot battery, a heater at a socket, a blocked door, a district without network.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from contract.messages import Fault, Health, Info, Link, SensorInfo, Snapshot, Status
from edge.days import Station as Day
from edge.options import Options
from edge.sensors.simulated import read_profile
from scripts.screenshots.shot import NOON_MS
from server.accounts.audit import terminal
from server.accounts.roles import Place
from server.accounts.signin import Entered
from server.accounts.users import Profile
from server.alerts.engine import Engine
from server.alerts.model import Alert
from server.alerts.silences import Matcher, Silence
from server.demo.networks import NETWORKS
from server.demo.stations import Life, build
from server.live import Live
from server.model import Station
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.office import Office
from server.pipeline import Pipeline
from server.registry import Registry
from server.reports.reports import Reports
from server.settings import Settings
from server.store import Accepted
from server.store.sqlite import Store
from server.web.staff.services import Staff

NETWORK: Final = "taiyuan"
LIVE: Final = 250
"""As many live stations as ``make demo`` has, 90 of them in Taiyuan."""
MIN: Final = 60_000
BEGAN_MS: Final = NOON_MS - 70 * MIN
YESTERDAY_MS: Final = NOON_MS - 1_440 * MIN
SILENT: Final = "晋源区"
CUT_MS: Final = NOON_MS - 22 * MIN
HOT: Final = "taiyuan-0075"
DRAWN: Final = "taiyuan-jiajie"
BURNING: Final = "taiyuan-0081"
BATTERIES: Final = "taiyuan-0049"
BLOCKED: Final = "taiyuan-0012"
PASSWORD: Final = "纸船 lantern harbour"  # noqa: S105  (of people who are there for a picture)
PEOPLE: Final = {"tian": Profile("田师傅", "technician", places=(Place(NETWORK),)),
                 "max": Profile("马经理", "manager", places=(Place(NETWORK),))}  # fmt: skip
DRAWN_DAY: Final = (HOT, DRAWN)
"""Stations with all of their day."""
BOOT: Final = "6fd1c0de-1111-2222-3333-444455556666"
VERSIONS: Final = ("0.1.0", "0.1.0", "0.1.0", "0.0.9")


class Voice:
    """What a station of the demo says, and how this hour is worse than its usual ones."""

    def __init__(self, station: Station, life: Life) -> None:
        self.station, self._seq = station, 0
        self._day = Day(read_profile(Options({k: v for k, v in life.items() if k != "id"}, "the demo")))
        dice = Random(station.id)  # noqa: S311  (a picture's look)
        self.stream = f"{dice.getrandbits(64):016x}"
        self.late_ms = dice.randrange(30_000)
        """How long before a pass its heartbeat comes."""
        self._cpu_c, self._free_pct = dice.uniform(48, 66), dice.uniform(55, 88)
        self.version = dice.choice(VERSIONS)

    def cut_off(self, at_ms: int) -> bool:
        """Whether nothing arrives."""
        silent = self.station.region[0] == SILENT and at_ms >= CUT_MS
        return silent or self._day.cut_off(at_ms) is not None

    def info(self) -> Info:
        """What it says of itself at birth."""
        profile = self._day.profile
        sensors = (SensorInfo("room", "dht22"), SensorInfo("pir", "presence_pir"))
        return Info(
            self.version, 1.0, 30.0, sensors, profile.door_ids(), profile.sockets, profile.cabinets, True
        )

    def link(self, at_ms: int) -> Status:
        """What the broker knows of its connection."""
        state: Link = "lost" if self.cut_off(at_ms) else "online"
        return Status(state, BOOT, self.version, min(at_ms, CUT_MS) if state == "lost" else YESTERDAY_MS)

    def says(self, at_ms: int, *, health: bool) -> Snapshot:
        """Everything at one moment."""
        day, self._seq = self._day, self._seq + 1
        failing = [part for part in day.profile.parts() if day.fails(part, at_ms)]
        uptime_s = (at_ms - YESTERDAY_MS) // 1000 + 400_000
        machine = Health(0, 0, uptime_s, 0, round(self._cpu_c, 1), False, round(self._free_pct))
        usual = Snapshot(
            self.stream, self._seq, at_ms, uptime_s * 1000, BOOT, "synced",
            climate=None if "climate" in failing else day.climate(at_ms),
            doors=() if "door" in failing else tuple(day.doors(at_ms)),
            presence=None if "presence" in failing else day.presence(at_ms),
            sockets=() if "sockets" in failing else tuple(day.sockets(at_ms)),
            cabinets=() if "cabinet" in failing else tuple(day.cabinets(at_ms)),
            health=machine if health else None,
            faults=tuple(Fault(part, "no_answer", at_ms) for part in failing),
        )  # fmt: skip
        return worse(self.station.id, usual)


def worse(station_id: str, usual: Snapshot) -> Snapshot:
    """What seldom happens, happening in this hour."""
    ago_ms = NOON_MS - usual.at_ms
    match station_id:
        case _ if station_id == BURNING and ago_ms < 3 * MIN:
            cabinet = usual.cabinets[0]
            slots = [replace(each, temperature_c=64.5) if each.n == 7 else each for each in cabinet.slots]
            return replace(usual, cabinets=(replace(cabinet, slots=tuple(slots)),))
        case _ if station_id == DRAWN and ago_ms < 16 * MIN:
            heater = replace(usual.sockets[1], state="in_use", power_w=2640.0)
            return replace(usual, sockets=(usual.sockets[0], heater, *usual.sockets[2:]))
        case _ if station_id == BLOCKED and 25 * MIN < ago_ms < 55 * MIN:
            return replace(usual, doors=(replace(usual.doors[0], blocked=True), *usual.doors[1:]))
    return usual


class Morning:
    """The server's parts for staff; ``now_ms`` is what all of its clocks say."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = YESTERDAY_MS
        self.settings = Settings(data_dir=folder)
        self.pipeline = Pipeline(connected=True, alive=True)
        self.registry = Registry.open(self.settings.registry_db)
        self.store = Store.open(self.settings.readings_db)
        self.live = Live(self.store)
        self.reports = Reports.open(self.settings.reports_db)
        city = [each for each in build(LIVE) if each.station.network == NETWORK]
        self.registry.put_networks([each for each in NETWORKS if each.id == NETWORK])
        self.registry.put_stations([each.station for each in city])
        self.live.refresh_registry(self.registry.networks(), self.registry.stations(), self.now_ms)
        self._voices = [Voice(each.station, each.life) for each in city if each.life is not None]
        office = Office.open(
            self.settings, self.live, self.store, self.registry,
            pipeline=self.pipeline, reports=self.reports, now_ms=self.clock,
        )  # fmt: skip
        assert office is not None, "desk.db can be opened"
        self._office, desk = office, office.staff.desk
        self._engine = Engine(
            self.live, self.store, self.pipeline, desk, folder, now_ms=self.clock, mono_ms=self.clock
        )
        self.staff: Staff = replace(office.staff, engine=self._engine)

    def clock(self) -> int:
        """Of all parts, in milliseconds; the wall clock and the monotonic one."""
        return self.now_ms

    def close(self) -> None:
        """Close all files."""
        self._office.stop()
        for each in (self.registry, self.store, self.reports):
            each.close()

    def token(self, login: str) -> str:
        """Sign somebody in; what the cookie holds."""
        entered = self.staff.signin.enter(login, PASSWORD, "192.0.2.1", self.now_ms)
        assert isinstance(entered, Entered), entered
        return entered.token

    # --- the hour -------------------------------------------------------------------------------------

    def live_through(self) -> None:
        """From a day before to the moment of the pictures."""
        self._prepare()
        for at_ms in range(YESTERDAY_MS, BEGAN_MS + 1, 5 * MIN):
            self._hear([each for each in self._voices if each.station.id in DRAWN_DAY], at_ms, health=True)
        for minute in range(BEGAN_MS // MIN + 1, NOON_MS // MIN + 1):
            self._pass(minute)

    def _prepare(self) -> None:
        """People, somebody who is told, and what staff and riders have written before."""
        staff, now_ms = self.staff, self.now_ms
        for login, profile in PEOPLE.items():
            staff.users.add(login, profile, PASSWORD, terminal("root"), now_ms)
        address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0"
        channel = staff.directory.put_channel(ChannelForm("维修群", "wecom", address, ""), "max", now_ms)
        staff.directory.put_receiver(ReceiverForm("维修群", channel), "max", now_ms, [NETWORK])
        wish = Silence(
            "b" * 16, Matcher(stations=(BATTERIES,), kinds=("no_charged_battery",)),
            BEGAN_MS, NOON_MS + 180 * MIN, "max", "等换电公司送电池",
        )  # fmt: skip
        staff.ledger.add_silence(wish, "max", now_ms)
        self.reports.add(HOT, "temperature", "空调开着也不凉", NOON_MS - 31 * MIN)
        for each in self._voices:
            self.live.set_info(each.station.id, each.info())

    def _pass(self, minute: int) -> None:
        """A minute: half of the stations say something, the engine judges."""
        self.now_ms = minute * MIN
        last = self.now_ms == NOON_MS
        said = [each for number, each in enumerate(self._voices) if last or (number + minute) % 2]
        self._hear(said, self.now_ms, health=minute % 10 < 2 or last)
        for each in self._voices:
            self.live.set_link(each.station.id, each.link(self.now_ms))
        self.live.recompute(self.now_ms)
        self._engine.step(self.now_ms, self.now_ms)
        if self.now_ms == NOON_MS - 9 * MIN:
            self._act()

    def _hear(self, voices: Iterable[Voice], now_ms: int, *, health: bool) -> None:
        """Commit and show what these say shortly before a moment, where it arrives."""
        said = [
            (each.station.id, each.says(now_ms - each.late_ms, health=health))
            for each in voices
            if not each.cut_off(now_ms - each.late_ms)
        ]
        self.store.commit([Accepted(id_, one, now_ms, "measured", one.seq) for id_, one in said])
        for id_, one in said:
            self.live.apply(id_, one, now_ms)
        self.live.show(now_ms)

    def _act(self) -> None:
        """Somebody takes what is drawn too much, and somebody has called about the heat."""
        overload, hot = self._one("socket_overload"), self._one("too_hot", HOT)
        self._engine.act(overload.id, "take", "tian", "已请社区拔掉热水壶，20 分钟到")
        self._engine.act(hot.id, "comment", "max", "已给物业打电话")

    def _one(self, kind: str, station: str = "") -> Alert:
        (found,) = (
            each
            for each in self._engine.alerts()
            if each.kind == kind and each.active and station in ("", each.subject.id)
        )
        return found
