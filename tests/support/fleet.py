"""Stations that speak to a console in tests, and the thread that takes over what staff count."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from contract.messages import Climate, Door, Health, Info, Presence, Snapshot, Status
from server.store import Accepted
from tests.support.console import Console

BOOT = "6fd1c0de-1111-2222-3333-444455556666"


def snapshot(at_ms: int, people: int = 3, **parts: object) -> Snapshot:
    """A station with one door, through which so many people came, and a climate."""
    given = {
        "climate": Climate(at_ms, 26.5, 48),
        "doors": (Door("d0", 100 + people, 100),),
        "presence": Presence(at_ms),
    }
    return Snapshot(
        "00000000000000aa", at_ms // 1000, at_ms, 0, BOOT, parts.pop("clock", "synced"),  # type: ignore[arg-type]
        **(given | parts),  # type: ignore[arg-type]  # by name
    )  # fmt: skip


def hear(made: Console, station_id: str, *snapshots: Snapshot) -> None:
    """Commit and show what a station sends."""
    made.store.commit([Accepted(station_id, one, one.at_ms, "measured", 0) for one in snapshots])
    for one in snapshots:
        made.live.apply(station_id, one, one.at_ms)
    made.live.show(made.now_ms)


def speak(made: Console, station_id: str, people: int = 3, ago_ms: int = 20_000, **parts: object) -> None:
    """An empty room an hour ago, ``people`` now; the machine is well unless ``parts`` say otherwise."""
    at_ms = made.now_ms - ago_ms
    well = Health(outbox_rows=0, dropped_total=0, uptime_s=90_000, cpu_c=51.5, disk_free_pct=71)
    hear(
        made,
        station_id,
        snapshot(at_ms - 3_600_000, 0),
        snapshot(at_ms, people, **({"health": well} | parts)),
    )


def announce(made: Console, station_id: str, version: str, **parts: object) -> None:
    """What a station says of itself at birth."""
    made.live.set_info(station_id, Info(version, 1.0, 30.0, **parts))  # type: ignore[arg-type]  # by name
    made.live.set_link(station_id, Status("online", BOOT, version, made.now_ms - 60_000))
    made.live.show(made.now_ms)


@contextmanager
def ingesting(made: Console, every_s: float = 0.02, ahead_ms: int = 0) -> Iterator[None]:
    """The ingest thread's tick, by the console's clock or one so far ahead of it."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(every_s):
            with suppress(sqlite3.Error):  # as the server's: what the store cannot do now it does later
                made.live.settle(made.now_ms + ahead_ms)
            made.live.show(made.now_ms)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
