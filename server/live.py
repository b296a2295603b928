"""What is true now, station by station, in the words that riders read.

One thread writes (it takes the deliveries), any thread reads: a :class:`StationState` is never changed,
only swapped. Of two snapshots the one measured later decides; one that arrives late goes to the history
and to the count of people, and never moves the words back.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final

from contract.messages import Climate, Health, Info, Snapshot, Status
from server import status
from server.board import Board, Posting
from server.headcount import Headcount
from server.hours import HoursError, Timetable, timetable
from server.model import Network, Station, Thresholds, family
from server.occupancy import Correction, Occupancy, Rules
from server.state import StationState
from server.store import Dating
from server.store.chains import order
from server.store.sqlite import Store
from server.visible import due_ms, visible

log = logging.getLogger(__name__)

MOST_TAPPED: Final = 4_096
"""Snapshots kept for whoever follows them; when it is late, the oldest are dropped."""

Tap = deque[tuple[str, Snapshot]]


@dataclass(frozen=True, slots=True)
class Registered:
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
        self._places: Mapping[str, Registered] = {}
        self._networks: Mapping[str, Network] = {}
        self._order: Mapping[str, tuple[str, ...]] = {}
        self._newest: dict[str, Snapshot] = {}
        self._infos: dict[str, Info] = {}
        self._links: dict[str, Status] = {}
        self._healths: dict[str, tuple[int, Health]] = {}
        self._tap: Tap = deque(maxlen=MOST_TAPPED)
        self._board = Board()
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

    def registered(self) -> Mapping[str, Registered]:
        """All stations of known networks by id; never changed, only swapped when the registry was read."""
        return self._places

    def newest(self, station_id: str) -> Snapshot | None:
        """The newest snapshot, None before the first."""
        return self._newest.get(station_id)

    def info(self, station_id: str) -> Info | None:
        """What a station last said it has."""
        return self._infos.get(station_id)

    def health(self, station_id: str) -> tuple[int, Health] | None:
        """How the newest snapshot that says so found the machine, and when that was."""
        return self._healths.get(station_id)

    def people(self, station_id: str) -> Occupancy | None:
        """The count of people with all that it is made of."""
        return self._headcount.of(station_id)

    @property
    def tap(self) -> Tap:
        """The last committed snapshots with their stations, as they came; one follower may take them out."""
        return self._tap

    def correct(self, station_id: str, people: int, by: str) -> Future[Correction]:
        """Have staff's count taken over within a second, see :meth:`server.headcount.Headcount.correct`."""
        return self._headcount.correct(station_id, people, by)

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
        self._visible = {id_: seen for id_, seen in self._visible.items() if id_ in self._places}
        self._board.place(known, networks)
        self._update_all(now_ms)
        self._networks = networks
        self._order = {network_id: _order(networks, network_id, known) for network_id in networks}
        self._version += 1
        self._versions = dict.fromkeys(networks, self._version)

    def rebuild(self, now_ms: int) -> None:
        """Take over what the store holds, at a start."""
        self._infos.update(self._store.infos())
        self._newest.update({id_: stored.snapshot for id_, stored in self._store.newest().items()})
        self._healths.update(self._store.newest_healths())
        self._headcount.recall(self._newest)
        self._update_all(now_ms)

    def apply(self, station_id: str, snapshot: Snapshot, now_ms: int, dating: Dating = "measured") -> None:
        """Take in a committed snapshot; :meth:`show` makes it visible."""
        if dating == "received":
            return
        self._headcount.add(station_id, snapshot, now_ms)
        self._tap.append((station_id, snapshot))
        if snapshot.health is not None:
            self._note_health(station_id, snapshot.at_ms, snapshot.health)
        newest = self._newest.get(station_id)
        if newest is None or order(snapshot) > order(newest):
            self._newest[station_id] = snapshot
            self._dirty.add(station_id)

    def _note_health(self, station_id: str, at_ms: int, health: Health) -> None:
        before = self._healths.get(station_id)
        if before is None or at_ms > before[0]:
            self._healths[station_id] = (at_ms, health)

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

    def set_notices(self, postings: Sequence[Posting]) -> None:
        """Take in what staff tell riders, all of it; :meth:`show` makes it visible."""
        self._dirty |= self._board.post(postings)

    def show(self, now_ms: int) -> None:
        """Make visible what was taken in, and tell the listener of all that is new by now."""
        dirty, self._dirty = self._dirty, set()
        for station_id in dirty:
            self._update(station_id, now_ms)
        if self._told_version != self._version:
            self._told_version = self._version
            self._news()

    def settle(self, now_ms: int) -> None:
        """Take over what staff counted, and backlogs that have come in, and keep it; every second or so."""
        for station_id in self._headcount.take_counts(now_ms):
            self._update(station_id, now_ms, looked=True)
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

    def _update(self, station_id: str, now_ms: int, *, looked: bool = False) -> None:
        """Make a station's words again; ``looked``: somebody has, so no better word is held back."""
        place = self._places.get(station_id)
        if place is None:
            return
        before = self._states.get(station_id)
        state = self._told(place, _unheld(before) if looked and before else before, now_ms)
        self._due[station_id] = due_ms(state, place.thresholds, now_ms)
        seen = visible(state)
        if before is None or seen != self._visible[station_id]:
            self._version += 1
            state = replace(state, version=self._version)
            self._visible[station_id] = seen
            self._versions[place.network.id] = self._version
        self._states[station_id] = state

    def _told(self, place: Registered, before: StationState | None, now_ms: int) -> StationState:
        station, limits = place.station, place.thresholds
        snapshot, info = self._newest.get(station.id), self._infos.get(station.id)
        people = self._headcount.of(station.id)
        notices = self._board.of(station.id)
        at_ms = snapshot.at_ms if snapshot else None
        counts, sockets = status.sockets(
            snapshot.sockets if snapshot else (), info.sockets if info else (), now_ms, limits, at_ms=at_ms
        )
        return StationState(
            station=station,
            freshness=status.freshness(at_ms, now_ms, limits),
            access=status.access(
                self._board.posted(station.id, place.timetable, now_ms),
                now_ms,
                limits,
                at_ms=at_ms,
                moved_at_ms=people.moved_at_ms if people else None,
                bolted=status.bolted(snapshot.doors) if snapshot else None,
                notice=status.deciding(notices, now_ms),
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
            notices=status.shown(notices, now_ms),
        )


def _unheld(state: StationState) -> StationState:
    """As if nothing had been told of the crowding."""
    return replace(state, crowding=replace(state.crowding, value="unknown"))


def _order(networks: Mapping[str, Network], network_id: str, stations: Iterable[Station]) -> tuple[str, ...]:
    members = frozenset(family(networks, network_id))
    return tuple(station.id for station in stations if station.network in members)


def _climate(snapshot: Snapshot | None) -> Climate | None:
    """The climate; a reading is never newer than the snapshot that carries it."""
    climate = snapshot.climate if snapshot else None
    if snapshot is None or climate is None or climate.at_ms <= snapshot.at_ms:
        return climate
    return replace(climate, at_ms=snapshot.at_ms)


def _place(station: Station, network: Network) -> Registered:
    try:
        posted = timetable(station.hours, network.time_zone, station.lat, station.lon)
    except HoursError as error:
        log.warning("hours_unusable station=%s error=%s", station.id, error)
        posted = timetable("", network.time_zone)
    return Registered(station, network, station.thresholds or network.thresholds, posted)
