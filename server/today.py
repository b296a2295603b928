"""Visits since local midnight, station by station: what the doors have counted less what they had by then.

The count itself is live (:class:`server.occupancy.Occupancy`); what it was at midnight is in the store, and
is remembered. A late snapshot changes both, so what is remembered is asked for again after a while.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from server.occupancy import Occupancy
from server.store import Quantity

KNOWN_MS: Final = 15 * 60_000
"""So long what was counted by midnight is believed; a door's backlog that is older shows after it."""
AT_ONCE: Final = 100
"""Stations that are asked for again at a time, so that nobody waits for all of a city."""


class People(Protocol):
    """Where the live counts are, as :class:`server.live.Live`."""

    def people(self, station_id: str) -> Occupancy | None:
        """The count of people with all that it is made of."""


class Totals(Protocol):
    """Where the counts of before are, as :class:`server.store.sqlite.Store`."""

    def crossed_before(self, station_id: str, quantity: Quantity, before_ms: int) -> int:
        """``visits`` since the station's first snapshot, up to ``before_ms``."""


class Today:
    """Visits of the present day. Safe to use from several threads; one at a time works."""

    def __init__(self, people: People, totals: Totals) -> None:
        self._people, self._totals = people, totals
        self._known: dict[str, tuple[int, int, int]] = {}
        """Of each station: the midnight, visits up to it, and when they were asked for."""
        self._lock = threading.Lock()

    def visits(self, zones: Mapping[str, ZoneInfo], now_ms: int) -> dict[str, int]:
        """Visits of today by station, of those of ``zones`` (their time zones) that count.

        A station counts when a door of it has said a total since its midnight; what stands without doors, or
        was not heard of today, is left out: nobody knows.
        """
        midnights = {zone: midnight_ms(now_ms, zone) for zone in set(zones.values())}
        found: dict[str, int] = {}
        with self._lock:
            old = AT_ONCE
            for station_id, zone in zones.items():
                people = self._people.people(station_id)
                if people is None or not people.totals or people.at_ms < midnights[zone]:
                    continue
                midnight, before, asked_ms = self._known.get(station_id, (-1, 0, 0))
                expired = not 0 <= now_ms - asked_ms < KNOWN_MS
                if midnight != midnights[zone] or (expired and old > 0):
                    old -= midnight == midnights[zone]
                    before = self._ask(station_id, midnights[zone], now_ms)
                found[station_id] = max(0, people.visits - before)
        return found

    def _ask(self, station_id: str, midnight: int, now_ms: int) -> int:
        before = self._totals.crossed_before(station_id, "visits", midnight)
        known = self._known.get(station_id)
        if known is not None and known[0] == midnight:
            before = max(before, known[1])  # late ones only add; fewer are in a file that was begun anew
        self._known[station_id] = (midnight, before, now_ms)
        return before


def midnight_ms(now_ms: int, zone: ZoneInfo) -> int:
    """When the present local day began."""
    local = datetime.fromtimestamp(now_ms / 1000, zone)
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
