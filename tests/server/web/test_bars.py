"""A day as bars: what is drawn, what is said, and what is kept silent."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.forecasts.pattern import Forecast, Quarter, Silence
from server.hours import Day, DayKind, timetable
from server.state import CrowdingValue
from server.web import forecast
from server.web.bars import Chart, chart
from server.web.text import Language, Text

ZONE = "Asia/Shanghai"
TODAY = date(2026, 7, 24)
PLACES = 20


def ms(clock: str, zone: str = ZONE) -> int:
    hour, minute = map(int, clock.split(":"))
    moment = datetime(2026, 7, 24, hour, minute, tzinfo=ZoneInfo(zone))
    return round(moment.timestamp() * 1000)


def word(people: float) -> CrowdingValue:
    share = people / PLACES
    return "quiet" if share < 0.5 else "busy" if share < 0.8 else "crowded" if share < 1 else "full"


def day(people: Callable[[float], float], zone: str = ZONE, hours: Iterable[float] = range(24)) -> Forecast:
    """A forecast with ``people(hour)`` in each quarter of the hours."""
    start_ms = ms("0:00", zone)
    quarters = []
    for clock in (hour + quarter / 4 for hour in hours for quarter in range(4)):
        number, at_ms = people(clock), start_ms + round(clock * 3_600_000)
        quarters.append(Quarter(at_ms, number, number - 2, number + 2, word(number), 5))
    return Forecast(TODAY, "workday", "workday", 5, PLACES, tuple(quarters))


def drawn(
    told: Forecast | None,
    hours: str = "06:00-22:00",
    now: str = "10:10",
    language: Language = "zh",
    zone: str = ZONE,
) -> Chart:
    table = timetable(hours, zone)
    posted: list[Day] = [table.day(TODAY - timedelta(days=ago)) for ago in (1, 0)] if hours else []
    return chart(forecast.told("st", told, True), posted, zone, ms(now, zone), Text(language, ms(now, zone)))


def lunch(clock: float) -> float:
    """Crowded from 12 to 13:30, busy in the evening, otherwise quiet."""
    return 17 if 12 <= clock < 13.5 else 11 if 18 <= clock < 19 else 4


def test_each_hour_of_the_opening_hours_has_two_bars() -> None:
    told = drawn(day(lunch))
    assert [hour.time for hour in told.hours] == [f"{hour}:00" for hour in range(6, 22)]
    assert {len(hour.bars) for hour in told.hours} == {2}
    noon = next(hour for hour in told.hours if hour.time == "12:00")
    assert [(bar.word, bar.tone, bar.height, bar.low, bar.high) for bar in noon.bars] == [
        ("crowded", "bad", 17, 15, 19)
    ] * 2
    assert noon.said == "很挤，约 85% 的座位有人（75%–95%）"


def test_the_fuller_quarter_speaks_for_its_half_hour() -> None:
    told = drawn(day(lambda clock: 17 if clock == 12.25 else 4))
    noon = next(hour for hour in told.hours if hour.time == "12:00")
    assert [bar.word for bar in noon.bars] == ["crowded", "quiet"]


def test_now_is_marked_and_what_is_over_is_past() -> None:
    told = drawn(day(lunch), now="10:10")
    assert [hour.time for hour in told.hours if hour.now] == ["10:00"]
    assert [hour.time for hour in told.hours if hour.past] == ["6:00", "7:00", "8:00", "9:00"]
    assert not any(hour.now for hour in drawn(day(lunch), now="23:00").hours)


def test_hours_are_named_apart_from_each_other() -> None:
    assert [hour.label for hour in drawn(day(lunch)).hours if hour.label] == [
        "6",
        "9",
        "12",
        "15",
        "18",
        "21",
    ]
    assert [hour.label for hour in drawn(day(lunch), "24/7").hours if hour.label] == [
        "0", "4", "8", "12", "16", "20"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("people", "height", "said", "why"),
    [
        (0.0, None, "不挤", "nobody"),
        (2.9, None, "不挤", "fewer than three people are a word"),
        (3.0, 3, "不挤，约 15% 的座位有人（0%–25%）", "three people; fewer than three are no lower end"),
        (9.0, 9, "不挤，约 45% 的座位有人（35%–55%）", "a share in steps"),
        (30.0, 20, "满了", "more than all places is drawn as all, and full is full"),
    ],
)
def test_privacy_is_that_of_the_present(people: float, height: int | None, said: str, why: str) -> None:
    told = drawn(day(lambda _: people))
    assert {bar.height for hour in told.hours for bar in hour.bars} == {height}, why
    assert {hour.said for hour in told.hours} == {said}, why


@pytest.mark.parametrize(
    ("people", "now", "peak", "why"),
    [
        (lunch, "10:10", "预计 12:00–13:30 很挤", "the fullest time that is ahead"),
        (lunch, "13:10", "预计 13:00–13:30 很挤", "as far as it is still ahead"),
        (lunch, "14:00", "预计 18:00–19:00 有点挤", "the next one after it"),
        (lunch, "20:00", "接下来预计都不挤", "nothing more to come"),
        (
            lambda clock: 17 if int(clock) in {9, 21} else 4,
            "8:00",
            "预计 9:00–10:00、21:00–22:00 很挤",
            "twice",
        ),
        (lambda _: 12, "8:00", "接下来预计一直有点挤", "all day the same"),
        (lunch, "22:30", "今天的开放时间过了", "after the end"),
    ],
)
def test_when_it_will_be_fullest(people: Callable[[float], float], now: str, peak: str, why: str) -> None:
    assert drawn(day(people), now=now).peak == peak, why


def test_what_a_rider_finds_in_half_an_hour() -> None:
    assert drawn(day(lunch), now="11:40").soon == "半小时后：很挤"
    assert drawn(day(lunch), now="11:40", language="en").soon == "In half an hour: crowded"
    assert drawn(day(lunch), now="21:40").soon == "", "it will be closed"


def test_what_it_rests_on_is_said() -> None:
    assert drawn(day(lunch)).basis == "依据最近 5 周"
    kinds: tuple[DayKind, DayKind] = ("holiday", "weekend")
    assert drawn(replace(day(lunch), kind=kinds[0], source=kinds[1])).basis == "依据最近 5 周，按周末估计"


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        ("too_few_weeks", "记录还不够：要三周才能预计，现在有 2 周。"),
        ("no_places", "座位数不详，没法预计。"),
        ("no_count", "门口没有计数，没法预计。"),
    ],
)
def test_silence_is_said(silence: Silence, words: str) -> None:
    told = drawn(replace(day(lunch), weeks=2, quarters=(), silence=silence))
    assert (told.hours, told.silence) == ((), words)


def test_a_forecast_that_is_not_made_yet_and_a_closed_day() -> None:
    assert drawn(None).silence == "正在准备，过一会儿再看。"
    assert drawn(day(lunch), "Mo-Th 06:00-22:00").silence == "今天不开放。"
    nights = day(lunch, hours=(1, 2, 3))
    assert drawn(nights).silence == "开放的时段还没有足够的记录，没法预计。", "open today, but unmeasured"


def test_an_evening_past_midnight_leaves_a_gap() -> None:
    told = drawn(day(lunch), "18:00-02:00", now="1:10")
    assert [hour.time for hour in told.hours] == ["0:00", "1:00", *(f"{hour}:00" for hour in range(18, 24))]
    assert [hour.time for hour in told.hours if hour.gap] == ["18:00"]
    assert [hour.time for hour in told.hours if hour.now] == ["1:00"]
    assert drawn(day(lambda _: 17), "22:00-02:00", now="20:00").peak == "接下来预计一直很挤"


def test_without_posted_hours_every_measured_hour_is_shown() -> None:
    told = drawn(day(lunch, hours=range(7, 20)), "")
    assert [hour.time for hour in told.hours] == [f"{hour}:00" for hour in range(7, 20)]


def test_a_hole_in_what_was_measured_is_a_hole() -> None:
    told = drawn(day(lunch, hours=(8, 9, 10.5, 12)))
    assert [(hour.time, len(hour.bars), hour.gap) for hour in told.hours] == [
        ("8:00", 2, False), ("9:00", 2, False), ("10:00", 1, False), ("11:00", 1, False), ("12:00", 2, False)
    ]  # fmt: skip


def test_the_place_s_own_clock_counts() -> None:
    told = drawn(day(lunch, "Asia/Kathmandu"), zone="Asia/Kathmandu")
    assert [hour.time for hour in told.hours][:2] == ["6:00", "7:00"]
    assert told.peak == "预计 12:00–13:30 很挤"
