"""When a reading was taken, where the station's own clock did not know. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from contract.messages import Climate, Presence, Snapshot
from contract.quantities import MAX_INT
from server.store import Dating

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Window:
    """How far a reading's time may be from now.

    Attributes:
        past_ms, future_ms: the settings accept_past_days and accept_future_s, in milliseconds.
    """

    past_ms: int = 40 * DAY_MS
    future_ms: int = 300_000

    def refuses(self, at_ms: int, now_ms: int) -> str:
        """``too_old``, ``too_new``, or "" for a time that is accepted."""
        if at_ms < now_ms - self.past_ms:
            return "too_old"
        return "too_new" if at_ms > now_ms + self.future_ms else ""


def dated(snapshot: Snapshot, boot_id: str, sent_mono_ms: int, received_ms: int) -> tuple[Snapshot, Dating]:
    """A snapshot with the best time that is known for it, and where that time comes from.

    A synced one keeps its own. An unsynced one of the sender's own boot was taken as long before the
    receiving as it lay between taking and sending on the boot clock. One of an earlier boot, that never
    learnt the time, gets the moment of receiving. All its instants are moved alike, as the same wrong
    clock gave them.
    """
    if snapshot.clock == "synced":
        return snapshot, "measured"
    if snapshot.boot_id == boot_id and snapshot.mono_ms <= sent_mono_ms:
        at_ms = max(0, received_ms - (sent_mono_ms - snapshot.mono_ms))
        return _moved(snapshot, at_ms - snapshot.at_ms), "estimated"
    return _moved(snapshot, received_ms - snapshot.at_ms), "received"


def _moved(snapshot: Snapshot, by_ms: int) -> Snapshot:
    climate, presence = snapshot.climate, snapshot.presence
    return replace(
        snapshot,
        at_ms=snapshot.at_ms + by_ms,
        climate=climate and _climate(climate, by_ms),
        presence=presence and _presence(presence, by_ms),
        sockets=tuple(replace(each, since_ms=_instant(each.since_ms, by_ms)) for each in snapshot.sockets),
        faults=tuple(replace(each, since_ms=_instant(each.since_ms, by_ms)) for each in snapshot.faults),
    )


def _climate(climate: Climate, by_ms: int) -> Climate:
    return replace(climate, at_ms=_instant(climate.at_ms, by_ms))


def _presence(presence: Presence, by_ms: int) -> Presence:
    at_ms = presence.motion_at_ms
    return presence if at_ms is None else replace(presence, motion_at_ms=_instant(at_ms, by_ms))


def _instant(at_ms: int, by_ms: int) -> int:
    return min(max(0, at_ms + by_ms), MAX_INT)
