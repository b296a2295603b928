"""Staff's wish not to hear of something, until a given end. Pure.

A silence holds back messages only: the alert lives on, the console shows it, and what is still wrong when the
silence ends is told then. Nothing silences safety.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from server.alerts.model import Alert, Place, Severity
from server.state import AccessValue

MOST_REASON: Final = 200
"""Characters of the reason."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which alerts are meant: those that fit every field; an empty field fits all.

    Attributes:
        networks: and everything inside them.
        districts: of those networks; the same name occurs in many cities.
        stations: ids.
        kinds: codes.

    Raises:
        ValueError: districts without a network.
    """

    networks: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a district of nowhere."""
        if self.districts and not self.networks:
            raise ValueError(f"districts {self.districts}: name their network too")

    @property
    def everything(self) -> bool:
        """It leaves out nothing."""
        return self == Matcher()

    def covers(self, place: Place) -> bool:
        """Whether the place is meant, of whatever kind the alert is."""
        return (
            (not self.networks or not set(self.networks).isdisjoint(place.networks))
            and (not self.districts or place.district in self.districts)
            and (not self.stations or place.station in self.stations)
        )

    def fits(self, alert: Alert, place: Place) -> bool:
        """Whether the alert, which is at the place, is meant."""
        return (
            (not self.kinds or alert.kind in self.kinds)
            and (not self.severities or alert.severity in self.severities)
            and self.covers(place)
        )


@dataclass(frozen=True, slots=True)
class Silence:
    """No messages from ``from_ms`` until before ``until_ms``.

    Attributes:
        by: the person's login.
        reason: what was written, one line that others read, at most :data:`MOST_REASON` characters;
            may be "" with a ``preset``.
        preset: code of a usual reason, which each reader is told in their own language; "" for none.

    Raises:
        ValueError: it would silence everything or safety, end before it begins, or says no reason.
    """

    id: str
    matcher: Matcher
    from_ms: int
    until_ms: int
    by: str
    reason: str
    preset: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody may wish for."""
        if self.matcher.everything:
            raise ValueError("a silence needs a network, station, kind or severity")
        if "safety" in self.matcher.severities:
            raise ValueError("safety cannot be silenced")
        if self.until_ms <= self.from_ms:
            raise ValueError(f"until_ms {self.until_ms}: later than from_ms {self.from_ms}")
        if not (0 if self.preset else 1) <= len(self.reason.strip()) <= MOST_REASON:
            raise ValueError(f"reason of {len(self.reason.strip())} characters: from 1 to {MOST_REASON}")

    def holds(self, now_ms: int) -> bool:
        """Whether it has begun and not ended."""
        return self.from_ms <= now_ms < self.until_ms


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned work: a silence for whole places, of which riders read too.

    Attributes:
        access: what riders are told of these stations meanwhile.

    Raises:
        ValueError: the silence is for some kinds or severities only, or for no place.
    """

    silence: Silence
    access: AccessValue = "closed"

    def __post_init__(self) -> None:
        """Refuse what is not a place."""
        if self.silence.matcher.kinds or self.silence.matcher.severities:
            raise ValueError("maintenance is of places, not of kinds or severities")


def silenced(alert: Alert, place: Place, silences: Iterable[Silence], now_ms: int) -> Silence | None:
    """The silence that holds back the alert's messages, the one that ends last; None when none does."""
    if alert.safety:
        return None
    fitting = (each for each in silences if each.holds(now_ms) and each.matcher.fits(alert, place))
    return max(fitting, key=lambda silence: silence.until_ms, default=None)
