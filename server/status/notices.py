"""Staff's notices on a station: which one decides now, and what they make of the next change."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from server.state import AccessValue, Notice, Posted

AHEAD_MS: Final = 7 * 86_400_000
"""Riders read of what is planned so long before: the week that a station's page shows."""
_STEPS: Final = 64
"""So many changes are looked through for the next one that matters."""


def deciding(notices: Iterable[Notice], now_ms: int) -> Notice | None:
    """The notice that says whether riders can get in at ``now_ms``: the first one that holds then."""
    return next((each for each in notices if each.value and each.holds(now_ms)), None)


def shown(notices: Iterable[Notice], now_ms: int) -> tuple[Notice, ...]:
    """Those that riders read: what holds first, then what is planned by its beginning."""
    near = (each for each in notices if not each.over(now_ms) and each.at_ms - now_ms <= AHEAD_MS)
    return tuple(sorted(near, key=lambda each: (max(each.at_ms, now_ms), not each.value)))


def outlook(
    posted: Posted, notices: Sequence[Notice], now_ms: int, posted_at: Callable[[int], Posted]
) -> Posted:
    """The hours of now, with the next change as the notices make it.

    Args:
        posted: the hours of ``now_ms``.
        notices: the one that decides before the others first.
        posted_at: the hours of another moment.
    """
    telling = [each for each in notices if each.value and not each.over(now_ms)]
    if not telling:
        return posted
    present, there, at_ms = _word(posted, telling, now_ms), posted, now_ms
    for _ in range(_STEPS):
        edge_ms = _next_edge(there, telling, at_ms)
        if edge_ms is None or (edge_ms - now_ms > AHEAD_MS and not deciding(telling, now_ms)):
            break
        at_ms, there = edge_ms, posted_at(edge_ms)
        then = _word(there, telling, at_ms)
        if then != present:
            return posted._replace(changes_at_ms=at_ms, then=then)
    return posted._replace(changes_at_ms=None)


def _word(posted: Posted, notices: Sequence[Notice], at_ms: int) -> AccessValue:
    notice = deciding(notices, at_ms)
    if notice is not None:
        return "open" if notice.value in ("open", "closing_soon") else "closed"
    return "unknown" if posted.open is None else "open" if posted.open else "closed"


def _next_edge(posted: Posted, notices: Sequence[Notice], at_ms: int) -> int | None:
    """When something begins or ends next; the hours do not matter while a notice decides."""
    edges = [edge for each in notices for edge in (each.at_ms, each.until_ms) if edge is not None]
    if posted.changes_at_ms is not None and deciding(notices, at_ms) is None:
        edges.append(posted.changes_at_ms)
    return min((edge for edge in edges if edge > at_ms), default=None)
