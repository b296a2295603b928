"""Snapshots for a store, and all that it gives back."""

from contract.messages import (
    Snapshot,
)
from server.store import Accepted
from server.store.chains import HOUR_MS
from server.store.sqlite import Store

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
START_MS = 1_760_000_400_000 // HOUR_MS * HOUR_MS
STREAMS = ("00000000000000aa", "00000000000000bb")
STATIONS = ("canteen", "library")


def snapshot(seq: int = 1, at_ms: int = START_MS, **parts: object) -> Snapshot:
    """A snapshot with these parts."""
    return Snapshot(STREAMS[0], seq, at_ms, at_ms - START_MS + HOUR_MS, BOOT, "synced", **parts)  # type: ignore[arg-type] # by name


def accepted(snapshot: Snapshot, station: str = "canteen", digest: int = 0) -> Accepted:
    """It, as the ingest hands it to the store."""
    return Accepted(station, snapshot, snapshot.at_ms + 150, "measured", digest)


def everything(store: Store, station: str = "canteen") -> list[Snapshot]:
    """All that the store gives back of a station."""
    return [stored.snapshot for stored in store.snapshots(station, 0, 2**53)]
