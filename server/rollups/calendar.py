"""Local days of stations, in quarters of an hour: every zone's offset from UTC is a whole number of them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from server.model import Network
from server.state import StationState

QUARTER_MS: Final = 15 * 60_000
HOUR_MS: Final = 4 * QUARTER_MS
DAY_MS: Final = 24 * HOUR_MS
QUARTERS: Final = 96
"""Of a day in UTC."""
LEAST_MEASURED: Final = 0.5
"""Share of a quarter that must be measured for it to count."""
BRIDGE_MS: Final = 30 * 60_000
"""A gap up to so long counts as measured: the doors' totals tell its two ends exactly."""


class Live(Protocol):
    """What is read of :class:`server.live.Live`; from any thread."""

    def state(self, station_id: str) -> StationState | None:
        """One station."""

    def networks(self) -> Mapping[str, Network]:
        """All networks."""


def time_zone(live: Live, station_id: str) -> str:
    """A station's IANA name; UTC for one that the registry does not know."""
    return known_zone(live, station_id) or "UTC"


def known_zone(live: Live, station_id: str) -> str | None:
    """A station's IANA name; None for one that the registry does not know."""
    state = live.state(station_id)
    network = live.networks().get(state.station.network) if state else None
    return network.time_zone if network else None


@lru_cache(maxsize=4096)
def midnight_ms(day: date, time_zone: str) -> int:
    """When a day begins, UTC."""
    return round(datetime.combine(day, time(), ZoneInfo(time_zone)).timestamp() * 1000)


def local_day(at_ms: int, time_zone: str) -> date:
    """The date on the calendar there."""
    return date.fromordinal(local_hour(at_ms // QUARTER_MS, time_zone) // 24)


@lru_cache(maxsize=65_536)
def local_hour(quarter: int, time_zone: str) -> int:
    """Of a quarter since 1970, the local hour: 24 × the proleptic ordinal of its date + hour of the day."""
    local = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, ZoneInfo(time_zone))
    return local.toordinal() * 24 + local.hour
