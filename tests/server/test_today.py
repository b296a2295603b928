"""Visits since local midnight, from a real store and the live count."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contract.messages import Door, Snapshot
from server.live import Live
from server.model import Network, Station
from server.store import Accepted
from server.store.sqlite import Store
from server.today import KNOWN_MS, Today, midnight_ms
from tests.support.alert_facts import EMPTY

ZONE = ZoneInfo("Asia/Shanghai")
NOON_MS = 1_800_000_000_000 // 86_400_000 * 86_400_000 + 4 * 3_600_000
MIN = 60_000
HOUR = 60 * MIN
MIDNIGHT_MS = NOON_MS - 12 * HOUR
ROOMS = dict.fromkeys(("counted", "doorless", "yesterday"), ZONE)


class World:
    """A store with a live state over it."""

    def __init__(self, store: Store) -> None:
        self.store, self.live, self._seq = store, Live(store), 0
        stations = {name: Station(name, "city", name, instrumented=True) for name in ROOMS}
        self.live.refresh_registry({"city": Network("city", "城", "")}, stations, NOON_MS)

    def say(self, station: str, at_ms: int, total: int | None) -> None:
        """A snapshot with a door's total, or without a door."""
        self._seq += 1
        doors = () if total is None else (Door("main", total, 0),)
        said: Snapshot = replace(EMPTY, seq=self._seq, at_ms=at_ms, doors=doors)
        self.store.commit([Accepted(station, said, NOON_MS, "measured", self._seq)])
        self.live.apply(station, said, NOON_MS)
        self.live.settle(NOON_MS + HOUR)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(Store.open(tmp_path / "readings.db")) as store:
        yield World(store)


def test_midnight_is_the_stations_own() -> None:
    assert midnight_ms(NOON_MS, ZONE) == MIDNIGHT_MS
    assert midnight_ms(MIDNIGHT_MS, ZONE) == MIDNIGHT_MS
    assert midnight_ms(MIDNIGHT_MS - 1, ZONE) == MIDNIGHT_MS - 24 * HOUR


def test_visits_of_today_leave_out_those_before_midnight(world: World) -> None:
    for at_ms, total in (
        (MIDNIGHT_MS - 2 * HOUR, 100),
        (MIDNIGHT_MS - MIN, 140),
        (MIDNIGHT_MS + MIN, 141),
        (NOON_MS - MIN, 150),
    ):
        world.say("counted", at_ms, total)
    assert Today(world.live, world.store).visits(ROOMS, NOON_MS) == {"counted": 10}


def test_who_does_not_count_is_left_out_not_told_as_nobody(world: World) -> None:
    world.say("doorless", NOON_MS - MIN, None)
    world.say("yesterday", MIDNIGHT_MS - HOUR, 7)
    world.say("counted", NOON_MS - MIN, 7)
    assert Today(world.live, world.store).visits(ROOMS, NOON_MS) == {"counted": 0}


def test_a_total_that_began_anew_counts_on(world: World) -> None:
    for at_ms, total in ((MIDNIGHT_MS - MIN, 90), (MIDNIGHT_MS + MIN, 95), (NOON_MS - MIN, 3)):
        world.say("counted", at_ms, total)
    assert Today(world.live, world.store).visits(ROOMS, NOON_MS) == {"counted": 8}


def test_the_next_day_begins_at_nought(world: World) -> None:
    today = Today(world.live, world.store)
    for at_ms, total in ((MIDNIGHT_MS - MIN, 0), (MIDNIGHT_MS + MIN, 5), (MIDNIGHT_MS + 24 * HOUR + MIN, 6)):
        world.say("counted", at_ms, total)
    assert today.visits(ROOMS, MIDNIGHT_MS + 23 * HOUR) == {"counted": 6}
    assert today.visits(ROOMS, MIDNIGHT_MS + 24 * HOUR + 2 * MIN) == {"counted": 1}


def test_a_late_snapshot_of_yesterday_is_yesterdays_after_a_while(world: World) -> None:
    today = Today(world.live, world.store)
    world.say("counted", MIDNIGHT_MS - 3 * HOUR, 10)
    world.say("counted", MIDNIGHT_MS + MIN, 20)
    assert today.visits(ROOMS, NOON_MS) == {"counted": 10}, "all that came since was seen after midnight"
    world.say("counted", MIDNIGHT_MS - HOUR, 18)
    assert today.visits(ROOMS, NOON_MS + KNOWN_MS) == {"counted": 2}


def test_a_store_that_is_replaced_makes_no_visits(world: World) -> None:
    """The live count goes on; the new file does not know what was counted before midnight."""
    today = Today(world.live, world.store)
    world.say("counted", MIDNIGHT_MS - HOUR, 0)
    world.say("counted", MIDNIGHT_MS - MIN, 9_000)
    world.say("counted", NOON_MS - MIN, 9_010)
    assert today.visits(ROOMS, NOON_MS) == {"counted": 10}
    world.store.replace(sqlite3.DatabaseError("malformed"))
    world.say("counted", NOON_MS, 9_011)
    assert today.visits(ROOMS, NOON_MS + KNOWN_MS) == {"counted": 11}
