"""The sentence: exact, with what it rests on, and never a number where nothing was measured."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from server.model import Network, Station
from server.rollups import Day
from server.served.model import Number, Report, Scope
from server.served.periods import between, named
from server.served.summing import Asked
from server.served.summing import report as make
from server.served.tally import Earlier, Tally
from server.served.words import headline, notes, rounded, sentence, share, span, until
from server.web.text import Text
from tests.support import served
from tests.support.served import JULY, STATIONS, a_day, noon_ms, reported

ZH, EN = Text("zh", 0), Text("en", 0)
FIRST, JUNE = date(2026, 7, 1), date(2026, 6, 1)


def every_day(visits: int, measured: float = 1.0, first: date = FIRST, days: int = 31) -> list[Day]:
    """Both stations that have a device."""
    return [
        a_day(id_, first + timedelta(days=n), visits, measured) for id_ in ("one", "two") for n in range(days)
    ]


def test_the_sentence_of_a_month() -> None:
    report = reported([*every_day(100), *every_day(100, first=JUNE, days=30)])
    assert sentence(ZH, report) == (
        "2026年7月，浏阳市“奔跑者”红色驿站共服务6200人次，日均200人次"
        "（门口设备计数，3个驿站中2个有数据，全程无中断）。比2026年6月的6000人次增加3.3%。"
    )
    assert sentence(EN, report) == (
        "2026-07: Liuyang served 6,200 visits, 200 a day (counted at the doors of 2 of 3 stations, "
        "measured all of the time). That is 3.3% more than the 6,000 of 2026-06."
    )


def test_what_is_simulated_says_so_wherever_it_is_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "NETWORK", replace(served.NETWORK, simulated=True))
    report = reported(every_day(100))
    assert sentence(ZH, report).startswith("【模拟数据】2026年7月")
    assert headline(ZH, report) == "【模拟数据】2026年7月，浏阳市“奔跑者”红色驿站服务6200人次。"


def test_a_city_with_a_simulated_network_inside_is_simulated() -> None:
    inside = Network("part", "演示区", "Part", simulated=True)
    stations = [*STATIONS, Station("four", "part", "四号驿站")]
    for here, simulated in ((stations, True), (STATIONS, False)):
        asked = Asked(
            Scope("liuyang"), served.NETWORK, [served.NETWORK, inside], here, JULY, date(2026, 8, 3), 0
        )
        assert make(asked, Tally(), Earlier(), []).simulated == simulated


def test_what_was_not_measured_is_said() -> None:
    report = reported(every_day(101, 0.978))
    said = sentence(ZH, report)
    assert "日均202人次" in said
    assert "有数据的时间占97%，其余时间未计入" in said
    assert any("实际人次可能更多" in note for note in notes(ZH, report))


def test_a_mean_that_is_rounded_says_so() -> None:
    once = [*every_day(0)[1:], a_day("one", FIRST, 20)]
    assert "日均约0.6人次" in sentence(ZH, reported(once))
    assert "约" not in sentence(ZH, reported(every_day(3)))


@pytest.mark.parametrize(
    ("days", "measured", "mean", "why"),
    [
        (31, 1.0, 200.0, "all of it"),
        (28, 1.0, 200 * 28 / 31, "three days without data: over all days, as the share says beside it"),
        (31, 0.91, 200.0, "a gap each night"),
        (20, 1.0, None, "eleven days without data would make 129 of 200"),
        (31, 0.5, None, "the half of each day"),
        (0, 1.0, None, "nothing"),
    ],
)
def test_a_mean_is_told_only_of_what_was_measured(
    days: int, measured: float, mean: float | None, why: str
) -> None:
    report = reported(every_day(100, measured, days=days))
    assert report.total.per_day == (mean and pytest.approx(mean)), why
    assert ("日均" in sentence(ZH, report)) == (mean is not None), why
    assert ("a day (" in sentence(EN, report)) == (mean is not None), why
    said = any("不到90%，不算日均" in note for note in notes(ZH, report))
    assert said == (mean is None and days > 0), why


def test_periods_that_were_measured_otherwise_are_not_compared_in_words() -> None:
    report = reported([*every_day(100), *every_day(100, 0.5, JUNE, 30)])
    assert "比2026年6月" not in sentence(ZH, report)
    assert any("不能直接比" in note for note in notes(ZH, report))


@pytest.mark.parametrize(
    ("visits", "zh", "en"),
    [
        (0, "0", "0"),
        (37, "37", "37"),
        (300, "300", "300"),
        (308, "300余", "more than 300"),
        (8_100, "8100", "8,100"),
        (8_137, "8100余", "more than 8,100"),
        (31_437, "3.14万余", "more than 31,400"),
        (131_437, "13.1万余", "more than 131,000"),
        (30_000, "3万", "30,000"),
        (1_234_567_890, "123456.7万余", "more than 1,234,567,000"),
    ],
)
def test_a_round_number_is_never_more_than_was_counted(visits: int, zh: str, en: str) -> None:
    assert (rounded(ZH, visits), rounded(EN, visits)) == (zh, en)


@pytest.mark.parametrize(
    ("measured", "said"), [(1.0, "100%"), (0.9994, "99%"), (0.978, "97%"), (0.004, "不到1%"), (0.0, "0%")]
)
def test_a_share_is_never_rounded_up(measured: float, said: str) -> None:
    assert share(ZH, measured) == said


def test_without_data_there_is_no_number() -> None:
    report = reported([])
    assert (
        sentence(ZH, report) == "2026年7月，浏阳市“奔跑者”红色驿站没有计数数据，无法统计服务人次（不等于0）。"
    )
    assert headline(ZH, report) == sentence(ZH, report)
    assert "which is not 0" in sentence(EN, report)
    assert "还没有开始" in sentence(ZH, reported([], named("month", "2026-09")))


def test_nobody_came_is_a_zero() -> None:
    assert "服务0人次" in sentence(ZH, reported(every_day(0)))


def test_what_staff_entered_is_a_sentence_of_its_own() -> None:
    numbers = [
        Number("count", "liuyang", "", "", FIRST, FIRST, 320),
        Number("event", "liuyang", "", "", FIRST, FIRST, 85, events=2),
    ]
    said = sentence(ZH, reported(every_day(1), numbers=numbers))
    assert said.endswith("另有人工登记320人次、活动2场、参加85人次，未计入以上人次。")
    assert "共服务62人次" in said
    alone = sentence(ZH, reported([], numbers=numbers))
    assert "无法统计服务人次" in alone
    assert "320" in alone


def test_a_sum_of_rough_numbers_is_rough() -> None:
    numbers = [
        Number("count", "liuyang", "", "", FIRST, FIRST, 320, "余"),
        Number("count", "liuyang", "", "", FIRST, FIRST, 7),
        Number("event", "liuyang", "", "", FIRST, FIRST, 85, events=2),
    ]
    assert "人工登记约327人次、活动2场、参加85人次" in sentence(ZH, reported([], numbers=numbers))


def test_a_district_and_a_station_are_named() -> None:
    rows = every_day(1)
    assert "浏阳市“奔跑者”红色驿站（关口街道）共服务62人次" in sentence(
        ZH, reported(rows, scope=Scope("liuyang", "关口街道"))
    )
    said = sentence(ZH, reported(rows, scope=Scope("liuyang", station="one")))
    assert said.startswith("2026年7月，一号驿站服务31人次，日均1人次（门口设备计数，全程无中断）")


def test_corrections_and_the_running_month_are_noted() -> None:
    rows = [a_day("one", FIRST, 20, corrected=-3, corrections=2)]
    report = reported(rows, today=date(2026, 7, 10))
    said = list(notes(ZH, report))
    assert "站内人数校正过2次，合计-3人。校正只改“站里几个人”，不改人次。" in said
    assert any("还没有结束" in note for note in said)
    assert sentence(ZH, report).startswith("2026年7月（2026年7月1日至2026年7月10日）")


def test_nothing_at_all_is_noted_once() -> None:
    said = list(notes(ZH, reported([])))
    assert "这段时间没有一个驿站有计数数据；这不等于0。" in said
    assert not any("个驿站中" in note or "有数据的时间" in note for note in said)


def test_a_period_that_runs_says_up_to_when_and_is_not_compared() -> None:
    """Nine hours of today are no day: a mean and a comparison would be too low."""
    rows = [*every_day(100, days=10), *every_day(100, first=JUNE, days=30)]
    said = reported(rows, today=date(2026, 7, 10))
    assert (said.total.change_pct, said.total.per_day) == (None, None), "in no table, tile or file either"
    assert sentence(ZH, said).endswith("3个驿站中2个有数据，全程无中断，截至2026年7月10日 12:00）。")
    assert sentence(EN, said).endswith("measured all of the time; as of 2026-07-10 12:00).")
    assert any("只算到2026年7月10日 12:00" in note for note in notes(ZH, said))
    assert not any("日均：" in note or "不能直接比较" in note for note in notes(ZH, said)), (
        "one reason is enough"
    )


def test_it_was_counted_up_to_the_last_hour_that_was_over_when_its_sums_were_made() -> None:
    today = date(2026, 7, 10)
    made_ms = noon_ms(today) - 20 * 60_000
    report = reported([a_day("one", today, 100, made_ms=made_ms)], today=today)
    assert (until(ZH, report), until(EN, report)) == ("2026年7月10日 11:00", "2026-07-10 11:00")
    assert until(ZH, reported([a_day("one", today, 100, made_ms=made_ms)])) == "", "it is over"
    assert until(ZH, reported([], today=today)) == "", "nothing was counted"


@pytest.mark.parametrize(
    ("before", "now", "end"),
    [
        (10_000, 9_996, "和2026年7月1日的10000人次基本持平。"),
        (10_000, 10_000, "和2026年7月1日的10000人次持平。"),
        (10_000, 9_994, "比2026年7月1日的10000人次减少0.1%。"),
    ],
)
def test_a_change_of_nothing_is_not_said_to_be_one(before: int, now: int, end: str) -> None:
    rows = [a_day("one", FIRST, before), a_day("one", date(2026, 7, 2), now)]
    assert sentence(ZH, reported(rows, named("day", "2026-07-02"))).endswith(end)


def test_all_stations_are_said_to_be_all() -> None:
    rows = [*every_day(1), *(row._replace(station_id="three") for row in every_day(1)[:31])]
    assert "（门口设备计数，3个驿站全部有数据，全程无中断）" in sentence(ZH, reported(rows))
    assert "counted at the doors of all 3 stations, measured" in sentence(EN, reported(rows))


def test_of_what_lies_ahead_nothing_is_noted_but_what_a_visit_is() -> None:
    assert len(list(notes(ZH, reported([], named("month", "2026-09"))))) == 1


@pytest.mark.parametrize(
    ("period", "zh", "en"),
    [
        (JULY, "2026年7月", "2026-07"),
        (named("year", "2026"), "2026年", "2026"),
        (named("day", "2026-07-03"), "2026年7月3日", "2026-07-03"),
        (
            named("week", "2026-W28"),
            "2026年第28周（2026年7月6日至2026年7月12日）",
            "week 28 of 2026 (2026-07-06 to 2026-07-12)",
        ),
        (between("2026-07-01", "2026-07-20"), "2026年7月1日至2026年7月20日", "2026-07-01 to 2026-07-20"),
    ],
)  # fmt: skip
def test_periods_in_words(period: object, zh: str, en: str) -> None:
    assert (span(ZH, period), span(EN, period)) == (zh, en)  # type: ignore[arg-type]  # periods all


def test_every_note_has_both_languages() -> None:
    full: Report = reported([a_day("one", FIRST, 5, 0.5, energy_wh=1.0, swaps=1, corrections=1)])
    assert len(list(notes(ZH, full))) == len(list(notes(EN, full))) > 5
