"""A store to be pruned, and what is left in it."""

from types import MappingProxyType

from contract.messages import Climate, Door, Health, Presence, Snapshot
from server.store import Accepted, Dating
from server.store.chains import HOUR_MS
from server.store.pruner import DAY_MS, Ages, Followers, Pruner
from server.store.sqlite import Store

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
STREAM = "00000000000000aa"
START_MS = 1_760_000_400_000 // DAY_MS * DAY_MS
AGES = Ages(raw_ms=2 * HOUR_MS, late_ms=9 * HOUR_MS, noted_ms=30 * HOUR_MS)
HEALTH = Health(1, 2, 3, cpu_c=50.5)


def accepted(
    seq: int, at_ms: int, came: int = 0, received_ms: int | None = None,
    *, station: str = "canteen", motion_ms: int | None = None, dating: Dating = "measured",
    health: Health | None = None,
) -> Accepted:  # fmt: skip
    """A snapshot as the ingest hands it to the store."""
    snapshot = Snapshot(
        STREAM, seq, at_ms, at_ms - START_MS + DAY_MS, BOOT, "synced",
        Climate(at_ms, 21.0 + seq % 5), (Door("front", came, came // 2),), Presence(motion_ms or at_ms),
        health=health,
    )  # fmt: skip
    return Accepted(station, snapshot, at_ms + 100 if received_ms is None else received_ms, dating, seq)


def pruner(
    store: Store, followers: Followers = MappingProxyType({}), free: float = 1.0, ages: Ages = AGES
) -> Pruner:
    """A pruner of the store."""
    return Pruner(store, ages, followers, lambda: free)


def prune(store: Store, now_ms: int, **how: object) -> Pruner:
    """Until nothing is left to do."""
    made = pruner(store, **how)  # type: ignore[arg-type] # by name
    while made.step(now_ms):
        pass
    return made


def times(store: Store, station: str = "canteen") -> list[int]:
    """When the station's snapshots are of."""
    return [stored.snapshot.at_ms for stored in store.snapshots(station, 0, 2**53)]


def hours(store: Store, station: str = "canteen") -> list[int]:
    """The hours since ``START_MS`` of which there are snapshots."""
    return sorted({(at_ms - START_MS) // HOUR_MS for at_ms in times(store, station)})


def fill(store: Store, count: int, *, station: str = "canteen", every_ms: int = HOUR_MS // 4) -> None:
    """Let a station have sent so many snapshots."""
    store.commit([accepted(n + 1, START_MS + n * every_ms, n // 3, station=station) for n in range(count)])
