"""How many series InfluxDB has to keep in its index: one for each measurement and set of tags. Pure."""

from collections.abc import Iterable
from typing import Final

from contract.messages import Info

STATION: Final = 4
"""Of every station: climate, occupancy, status, health."""


def of_station(info: Info) -> int:
    """At most so many of one station; each socket, cabinet and slot is one more."""
    return STATION + len(info.sockets) + sum(1 + each.slots_count for each in info.cabinets)


def of_all(infos: Iterable[Info], networks: int) -> int:
    """At most so many of these stations and their networks."""
    return networks + sum(map(of_station, infos))
