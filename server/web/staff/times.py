"""Moments and ages as staff read them: never without the day when it is not today. Pure."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.web.spans import span
from server.web.text import Text

_MINUTE_MS: Final = 60_000


def moment(text: Text, at_ms: int, zone: str) -> str:
    """``14:20`` today, ``昨天 14:20``, else with the date, in another year with the year."""
    there = ZoneInfo(zone)
    local, today = (datetime.fromtimestamp(each / 1000, there) for each in (at_ms, text.now_ms))
    time = f"{local.hour}:{local.minute:02}"
    days = (today.date() - local.date()).days
    if days == 0:
        return time
    if days in (1, -1):
        return text("staff.time.yesterday" if days == 1 else "staff.time.tomorrow", time=time)
    key = "staff.time.date" if local.year == today.year else "staff.time.year"
    return text(key, time=time, year=local.year, month=local.month, day=local.day)


def whole(at_ms: int, zone: str) -> str:
    """``2026-07-01 14:20:05``: to read out, to compare, in tooltips."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def ago(text: Text, at_ms: int) -> str:
    """How long ago; what lies ahead of a clock that runs fast is just now."""
    gone_ms = text.now_ms - at_ms
    return (
        text("staff.time.now") if gone_ms < _MINUTE_MS else text("staff.time.ago", span=span(text, gone_ms))
    )
