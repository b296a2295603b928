"""What riders are told: words from facts. Pure; ``now_ms`` is handed in.

    ages         how old a fact is
    entry        whether a rider can get in
    notices      what staff say of that, now and next
    crowd        how full the room is
    air          what the air feels like
    resources    charging sockets and batteries

Every function takes the time of its fact, and says nothing about an offline one but that it is offline.
A stale fact keeps its word: the page shows it grey, with its age, and does not rank it. The thresholds
and where they come from are in ``docs/status.md``.
"""

from server.status.ages import freshness
from server.status.air import comfort, heat_index_c, season
from server.status.crowd import crowding, share_word
from server.status.entry import access, bolted
from server.status.notices import deciding, outlook, shown
from server.status.resources import cabinets, slot_word, sockets

__all__ = [
    "access",
    "bolted",
    "cabinets",
    "comfort",
    "crowding",
    "deciding",
    "freshness",
    "heat_index_c",
    "outlook",
    "season",
    "share_word",
    "shown",
    "slot_word",
    "sockets",
]
