"""The week as riders read it: China's holidays of 2026, make-up days, evenings past midnight."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from server.hours import Timetable
from server.web.text import Text
from server.web.week import Week, week

OFFICE = "Mo-Fr 09:00-18:00; PH off"
BAR = "Mo-Fr 18:00-02:00; PH off"
DAILY = "Mo-Su 06:00-22:00"


def ms(moment: str, zone: str = "Asia/Shanghai") -> int:
    return round(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def shown(hours: str, moment: str, language: str = "zh", zone: str = "Asia/Shanghai") -> Week:
    now_ms = ms(moment, zone)
    text = Text("en" if language == "en" else "zh", now_ms)
    return week(Timetable(hours, zone), zone, now_ms, text)


def lines(told: Week) -> list[str]:
    """Each day in one line; the present one with a star."""
    return [
        f"{'*' if row.today else ''}{row.date} {row.weekday} {row.hours} {row.note}".strip()
        for row in told.rows
    ]


def test_national_day_with_its_make_up_saturday() -> None:
    assert lines(shown(OFFICE, "2026-10-04T10:00")) == [
        "*10月4日 周日 不开放 国庆节",
        "10月5日 周一 不开放 国庆节",
        "10月6日 周二 不开放 国庆节",
        "10月7日 周三 不开放 国庆节",
        "10月8日 周四 9:00–18:00",
        "10月9日 周五 9:00–18:00",
        "10月10日 周六 9:00–18:00 补班（国庆节）",
    ]


def test_spring_festival_in_english_for_a_place_that_stays_open() -> None:
    told = shown(DAILY, "2026-02-14T10:00", "en")
    assert lines(told)[:3] == [
        "*14/2 Sat 6:00–22:00 workday for Spring Festival",
        "15/2 Sun 6:00–22:00 Spring Festival",
        "16/2 Mon 6:00–22:00 Spring Festival",
    ]
    assert len(told.rows) == 7


class Case(NamedTuple):
    hours: str
    moment: str
    today: str
    next: str
    why: str


@pytest.mark.parametrize(
    Case._fields,
    [
        Case(DAILY, "2026-07-24T10:00", "6:00–22:00", "今天 22:00 关门", "open"),
        Case(DAILY, "2026-07-24T05:00", "6:00–22:00", "今天 6:00 开门", "before it opens"),
        Case(DAILY, "2026-07-24T23:00", "6:00–22:00", "明天 6:00 开门", "after it has closed"),
        Case(OFFICE, "2026-07-24T19:00", "9:00–18:00", "周一 9:00 开门", "over the weekend"),
        Case(OFFICE, "2026-10-01T10:00", "不开放", "周四 9:00 开门", "the end of the holidays"),
        Case(OFFICE, "2026-09-30T19:00", "9:00–18:00", "一周内都不开放", "eight days of holidays"),
        Case(BAR, "2026-07-24T23:00", "18:00–次日 2:00", "明天 2:00 关门", "an evening past midnight"),
        Case(BAR, "2026-07-24T01:00", "18:00–次日 2:00", "今天 2:00 关门", "still the evening before"),
        Case(BAR, "2026-07-25T03:00", "不开放", "周一 18:00 开门", "Saturday has no evening of its own"),
        Case(BAR, "2026-09-30T19:00", "18:00–24:00", "明天 0:00 关门", "the holiday ends the evening"),
        Case("18:00-26:00", "2026-07-24T19:00", "18:00–次日 2:00", "明天 2:00 关门", "the other way"),
        Case("Mo-Fr 06:00-24:00", "2026-07-24T10:00", "6:00–24:00", "明天 0:00 关门", "midnight"),
        Case("24/7", "2026-07-24T10:00", "全天", "全天开放，不关门", "never closed"),
        Case("Mo-Fr 00:00-24:00", "2026-07-24T10:00", "全天", "明天 0:00 关门", "day round, but not always"),
        Case("08:00-12:00,14:00-18:00", "2026-07-24T13:00", "8:00–12:00、14:00–18:00", "今天 14:00 开门", ""),
        Case("Mo-Fr 08:00-12:00,12:00-18:00", "2026-07-24T09:00", "8:00–18:00", "今天 18:00 关门", "no gap"),
        Case("off", "2026-07-24T10:00", "不开放", "一周内都不开放", "closed for good"),
        Case('unknown "by appointment"', "2026-07-24T10:00", "以现场为准", "", "the hours say so themselves"),
        Case("13:00-15:00 unknown", "2026-07-24T14:00", "13:00–15:00（以现场为准）", "到今天 15:00", ""),
    ],
)  # fmt: skip
def test_today_and_the_next_change(hours: str, moment: str, today: str, next: str, why: str) -> None:
    told = shown(hours, moment)
    assert (told.today, told.next) == (today, next), why


def test_yesterday_is_shown_as_long_as_its_evening_lasts() -> None:
    assert lines(shown(BAR, "2026-07-24T01:59"))[:2] == [
        "7月23日 周四 18:00–次日 2:00",
        "*7月24日 周五 18:00–次日 2:00",
    ]
    assert lines(shown(BAR, "2026-07-24T02:00"))[0] == "*7月24日 周五 18:00–次日 2:00"


def test_what_never_closes_needs_no_table() -> None:
    assert shown("24/7", "2026-07-24T10:00").rows == ()
    assert len(shown("Mo-Fr 00:00-24:00", "2026-07-24T10:00").rows) == 7


def test_a_year_without_a_holiday_table_is_said_on_the_days_that_it_concerns() -> None:
    assert lines(shown(OFFICE, "2099-03-03T10:00"))[0] == "*3月3日 周二 9:00–18:00 节假日时间未确认"
    assert not any(row.note for row in shown(DAILY, "2099-03-03T10:00").rows)


def test_abroad_no_holiday_of_china_is_named() -> None:
    told = shown("Mo-Fr 09:00-18:00", "2026-10-01T10:00", "en", "Europe/Berlin")
    assert told.today == "9:00–18:00"
    assert not any("National" in row.note for row in told.rows)


def test_the_hour_that_is_missing_in_spring_ends_no_day() -> None:
    told = shown("22:00-03:00", "2026-03-28T23:00", "en", "Europe/Berlin")
    assert told.today == "22:00–3:00 next day"
