"""How often one bot may be spoken to. Pure."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final

MOST: Final = 18
"""Attempts a minute: WeCom and DingTalk refuse the 21st, and DingTalk closes the bot for ten minutes."""
SPARE: Final = 3
"""Of these, kept for safety: a smoke alarm never waits behind eighteen offline stations."""
WINDOW_MS: Final = 60_000
_FAR_MS: Final = 3_600_000


class Pace:
    """Remembers the last minute of every bot. Failed attempts count: the other side counts them too.

    Args:
        spent: bot and time of attempts before now, so that a restart does not begin a fresh minute.
    """

    def __init__(self, spent: Iterable[tuple[str, int]] = ()) -> None:
        self._spent: defaultdict[str, deque[int]] = defaultdict(deque)
        self._closed: dict[str, int] = {}
        for bot, at_ms in sorted(spent, key=lambda pair: pair[1]):
            self.spend(bot, at_ms)

    def wait_ms(self, bot: str, now_ms: int, *, safety: bool = False) -> int:
        """How long to wait before the next attempt, 0 for now. ``safety`` may use the spare ones."""
        most = MOST if safety else MOST - SPARE
        recent = sorted(at_ms for at_ms in self._spent[bot] if now_ms - WINDOW_MS < at_ms <= now_ms)
        full_ms = recent[-most] + WINDOW_MS - now_ms if len(recent) >= most else 0
        closed_ms = self._closed.get(bot, now_ms) - now_ms
        # A clock that was set back must not close a bot for as long as it went.
        return max(full_ms, closed_ms if closed_ms <= _FAR_MS else 0, 0)

    def spend(self, bot: str, now_ms: int) -> None:
        """Note an attempt."""
        spent = self._spent[bot]
        spent.append(now_ms)
        while len(spent) > MOST:
            spent.popleft()

    def close(self, bot: str, now_ms: int, retry_after_s: int) -> None:
        """Leave the bot alone for so long, as it has asked for; at most an hour."""
        self._closed[bot] = now_ms + min(1000 * retry_after_s, _FAR_MS)
