"""Gives snapshots that were taken before the clock was set the time at which they were really taken."""

from dataclasses import replace

from contract.messages import Snapshot
from edge.clock import Instant


def corrected(snapshot: Snapshot, now: Instant) -> Snapshot:
    """The snapshot as a synced clock would have dated it.

    Args:
        snapshot: taken in the same boot as ``now``, with an unsynced clock.
        now: a moment with a synced clock. Both clocks advanced alike since the snapshot, so the boot
            clock tells how long ago it was taken.
    """
    shift = now.at_ms - (now.mono_ms - snapshot.mono_ms) - snapshot.at_ms

    def move(at_ms: int) -> int:
        return max(0, at_ms + shift)

    climate, presence = snapshot.climate, snapshot.presence
    if climate is not None:
        climate = replace(climate, at_ms=move(climate.at_ms))
    if presence is not None and presence.motion_at_ms is not None:
        presence = replace(presence, motion_at_ms=move(presence.motion_at_ms))
    return replace(
        snapshot,
        at_ms=move(snapshot.at_ms),
        clock="synced",
        climate=climate,
        presence=presence,
        sockets=tuple(replace(socket, since_ms=move(socket.since_ms)) for socket in snapshot.sockets),
        faults=tuple(replace(fault, since_ms=move(fault.since_ms)) for fault in snapshot.faults),
    )
