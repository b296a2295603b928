"""When a message that was refused is tried again, and until when. Pure."""

from typing import Final

from server.alerts.model import Severity
from server.notify.model import Reason, Refused

FIRST_MS: Final = 5_000
MOST_MS: Final = 5 * 60_000
MOST_URGENT_MS: Final = 30_000
"""Longest pause of a safety or critical message: it is to leave soon after its target is back."""
ESCALATE_MS: Final = 570_000
"""So long an urgent message has not been delivered, and a second receiver gets it: half a minute less than
the ten promised, for a request that is under way and for a start of the server."""
GIVE_UP_MS: Final = 24 * 3_600_000
"""Nobody is helped by a message that is older."""
LATE_MS: Final = 5 * 60_000
"""From here on a message says how late it is."""
URGENT: Final[tuple[Severity, ...]] = ("safety", "critical")

OF_THE_MESSAGE: Final[frozenset[Reason]] = frozenset({"too_long", "content"})
"""Refusals that concern this message only: it is not tried again, even when the channel takes others."""


def pause_ms(tries: int, severity: Severity) -> int:
    """How long to wait after so many tries (from 1)."""
    most = MOST_URGENT_MS if severity in URGENT else MOST_MS
    return min(FIRST_MS << min(tries - 1, 16), most)


def next_ms(refused: Refused, tries: int, severity: Severity, now_ms: int) -> int | None:
    """When to try again; None: not before somebody has mended the channel."""
    if refused.why == "setup":
        return None
    wait_ms = 1000 * (refused.retry_after_s or 0) if refused.why == "later" else 0
    return now_ms + max(wait_ms, pause_ms(tries, severity))


def hopeless(refused: Refused) -> bool:
    """Whether no try of this message can ever succeed."""
    return refused.why == "setup" and refused.reason in OF_THE_MESSAGE
