"""How full the room is."""

from dataclasses import replace
from typing import Final

from server.model import Thresholds
from server.state import Crowding, CrowdingValue
from server.status.ages import freshness

_CROWDING: Final[tuple[CrowdingValue, ...]] = ("quiet", "busy", "crowded", "full")


def crowding(
    people: int | None,
    places: int | None,
    previous: Crowding | None,
    now_ms: int,
    thresholds: Thresholds,
    *,
    at_ms: int | None,
    estimated: bool = False,
) -> Crowding:
    """How full the room is, from the people in it and its places.

    A worse word is told at once. A better one only when the share is below its threshold by the
    hysteresis, and has been for the whole hold: meanwhile the word stays, with the reason ``held``.
    """
    now = Crowding("unknown", people, places, estimated, at_ms)
    age = freshness(at_ms, now_ms, thresholds)
    if age == "none":
        return replace(now, reason="no_live_data")
    if age == "offline":
        return replace(now, people=None, reason="offline")
    if people is None or not places:
        return replace(now, reason="no_count" if people is None else "no_places")
    before = previous.value if previous else "unknown"
    word = _crowding_word(100 * people / places, before, thresholds)
    if previous is None or before == "unknown" or _rank(word) >= _rank(before):
        return replace(now, value=word, reason="places")
    return _held(replace(now, reason="held"), word, previous, now_ms, thresholds)


def _rank(word: CrowdingValue) -> int:
    return _CROWDING.index(word)


def _crowding_word(share_pct: float, before: CrowdingValue, thresholds: Thresholds) -> CrowdingValue:
    word = share_word(share_pct, thresholds)
    if before == "unknown" or _rank(word) >= _rank(before):
        return word
    cautious = share_word(share_pct + thresholds.crowding_hysteresis_pct, thresholds)
    return min(cautious, before, key=_rank)


def share_word(share_pct: float, thresholds: Thresholds) -> CrowdingValue:
    """The word for people in percent of the places, without what was told before."""
    limits = (thresholds.busy_pct, thresholds.crowded_pct, thresholds.full_pct)
    return _CROWDING[sum(share_pct >= limit for limit in limits)]


def _held(
    now: Crowding, word: CrowdingValue, previous: Crowding, now_ms: int, thresholds: Thresholds
) -> Crowding:
    """Hold back the better ``word``; what is told in the end is the worst word of the hold."""
    since_ms = now_ms if previous.since_better_ms is None else previous.since_better_ms
    better = max(previous.better or word, word, key=_rank)
    if now_ms - since_ms < thresholds.crowding_hold_ms:
        return replace(now, value=previous.value, better=better, since_better_ms=since_ms)
    if word == better:
        return replace(now, value=better, reason="places")
    return replace(now, value=better, better=word, since_better_ms=now_ms)
