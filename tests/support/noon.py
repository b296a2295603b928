"""A whole city as it is at 13:20 in July, at any time that a test runs: its instants moved to the present."""

import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from server.demo.networks import NETWORKS
from server.state import StationState
from tests.support.city import city
from tests.support.web import NOON_MS, TableLive

LIVE = 2_616
"""So many with live data in all networks make Taiyuan's own 2,080 stations, 40 of them static."""
NETWORK = "taiyuan"


def at_noon(live: int = LIVE) -> TableLive:
    """Taiyuan with all of its stations, as they stand a second after they were told."""
    table = TableLive(network for network in NETWORKS if network.id == NETWORK)
    table.put(*states(live))
    return table


def states(live: int) -> Iterator[StationState]:
    """Taiyuan's stations in a demo of so many."""
    later_ms = time.time_ns() // 1_000_000 - NOON_MS
    for state in city(live, NOON_MS):
        if state.station.network == NETWORK:
            yield _moved(state, later_ms)


def _moved(part: Any, later_ms: int) -> Any:
    if isinstance(part, tuple):
        return tuple(_moved(each, later_ms) for each in part)
    if not is_dataclass(part) or isinstance(part, type):
        return part
    old = {field.name: getattr(part, field.name) for field in fields(part)}
    new = {
        name: value + later_ms if name.endswith("_ms") and value is not None else _moved(value, later_ms)
        for name, value in old.items()
    }
    return replace(part, **{name: value for name, value in new.items() if value != old[name]})
