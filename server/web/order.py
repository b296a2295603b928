"""The order of the list: open, quiet and comfortable first, and nothing old before something fresh. Pure."""

from typing import Final

from server.model import StationState

_FRESHNESS: Final = {"fresh": 0, "stale": 1, "none": 2, "offline": 2}
_ACCESS: Final = {"open": 0, "closing_soon": 1, "unknown": 2, "locked": 4, "closed": 4}
_CROWDING: Final = {"quiet": 0, "busy": 1, "unknown": 1, "crowded": 2, "full": 3}
_COMFORT: Final = {"cool": 0, "warm": 0, "mild": 1, "unknown": 1, "hot": 2, "cold": 2}


def order(state: StationState) -> tuple[int, int, int, int, str]:
    """Sort key: can a rider get in, do we know it now, is it good there, has it what a rider needs."""
    access = _ACCESS[state.access.value]
    return (
        access,
        _FRESHNESS[state.freshness],
        _CROWDING[state.crowding.value] + _COMFORT[state.comfort.value],
        -min(4, state.sockets.free) - min(4, sum(cabinet.charged for cabinet in state.cabinets)),
        state.station.id,
    )
