"""What Home Assistant is to be told next on one connection. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge.discovery import Plan, Value, config

ANNOUNCE_S: Final = 5.0
"""Between two discovery messages, however often somebody asks."""

AGAIN_S: Final = 3.0
"""After a discovery message the values are said once more: Home Assistant first has to make the entities."""


class Message(NamedTuple):
    """To be published."""

    topic: str
    payload: bytes
    retain: bool


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """All values of one moment; ``at_s`` is when, on the clock that never goes back."""

    at_s: float
    values: Mapping[str, Value]


@dataclass(slots=True)
class Turns:
    """The memory of one connection."""

    plan: Plan
    _announced: frozenset[str] | None = None
    _announced_s: float = 0.0
    _asked: bool = False
    _again: bool = False
    _said: News | None = field(default=None)

    @property
    def is_new(self) -> bool:
        """Whether nothing has been said yet."""
        return self._announced is None

    def next(
        self, now_s: float, news: News | None, known: Collection[str], *, born: bool = False
    ) -> list[Message]:
        """What is due, perhaps nothing. ``born``: Home Assistant has started since the last turn.

        Values too old to be believed are not said at all.
        """
        self._asked = self._asked or born
        messages = self._announce(now_s, frozenset(known)) if self._is_due(now_s, known) else []
        if self._again and now_s - self._announced_s >= AGAIN_S:
            self._again, self._said = False, None
        if news and news is not self._said and now_s - news.at_s < self.plan.expire_s:
            self._said = news
            # Not retained: a value that nobody stands for any more must not greet who comes later.
            messages.append(Message(self.plan.state_topic, _json(news.values), retain=False))
        return messages

    def _is_due(self, now_s: float, known: Collection[str]) -> bool:
        if self.is_new:
            return True
        wanted = self._asked or frozenset(known) != self._announced
        return wanted and now_s - self._announced_s >= ANNOUNCE_S

    def _announce(self, now_s: float, known: frozenset[str]) -> list[Message]:
        self._announced, self._announced_s = known, now_s
        self._asked, self._again, self._said = False, True, None
        return [
            Message(self.plan.config_topic, _json(config(self.plan, known)), retain=True),
            Message(self.plan.availability_topic, b"online", retain=True),
        ]


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
