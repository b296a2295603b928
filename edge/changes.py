"""Which differences between two snapshots are worth keeping the later one for, and which cannot wait."""

from typing import Final

from contract.messages import Cabinet, Climate, Snapshot

TEMPERATURE_STEP_C: Final = 0.5
"""The hysteresis of the riders' word for comfort; a smaller change waits for the heartbeat."""

HOT_C: Final = 60.0
"""From here on a cabinet or a battery in it is a danger; the server's own limit, unless set otherwise."""


def differs(kept: Snapshot, now: Snapshot) -> bool:
    """Whether a rider, or who repairs the station, would notice the difference."""
    return (
        _noticeable(kept) != _noticeable(now)
        or _temperature_moved(kept.climate, now.climate)
        or dangers(kept) != dangers(now)
    )


def _noticeable(snapshot: Snapshot) -> tuple[object, ...]:
    return (
        snapshot.doors,
        snapshot.presence is not None and snapshot.presence.ok,
        [(socket.id, socket.state) for socket in snapshot.sockets],
        [(cabinet.id, cabinet.online, cabinet.mains_ok, cabinet.smoke) for cabinet in snapshot.cabinets],
        [_slots(cabinet) for cabinet in snapshot.cabinets],
        [(fault.sensor, fault.code) for fault in snapshot.faults],
    )


def dangers(snapshot: Snapshot) -> set[tuple[str, int, str]]:
    """Cabinet, slot (0 for the cabinet itself) and what is wrong: smoke, heat, an alarm."""
    found = set()
    for cabinet in snapshot.cabinets:
        if cabinet.smoke:
            found.add((cabinet.id, 0, "smoke"))
        places = ((0, cabinet.temperature_c), *((slot.n, slot.temperature_c) for slot in cabinet.slots))
        found |= {(cabinet.id, n, "hot") for n, heat in places if heat is not None and heat >= HOT_C}
        found |= {(cabinet.id, slot.n, alarm) for slot in cabinet.slots for alarm in slot.alarms}
    return found


def _slots(cabinet: Cabinet) -> list[tuple[object, ...]]:
    return [
        (slot.n, slot.battery, slot.charge, slot.door, slot.enabled, slot.alarms) for slot in cabinet.slots
    ]


def _temperature_moved(kept: Climate | None, now: Climate | None) -> bool:
    before = kept.temperature_c if kept else None
    after = now.temperature_c if now else None
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= TEMPERATURE_STEP_C
