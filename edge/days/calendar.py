"""Service days and opening windows.

A service day runs from 04:00 to 04:00 of Chinese time (UTC+8, no daylight saving): when almost nobody
is about, so that a night past midnight belongs to one day, and each day can be made by itself.
"""

from typing import Final

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
UTC_OFFSET_MS: Final = 8 * HOUR_MS
DAY_STARTS_MIN: Final = 4 * 60
DAY_ENDS_MIN: Final = 28 * 60

Window = tuple[int, int]
"""Minutes after local midnight: opens, closes; past midnight counts on (02:00 is 1560)."""

WHOLE_DAY: Final[Window] = (DAY_STARTS_MIN, DAY_ENDS_MIN)
LONG_DAY: Final[Window] = (6 * 60, 22 * 60)


def service_day(at_ms: int) -> int:
    """Number of the service day, counted from 1970."""
    return (at_ms + UTC_OFFSET_MS - DAY_STARTS_MIN * MINUTE_MS) // DAY_MS


def midnight_ms(day: int) -> int:
    """UTC milliseconds of the local midnight before the service day starts."""
    return day * DAY_MS - UTC_OFFSET_MS


def weekday(day: int) -> int:
    """0 is Monday."""
    return (day + 3) % 7


def minute_of(day: int, at_ms: int) -> float:
    """Minutes after the local midnight of ``day``; 240 to 1680 within the service day."""
    return (at_ms - midnight_ms(day)) / MINUTE_MS
