"""Posted hours on real days of China's calendar of 2026, past midnight, and where no table is known."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours

from server import hours
from server.hours import Day, HoursError, Kind, check_hours, kind_of, rewritten, timetable
from server.state import Posted

BEIJING = ZoneInfo("Asia/Shanghai")


def ms(moment: str, zone: str = "Asia/Shanghai") -> int:
    return round(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def words(posted: Posted, zone: str = "Asia/Shanghai") -> str:
    """``open until 07-25 22:00`` and the like."""
    word = {True: "open", False: "closed", None: "unknown"}[posted.open]
    if posted.changes_at_ms is not None:
        until = datetime.fromtimestamp(posted.changes_at_ms / 1000, ZoneInfo(zone))
        word = f"{word} until {until:%m-%d %H:%M}"
    return f"{word}, unconfirmed" if posted.unconfirmed else word


DAILY = "Mo-Su 06:00-22:00"
OFFICE = "Mo-Fr 09:00-18:00; PH off"
BAR = "Mo-Fr 18:00-02:00; PH off"


@pytest.mark.parametrize(
    ("posted", "moment", "expected", "why"),
    [
        ("", "2026-07-24T10:00", "unknown", "no hours are published"),
        ("24/7", "2026-07-24T10:00", "open", "day and night: nothing changes"),
        ("off", "2026-07-24T10:00", "closed", "closed for good: nothing changes"),
        (DAILY, "2026-07-24T05:59", "closed until 07-24 06:00", "before it opens"),
        (DAILY, "2026-07-24T06:00", "open until 07-24 22:00", "to the minute"),
        (DAILY, "2026-07-24T22:00", "closed until 07-25 06:00", "the end is not inside"),
        (
            DAILY,
            "2026-02-17T10:00",
            "open until 02-17 22:00",
            "Spring Festival changes nothing where PH is not named",
        ),
        (OFFICE, "2026-07-24T18:00", "closed until 07-27 09:00", "Friday evening to Monday"),
        (OFFICE, "2026-09-30T19:00", "closed", "eight days of National Day: nothing changes within a week"),
        (OFFICE, "2026-10-01T10:00", "closed until 10-08 09:00", "National Day, a Thursday"),
        (OFFICE, "2026-10-10T10:00", "open until 10-10 18:00", "a Saturday that makes up for the holidays"),
        (OFFICE, "2026-10-11T10:00", "closed until 10-12 09:00", "an ordinary Sunday"),
        (OFFICE, "2026-09-20T08:00", "closed until 09-20 09:00", "a Sunday that makes up"),
        (
            "Mo-Fr 09:00-18:00; PH,Sa,Su 10:00-16:00",
            "2026-10-01T10:00",
            "open until 10-01 16:00",
            "holiday hours",
        ),
        (
            "Mo-Fr 09:00-18:00; Sa 10:00-14:00",
            "2026-10-10T16:00",
            "open until 10-10 18:00",
            "Friday's hours, not Saturday's",
        ),
        (
            "Mo-Sa,PH 09:00-18:00",
            "2026-10-04T10:00",
            "open until 10-04 18:00",
            "the Sunday within the holidays is one",
        ),
        ("18:00-02:00", "2026-07-24T01:59", "open until 07-24 02:00", "past midnight"),
        ("18:00-02:00", "2026-07-24T23:00", "open until 07-25 02:00", "into the next day"),
        (
            "18:00-26:00",
            "2026-07-24T01:30",
            "open until 07-24 02:00",
            "past midnight, the other way to write it",
        ),
        (
            BAR,
            "2026-10-08T01:00",
            "closed until 10-08 18:00",
            "the evening before was a holiday, so nothing runs on",
        ),
        (BAR, "2026-10-11T01:00", "open until 10-11 02:00", "the evening before was a make-up Saturday"),
        (BAR, "2026-07-25T01:00", "open until 07-25 02:00", "Saturday morning belongs to Friday's evening"),
        (BAR, "2026-10-01T01:00", "closed", "the rule for the holiday replaces its whole day"),
        ('unknown "by appointment"', "2026-07-24T10:00", "unknown", "the hours say so themselves"),
        ("Jul-Aug 10:00-22:00", "2026-08-31T23:00", "closed", "the season is over"),
        (
            "Mo[1] 10:00-12:00",
            "2026-08-03T09:00",
            "closed until 08-03 10:00",
            "the first Monday of the month",
        ),
        (
            OFFICE,
            "2099-03-03T10:00",
            "open until 03-03 18:00, unconfirmed",
            "a year without a table is ordinary",
        ),
        (DAILY, "2099-03-03T10:00", "open until 03-03 22:00", "the same hours on every day need no table"),
        ("24/7", "2099-03-03T10:00", "open", "nor do these"),
        (
            '08:00-20:00 "PH only by phone"',
            "2099-03-03T10:00",
            "open until 03-03 20:00",
            "a comment is no rule",
        ),
    ],
)
def test_posted_hours(posted: str, moment: str, expected: str, why: str) -> None:
    assert words(hours.Timetable(posted, "Asia/Shanghai").at(ms(moment))) == expected, why


@pytest.mark.parametrize(
    ("zone", "moment", "expected", "why"),
    [
        ("Europe/Berlin", "2026-03-29T01:30", "closed until 03-29 08:00", "an hour is missing that night"),
        ("America/New_York", "2026-10-01T10:00", "open until 10-01 20:00", "China's holidays are China's"),
        ("Asia/Urumqi", "2026-07-24T07:59", "closed until 07-24 08:00", "the place's own clock"),
    ],
)
def test_other_time_zones(zone: str, moment: str, expected: str, why: str) -> None:
    posted = hours.Timetable("08:00-20:00", zone).at(ms(moment, zone))
    assert words(posted, zone) == expected, why


def test_no_table_is_known_outside_china() -> None:
    posted = hours.Timetable("Mo-Fr 08:00-20:00", "Europe/Berlin").at(ms("2026-10-01T10:00", "Europe/Berlin"))
    assert (posted.open, posted.unconfirmed) == (True, True)


def spans(day: Day) -> list[str]:
    """``18:00-26:00`` for an evening past midnight."""
    midnight = round(datetime.combine(day.day, datetime.min.time(), BEIJING).timestamp() * 1000)
    minutes = [[(at_ms - midnight) // 60_000 for at_ms in span[:2]] for span in day.spans]
    return ["-".join(f"{each // 60:02}:{each % 60:02}" for each in pair) for pair in minutes]


@pytest.mark.parametrize(
    ("posted", "day", "expected", "named", "why"),
    [
        (DAILY, "2026-07-24", ["06:00-22:00"], "ordinary", "an ordinary day"),
        (OFFICE, "2026-02-17", [], "holiday Spring Festival", "closed on holidays"),
        (OFFICE, "2026-02-14", ["09:00-18:00"], "working Spring Festival", "a Saturday that makes up"),
        (DAILY, "2026-10-01", ["06:00-22:00"], "holiday National Day", "open on holidays too"),
        (BAR, "2026-10-10", ["18:00-26:00"], "working National Day", "an evening that makes up"),
        (BAR, "2026-07-25", [], "ordinary", "its first hours are the evening before"),
        (BAR, "2026-09-30", ["18:00-24:00"], "ordinary", "the holiday's rule takes its whole day"),
        ("24/7", "2026-07-24", ["00:00-24:00"], "ordinary", "day and night end at midnight"),
        ("Mo 00:00-24:00; Tu 00:00-02:00", "2026-07-20", ["00:00-24:00"], "ordinary", "a whole day"),
        ("Mo 00:00-24:00; Tu 00:00-02:00", "2026-07-21", ["00:00-02:00"], "ordinary", "the rest of it"),
        ("Mo-Fr 06:00-24:00; Sa 00:00-22:00", "2026-07-24", ["06:00-24:00"], "ordinary", "not 40 h"),
        ("Mo-Fr 08:00-12:00,12:00-18:00", "2026-07-24", ["08:00-18:00"], "ordinary", "no gap"),
        ("", "2026-07-24", [], "ordinary", "no hours are published"),
    ],
)  # fmt: skip
def test_the_hours_of_a_day(posted: str, day: str, expected: list[str], named: str, why: str) -> None:
    told = hours.Timetable(posted, "Asia/Shanghai").day(date.fromisoformat(day))
    assert (spans(told), f"{told.kind} {told.holiday}".strip()) == (expected, named), why
    assert told.unconfirmed is False


def test_the_hours_of_a_day_without_a_table_are_unconfirmed_where_it_matters() -> None:
    told = {
        posted: hours.Timetable(posted, "Asia/Shanghai").day(date(2099, 3, 3)) for posted in (OFFICE, DAILY)
    }
    assert [told[posted].unconfirmed for posted in (OFFICE, DAILY)] == [True, False]


@given(
    posted=st.sampled_from(
        [DAILY, OFFICE, BAR, "24/7", "Mo,We 20:00-08:00; PH 10:00-12:00", "Sa 12:00-30:00"]
    ),
    minute=st.integers(0, 60 * 24 * 365),
)
@settings(max_examples=60)
def test_the_spans_of_days_say_the_same_as_each_moment(posted: str, minute: int) -> None:
    table = hours.Timetable(posted, "Asia/Shanghai")
    now_ms = ms("2026-01-01T00:00") + minute * 60_000
    today = datetime.fromtimestamp(now_ms / 1000, BEIJING).date()
    days = [table.day(today - timedelta(days=ago)) for ago in (0, 1)]
    within = [span for day in days for span in day.spans if span.from_ms <= now_ms < span.until_ms]
    assert bool(within) == (table.at(now_ms).open is True)
    assert len(within) <= 1, "no hour belongs to two days"


def test_the_turn_of_the_year_is_unconfirmed_until_the_next_table_is_out() -> None:
    year = next(year for year in range(2026, 2099) if kind_of(date(year + 1, 1, 1)) == "unpublished")
    daily = hours.Timetable("Mo-Sa 09:00-18:00; Su 09:00-18:00", "Asia/Shanghai")
    posted = [daily.at(ms(f"{year}-12-31T{clock}")) for clock in ("10:00", "20:00")]
    assert [words(each) for each in posted] == [
        "open until 12-31 18:00",
        "closed until 01-01 09:00, unconfirmed",
    ]


def test_hours_that_follow_the_sun() -> None:
    at_ms = ms("2026-12-21T12:00")
    taiyuan = timetable("sunrise-sunset", "Asia/Shanghai", 37.87, 112.55).at(at_ms)
    urumqi = timetable("sunrise-sunset", "Asia/Shanghai", 43.83, 87.61).at(at_ms)
    assert words(taiyuan).startswith("open until 12-21 17:"), "the sun sets after five"
    assert words(urumqi).startswith("open until 12-21 18:"), "far in the west it sets later"


def test_stations_with_the_same_hours_share_one_timetable() -> None:
    assert timetable(DAILY, "Asia/Shanghai", 30, 104) is timetable(DAILY, "Asia/Shanghai", 37, 112)


def test_the_answer_is_remembered_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    table = hours.Timetable(OFFICE, "Asia/Shanghai")
    interval = table._interval

    def counted(now_ms: int) -> hours._Interval:
        asked.append(now_ms)
        return interval(now_ms)

    monkeypatch.setattr(table, "_interval", counted)
    moments = [
        "2026-07-24T10:00",
        "2026-07-24T10:01",
        "2026-07-24T17:59",
        "2026-07-24T18:00",
        "2026-07-24T23:59",
    ]
    assert [table.at(ms(moment)).open for moment in moments] == [True, True, True, False, False]
    assert len(asked) == 2, "once for the day, once for the evening"
    table.at(ms("2026-07-25T00:00"))
    assert len(asked) == 3, "the horizon of a week moves on at midnight"
    table.at(ms("2026-07-24T10:00"))
    assert len(asked) == 4, "a clock that is set back is believed"


WRITTEN = (
    "24/7",
    DAILY,
    OFFICE,
    BAR,
    "18:00-02:00",
    "Mo-Sa,PH 09:00-12:00,14:00-24:00; Su 00:00-06:00",
    "Jul off",
)
MINUTES_OF_2026 = st.integers(ms("2026-01-01T00:00") // 60_000, ms("2026-12-20T00:00") // 60_000)


@settings(deadline=None)
@given(st.sampled_from(WRITTEN), MINUTES_OF_2026)
def test_nothing_changes_before_the_next_change(text: str, minute: int) -> None:
    now_ms = minute * 60_000
    posted = hours.Timetable(text, "Asia/Shanghai").at(now_ms)
    changes_ms = posted.changes_at_ms
    until_ms = changes_ms if changes_ms is not None else now_ms + 7 * 24 * 3_600_000
    asked = hours.Timetable(text, "Asia/Shanghai")
    between = (now_ms + (until_ms - now_ms) * part // 7 for part in range(7))
    assert {asked.at(at_ms).open for at_ms in (*between, until_ms - 1)} == {posted.open}
    if changes_ms is not None:
        assert now_ms < changes_ms <= now_ms + 7 * 24 * 3_600_000
        assert asked.at(changes_ms).open != posted.open


@settings(deadline=None)
@given(
    st.sampled_from(["08:00-20:00", "18:00-02:00", "Mo-Sa 09:00-18:00", "Mo,We 22:00-04:00"]), MINUTES_OF_2026
)
def test_ordinary_weeks_are_as_the_library_has_them(text: str, minute: int) -> None:
    now_ms = minute * 60_000
    moment = datetime.fromtimestamp(now_ms / 1000, BEIJING)
    days = [moment.date() - timedelta(days=back) for back in range(3)]
    assume({kind_of(day) for day in days} == {"ordinary"})
    plain = OpeningHours(text, timezone=BEIJING)
    assert hours.Timetable(text, "Asia/Shanghai").at(now_ms).open == plain.is_open(moment)


@pytest.mark.parametrize(
    ("day", "kind", "why"),
    [
        (date(2026, 2, 17), "holiday", "the first day of the Year of the Horse"),
        (date(2026, 10, 4), "holiday", "a Sunday within the days off"),
        (date(2026, 2, 14), "working", "a Saturday that makes up"),
        (date(2026, 7, 24), "ordinary", "a Friday"),
        (date(2026, 7, 25), "ordinary", "a Saturday"),
        (date(2099, 7, 24), "unpublished", "its table comes out in the autumn before"),
    ],
)
def test_kind_of_day(day: date, kind: Kind, why: str) -> None:
    assert kind_of(day) == kind, why


THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2026, 7, day) for day in (23, 24, 25, 26))


@pytest.mark.parametrize(
    ("text", "kinds", "expected", "why"),
    [
        (
            OFFICE,
            {THURSDAY: "ordinary", FRIDAY: "ordinary"},
            "Mo,Tu,We,Th,Fr 09:00-18:00; PH off",
            "PH means no day",
        ),
        (
            OFFICE,
            {THURSDAY: "holiday", FRIDAY: "ordinary"},
            "Mo,Tu,We,Th,Fr 09:00-18:00; Th off",
            "PH means Thursday",
        ),
        (
            "Fr 09:00-18:00; Sa off",
            {SATURDAY: "working"},
            "Fr,Sa 09:00-18:00; PH off",
            "Saturday is a Friday",
        ),
        ("Mo 09:00-18:00; Su off", {SUNDAY: "working"}, "Mo,Su 09:00-18:00; PH off", "Sunday is a Monday"),
        ("Sa-Mo 09:00-18:00", {FRIDAY: "ordinary"}, "Mo,Sa,Su 09:00-18:00", "a range over the weekend"),
        (
            'Mo-Fr 09:00-18:00 "not Mo-Fr"',
            {FRIDAY: "shut"},
            'Mo,Tu,We,Th 09:00-18:00 "not Mo-Fr"',
            "comments stay",
        ),
        ("Mo[1] 10:00-12:00", {FRIDAY: "holiday"}, "Mo[1] 10:00-12:00", "a certain date, not a weekday"),
        ("Jul-Aug PH 10:00-16:00", {FRIDAY: "holiday"}, "Jul-Aug Fr 10:00-16:00", "months stay"),
    ],
)
def test_rewritten(text: str, kinds: dict[date, Kind], expected: str, why: str) -> None:
    assert rewritten(text, kinds) == expected, why


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("每天8点到22点", "as in OpenStreetMap"),
        ("9-18", "as in OpenStreetMap"),
        ("Mo-Fr 25:00-26:00", "as in OpenStreetMap"),
        ("Mo-Fr 09:00-18:00; SH off", "no school holidays"),
        ("PH +1 day off", "without days before or after"),
    ],
)
def test_hours_that_cannot_be_used(text: str, expected: str) -> None:
    with pytest.raises(HoursError, match=expected):
        check_hours(text)
