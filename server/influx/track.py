"""One station through time: people counted, words held back, units that changed; its lines row by row. Pure.

A track goes through a station's rows and staff's counts in the order of time. What it makes of a row depends
on what was before, and on nothing else: the same rows make the same lines, whenever they came.
"""

from dataclasses import replace
from typing import Final

from contract.messages import Climate, Door
from server import status
from server.influx import points
from server.influx.places import Place
from server.influx.points import Words
from server.influx.units import Units
from server.occupancy import Observation, Occupancy, StaffCount, advance
from server.state import Comfort, Crowding
from server.store import packing
from server.store.commits import Row
from server.store.damage import DAMAGE, UNREADABLE
from server.store.people import Sight

REFRESH_MS: Final = 300_000
"""What seldom changes is written anew so often: as long as a snapshot counts as fresh."""


class Track:
    """A station's running state.

    Args:
        people: the count to go on from, None at the beginning of its time.
    """

    def __init__(self, people: Occupancy | None) -> None:
        self.people = people
        self._crowding: Crowding | None = None
        self._comfort: Comfort | None = None
        self._place: Place | None = None
        self._units = Units()
        self._doors: tuple[packing.Values, tuple[Door, ...]] = ([], ())
        self._refreshed = -1

    @property
    def at_ms(self) -> int:
        """When the newest row or count was that went in; -1 before the first."""
        return -1 if self.people is None else self.people.at_ms

    def readable(self, place: Place, row: Row | Sight, *, silent: bool = False) -> list[str]:
        """Take in what comes next; its lines, none where it says what nothing can say: it is passed over.

        Args:
            silent: no lines are wanted.
        """
        try:
            if isinstance(row, Sight):
                return self.see(place, row)
            if not silent:
                return self.lines(place, row)
            self.take(place, row)
        except UNREADABLE as error:
            DAMAGE.note(place.known.station.id, f"snapshot at {row.at_ms}", error)
            self._units = Units()
        return []

    def count(self, place: Place, counted: StaffCount) -> None:
        """Staff have counted the people inside."""
        self.people, _ = advance(self.people, counted, place.rules)

    def see(self, place: Place, sight: Sight) -> list[str]:
        """Take in what a pruned row saw of people, all that is left of it; the line of it."""
        doors = packing.doors_of(sight.layout, sight.values)
        presence = packing.presence_of(sight.layout, sight.values)
        self.people, _ = advance(self.people, Observation(sight.at_ms, doors, presence), place.rules)
        places = place.known.station.places
        return [points.occupancy(place.where, self.people, places, sight.at_ms)] if doors else []

    def lines(self, place: Place, row: Row) -> list[str]:
        """Take the next row in; its lines."""
        words = self.take(place, row)
        where, at_ms, due = place.where, row.at_ms, self._refresh_due(row.at_ms)
        lines = self._units.lines(where, at_ms, whole=due)
        air = row.climate and points.climate(where, row.climate, at_ms)
        if air:
            lines.append(air)
        if self._doors[1] and self.people is not None:
            lines.append(points.occupancy(where, self.people, place.known.station.places, at_ms))
        lines.append(points.status(where, words, self._units.sums, place.named if due else "", at_ms))
        if row.health is not None:
            version = place.info.agent_version if place.info else ""
            lines.append(points.health(where, row.health, version, row.synced, at_ms))
        return lines

    def take(self, place: Place, row: Row) -> Words:
        """Take the next row in without writing anything; the words of its moment."""
        doors = self._seen(row)
        seen = Observation(row.at_ms, doors, packing.presence_of(row.layout, row.values))
        self.people, _ = advance(self.people, seen, place.rules)
        self._units.take(row.layout, row.values, place)
        return self._words(place, row, doors, self.people)

    def _seen(self, row: Row) -> tuple[Door, ...]:
        """The doors, made anew only when something about them changed."""
        values, before = row.values[: row.layout.first_socket], self._doors
        if values != before[0] or len(before[1]) != len(row.layout.doors):
            self._doors = (values, packing.doors_of(row.layout, row.values))
        return self._doors[1]

    def _refresh_due(self, at_ms: int) -> bool:
        before, self._refreshed = self._refreshed, at_ms // REFRESH_MS
        return before != self._refreshed

    def _words(self, place: Place, row: Row, doors: tuple[Door, ...], people: Occupancy) -> Words:
        at_ms, limits = row.at_ms, place.limits
        access = status.access(
            place.posted(at_ms),
            at_ms,
            limits,
            at_ms=at_ms,
            moved_at_ms=people.moved_at_ms,
            bolted=status.bolted(doors),
            notice=status.deciding(place.notices, at_ms),
        )
        self._crowding = self._crowded(place, people.people, at_ms)
        self._comfort = status.comfort(
            _not_newer(row.climate, at_ms),
            place.season(at_ms),
            self._comfort,
            at_ms,
            limits,
            at_ms=at_ms,
            faulty=bool(row.values[-1]),
        )
        return Words(access.value, self._crowding.value, self._comfort.value)

    def _crowded(self, place: Place, people: int | None, at_ms: int) -> Crowding:
        """How full it is; as before when as many are there and nothing is held back."""
        before, places = self._crowding, place.known.station.places
        same = before is not None and (before.people, before.places) == (people, places)
        if before is not None and same and before.reason == "places" and place is self._place:
            return before
        self._place = place
        return status.crowding(people, places, before, at_ms, place.limits, at_ms=at_ms)


def _not_newer(air: Climate | None, at_ms: int) -> Climate | None:
    return air if air is None or air.at_ms <= at_ms else replace(air, at_ms=at_ms)
