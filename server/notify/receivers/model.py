"""Who is told: persons and chats, what is theirs, and when they want to be left alone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from server.alerts.model import Alert, Place
from server.alerts.silences import Matcher

_MIN_MS: Final = 60_000
_DAY_MIN: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which a person is told of safety alone, by the wall clock; the rest waits for their end.

    Attributes:
        from_min, to_min: minutes of the day, 0 to 1439; from 22:00 to 07:00 runs past midnight.
        time_zone: IANA name.

    Raises:
        ValueError: a minute out of range, or no time between the two.
    """

    from_min: int
    to_min: int
    time_zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        """Refuse hours that are none."""
        if not (0 <= self.from_min < _DAY_MIN and 0 <= self.to_min < _DAY_MIN):
            raise ValueError(f"quiet from {self.from_min} to {self.to_min}: minutes from 0 to {_DAY_MIN - 1}")
        if self.from_min == self.to_min:
            raise ValueError("quiet hours end when they begin")

    def holds(self, now_ms: int) -> bool:
        """Whether it is quiet now."""
        now = _minute(now_ms // _MIN_MS, self.time_zone)
        if self.from_min < self.to_min:
            return self.from_min <= now < self.to_min
        return now >= self.from_min or now < self.to_min


@dataclass(frozen=True, slots=True)
class Receiver:
    """A person or a chat, and what is theirs.

    Attributes:
        takes: an alert that fits one of them is theirs; a matcher without fields fits all, the server's too.
        second: receiver that is told when nobody has taken a critical alert in ten minutes, "" for none.
    """

    id: str
    takes: tuple[Matcher, ...]
    second: str = ""
    quiet: Quiet | None = None


def receivers_of(alert: Alert, place: Place, receivers: Iterable[Receiver]) -> tuple[str, ...]:
    """Ids of all whose alert it is; safety that is nobody's is everybody's."""
    receivers = tuple(receivers)
    theirs = tuple(each.id for each in receivers if any(takes.fits(alert, place) for takes in each.takes))
    return theirs or (tuple(each.id for each in receivers) if alert.safety else ())


@lru_cache(maxsize=256)
def _minute(at_min: int, time_zone: str) -> int:
    local = datetime.fromtimestamp(at_min * 60, ZoneInfo(time_zone))
    return local.hour * 60 + local.minute
