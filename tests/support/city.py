"""A city as large as the largest known, with what its stations would really say at one instant."""

from collections.abc import Iterator
from random import Random

from edge.days import Profile, visits
from edge.days import Station as Day
from edge.days.calendar import minute_of, service_day
from edge.options import Options
from edge.sensors.simulated import read_profile
from server import status
from server.demo.networks import NETWORKS
from server.demo.stations import DemoStation, Life, build
from server.hours import timetable
from server.model import Network, Station
from server.state import Comfort, Crowding, SocketCounts, StationState

HEARTBEAT_MS = 30_000
LATE_MS = {"power": 3_600_000, "network": 420_000}
"""How long ago a station was cut off, by the kind of its outage."""


def city(live: int, now_ms: int) -> Iterator[StationState]:
    """The demo of that size: static stations too, and some that are cut off, fail, or are locked."""
    networks = {network.id: network for network in NETWORKS}
    for each in build(live):
        yield _state(each, networks[each.station.network], now_ms)


def _state(each: DemoStation, network: Network, now_ms: int) -> StationState:
    station, limits = each.station, network.thresholds
    posted = timetable(station.hours, network.time_zone, station.lat, station.lon).at(now_ms)
    if each.life is None:
        access = status.access(posted, now_ms, limits)
        crowding = Crowding("unknown", None, station.places)
        return StationState(station, "none", access, crowding, Comfort("unknown"), SocketCounts())
    day = Day(profile_of(each.life))
    dice = Random(station.id)  # noqa: S311  (the phase of a heartbeat)
    at_ms = now_ms - dice.randrange(HEARTBEAT_MS)
    cut = day.cut_off(at_ms)
    at_ms -= LATE_MS.get(str(cut), 1_800_000) if cut is not None else 0
    return _live(station, network, day, at_ms, now_ms)


def _live(station: Station, network: Network, day: Day, at_ms: int, now_ms: int) -> StationState:
    limits = network.thresholds
    posted = timetable(station.hours, network.time_zone, station.lat, station.lon).at(now_ms)
    counts, sockets = status.sockets(
        () if day.fails("sockets", at_ms) else day.sockets(at_ms),
        day.profile.sockets,
        now_ms,
        limits,
        at_ms=at_ms,
    )
    dice = Random(station.id)  # noqa: S311  (which part of the minute is whose)
    climate = None if day.fails("climate", at_ms) else day.climate(at_ms - dice.randrange(HEARTBEAT_MS))
    return StationState(
        station,
        status.freshness(at_ms, now_ms, limits),
        status.access(
            posted,
            now_ms,
            limits,
            at_ms=at_ms,
            moved_at_ms=day.presence(at_ms).motion_at_ms,
            bolted=_bolted(day.profile, at_ms),
        ),
        status.crowding(
            day.people(at_ms),
            station.places,
            None,
            now_ms,
            limits,
            at_ms=at_ms,
            estimated=dice.random() < 0.05,
        ),
        status.comfort(climate, status.season(network, now_ms), None, now_ms, limits, at_ms=at_ms),
        counts,
        sockets,
        status.cabinets(day.cabinets(at_ms), day.profile.cabinets, now_ms, limits, at_ms=at_ms),
        at_ms,
        simulated=True,
    )


def _bolted(profile: Profile, at_ms: int) -> bool | None:
    """As the door's contact says it, without counting who has passed since the year began."""
    if not profile.bolt:
        return None
    today = service_day(at_ms)
    opening = visits.window(profile, today)
    return opening is None or not opening[0] <= minute_of(today, at_ms) < opening[1]


def profile_of(life: Life) -> Profile:
    """What the simulation makes of a station."""
    options = {key: value for key, value in life.items() if key != "id"}
    return read_profile(Options(options, "the demo's fleet"))
