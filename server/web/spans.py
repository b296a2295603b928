"""Lengths of time as staff read them, on pages and in messages. Pure."""

from typing import Final

from server.web.text import Text

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 86_400_000


def span(text: Text, ms: int) -> str:
    """A length of time in one unit or two: ``40 秒``, ``5 分钟``, ``3 小时 5 分钟``, ``12 天``."""
    if ms < _MINUTE_MS:
        return text("staff.span.seconds", count=max(0, ms) // 1000)
    if ms < _HOUR_MS:
        return text("staff.span.minutes", count=ms // _MINUTE_MS)
    if ms < _DAY_MS:
        hours, minutes = ms // _HOUR_MS, ms % _HOUR_MS // _MINUTE_MS
        key = "staff.span.hours_minutes" if minutes else "staff.span.hours"
        return text(key, count=hours, minutes=minutes)
    return text("staff.span.days", count=ms // _DAY_MS)
