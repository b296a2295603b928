"""What is true now, station by station, in the words that riders read.

One thread writes (it takes the deliveries), any thread reads: a :class:`StationState` is never changed,
only swapped. Of two snapshots the one measured later decides; one that arrives late goes to the history
and to the count of people, and never moves the words back.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from contract.messages import Climate, Info, Snapshot, Status
from server import status
from server.headcount import Headcount
from server.hours import HoursError, Timetable, timetable
from server.model import Network, Station, StationState, Thresholds, family
from server.occupancy import Rules
from server.store import Dating
from server.store.chains import order
from server.store.sqlite import Store

log = logging.getLogger(__name__)

TEMPERATURE_STEP_C: Final = 0.5
HUMIDITY_STEP_PCT: Final = 5.0
"""Riders see half degrees and humidity in fives: a smaller change is none to them."""
LOOK_AGAIN_MS: Final = 60_000
"""A station's words are made again so often, even where no known instant has come (midnight, the season)."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A station with what its network adds to it."""

    station: Station
    network: Network
    thresholds: Thresholds
    timetable: Timetable


class Live:
    """The present state of every registered station."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._headcount = Headcount(store)
        self._places: dict[str, _Place] = {}
        self._networks: Mapping[str, Network] = {}
        self._order: Mapping[str, tuple[str, ...]] = {}
        self._newest: dict[str, Snapshot] = {}
        self._infos: dict[str, Info] = {}
        self._links: dict[str, Status] = {}
        self._states: dict[str, StationState] = {}
        self._visible: dict[str, tuple[Any, ...]] = {}
        self._due: dict[str, int] = {}
        self._recomputed_ms = 0
        self._versions: dict[str, int] = {}
        self._version = 0
        self._dirty: set[str] = set()
        self._news: Callable[[], None] = lambda: None
        self._told_version = 0

    # --- reading, from any thread ---------------------------------------------------------------------

    def state(self, station_id: str) -> StationState | None:
        """One station, None when the registry does not know it."""
        return self._states.get(station_id)

    def states(self, network_id: str) -> list[StationState]:
        """The stations of a network and of those inside it, each once, in the registry's order."""
        states = self._states
        return [states[id_] for id_ in self._order.get(network_id, ()) if id_ in states]

    def networks(self) -> Mapping[str, Network]:
        """All networks by id, as last read from the registry."""
        return self._networks

    def network_version(self, network_id: str) -> int:
        """Counts up with every change that a rider of this network would see; 0 when it is unknown."""
        return self._versions.get(network_id, 0)

    def listen(self, news: Callable[[], None]) -> None:
        """Have ``news`` called after :meth:`show`, when a rider would see a change; in the writing thread."""
        self._news = news

    def link(self, station_id: str) -> Status | None:
        """The last word on a station's connection; for staff, never for "online"."""
        return self._links.get(station_id)

    # --- writing, from one thread ---------------------------------------------------------------------

    def refresh_registry(
        self, networks: Mapping[str, Network], stations: Mapping[str, Station], now_ms: int
    ) -> None:
        """Take over the networks and stations as they now are."""
        known = [station for station in stations.values() if station.network in networks]
        self._places = {station.id: _place(station, networks[station.network]) for station in known}
        self._headcount.set_rules(
            {id_: Rules(time_zone=place.network.time_zone) for id_, place in self._places.items()}
        )
        self._states = {id_: state for id_, state in self._states.items() if id_ in self._places}
        self._visible = {id_: visible for id_, visible in self._visible.items() if id_ in self._places}
        self._update_all(now_ms)
        self._networks = networks
        self._order = {network_id: _order(networks, network_id, known) for network_id in networks}
        self._version += 1
        self._versions = dict.fromkeys(networks, self._version)

    def rebuild(self, now_ms: int) -> None:
        """Take over what the store holds, at a start."""
        self._infos.update(self._store.infos())
        self._newest.update({id_: stored.snapshot for id_, stored in self._store.newest().items()})
        self._headcount.recall(self._newest)
        self._update_all(now_ms)

    def apply(self, station_id: str, snapshot: Snapshot, now_ms: int, dating: Dating = "measured") -> None:
        """Take in a committed snapshot; :meth:`show` makes it visible."""
        if dating == "received":
            return
        self._headcount.add(station_id, snapshot, now_ms)
        newest = self._newest.get(station_id)
        if newest is None or order(snapshot) > order(newest):
            self._newest[station_id] = snapshot
            self._dirty.add(station_id)

    def set_info(self, station_id: str, info: Info) -> None:
        """Take in what a station says it has; :meth:`show` makes it visible."""
        if self._infos.get(station_id) != info:
            self._infos[station_id] = info
            self._dirty.add(station_id)

    def set_link(self, station_id: str, link: Status) -> None:
        """Take in a station's word on its connection."""
        before = self._links.get(station_id)
        if before is None or before.state != link.state:
            log.info("station_link station=%s state=%s", station_id, link.state)
        self._links[station_id] = link

    def show(self, now_ms: int) -> None:
        """Make visible what was taken in, and tell the listener of all that is new by now."""
        dirty, self._dirty = self._dirty, set()
        for station_id in dirty:
            self._update(station_id, now_ms)
        if self._told_version != self._version:
            self._told_version = self._version
            self._news()

    def settle(self, now_ms: int) -> None:
        """Count people again where a backlog has come in, and keep the counts; every second or so."""
        for station_id in self._headcount.settle(now_ms):
            self._update(station_id, now_ms)
        self._headcount.keep()

    def recompute(self, now_ms: int) -> None:
        """Let the clock speak: closing, stale, offline, holds. Every 10 s."""
        self.show(now_ms)
        if now_ms < self._recomputed_ms:  # the clock was set back
            self._due.clear()
        self._recomputed_ms = now_ms
        for station_id in self._places:
            if self._due.get(station_id, 0) <= now_ms:
                self._update(station_id, now_ms)

    def _update_all(self, now_ms: int) -> None:
        self._due.clear()
        self.recompute(now_ms)

    # --- one station ----------------------------------------------------------------------------------

    def _update(self, station_id: str, now_ms: int) -> None:
        place = self._places.get(station_id)
        if place is None:
            return
        before = self._states.get(station_id)
        state = self._told(place, before, now_ms)
        self._due[station_id] = _due_ms(state, place.thresholds, now_ms)
        visible = _visible(state)
        if before is None or visible != self._visible[station_id]:
            self._version += 1
            state = replace(state, version=self._version)
            self._visible[station_id] = visible
            self._versions[place.network.id] = self._version
        self._states[station_id] = state

    def _told(self, place: _Place, before: StationState | None, now_ms: int) -> StationState:
        station, limits = place.station, place.thresholds
        snapshot, info = self._newest.get(station.id), self._infos.get(station.id)
        people = self._headcount.of(station.id)
        at_ms = snapshot.at_ms if snapshot else None
        counts, sockets = status.sockets(
            snapshot.sockets if snapshot else (), info.sockets if info else (), now_ms, limits, at_ms=at_ms
        )
        return StationState(
            station=station,
            freshness=status.freshness(at_ms, now_ms, limits),
            access=status.access(
                place.timetable.at(now_ms),
                now_ms,
                limits,
                at_ms=at_ms,
                moved_at_ms=people.moved_at_ms if people else None,
                bolted=status.bolted(snapshot.doors) if snapshot else None,
            ),
            crowding=status.crowding(
                people.people if people else None,
                station.places,
                before.crowding if before else None,
                now_ms,
                limits,
                at_ms=at_ms,
                estimated=people.estimated if people else False,
            ),
            comfort=status.comfort(
                _climate(snapshot),
                status.season(place.network, now_ms),
                before.comfort if before else None,
                now_ms,
                limits,
                at_ms=at_ms,
                faulty=bool(snapshot and snapshot.faults),
            ),
            sockets=counts,
            socket_list=sockets,
            cabinets=status.cabinets(
                snapshot.cabinets if snapshot else (),
                info.cabinets if info else (),
                now_ms,
                limits,
                at_ms=at_ms,
            ),
            at_ms=at_ms,
            simulated=place.network.simulated or bool(info and info.simulated),
            version=before.version if before else 0,
        )


def _due_ms(state: StationState, thresholds: Thresholds, now_ms: int) -> int:
    """The first instant from now on at which the clock alone may change a word."""
    access, held_since_ms = state.access, state.crowding.since_better_ms
    moments = [now_ms + LOOK_AGAIN_MS]
    for at_ms in (state.at_ms, state.comfort.at_ms):
        if at_ms is not None:
            moments += (at_ms + thresholds.fresh_ms, at_ms + thresholds.offline_ms)
    if access.changes_at_ms is not None:
        moments += (access.changes_at_ms, access.changes_at_ms - thresholds.closing_soon_ms)
    if access.at_ms is not None:
        moments.append(access.at_ms + thresholds.evidence_ms)
    if held_since_ms is not None:
        moments.append(held_since_ms + thresholds.crowding_hold_ms)
    return min(moment for moment in moments if moment >= now_ms)


def _order(networks: Mapping[str, Network], network_id: str, stations: Iterable[Station]) -> tuple[str, ...]:
    members = frozenset(family(networks, network_id))
    return tuple(station.id for station in stations if station.network in members)


def _climate(snapshot: Snapshot | None) -> Climate | None:
    """The climate; a reading is never newer than the snapshot that carries it."""
    climate = snapshot.climate if snapshot else None
    if snapshot is None or climate is None or climate.at_ms <= snapshot.at_ms:
        return climate
    return replace(climate, at_ms=snapshot.at_ms)


def _visible(state: StationState) -> tuple[Any, ...]:
    """What a rider sees of a station, without ages."""
    access, crowding, comfort, sockets = state.access, state.crowding, state.comfort, state.sockets
    return (
        state.station,
        state.freshness,
        state.simulated,
        (access.value, access.evidence, access.changes_at_ms, access.hours_unconfirmed),
        (crowding.value, crowding.places, crowding.estimated, crowding.reason),
        (comfort.value, comfort.reason, _step(comfort.temperature_c, TEMPERATURE_STEP_C)),
        _step(comfort.humidity_pct, HUMIDITY_STEP_PCT),
        (sockets.total, sockets.free, sockets.occupied, sockets.faulty, sockets.unknown),
        [(socket.id, socket.label, socket.kind, socket.state) for socket in state.socket_list],
        [
            (cabinet.id, cabinet.label, cabinet.voltage_v, cabinet.online, cabinet.slots)
            for cabinet in state.cabinets
        ],
    )


def _step(value: float | None, size: float) -> int | None:
    return None if value is None else math.floor(value / size + 0.5)


def _place(station: Station, network: Network) -> _Place:
    try:
        posted = timetable(station.hours, network.time_zone, station.lat, station.lon)
    except HoursError as error:
        log.warning("hours_unusable station=%s error=%s", station.id, error)
        posted = timetable("", network.time_zone)
    return _Place(station, network, station.thresholds or network.thresholds, posted)
