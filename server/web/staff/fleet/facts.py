"""What a station's newest snapshot says, unit by unit, for those who mend it. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from contract.messages import Cabinet, Door, Fault, Health, Info, Snapshot
from server.alerts import limits
from server.alerts.kinds import AlertThresholds
from server.live import Registered
from server.model import RANKING, Network, Station, Thresholds
from server.state import CabinetState
from server.web.spans import span
from server.web.text import Text

Source = Literal["station", "network", "default"]


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor with the fault that it has; ``kind`` is "" for one that the station did not announce."""

    id: str
    kind: str
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A number in force, with its unit, and whose it is."""

    name: str
    value: str
    source: Source


@dataclass(frozen=True, slots=True)
class Chest:
    """A cabinet: what riders are told of it, and what it said itself."""

    told: CabinetState
    said: Cabinet | None


def sensors(info: Info | None, snapshot: Snapshot | None) -> list[Sensor]:
    """All that were announced, then those of which there is only a fault."""
    faults = {fault.sensor: fault for fault in snapshot.faults} if snapshot else {}
    announced = info.sensors if info else ()
    names = {sensor.id for sensor in announced}
    rows = [Sensor(each.id, each.kind, faults.get(each.id)) for each in announced]
    return rows + [Sensor(name, "", fault) for name, fault in faults.items() if name not in names]


def doors(info: Info | None, snapshot: Snapshot | None) -> list[tuple[str, Door | None]]:
    """All doors: those that say nothing, too."""
    said = {door.id: door for door in snapshot.doors} if snapshot else {}
    return [(name, said.get(name)) for name in dict.fromkeys((*(info.doors if info else ()), *said))]


def chests(told: tuple[CabinetState, ...], snapshot: Snapshot | None) -> list[Chest]:
    """The cabinets, as they are told of and as they speak."""
    said = {cabinet.id: cabinet for cabinet in snapshot.cabinets} if snapshot else {}
    return [Chest(each, said.get(each.id)) for each in told]


def machine(health: Health | None, in_force: AlertThresholds) -> Iterator[tuple[str, str, bool]]:
    """Of the machine: what, how much, and whether that is too much. What it does not say is left out."""
    if health is None:
        return
    if health.cpu_c is not None:
        yield "cpu", f"{health.cpu_c:g} °C", health.cpu_c >= in_force.pi_hot_c
    if health.disk_free_pct is not None:
        yield "disk", f"{health.disk_free_pct:g} %", health.disk_free_pct < in_force.disk_free_pct
    yield "backlog", f"{health.outbox_rows}", health.outbox_rows > in_force.backlog_rows
    yield "lost", f"{health.dropped_total}", health.dropped_total > 0
    yield "refused", f"{health.refused_total}", health.refused_total > 0


def rider_limits(text: Text, place: Registered) -> list[Limit]:
    """The numbers behind the riders' words; those of the ranking are a network's and left out."""
    source: Source = "station" if place.station.thresholds else "network"
    default, own = asdict(Thresholds()), asdict(place.thresholds)
    return [
        Limit(name, shown(text, name, value), "default" if value == default[name] else source)
        for name, value in own.items()
        if name not in RANKING
    ]


def alert_limits(text: Text, station: Station, networks: Mapping[str, Network]) -> list[Limit]:
    """The numbers that alerts are raised by there, and who has set them."""
    theirs = {name for network in limits.around(station.network, networks) for name in network.alert_limits}
    return [
        Limit(name, shown(text, name, value), _source(name, station.alert_limits, theirs))
        for name, value in asdict(limits.of_station(station, networks)).items()
    ]


def _source(name: str, own: Collection[str], theirs: Collection[str]) -> Source:
    return "station" if name in own else "network" if name in theirs else "default"


def shown(text: Text, name: str, value: float) -> str:
    """A number with the unit that its name ends with."""
    if name.endswith("_ms"):
        exact = round(value / 1000)
        return text("staff.span.seconds", count=exact) if exact % 60 else span(text, round(value))
    unit = {"c": " °C", "pct": " %", "w": " W"}.get(name.rpartition("_")[2], "")
    return f"{value:g}{unit}"


def fault_words(text: Text, fault: Fault) -> str:
    """What is wrong with a sensor; a code that nobody knows as it was given."""
    return text.known("staff.fault", fault.code)
