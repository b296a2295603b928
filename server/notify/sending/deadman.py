"""The ping to an outside service that tells people when it stops: who tells them of a dead server?

Any service that is asked by URL and alarms on silence: healthchecks.io, an Uptime Kuma elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from server.notify.model import Outcome, Refused, Sent
from server.notify.targets.judging import by_status
from server.notify.targets.posting import Courier

log = logging.getLogger(__name__)

PERIOD_S: Final = 60.0
"""As promised to staff; let the outside service wait for three of them."""


class DeadMan:
    """Pings ``url`` while the server is well, and is silent otherwise: silence is the alarm.

    Args:
        is_well: whether alerts are judged and messages leave. What it raises ends :meth:`run`.
        clock_ms: wall clock.
    """

    def __init__(
        self, url: str, http: Courier, is_well: Callable[[], bool], clock_ms: Callable[[], int]
    ) -> None:
        self._url, self._http, self._is_well, self._clock_ms = url, http, is_well, clock_ms
        self._last: Outcome | None = Sent()

    async def run(self, period_s: float = PERIOD_S) -> None:
        """Ping until cancelled; one that hangs makes the next one late and nothing else."""
        while True:
            await self.ping()
            await asyncio.sleep(period_s)

    async def ping(self) -> Outcome | None:
        """One ping and what became of it; None where the server is not well. Changes are logged."""
        outcome = await self._outcome() if self._is_well() else None
        if outcome != self._last:
            log.log(logging.INFO if isinstance(outcome, Sent) else logging.WARNING, _logged(outcome))
        self._last = outcome
        return outcome

    async def _outcome(self) -> Outcome:
        reply = await self._http.get(self._url)
        return reply if isinstance(reply, Refused) else by_status(reply, self._clock_ms()) or Sent()


def _logged(outcome: Outcome | None) -> str:
    if outcome is None:
        return "dead-man ping withheld: reason=unwell"
    if isinstance(outcome, Sent):
        return "dead-man ping arrives"
    return f"dead-man ping failed: reason={outcome.reason} detail={outcome.detail!r}"
