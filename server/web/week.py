"""Posted hours of the coming week in the rider's language: holidays named, evenings past midnight. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.hours import Day, Span, Timetable
from server.state import Notice, Posted
from server.web.public import iso
from server.web.text import Text

DAYS: Final = 7
"""Today and the six days after it; a change further away than that is not looked for either."""


@dataclass(frozen=True, slots=True)
class Row:
    """One day.

    ``note`` names its holiday or says that its holiday hours are unconfirmed; ``notices``: when staff's word
    stands above the hours.
    """

    date: str
    weekday: str
    hours: str
    note: str
    open: bool
    today: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Week:
    """``rows`` begin with yesterday while its evening lasts, and are empty for what never closes.

    ``today``: the hours of today; ``next``: the next change, "" where there is none.
    """

    today: str
    next: str
    rows: tuple[Row, ...]


def week(timetable: Timetable, zone: str, now_ms: int, text: Text, notices: Sequence[Notice] = ()) -> Week:
    """The week that begins today at ``now_ms`` in the place's own time, with what staff plan in it."""
    local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone))
    days = [timetable.day(local.date() + timedelta(days=step)) for step in range(-1, DAYS)]
    yesterday, today = days[0], days[1]
    lasting = any(span.from_ms <= now_ms < span.until_ms for span in yesterday.spans)
    telling = [each for each in notices if each.value]
    rows = tuple(_row(day, day is today, zone, text, telling) for day in days[0 if lasting else 1 :])
    posted = timetable.at(now_ms)
    always = posted.open is True and posted.changes_at_ms is None and not posted.unconfirmed
    change = "" if telling else _next(posted, zone, now_ms, text)  # which they may make another one
    return Week(_hours(today, zone, text), change, () if always and not telling else rows)


def _row(day: Day, today: bool, zone: str, text: Text, notices: Iterable[Notice]) -> Row:
    date = text("week.date", month=day.day.month, day=day.day.day)
    weekday = text(f"weekday.{day.day.weekday()}")
    told = tuple(line for each in notices if (line := _notice(each, day, zone, text)))
    return Row(date, weekday, _hours(day, zone, text), _note(day, text), bool(day.spans), today, told)


def _notice(notice: Notice, day: Day, zone: str, text: Text) -> str:
    """When on this day it holds, and what it means; "" when it does not."""
    start_ms, end_ms = (_midnight_ms(day.day + timedelta(days=days), zone) for days in (0, 1))
    from_ms = max(start_ms, notice.at_ms)
    until_ms = end_ms if notice.until_ms is None else min(end_ms, notice.until_ms)
    if from_ms >= until_ms:
        return ""
    span = _span(Span(from_ms, until_ms), day, zone, text)
    return text("week.notice", span=span, word=text(f"notice.access.{notice.value}"))


def _midnight_ms(day: date, zone: str) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def _note(day: Day, text: Text) -> str:
    if day.unconfirmed:
        return text("access.unconfirmed")
    if not day.holiday:
        return ""
    name = text.known("holiday", day.holiday)
    return text("week.makes_up", name=name) if day.kind == "working" else name


def _hours(day: Day, zone: str, text: Text) -> str:
    said = [_span(span, day, zone, text) for span in day.spans]
    return text("list.separator").join(said) if said else text("hours.off")


def _span(span: Span, day: Day, zone: str, text: Text) -> str:
    since, until = (datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)) for at_ms in span[:2])
    nights = (until.date() - day.day).days
    end = f"{until.hour}:{until.minute:02}"
    if nights:
        end = text("week.next_day", time=end) if until.hour or until.minute else "24:00"
    whole = end == "24:00" and not (since.hour or since.minute)
    said = text("week.all_day") if whole else f"{since.hour}:{since.minute:02}–{end}"
    if span.open is not None:
        return said
    return text("week.uncertain") if whole else text("week.uncertain_span", span=said)


def _next(posted: Posted, zone: str, now_ms: int, text: Text) -> str:
    if posted.changes_at_ms is None:
        return {True: text("week.always"), False: text("week.never"), None: ""}[posted.open]
    at = text.moment(iso(posted.changes_at_ms), zone)
    days = [datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).date() for ms in (now_ms, posted.changes_at_ms)]
    time = text("week.today", time=at) if days[0] == days[1] else at
    key = {True: "access.closes", False: "access.opens", None: "week.changes"}[posted.open]
    return text(key, time=time)
