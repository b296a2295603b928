"""Refused messages in the log: a line when a station begins to send what is refused, not one for each."""

import logging
from typing import Final

from server.store import DeadLetter

log = logging.getLogger(__name__)

QUIET_MS: Final = 3_600_000
"""Without a refusal for so long, the next one is a new beginning."""
_MOST: Final = 10_000
"""Topics and reasons remembered; a sender may invent topics."""


class RefusalLog:
    """Remembers who was refused lately, and why."""

    def __init__(self) -> None:
        self._last_ms: dict[tuple[str, str], int] = {}

    def tell(self, letter: DeadLetter) -> None:
        """Log ``letter`` if none of its topic and reason came within :data:`QUIET_MS` before it."""
        key = letter.topic, letter.reason
        last_ms = self._last_ms.pop(key, None)
        self._last_ms[key] = letter.received_ms
        if len(self._last_ms) > _MOST:
            del self._last_ms[next(iter(self._last_ms))]
        if last_ms is None or letter.received_ms - last_ms >= QUIET_MS:
            log.warning(
                "refused topic=%r reason=%s seq=%s detail=%r",
                letter.topic,
                letter.reason,
                letter.seq,
                letter.detail,
            )
