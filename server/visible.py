"""What a rider would see of a station, and when the clock alone may change it. Pure."""

import math
from typing import Any, Final

from server.model import Thresholds
from server.state import StationState

TEMPERATURE_STEP_C: Final = 0.5
HUMIDITY_STEP_PCT: Final = 5.0
"""Riders see half degrees and humidity in fives: a smaller change is none to them."""
LOOK_AGAIN_MS: Final = 60_000
"""A station's words are made again so often, even where no known instant has come (midnight, the season)."""


def due_ms(state: StationState, thresholds: Thresholds, now_ms: int) -> int:
    """The first instant from now on at which the clock alone may change a word."""
    access, held_since_ms = state.access, state.crowding.since_better_ms
    moments = [now_ms + LOOK_AGAIN_MS]
    for at_ms in (state.at_ms, state.comfort.at_ms):
        if at_ms is not None:
            moments += (at_ms + thresholds.fresh_ms, at_ms + thresholds.offline_ms)
    if access.changes_at_ms is not None:
        moments += (access.changes_at_ms, access.changes_at_ms - thresholds.closing_soon_ms)
    if access.at_ms is not None:
        moments.append(access.at_ms + thresholds.evidence_ms)
    if held_since_ms is not None:
        moments.append(held_since_ms + thresholds.crowding_hold_ms)
    for notice in state.notices:
        moments += [edge for edge in (notice.at_ms, notice.until_ms) if edge is not None]
    return min(moment for moment in moments if moment >= now_ms)


def visible(state: StationState) -> tuple[Any, ...]:
    """What a rider sees of a station, without ages."""
    access, crowding, comfort, sockets = state.access, state.crowding, state.comfort, state.sockets
    return (
        state.station,
        state.freshness,
        state.simulated,
        (access.value, access.evidence, access.changes_at_ms, access.hours_unconfirmed, access.then),
        state.notices,
        (crowding.value, crowding.places, crowding.estimated, crowding.reason),
        (comfort.value, comfort.reason, _step(comfort.temperature_c, TEMPERATURE_STEP_C)),
        _step(comfort.humidity_pct, HUMIDITY_STEP_PCT),
        (sockets.total, sockets.free, sockets.occupied, sockets.faulty, sockets.unknown),
        [(socket.id, socket.label, socket.kind, socket.state) for socket in state.socket_list],
        [
            (cabinet.id, cabinet.label, cabinet.voltage_v, cabinet.online, cabinet.slots)
            for cabinet in state.cabinets
        ],
    )


def _step(value: float | None, size: float) -> int | None:
    return None if value is None else math.floor(value / size + 0.5)
