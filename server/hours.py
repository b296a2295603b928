"""When a station is open by what it has posted: OpenStreetMap opening hours, Chinese holidays.

The syntax is evaluated by ``opening-hours-py`` without its own holidays; the working-day table of
``chinesecalendar`` stands in for them. Before a day is evaluated, the weekday selectors of the
expression are rewritten for that day and the one before it (whose hours may run past midnight):
``PH`` becomes the weekday of a public holiday, and a make-up Saturday or Sunday takes the place of the
Friday or Monday next to it. So ``Mo-Fr 09:00-18:00; PH off`` is open on a make-up Saturday.
"""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]  # the package carries no types
from opening_hours import OpeningHours, State, validate

from server.state import Posted

HORIZON_DAYS: Final = 7
"""How far ahead a change is looked for."""

CHINA: Final = frozenset({"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC"})
"""Time zones where the working-day table applies; elsewhere no holidays are known."""

Kind = Literal["ordinary", "holiday", "working", "unpublished", "shut"]
"""What a day is for the hours; ``shut``: its evening was closed, so nothing of it runs past midnight."""
DayKind = Literal["workday", "weekend", "holiday"]
"""Days that resemble each other; a make-up day is a workday."""
_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY: Final = "|".join(_DAYS)
_ITEM: Final = rf"(?:(?:{_DAY})(?:-(?:{_DAY}))?(?!\[)|PH)"
# A quoted comment is passed over, and so are selectors with [n], which mean a certain date.
_SELECTOR: Final = re.compile(rf'"[^"]*"|(?<![\w,-]){_ITEM}(?:,{_ITEM})*(?![\w,\[-])')


class HoursError(ValueError):
    """The hours cannot be used; the message says what is expected instead."""


class _Interval(NamedTuple):
    from_ms: int
    until_ms: int | None
    posted: Posted


class Span(NamedTuple):
    """A stretch of a day's hours; ``open`` is None where they say "unknown" themselves."""

    from_ms: int
    until_ms: int
    open: bool | None = True


class Day(NamedTuple):
    """What is posted for one day.

    Attributes:
        holiday: the holiday that the day belongs to or makes up for, as the table names it, or "".
        spans: in time order; an evening that runs past midnight is one span of the day it began on.
        unconfirmed: the holiday table of the year is not published yet and could change the hours.
    """

    day: date
    kind: Kind
    holiday: str
    spans: tuple[Span, ...]
    unconfirmed: bool


class Timetable:
    """Posted hours of one place. ``at`` remembers the interval it is in, so asking again costs nothing."""

    def __init__(self, hours: str, time_zone: str, place: tuple[float, float] | None = None) -> None:
        self._zone = ZoneInfo(time_zone)
        self._place = place
        self._hours = str(_parsed(hours, self._zone, place)) if hours else ""
        self._by_day_kind = bool(hours) and _depends_on_day_kind(self._hours)
        self._now: _Interval | None = None

    def at(self, now_ms: int) -> Posted:
        """What is posted for ``now_ms``."""
        now = self._now
        if now is None or not (now.from_ms <= now_ms and (now.until_ms is None or now_ms < now.until_ms)):
            now = self._now = self._interval(now_ms)
        return now.posted

    def day(self, day: date) -> Day:
        """What is posted for ``day``, from its midnight to the end of its evening."""
        kind = self._kind(day)
        holiday = holiday_of(day) if self._zone.key in CHINA else ""
        unconfirmed = self._by_day_kind and kind == "unpublished"
        return Day(day, kind, holiday, self._spans(day) if self._hours else (), unconfirmed)

    def _spans(self, day: date) -> tuple[Span, ...]:
        before, spans, after = (self._pieces(day + timedelta(days=step)) for step in (-1, 0, 1))
        if before and spans and _one_evening(before[-1], spans[0]):
            del spans[0]
        if spans and after and _one_evening(spans[-1], after[0]):
            spans[-1] = spans[-1]._replace(until_ms=after[0].until_ms)
        return tuple(spans)

    def _pieces(self, day: date) -> list[Span]:
        """The hours between two midnights, neighbours joined."""
        start = datetime.combine(day, time(), self._zone)
        end = datetime.combine(day + timedelta(days=1), time(), self._zone)
        pieces: list[Span] = []
        for since, until, state, _ in self._by_day(day).intervals(start, end):
            piece = Span(_ms(since), _ms(until), _OPEN[state])
            if piece.open is False:
                continue
            if pieces and (pieces[-1].until_ms, pieces[-1].open) == (piece.from_ms, piece.open):
                piece = piece._replace(from_ms=pieces.pop().from_ms)
            pieces.append(piece)
        return pieces

    def _interval(self, now_ms: int) -> _Interval:
        moment = datetime.fromtimestamp(now_ms / 1000, self._zone)
        today = moment.date()
        if not self._hours:
            return _Interval(now_ms, None, Posted(None))
        is_open, change = self._now_and_next(moment)
        unconfirmed = self._by_day_kind and any(
            self._kind(day) == "unpublished" for day in (today, change.date() if change else today)
        )
        # The holiday table and the horizon move with the day, so no answer outlives midnight.
        midnight_ms = _ms(datetime.combine(today + timedelta(days=1), time(), self._zone))
        change_ms = _ms(change) if change else None
        posted = Posted(is_open, change_ms, unconfirmed)
        return _Interval(now_ms, min(change_ms or midnight_ms, midnight_ms), posted)

    def _now_and_next(self, moment: datetime) -> tuple[bool | None, datetime | None]:
        """Whether it is open at ``moment``, and when that changes within the horizon."""
        current = self._by_day(moment.date()).state(moment)[0]
        for offset in range(HORIZON_DAYS + 1):
            start = datetime.combine(moment.date() + timedelta(days=offset), time(), self._zone)
            end = datetime.combine(start.date() + timedelta(days=1), time(), self._zone)
            for since, until, state, _ in self._by_day(start.date()).intervals(start, end):
                if until > moment and state != current and since - moment <= timedelta(days=HORIZON_DAYS):
                    return _OPEN[current], since
        return _OPEN[current], None

    def _by_day(self, day: date) -> OpeningHours:
        """The hours as they apply from midnight to midnight of ``day``."""
        if not self._by_day_kind:
            return _parsed(self._hours, self._zone, self._place)
        eve = day - timedelta(days=1)
        last_minute = datetime.combine(eve, time(23, 59), self._zone)
        shut = self._in_context(eve, self._kind(eve - timedelta(days=1))).is_closed(last_minute)
        return self._in_context(day, "shut" if shut else self._kind(eve))

    def _in_context(self, day: date, eve: Kind) -> OpeningHours:
        kinds = {day - timedelta(days=1): eve, day: self._kind(day)}
        return _parsed(rewritten(self._hours, kinds), self._zone, self._place)

    def _kind(self, day: date) -> Kind:
        return kind_of(day) if self._zone.key in CHINA else "unpublished"


_DAY_MS: Final = 86_400_000
_OPEN: Final = {State.OPEN: True, State.CLOSED: False, State.UNKNOWN: None}
_SUN: Final = re.compile("dawn|sunrise|sunset|dusk")


def timetable(hours: str, time_zone: str, lat: float | None = None, lon: float | None = None) -> Timetable:
    """The timetable of ``hours``; stations that post the same share it.

    Args:
        hours: opening_hours of OpenStreetMap, "" when not published.
        time_zone: IANA name.
        lat, lon: WGS-84 degrees, needed only where hours follow the sun.

    Raises:
        HoursError: if ``hours`` cannot be understood.
    """
    place = None if lat is None or lon is None or not follows_sun(hours) else (lat, lon)
    return _shared(hours, time_zone, place)


@lru_cache(maxsize=4096)
def _shared(hours: str, time_zone: str, place: tuple[float, float] | None) -> Timetable:
    if hours:
        check_hours(hours)
    return Timetable(hours, time_zone, place)


def follows_sun(hours: str) -> bool:
    """Whether ``hours`` need coordinates: they name sunrise, sunset, dawn or dusk."""
    return bool(_SUN.search(hours))


def check_hours(hours: str) -> None:
    """Raise :class:`HoursError` unless ``hours`` can be understood here."""
    if not validate(hours):
        raise HoursError("opening hours as in OpenStreetMap, e.g. Mo-Fr 08:00-20:00; PH off")
    plain = re.sub(r'"[^"]*"', "", str(OpeningHours(hours)))
    if re.search(r"\bSH\b", plain):
        raise HoursError("no school holidays (SH): there is no table of them")
    if re.search(r"\bPH -?\d", plain):
        raise HoursError("public holidays (PH) without days before or after")


@lru_cache(maxsize=1024)
def kind_of(day: date) -> Kind:
    """What China's working-day table says of ``day``."""
    try:
        holiday, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return "unpublished"
    if holiday and name:
        return "holiday"
    return "working" if not holiday and day.weekday() >= 5 else "ordinary"


def day_kind(day: date, time_zone: str) -> DayKind:
    """What kind of day it is: by China's working-day table, elsewhere and in other years by the weekday."""
    told = kind_of(day) if time_zone in CHINA else "unpublished"
    if told == "holiday":
        return "holiday"
    return "workday" if told == "working" or day.weekday() < 5 else "weekend"


@lru_cache(maxsize=1024)
def holiday_of(day: date) -> str:
    """The holiday that a day belongs to, or makes up for, by the table's English name; else ""."""
    try:
        return chinese_calendar.get_holiday_detail(day)[1] or ""
    except NotImplementedError:
        return ""


def rewritten(hours: str, kinds: dict[date, Kind]) -> str:
    """``hours`` with its weekday selectors as they apply on these days (no two of one weekday)."""
    by_weekday = {_DAYS[day.weekday()]: kind for day, kind in kinds.items()}

    def selector(match: re.Match[str]) -> str:
        text = match.group()
        if text.startswith('"'):
            return text
        days, on_holidays = _selected(text)
        meant = [day for day in _DAYS if _applies(day, by_weekday.get(day), days, on_holidays)]
        return ",".join(meant) or "PH"  # which matches no day, as the library knows no holidays here

    return _SELECTOR.sub(selector, hours)


def _applies(day: str, kind: Kind | None, days: frozenset[str], on_holidays: bool) -> bool:
    if kind == "shut":
        return False
    if kind == "working":
        return {"Sa": "Fr", "Su": "Mo"}[day] in days
    return day in days or (kind == "holiday" and on_holidays)


def _selected(selector: str) -> tuple[frozenset[str], bool]:
    """The weekdays of a selector, and whether it names public holidays."""
    items = selector.split(",")
    days: set[str] = set()
    for item in items:
        if item != "PH":
            first, _, last = item.partition("-")
            start, end = _DAYS.index(first), _DAYS.index(last or first)
            days.update(_DAYS[(start + step) % 7] for step in range((end - start) % 7 + 1))
    return frozenset(days), "PH" in items


def _depends_on_day_kind(hours: str) -> bool:
    """Whether holidays or make-up days can change these hours: they tell days of the week apart."""
    selectors = (text for text in _SELECTOR.findall(hours) if not text.startswith('"'))
    return any(_selected(text) != (frozenset(_DAYS), False) for text in selectors)


@lru_cache(maxsize=4096)
def _parsed(hours: str, zone: ZoneInfo, place: tuple[float, float] | None) -> OpeningHours:
    # Its own table of holidays is switched off: no country, and none guessed from the place.
    return OpeningHours(hours, timezone=zone, coords=place, auto_country=False)


def _one_evening(evening: Span, morning: Span) -> bool:
    """Whether a piece after midnight belongs to the evening before it: no day round, no two days' hours."""
    whole_ms = morning.until_ms - evening.from_ms
    return (evening.until_ms, evening.open) == (morning.from_ms, morning.open) and whole_ms < _DAY_MS


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
