"""Facts for the rules, out of what is live, registered and counted. Reads only, from the engine's thread."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from contract.messages import Cabinet, Door, Info, Socket
from server import status
from server.alerts import limits
from server.alerts.facts import DistrictFacts, Facts, Open, ServerFacts
from server.alerts.kinds import KINDS, AlertThresholds
from server.alerts.memory import Memory
from server.alerts.model import Alert, Place, Subject
from server.alerts.trends import Trend
from server.live import Live, Registered
from server.model import Network, Season, family
from server.pipeline import Pipeline
from server.store.trouble import Trouble

_SOCKET: Final = frozenset({"socket_fault", "socket_overload"})
_CABINET: Final = frozenset(
    {
        "slot_fault",
        "cabinet_offline",
        "mains_lost",
        "no_charged_battery",
        "cabinet_overheat",
        "cabinet_smoke",
    }
)


class District(NamedTuple):
    """The stations with a Raspberry Pi of one district of a network, ``""``: of all of it."""

    network: str
    district: str
    stations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registry:
    """What is registered, made ready for the rules; made anew when it changes.

    Attributes:
        limits: of each station.
        network_limits: of each network.
    """

    networks: Mapping[str, Network]
    stations: Mapping[str, Registered]
    limits: Mapping[str, AlertThresholds]
    network_limits: Mapping[str, AlertThresholds]
    districts: tuple[District, ...]


class Gather:
    """Where facts come from.

    Args:
        data_dir: the folder whose disk must not fill up.
    """

    def __init__(self, live: Live, pipeline: Pipeline, memory: Memory, data_dir: Path) -> None:
        self._live, self._pipeline, self._memory = live, pipeline, memory
        self._data_dir = data_dir
        self._channels: Mapping[str, int | None] = {}
        self._hearing_since_ms: int | None = None
        self._rejected: Mapping[str, int] = {}
        self._seasons: dict[str, Season] = {}
        self._places: dict[Subject, Place] = {}
        self.registry = Registry({}, {}, {}, {}, ())

    def look(self, channels: Mapping[str, int | None], now_ms: int, *, jumped: bool = False) -> bool:
        """Begin a pass: whether the stations are heard, what is registered, what was refused.

        Args:
            channels: by id, since when nothing could be delivered; None when it is well.
            jumped: the clock was set: silence counts from now.

        Returns:
            Whether everything has to be judged anew, as the registry or the hearing is another.
        """
        before = self._hearing_since_ms
        if not self._pipeline.ready:
            self._hearing_since_ms = None
        elif before is None or jumped:
            self._hearing_since_ms = now_ms
        self._rejected = self._pipeline.refused_lately(now_ms)
        self._channels = channels
        self._seasons.clear()
        return self._registered() or self._hearing_since_ms != before

    def rejected(self, station_id: str) -> int:
        """Messages of the station refused lately."""
        return self._rejected.get(station_id, 0)

    def trend(self, station_id: str) -> Trend:
        """What is remembered of a station."""
        return self._memory.trend(station_id)

    def facts(self, station_id: str, alerts: Open, now_ms: int) -> Facts | None:
        """All about one station; None for one that is not there (any more)."""
        state, known = self._live.state(station_id), self.registry.stations.get(station_id)
        if state is None or known is None:
            return None
        return Facts(
            known.station,
            state,
            self._live.newest(station_id),
            known.thresholds,
            self._season(known.network, now_ms),
            self._hearing_since_ms,
            self._live.link(station_id),
            self._memory.trend(station_id),
            self._memory.days(station_id, self._live.people(station_id), known.network.time_zone),
            self.rejected(station_id),
            alerts,
        )

    def district(self, district: District, silent: Mapping[str, bool | None], alerts: Open) -> DistrictFacts:
        """A district, given which stations that ever spoke are silent (None: nobody can say)."""
        words = [silent[each] for each in district.stations if each in silent]
        return DistrictFacts(
            district.network, district.district, len(words), words.count(True), words.count(None), alerts
        )

    def server(self, alerts: Open, now_ms: int) -> ServerFacts:
        """The server itself."""
        future, influx = self._pipeline.future_lately(now_ms), self._pipeline.influx
        heard = (each for each in self.registry.stations if future and self._live.newest(each) is not None)
        return ServerFacts(
            broker_connected=self._pipeline.connected,
            stalled=self._pipeline.stalled,
            moved_aside=self._moved_aside(),
            not_pruned=_stands(self._pipeline.pruning),
            not_made=_stands(self._pipeline.rollups),
            lost=self._pipeline.given_up.get("roll-ups", 0),
            disk_free_pct=self._disk_free_pct(),
            influx=influx is not None,
            influx_since_ms=influx.since_ms if influx else None,
            channels=self._channels,
            unknown=self._pipeline.unknown_lately(now_ms),
            future=len(future),
            heard=sum(1 for _ in heard),
            alerts=alerts,
        )

    def place(self, subject: Subject) -> Place:
        """Where a subject is; of one that is not registered any more only its id is known. Any thread."""
        places, registry = self._places, self.registry
        place = places.get(subject)
        if place is None:
            place = places[subject] = _found(subject, registry)
        return place

    def exists(self, alert: Alert) -> bool:
        """Whether there still is what the alert is about, and such a kind."""
        subject = alert.subject
        if alert.kind not in KINDS or KINDS[alert.kind].scope != subject.scope:
            return False
        if subject.scope == "station":
            return subject.id in self.registry.stations and self._has(alert)
        if subject.scope == "network":
            return any(each[:2] == subject[1:] for each in self.registry.districts)
        return alert.kind != "channel_failing" or subject.unit in self._channels

    def _has(self, alert: Alert) -> bool:
        """Whether the station speaks of the part, or has said that it has it; True where it said nothing."""
        station_id, unit = alert.subject.id, alert.subject.unit.partition("/")[0]
        info, snapshot = self._live.info(station_id), self._live.newest(station_id)
        declared = _parts(info, alert.kind)
        if declared is None or snapshot is None or unit in declared:
            return True
        parts: Iterable[Socket | Door | Cabinet] = (*snapshot.sockets, *snapshot.doors, *snapshot.cabinets)
        return any(part.id == unit for part in parts)

    def _season(self, network: Network, now_ms: int) -> Season:
        season = self._seasons.get(network.id)
        if season is None:
            season = self._seasons[network.id] = status.season(network, now_ms)
        return season

    def _moved_aside(self) -> tuple[str, ...]:
        paths = (self._pipeline.store_replaced, self._pipeline.rollups_replaced)
        return tuple(Path(path).name for path in paths if path)

    def _disk_free_pct(self) -> float | None:
        try:
            usage = shutil.disk_usage(self._data_dir)
        except OSError:
            return None
        return round(100 * usage.free / usage.total, 1) if usage.total else None

    def _registered(self) -> bool:
        networks, stations = self._live.networks(), self._live.registered()
        if networks is self.registry.networks and stations is self.registry.stations:
            return False
        network_limits = {id_: limits.of_network(id_, networks) for id_ in networks}
        station_limits = {id_: limits.of_station(known.station, networks) for id_, known in stations.items()}
        districts = tuple(_districts(networks, stations))
        self.registry = Registry(networks, stations, station_limits, network_limits, districts)
        self._places = {}  # after the registry: nobody may put an old place among the new
        return True


def _stands(trouble: Trouble) -> bool:
    return bool(trouble.said) and not trouble.passing


def _found(subject: Subject, registry: Registry) -> Place:
    if subject.scope == "network":
        return Place.of_network(subject.id, registry.networks, subject.unit)
    if subject.scope == "server":
        return Place()
    known = registry.stations.get(subject.id)
    return Place(station=subject.id) if known is None else Place.of_station(known.station, registry.networks)


def _districts(networks: Mapping[str, Network], stations: Mapping[str, Registered]) -> list[District]:
    """Every network and each of its districts; what is inside a network counts as its own too."""
    own: dict[str, list[tuple[str, str]]] = {}
    for known in stations.values():
        station = known.station
        if station.instrumented:
            district = station.region[0] if station.region else ""
            own.setdefault(station.network, []).append((district, station.id))
    districts = []
    for network_id in networks:
        members = [each for member in family(networks, network_id) for each in own.get(member, ())]
        names = dict.fromkeys(("", *(name for name, _ in members)))
        districts += [
            District(network_id, name, tuple(id_ for where, id_ in members if name in ("", where)))
            for name in names
        ]
    return districts


def _parts(info: Info | None, kind: str) -> set[str] | None:
    """Ids of the parts that the kind is about, as the station has declared them; None: none, or not known."""
    if info is None:
        return None
    if kind in _CABINET:
        return {cabinet.id for cabinet in info.cabinets}
    if kind == "door_blocked":
        return set(info.doors)
    return {socket.id for socket in info.sockets} if kind in _SOCKET else None
