"""Whether a rider can get in."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from contract.messages import Door
from server.model import Thresholds
from server.state import Access, Notice, Posted
from server.status.ages import freshness


def access(
    posted: Posted,
    now_ms: int,
    thresholds: Thresholds,
    *,
    at_ms: int | None = None,
    moved_at_ms: int | None = None,
    bolted: bool | None = None,
    notice: Notice | None = None,
) -> Access:
    """Whether a rider can get in.

    Args:
        posted: what the opening hours say, and where there are notices, what these change of it next.
        at_ms: time of the newest snapshot, the age of ``bolted``.
        moved_at_ms: newest crossing or motion.
        bolted: what the bolt contacts say, see :func:`bolted`.
        notice: staff's word that decides now.
    """
    if notice and notice.value and notice.holds(now_ms):
        changes_at_ms = posted.changes_at_ms if posted.then else notice.until_ms
        return Access(notice.value, "notice", changes_at_ms, at_ms=notice.at_ms, then=posted.then)
    said = Access("unknown", "none", posted.changes_at_ms, posted.unconfirmed, then=posted.then)
    live = freshness(at_ms, now_ms, thresholds) in {"fresh", "stale"}
    if posted.open is False:
        return replace(said, value="closed", evidence="timetable")
    if live and bolted:
        return replace(said, value="locked", evidence="contact", at_ms=at_ms)
    if posted.open:
        said = replace(said, value=_open_word(posted, now_ms, thresholds), evidence="timetable")
    if moved_at_ms is not None and now_ms - moved_at_ms <= thresholds.evidence_ms:
        value = "open" if said.value == "unknown" else said.value
        return replace(said, value=value, evidence="verified", at_ms=moved_at_ms)
    return said


def _open_word(posted: Posted, now_ms: int, thresholds: Thresholds) -> Literal["open", "closing_soon"]:
    closes = posted.changes_at_ms
    soon = closes is not None and closes - now_ms <= thresholds.closing_soon_ms
    return "closing_soon" if soon else "open"


def bolted(doors: Iterable[Door]) -> bool | None:
    """True when every door has a bolt contact and all are shut; None when that is not known."""
    words = {door.locked for door in doors}
    if False in words:
        return False
    return True if words == {True} else None
