"""A store with its roll-ups, for tests: what is committed, pruned and made."""

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from contract.messages import Climate, Door, Snapshot, Socket
from server.live import Live
from server.model import Network, Station
from server.rollups import Day, Quarter, Rollups
from server.rollups.calendar import DAY_MS, QUARTER_MS, QUARTERS, midnight_ms
from server.rollups.keeper import SETTLED_MS, Keeper
from server.rollups.partial import THOUSAND, Partial, Sums
from server.rollups.writing import Writer
from server.store import Accepted
from server.store.sqlite import Store

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
SHANGHAI = "Asia/Shanghai"
DAY = date(2026, 7, 1)
HOUR_MS = 3_600_000
MIDNIGHT = midnight_ms(DAY, SHANGHAI)
NEXT = MIDNIGHT + DAY_MS
LATER = NEXT + HOUR_MS
KEPT = 1_096


class Rig:
    """Two stations that count at a door."""

    def __init__(self, folder: Path, zone: str = SHANGHAI) -> None:
        self.path = folder / "rollups.db"
        self.store = Store.open(folder / "readings.db")
        self.live = Live(self.store)
        self.set_zone(zone)
        self.writer = Writer.open(self.path)
        self.rollups = Rollups.open_reader(self.path)
        self.renewed: list[str] = []
        self.seq = 0

    @property
    def keeper(self) -> Keeper:
        return Keeper(self.store, self.writer, self.live, KEPT, self.renewed.append)

    def set_zone(self, zone: str) -> None:
        stations = {name: Station(name, "net", name, instrumented=True) for name in ("canteen", "library")}
        self.live.refresh_registry({"net": Network("net", "网", "Net", time_zone=zone)}, stations, MIDNIGHT)

    def commit(self, snapshot: Snapshot, received_ms: int, station: str = "canteen") -> None:
        """As the ingest does: committed, then counted."""
        self.store.commit([Accepted(station, snapshot, received_ms, "measured", snapshot.seq)])
        self.live.apply(station, snapshot, received_ms)
        self.live.settle(received_ms + HOUR_MS)

    def come(
        self,
        at_ms: int,
        came: int = 0,
        left: int = 0,
        *,
        station: str = "canteen",
        doors: bool = True,
        celsius: float | None = None,
        watts: float | None = None,
    ) -> None:
        """A snapshot with these totals."""
        self.seq += 1
        snapshot = Snapshot(
            "00c0ffee00c0ffee",
            self.seq,
            at_ms,
            0,
            BOOT,
            "synced",
            None if celsius is None else Climate(at_ms, celsius),
            (Door("main", came, left),) if doors else (),
            None,
            () if watts is None else (Socket("a1", "ac", "charging", at_ms, watts),),
        )
        self.commit(snapshot, at_ms, station)

    def fill(
        self, from_ms: int, to_ms: int, came: int, step_ms: int = QUARTER_MS, station: str = "canteen"
    ) -> None:
        """``came`` people are inside all the time; the first snapshot is the base line."""
        for at_ms in range(from_ms, to_ms, step_ms):
            self.come(at_ms, 0 if at_ms == from_ms else came, station=station)

    def make(self, now_ms: int) -> int:
        """Make all that is due; how many steps that took."""
        steps = 0
        while self.keeper.make(now_ms, now_ms):
            steps += 1
        return steps

    def work(self, now_ms: int) -> int:
        """Follow, and make all that is due when that has settled."""
        while self.keeper.follow(now_ms):
            pass
        return self.make(now_ms + SETTLED_MS)

    def prune(self, before_ms: int, from_ms: int = 0) -> None:
        """Take raw rows away, in whole hours, as they are chained within one; but not the newest commit."""
        span = (from_ms // HOUR_MS * HOUR_MS, before_ms // HOUR_MS * HOUR_MS)
        with closing(sqlite3.connect(self.store.path, isolation_level=None)) as file:
            file.execute(
                "DELETE FROM snapshot WHERE at_ms >= ? AND at_ms < ? AND at_ms / 3600000 <>"
                " (SELECT at_ms / 3600000 FROM snapshot ORDER BY id DESC LIMIT 1)",
                span,
            )
        self.store._begin_afresh()  # it may still know rows that are gone

    def quarters(self, from_ms: int = MIDNIGHT, to_ms: int = NEXT, station: str = "canteen") -> list[Quarter]:
        return self.rollups.quarters(station, from_ms, to_ms)

    def days(self, station: str = "canteen") -> dict[date, Day]:
        found = self.rollups.days(date(2000, 1, 1), date(2100, 1, 1), [station])
        return {each.day: each for each in found}

    def day(self, day: date = DAY) -> Day:
        return self.days()[day]

    def reopen(self) -> None:
        self.writer.close()
        self.writer = Writer.open(self.path)

    def restart(self, readings: Path | None) -> None:
        """As a server that was stopped while somebody put another readings.db in the place of its own."""
        self.store.close()
        for suffix in ("", "-wal", "-shm"):
            self.store.path.with_name(f"{self.store.path.name}{suffix}").unlink(missing_ok=True)
        if readings is not None:
            shutil.copyfile(readings, self.store.path)
        self.store = Store.open(self.store.path)
        self.live = Live(self.store)
        self.set_zone(SHANGHAI)
        self.live.rebuild(LATER)

    def close(self) -> None:
        self.writer.close()
        self.store.close()


def remember(path: Path, station_id: str, days: Mapping[date, Sequence[float]], zone: str = SHANGHAI) -> None:
    """Days with a mean number of people in each of their 96 quarters."""
    kept: dict[int, dict[int, Partial]] = defaultdict(dict)
    for day, means in days.items():
        begin = midnight_ms(day, zone) // QUARTER_MS
        for number, mean in enumerate(means):
            quarter, people = begin + number, round(mean * THOUSAND)
            first_ms, last_ms = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS - 1
            sums = Sums(1, people, people, people, people, last_ms)
            partial = Partial(1, 0, first_ms, last_ms, {}, {"occupancy": sums})
            kept[quarter // QUARTERS][quarter] = partial
    with closing(Writer.open(path)) as writer, writer.transaction():
        no, _ = writer.station(station_id, zone)
        for day_no, partials in kept.items():
            writer.put_partials(no, day_no, partials, KEPT)
