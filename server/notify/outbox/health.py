"""How each channel is doing: since when nothing gets through, and what its target said last."""

import logging
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from server.notify.model import Outcome, Reason, Refused, Why
from server.notify.tables import CHANNELS, HEALTH

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """A channel as its last tries have shown it; times in ms.

    Attributes:
        failing_since_ms: of the first of the tries that failed without one in between that did not.
        failures: how many those are.
        why, reason, detail: of the last refusal; "" when the last try was well.
        closed_until_ms: its target wants to be left alone until then.
        tried_ms, sent_ms: of the last try, and of the last that got through.
    """

    failing_since_ms: int | None = None
    failures: int = 0
    why: Why | str = ""
    reason: Reason | str = ""
    detail: str = ""
    closed_until_ms: int = 0
    tried_ms: int | None = None
    sent_ms: int | None = None

    @property
    def failing(self) -> bool:
        """More than one bad moment: the set-up is wrong, or two tries running have failed."""
        return self.failing_since_ms is not None and (self.failures > 1 or self.why == "setup")


def after(before: Health, outcome: Outcome, now_ms: int) -> Health:
    """The channel after one more try."""
    if not isinstance(outcome, Refused):
        return Health(tried_ms=now_ms, sent_ms=now_ms)
    closed_ms = now_ms + 1000 * (outcome.retry_after_s or 0) if outcome.why == "later" else 0
    return Health(
        now_ms if before.failing_since_ms is None else before.failing_since_ms,
        before.failures + 1,
        outcome.why,
        outcome.reason,
        outcome.detail,
        closed_ms,
        now_ms,
        before.sent_ms,
    )


def of_all(connection: Connection) -> dict[str, Health]:
    """Every channel there is, by id."""
    columns = [column for column in HEALTH.c if column.name != "channel"]
    wanted = select(CHANNELS.c.id, HEALTH.c.channel, *columns).outerjoin(
        HEALTH, HEALTH.c.channel == CHANNELS.c.id
    )
    return {
        row.id: Health() if row.channel is None else Health(*row[2:]) for row in connection.execute(wanted)
    }


def note(connection: Connection, channel_id: str, outcome: Outcome, now_ms: int) -> Health:
    """Note one more try of a channel in the caller's transaction; how the channel was before it."""
    columns = [column for column in HEALTH.c if column.name != "channel"]
    found = connection.execute(select(*columns).where(HEALTH.c.channel == channel_id)).one_or_none()
    before = Health() if found is None else Health(*found)
    now = after(before, outcome, now_ms)
    _log(channel_id, before, now)
    row = {column.name: getattr(now, column.name) for column in columns}
    stored = insert(HEALTH).values(channel=channel_id, **row)
    connection.execute(stored.on_conflict_do_update(index_elements=["channel"], set_=row))
    return before


def _log(channel_id: str, before: Health, now: Health) -> None:
    """Changes only: a channel that is away for a day is tried a thousand times."""
    if now.reason and (now.why, now.reason) != (before.why, before.reason):
        log.warning(
            "channel refuses: channel=%s why=%s reason=%s detail=%r",
            channel_id,
            now.why,
            now.reason,
            now.detail,
        )
    elif before.reason and not now.reason:
        log.info("channel takes messages again: channel=%s failures=%d", channel_id, before.failures)
