"""How old a fact is, as a word."""

from server.model import Thresholds
from server.state import Freshness


def freshness(at_ms: int | None, now_ms: int, thresholds: Thresholds) -> Freshness:
    """The age of a fact as a word. A fact from the future (a clock that runs ahead) is fresh."""
    if at_ms is None:
        return "none"
    age_ms = now_ms - at_ms
    if age_ms <= thresholds.fresh_ms:
        return "fresh"
    return "stale" if age_ms <= thresholds.offline_ms else "offline"
