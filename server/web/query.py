"""The parameters of the API, checked: a wrong one is a :class:`BadQueryError` that says what was expected."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Final, get_args

from server.store import Quantity

QUANTITIES: Final[tuple[Quantity, ...]] = tuple(
    quantity for quantity in get_args(Quantity) if quantity != "occupancy"
)
"""What anybody may ask for; the number of people in a room is not public."""
MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
STEPS: Final = {
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "3h": 180 * MINUTE_MS,
    "6h": 360 * MINUTE_MS,
    "12h": 720 * MINUTE_MS,
    "1d": DAY_MS,
}
"""The steps of the public history; each divides the next, and no step is cut out of the middle of another."""
MOST_STEPS: Final = 4_000
LONGEST_MS: Final = 400 * DAY_MS


class BadQueryError(ValueError):
    """A wrong request: the HTTP status, the parameter, and what was expected in words."""

    def __init__(self, parameter: str, expected: str, status: int = 400) -> None:
        self.parameter, self.expected, self.status = parameter, expected, status
        super().__init__(f"{parameter}: {expected}")


def check_names(given: Collection[str], allowed: Collection[str]) -> None:
    """Refuse a parameter that does not exist: a misspelt one would silently answer something else."""
    for name in given:
        if name not in allowed:
            raise BadQueryError(name[:40], f"no such parameter; there are: {', '.join(allowed) or 'none'}")


def quantity(text: str | None) -> Quantity:
    """One of :data:`QUANTITIES`."""
    for known in QUANTITIES:
        if text == known:
            return known
    raise BadQueryError("quantity", f"one of {', '.join(QUANTITIES)}")


def instant_ms(parameter: str, text: str) -> int:
    """An ISO 8601 instant with its zone, in ms of UTC. A ``+`` that the address made a space is mended."""
    expected = "an ISO 8601 instant with a zone from 1970 on, e.g. 2026-07-01T13:20:00+08:00 or …Z"
    try:
        moment = datetime.fromisoformat(re.sub(r"(?<=T)(.*) (?=\d\d)", r"\1+", text))
        at_ms = int(moment.timestamp() * 1000) if moment.tzinfo else -1
    except (ValueError, OverflowError):
        at_ms = -1
    if at_ms < 0:
        raise BadQueryError(parameter, expected)
    return at_ms


def step_ms(text: str) -> int:
    """One of :data:`STEPS` in ms."""
    if text not in STEPS:
        raise BadQueryError("step", f"one of {', '.join(STEPS)}")
    return STEPS[text]


def span_ms(from_text: str | None, to_text: str | None, step: int, now_ms: int) -> tuple[int, int]:
    """From and to in ms; without them the last 24 hours. Bounded in steps and in time."""
    to_ms = instant_ms("to", to_text) if to_text is not None else now_ms
    from_ms = instant_ms("from", from_text) if from_text is not None else max(0, to_ms - DAY_MS)
    if from_ms >= to_ms:
        raise BadQueryError("from", "an instant before 'to'")
    if (to_ms - from_ms) / step > MOST_STEPS or to_ms - from_ms > LONGEST_MS:
        raise BadQueryError("step", f"at most {MOST_STEPS} steps and 400 days between 'from' and 'to'")
    return from_ms, to_ms
