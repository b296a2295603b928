"""Days of stations as a report: every number is a sum of days, by place, by time and by kind of day."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.model import Network, Station, family
from server.rollups import Day
from server.served import gather
from server.served.gather import ScopeError, scoped
from server.served.model import Level, Line, Number, Report, Scope
from server.served.periods import between, named
from tests.support.served import AUGUST, JULY, NETWORK, STATIONS, TableRollups, a_day, gathered, reported

FIRST, JUNE = date(2026, 7, 1), date(2026, 6, 1)


def lines(report: Report, level: Level) -> dict[str, Line]:
    return {line.key: line for line in report.lines() if line.level == level}


def visits(report: Report, level: Level) -> dict[str, int | None]:
    return {key: line.visits for key, line in lines(report, level).items()}


def test_places_add_up_to_the_whole() -> None:
    rows = [a_day("one", FIRST, 30), a_day("two", FIRST, 12), a_day("one", FIRST + timedelta(days=9), 8)]
    report = reported(rows)
    assert visits(report, "station") == {"one": 38, "two": 12, "three": None}
    assert visits(report, "street") == {"关口街道/长兴社区": 38, "关口街道/金口社区": 12, "集里街道/": None}
    assert visits(report, "district") == {"关口街道": 50, "集里街道": None}
    assert (report.total.visits, report.total.stations, report.total.counted) == (50, 3, 2)


def test_times_add_up_too() -> None:
    rows = [a_day("one", FIRST + timedelta(days=n), n + 1) for n in range(31)]
    report = reported(rows)
    assert sum(visits(report, "day").values()) == report.total.visits == 496  # type: ignore[arg-type]  # all known
    assert list(visits(report, "week").items())[:2] == [("2026-W27", 15), ("2026-W28", 63)]
    assert lines(report, "week")["2026-W27"].first == FIRST, "cut where the month begins"
    assert visits(report, "month") == {}, "one month is the whole"
    year = reported([*rows, a_day("one", JUNE, 5)], named("year", "2026"))
    assert {key: count for key, count in visits(year, "month").items() if count} == {
        "2026-06": 5,
        "2026-07": 496,
    }


def test_workdays_weekends_and_holidays() -> None:
    """2026-10-01 to 08 are holidays; Saturday the 10th is worked instead."""
    october = between("2026-10-05", "2026-10-11")
    rows = [a_day("one", october.first + timedelta(days=n), 10**n) for n in range(7)]
    report = reported(rows, october, today=date(2026, 11, 1))
    found = {key: (line.days, line.visits) for key, line in lines(report, "kind").items()}
    assert found == {"holiday": (3, 111), "workday": (3, 1_000 + 10_000 + 100_000), "weekend": (1, 10**6)}


def test_no_data_is_no_zero() -> None:
    nothing = reported([])
    assert (nothing.total.visits, nothing.total.per_day, nothing.total.change_pct) == (None, None, None)
    assert nothing.total.share == 0.0, "two stations have a device and nothing was measured"
    silent = reported([a_day("one", FIRST, 0, measured=0.0)])
    assert silent.total.visits is None, "a day that was not measured"
    quiet = reported([a_day("one", FIRST, 0, measured=0.5)])
    assert quiet.total.visits == 0, "a half of a day was measured, and nobody came"
    assert quiet.total.share == pytest.approx(0.5 / 62)


def test_a_district_is_no_line_of_itself() -> None:
    rows = [a_day("one", FIRST, 30), a_day("two", FIRST, 12)]
    district = reported(rows, scope=Scope("liuyang", "关口街道"))
    assert visits(district, "district") == {}
    assert visits(district, "street") == {"关口街道/长兴社区": 30, "关口街道/金口社区": 12}
    street = reported(rows, scope=Scope("liuyang", "关口街道", "长兴社区"))
    assert (visits(street, "street"), visits(street, "station")) == ({}, {"one": 30})


def test_a_device_that_counts_nobody_is_in_no_share() -> None:
    rows = [a_day("one", FIRST + timedelta(days=n), 10) for n in range(31)]
    rows += [a_day("two", FIRST + timedelta(days=n), 0, measured=0.0) for n in range(31)]
    total = reported(rows).total
    assert (total.instrumented, total.counted, total.share, total.per_day) == (1, 1, 1.0, 10.0), (
        "only air there"
    )
    before = a_day("two", JUNE, 5)
    assert reported([*rows, before]).total.share == pytest.approx(0.5), (
        "it did count once: it is out of order"
    )


def test_what_lies_ahead_has_not_begun() -> None:
    report = reported([], named("month", "2026-09"))
    assert (report.elapsed, report.total.days, report.total.visits) == (None, 0, None)
    assert list(report.times) == []


def test_a_month_is_compared_with_the_month_before_and_a_running_one_with_as_many_days() -> None:
    rows = [a_day("one", JUNE + timedelta(days=n), 10) for n in range(30)]
    rows += [a_day("one", FIRST + timedelta(days=n), 11) for n in range(31)]
    whole = reported(rows)
    assert whole.compared is not None
    assert (str(whole.compared), whole.compared.days) == ("2026-06", 30)
    assert whole.total.change_pct == pytest.approx(100 * (341 - 300) / 300)
    running = reported(rows, today=date(2026, 7, 10))
    assert running.compared is not None
    assert (running.compared.days, running.running) == (10, True)
    assert (running.total.change_pct, running.total.per_day) == (None, None), "today is a part of a day"
    assert running.total.last == date(2026, 7, 10), "as its number of days says"
    assert [line.key for line in running.times if line.running] == ["2026-07-10", "2026-W28"]
    assert [line.key for line in running.kinds if line.running] == ["workday"]
    assert not reported(rows, today=AUGUST).running


def test_nothing_is_compared_with_a_period_without_data() -> None:
    assert reported([a_day("one", FIRST, 5)]).total.change_pct is None


def test_corrections_are_apart_and_stay_is_a_mean() -> None:
    day = a_day("one", FIRST, 20, corrected=-3, corrections=2, people_s=20 * 900, energy_wh=1500.0, swaps=4)
    total = reported([day, a_day("two", FIRST, 10, people_s=10 * 300)]).total
    assert (total.visits, total.sum.corrected, total.sum.corrections) == (30, -3, 2)
    assert total.sum.stay_min == pytest.approx((20 * 15 + 10 * 5) / 30)
    assert (total.sum.energy_wh, total.sum.swaps) == (1500.0, 4)
    assert reported([a_day("two", FIRST, 1)]).total.sum.swaps is None, "nothing meters it"


def test_the_busiest_hours() -> None:
    rows = [
        a_day("one", FIRST, 5, hour=12),
        a_day("two", FIRST, 7, hour=18),
        a_day("one", JULY.last, 3, hour=12),
    ]
    report = reported(rows)
    assert report.busiest() == [12, 18]
    assert (report.hours[12], report.hours[18], sum(report.hours)) == (8, 7, 15)


def test_a_part_of_the_network_only() -> None:
    rows = [a_day("one", FIRST, 30), a_day("two", FIRST, 12)]
    street = reported(rows, scope=Scope("liuyang", "关口街道", "金口社区"))
    assert (street.total.visits, street.total.stations) == (12, 1)
    station = reported(rows, scope=Scope("liuyang", station="one"))
    assert (station.total.visits, station.places, station.station) == (30, (), STATIONS[0])


def test_a_station_that_counts_has_a_device_whatever_the_registry_says() -> None:
    report = reported([a_day("three", FIRST, 6)])
    assert lines(report, "station")["three"].instrumented == 1


def number(kind: str, count: int, first: date, last: date | None = None, **where: object) -> Number:
    usual = {"network": "liuyang", "district": "", "station": "", "events": 2 if kind == "event" else 0}
    return Number(kind=kind, count=count, first=first, last=last or first, **usual | where)  # type: ignore[arg-type]  # as in the tests below


def test_entered_numbers_stand_beside_and_are_never_added() -> None:
    numbers = [
        number("count", 320, FIRST, JULY.last),
        number("count", 40, FIRST, station="one"),
        number("count", 7, FIRST, district="集里街道"),
        number("event", 85, FIRST + timedelta(days=4), district="关口街道"),
        number("count", 1000, JUNE, FIRST),
        number("count", 9, JUNE),
    ]
    report = reported([a_day("one", FIRST, 30)], numbers=numbers)
    total = report.total
    assert total.visits == 30
    assert (total.entered.count, total.entered.events, total.entered.attendance) == (367, 2, 85)
    assert total.entered.partly == 1, "it reaches back into June, and nobody can divide it"
    by_district = {key: line.entered for key, line in lines(report, "district").items()}
    assert (by_district["关口街道"].count, by_district["关口街道"].attendance) == (40, 85)
    assert by_district["集里街道"].count == 7
    assert lines(report, "station")["one"].entered.count == 40
    assert lines(report, "station")["two"].entered.count is None
    days = lines(report, "day")
    assert (days["2026-07-01"].entered.count, days["2026-07-05"].entered.attendance) == (47, 85)
    district = reported([], scope=Scope("liuyang", "关口街道"), numbers=numbers)
    assert district.total.entered.count == 40, "what is for the whole network is not divided"


@given(st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.integers(0, 60), st.integers(0, 500))))
@settings(max_examples=60)
def test_every_sum_is_the_sum_of_its_days(drawn: list[tuple[str, int, int]]) -> None:
    found = {(id_, JUNE + timedelta(days=n)): a_day(id_, JUNE + timedelta(days=n), v) for id_, n, v in drawn}
    rows = list(found.values())
    report = reported(rows)
    here = [row for row in rows if row.day >= FIRST]
    assert report.total.sum.visits == sum(row.visits for row in here) == sum(report.hours)
    for level in ("station", "district", "street", "day", "week", "kind"):
        told = [line.sum.visits for line in report.lines() if line.level == level]
        assert sum(told) == report.total.sum.visits, level


@pytest.mark.parametrize("at_once", [1, 7, 62, 1_000])
def test_gathering_reads_in_steps_and_gives_the_same(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(gather, "AT_ONCE", at_once)
    rows = [
        a_day(id_, JUNE + timedelta(days=n), n, corrected=n, energy_wh=10.0 * n)
        for id_ in ("one", "two")
        for n in range(61)
    ]
    report, whole = gathered(TableRollups(rows)), reported(rows)
    assert report.lines() == whole.lines()
    assert report.hours == whole.hours
    assert gathered(TableRollups(rows), named("year", "2026")).total.visits == sum(row.visits for row in rows)


def test_gathering_tells_how_far_it_is_and_holds_no_more_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "AT_ONCE", 60)
    rows = [a_day(id_, JUNE + timedelta(days=n), n) for id_ in ("one", "two", "three") for n in range(61)]
    told: list[tuple[int, int]] = []

    def progress(read: int, whole: int) -> None:
        told.append((read, whole))

    gathered(TableRollups(rows), progress=progress)
    assert told == [(60, 183), (93, 183), (153, 183), (183, 183)], "three stations, 31 days and the 30 before"


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (Scope("nowhere"), "no network 'nowhere'; there are: liuyang"),
        (Scope("liuyang", "天心区"), "no district '天心区' in liuyang; there are: 关口街道, 集里街道"),
        (Scope("liuyang", "集里街道", "长兴社区"), "no street"),
        (Scope("liuyang", station="nine"), "no station 'nine' in liuyang"),
    ],
)
def test_a_place_that_there_is_not(scope: Scope, said: str) -> None:
    with pytest.raises(ScopeError, match=said.split(";", maxsplit=1)[0]):
        scoped(scope, {"liuyang": NETWORK}, {each.id: each for each in STATIONS})


def test_networks_inside_are_lines_of_their_own() -> None:
    networks = {"liuyang": NETWORK, "inner": Network("inner", "里面", "Inner", parent="liuyang")}
    assert family(networks, "liuyang") == ("liuyang", "inner")
    stations = {each.id: each for each in (*STATIONS, Station("four", "inner", "四号"))}
    assert len(scoped(Scope("liuyang"), networks, stations)) == 4
    assert [each.id for each in scoped(Scope("inner"), networks, stations)] == ["four"]


def made(day: Day, made_ms: int) -> Day:
    return day._replace(made_ms=made_ms)


def test_it_says_when_its_sums_were_made() -> None:
    rows = [made(a_day("one", FIRST, 1), 2_000), made(a_day("two", FIRST, 1), 5_000)]
    total = reported(rows).total
    assert (total.sum.oldest_ms, total.sum.newest_ms) == (2_000, 5_000)
