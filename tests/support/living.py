"""The live state over a store, of a few stations."""

from collections.abc import Mapping

from contract.messages import (
    Climate,
    Snapshot,
)
from server.live import Live
from server.model import Network, Station
from server.state import StationState
from server.store import Accepted, Dating
from server.store.chains import HOUR_MS
from server.store.sqlite import Store

BOOT = "6fd1c0de-1111-2222-3333-444455556666"
NOW = 1_760_000_400_000 // HOUR_MS * HOUR_MS + 20 * 60_000  # 17:20 in Shanghai
NETWORKS = {
    "net": Network("net", "网", "Net", summer=(1, 12)),
    "other": Network("other", "别", "Other"),
    "part": Network("part", "区", "Part", parent="net"),
}
STATIONS = {
    "canteen": Station("canteen", "net", "食堂", places=10),
    "silent": Station("silent", "net", "无数据", places=4),
    "far": Station("far", "other", "远"),
    "inner": Station("inner", "part", "里"),
    "last": Station("last", "net", "末"),
}
SETTLED = 60_000
"""Long enough after the last snapshot for a backlog to count as settled."""


def assembled(store: Store, stations: Mapping[str, Station] = STATIONS) -> Live:
    """The live state with these stations."""
    live = Live(store)
    live.refresh_registry(NETWORKS, stations, NOW)
    return live


def snapshot(seq: int, at_ms: int = NOW, **parts: object) -> Snapshot:
    """A snapshot of the canteen."""
    return Snapshot("00000000000000aa", seq, at_ms, 0, BOOT, "synced", **parts)  # type: ignore[arg-type] # by name


def take(live: Live, store: Store, *snapshots: Snapshot, dating: Dating = "measured") -> None:
    """Commit snapshots and show them to the live state, in this order."""
    store.commit([Accepted("canteen", one, NOW, dating, 0) for one in snapshots])
    for one in snapshots:
        live.apply("canteen", one, NOW, dating)


def shown(live: Live, now_ms: int = NOW) -> StationState:
    """The canteen as it is shown then."""
    live.show(now_ms)
    state = live.state("canteen")
    assert state is not None
    return state


def degrees(celsius: float, at_ms: int = NOW) -> Climate:
    """The air, so warm."""
    return Climate(at_ms, celsius, 40)
