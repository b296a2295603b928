"""The words of riders and staff as small whole numbers: 0 is best, 9 is unknown.

Panels colour and sum numbers, not text, so each word is written twice. A number once given never changes
its meaning: years of history are read by it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contract.messages import SocketState
from server.state import AccessValue, ComfortValue, CrowdingValue, SlotWord

UNKNOWN: Final = 9

ACCESS: Final[Mapping[AccessValue, int]] = MappingProxyType(
    {"open": 0, "closing_soon": 1, "closed": 2, "locked": 3, "unknown": UNKNOWN}
)
"""Up to 1 riders get in."""

CROWDING: Final[Mapping[CrowdingValue, int]] = MappingProxyType(
    {"quiet": 0, "busy": 1, "crowded": 2, "full": 3, "unknown": UNKNOWN}
)
"""From 2 on it counts as crowded."""

COMFORT: Final[Mapping[ComfortValue, int]] = MappingProxyType(
    {"cool": 0, "warm": 1, "mild": 2, "hot": 3, "cold": 4, "unknown": UNKNOWN}
)
"""0 is the best word of summer, 1 that of winter; 3 and 4 are uncomfortable."""

SOCKET: Final[Mapping[SocketState, int]] = MappingProxyType(
    {"free": 0, "charging": 1, "full": 2, "in_use": 3, "off": 4, "fault": 5, "unknown": UNKNOWN}
)
"""1 to 3 are occupied, 4 and 5 are of no use to anybody."""

SLOT: Final[Mapping[SlotWord, int]] = MappingProxyType(
    {
        "charged": 0,
        "charging": 1,
        "empty": 2,
        "present": 3,
        "open": 4,
        "disabled": 5,
        "faulty": 6,
        "offline": 7,
        "unknown": UNKNOWN,
    }
)
"""0 can be taken, 2 takes a spent battery, from 5 on staff have to look."""
