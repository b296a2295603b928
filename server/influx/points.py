"""Line protocol out of what is known of a station at a moment. Pure.

Formatted by hand: a line costs 2 µs so, through the client's ``Point`` ten times as much, and a city writes
hundreds a second. ``where`` is always what :func:`where` made; times are milliseconds of UTC.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from contract.messages import Climate, Health, SocketState
from server.influx import words
from server.occupancy import Occupancy
from server.state import AccessValue, ComfortValue, CrowdingValue, SlotWord

NO_DISTRICT: Final = "-"
_BREAKING: Final = re.compile(r"[\x00-\x1f\x7f\\]+")
"""Ends a line, or would escape what comes behind it: line protocol has no writing for a backslash there."""
_SPECIAL: Final = re.compile(r"([,= ])")


class Words(NamedTuple):
    """What riders would have read."""

    access: AccessValue
    crowding: CrowdingValue
    comfort: ComfortValue


class Sums(NamedTuple):
    """What the station's units come to in one snapshot."""

    sockets_free: int = 0
    sockets_total: int = 0
    batteries_charged: int = 0
    slots_total: int = 0
    problems: int = 0


def tag(value: str) -> str:
    """A tag's value as it is written; never empty, which InfluxDB refuses."""
    return _SPECIAL.sub(r"\\\1", _BREAKING.sub(" ", value).strip()) or NO_DISTRICT


def text(value: str) -> str:
    """A string field's value as it is written, with its quotes."""
    return '"' + _BREAKING.sub(" ", value).replace('"', '\\"') + '"'


def where(network: str, district: str, station: str) -> str:
    """The tags of a station's points, with the comma in front; ``district`` may be ""."""
    return f",network={tag(network)},district={tag(district)},station={tag(station)}"


def name(name_zh: str, lat: float | None, lon: float | None) -> str:
    """The further fields of ``status`` that say where the station is, with the comma in front."""
    place = "" if lat is None or lon is None else f",lat={lat},lon={lon}"
    return f",name={text(name_zh)}{place}"


def climate(where: str, air: Climate, at_ms: int) -> str | None:
    """The air; None where the sensor gave nothing. Never newer than the snapshot that carries it."""
    fields = _fields(temperature_c=air.temperature_c, humidity_pct=air.humidity_pct, co2_ppm=air.co2_ppm)
    return f"climate{where} {fields} {min(air.at_ms, at_ms)}" if fields else None


def occupancy(where: str, people: Occupancy, places: int | None, at_ms: int) -> str:
    """The people inside, as counted up to ``at_ms``."""
    known = f",places={places}i" if places else ""
    return (
        f"occupancy{where} people={people.people}i,visits={people.visits}i,exits={people.exits}i"
        f"{known},estimated={people.estimated:d}i {at_ms}"
    )


def socket(state: SocketState, power_w: float | None) -> str:
    """The fields of a socket."""
    power = "" if power_w is None else f",power_w={power_w}"
    return f'state="{state}",state_code={words.SOCKET[state]}i{power}'


def slot(word: SlotWord, soc_pct: float | None, temperature_c: float | None) -> str:
    """The fields of a cabinet's slot."""
    soc = "" if soc_pct is None else f",soc_pct={soc_pct}"
    warm = "" if temperature_c is None else f",temperature_c={temperature_c}"
    return f'state="{word}",state_code={words.SLOT[word]}i{soc}{warm}'


def cabinet(online: bool, mains_ok: bool | None, temperature_c: float | None, smoke: bool | None) -> str:
    """The fields of a cabinet itself."""
    said = {"mains_ok": mains_ok, "smoke": smoke}
    bits = "".join(f",{key}={value:d}i" for key, value in said.items() if value is not None)
    warm = "" if temperature_c is None else f",temperature_c={temperature_c}"
    return f"online={online:d}i{bits}{warm}"


def unit(measurement: str, where: str, unit: str, fields: str, at_ms: int) -> str:
    """A unit's line; ids of units need no escaping, the contract keeps them plain."""
    return f"{measurement}{where},unit={unit} {fields} {at_ms}"


def status(where: str, said: Words, sums: Sums, named: str, at_ms: int) -> str:
    """The words, and what the units come to; ``named`` is :func:`name` or "" when it is not due."""
    access, crowding, comfort = said
    return (
        f'status{where} access="{access}",access_code={words.ACCESS[access]}i'
        f',crowding="{crowding}",crowding_code={words.CROWDING[crowding]}i'
        f',comfort="{comfort}",comfort_code={words.COMFORT[comfort]}i'
        f",sockets_free={sums.sockets_free}i,sockets_total={sums.sockets_total}i"
        f",batteries_charged={sums.batteries_charged}i,slots_total={sums.slots_total}i"
        f",problems={sums.problems}i{named} {at_ms}"
    )


def health(where: str, said: Health, agent_version: str, clock_synced: bool, at_ms: int) -> str:
    """How the agent was; ``agent_version`` is "" for one that never said what it is."""
    version = f"agent_version={text(agent_version)}," if agent_version else ""
    bits = "" if said.undervoltage is None else f",undervoltage={said.undervoltage:d}i"
    floats = _fields(cpu_c=said.cpu_c, disk_free_pct=said.disk_free_pct)
    return (
        f"health{where} {version}outbox_rows={said.outbox_rows}i,dropped_total={said.dropped_total}i"
        f",refused_total={said.refused_total}i,uptime_s={said.uptime_s}i,clock_synced={clock_synced:d}i{bits}"
        f"{',' if floats else ''}{floats} {at_ms}"
    )


def network(network_id: str, name_zh: str, counts: Mapping[str, int | None], at_ms: int) -> str:
    """A network in one minute; what is None is not known and left out."""
    fields = "".join(f",{key}={value}i" for key, value in counts.items() if value is not None)
    return f"network,network={tag(network_id)} name={text(name_zh)}{fields} {at_ms}"


def _fields(**values: float | None) -> str:
    return ",".join(f"{key}={value}" for key, value in values.items() if value is not None)
