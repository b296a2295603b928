"""``/staff/served``: the report as a page and as files, for those whose place it is."""

import csv
import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.rollups import Day
from server.served.numbers import Numbers
from tests.support.console import Browser, Console, browsing, console
from tests.support.served import a_day

PAGE, NUMBERS, REACH = "/staff/served", "/staff/served-numbers", "/staff/served-reach"
FIRST = date(2026, 12, 1)
"""The console's clocks stand at 2027-01-15 16:00 in China: December is the last whole month."""
GOOD: dict[str, Any] = {
    "kind": "event",
    "place": "city/小店区",
    "first": "2026-12-05",
    "count": "85",
    "events": "2",
}

Signed = Callable[[str], Browser]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as running:
        for id_, visits in (("city-0001", 100), ("city-0002", 10), ("town-0001", 1)):
            running.rollups.rows += [a_day(id_, FIRST + timedelta(days=n), visits) for n in range(31)]
        yield running


@pytest.fixture
def signed(made: Console) -> Iterator[Signed]:
    with browsing(made) as browser:
        yield browser


def test_without_being_asked_it_is_the_last_whole_month(signed: Signed) -> None:
    page = signed("ada").get(PAGE).text
    assert "2026年12月，城市共服务3410人次，日均110人次" in page
    assert "[simulated data] 2026-12: City served 3,410 visits" in page, "both languages can be pasted"
    assert "<strong>3410</strong>" in page
    assert "统计时间：2027-01-15 16:00:00" in page
    assert 'class="said"' not in page, "nothing was done that a banner would tell"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("place=city/小店区&by=month&period=2026-12", "城市（小店区）共服务3100人次"),
        ("station=city-0002&by=month&period=2026-12", "文庙驿站服务310人次"),
        ("place=city&by=week&period=2026-W50", "共服务770人次"),
        ("place=city&by=year&period=2026", "共服务3410人次"),
        ("place=city&by=range&from=2026-12-01&to=2026-12-02", "共服务220人次"),
        ("place=city&by=day&period=2026-12-03", "共服务110人次"),
        ("place=city&by=month&period=2026-11", "没有计数数据，无法统计服务人次（不等于0）"),
        ("place=town&by=month&period=2026-12", "小镇共服务31人次"),
        ("place=city/小店区&street=龙城街道&by=month&period=2026-12", "城市（小店区龙城街道）共服务3100人次"),
    ],
)
def test_places_and_periods(signed: Signed, query: str, said: str) -> None:
    answer = signed("ada").get(f"{PAGE}?{query}")
    assert (answer.status_code, said in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("place=nowhere", 404),
        ("place=city/不在这里", 404),
        ("place=city&street=不在这里", 404),
        ("station=nowhere", 404),
        ("place=city&by=month&period=2026-13", 400),
        ("place=city&by=century", 400),
        ("place=city&by=range&from=2026-12-02&to=2026-12-01", 400),
        ("place=city&by=range&from=2026-12-02", 400),
        ("place=city&by=range&from=2020-12-02&to=2026-12-01", 400),
        ("place=city&by=month&period=<script>", 400),
        ("place=city&by=month&period=2027-02", 400),
    ],
)
@pytest.mark.parametrize("kind", ["", ".csv", ".xlsx", ".json"])
def test_what_there_is_not_is_refused(signed: Signed, query: str, status: int, kind: str) -> None:
    assert signed("ada").get(f"{PAGE}{kind}?{query}").status_code == status


@pytest.mark.parametrize(
    ("query", "field", "typed", "said"),
    [
        ("by=month&period=2026-13", "period", "2026-13", "没有这个月"),
        ("by=week&period=2026-W60", "period", "2026-W60", "没有这一周"),
        ("by=year&period=1999", "period", "1999", "请填 2000 到 2200"),
        ("by=year&period=2030", "period", "2030", "还没有到"),
        ("by=month&period=2027-02", "period", "2027-02", "还没有到"),
        ("by=range&from=2026-12-02&to=2026-12-01", "to", "2026-12-01", "最后一天不能早于第一天"),
        ("by=range&from=2026-02-30&to=2026-12-01", "from", "2026-02-30", "没有这一天"),
        ("by=range&from=2026-12-02", "to", "", "没有这一天"),
        ("by=range&from=2020-12-02&to=2026-12-01", "to", "2026-12-01", "最多看 366 天"),
        ("by=range&from=2027-02-01&to=2027-02-02", "from", "2027-02-01", "还没有到"),
        ("by=month&period=%3Cscript%3E", "period", "&lt;script&gt;", "没有这个月"),
    ],
)
def test_a_wrong_period_stays_in_the_form(
    signed: Signed, query: str, field: str, typed: str, said: str
) -> None:
    answer = signed("ada").get(f"{PAGE}?place=city/小店区&{query}")
    page = answer.text
    assert answer.status_code == 400
    assert '<option value="city/小店区" selected>' in page
    kind = "text" if said.startswith(("没有", "请填")) and typed else "(?:month|week|number|date)"
    assert re.search(
        rf'type="{kind}"[^>]* name="{field}" value="{typed}" required aria-describedby="wrong-{field}"', page
    )
    assert re.search(rf'id="wrong-{field}" role="alert">[^<]*{said}', page)
    assert "有数据的日期：2026年12月1日至2026年12月31日" in page
    assert 'id="report"' not in page


def test_an_unknown_kind_of_period_is_told_beside_the_kinds(signed: Signed) -> None:
    answer = signed("ada").get(f"{PAGE}?place=city&by=century")
    assert (answer.status_code, 'id="wrong-by"' in answer.text) == (400, True)


def test_it_says_for_which_days_there_is_data(made: Console, signed: Signed) -> None:
    made.rollups.rows.append(a_day("city-0002", date(2026, 3, 9), 5))
    page = signed("ada").get(f"{PAGE}?place=city&by=month&period=2026-12").text
    assert "有数据的日期：2026年3月9日至2026年12月31日" in page
    months = page[page.index('class="by months"') :].split("</nav>")[0]
    assert re.findall(r"period=([\d-]+)", months) == ["2026-03", "2026-12"]
    assert months.count('aria-current="true"') == 1
    inner = signed("ada").get(f"{PAGE}?place=city/小店区&by=month&period=2026-12").text
    assert "有数据的日期：2026年12月1日至2026年12月31日" in inner, "of the place that is shown"


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ("by=month&period=2026-05", "2026-03"),
        ("by=month&period=2026-10", "2026-12"),
        ("by=year&period=2025", "2026"),
    ],
)
def test_an_empty_period_offers_the_nearest_with_data(
    made: Console, signed: Signed, query: str, nearest: str
) -> None:
    made.rollups.rows.append(a_day("city-0002", date(2026, 3, 9), 5))
    page = signed("ada").get(f"{PAGE}?place=city&{query}").text
    offered = page[page.index('class="nearest"') :].split("</p>")[0]
    assert f"period={nearest}" in offered
    assert 'class="nearest"' not in signed("ada").get(f"{PAGE}?place=city&by=month&period=2026-12").text


def test_where_nothing_was_ever_counted(made: Console, signed: Signed) -> None:
    made.rollups.rows.clear()
    page = signed("ada").get(PAGE).text
    assert "这里还没有任何计数数据" in page
    assert 'class="nearest"' not in page


def test_while_it_runs_it_says_up_to_when(made: Console, signed: Signed) -> None:
    made.rollups.rows.append(a_day("city-0001", date(2027, 1, 15), 7, made_ms=made.now_ms - 50 * 60_000))
    ada = signed("ada")
    page = ada.get(f"{PAGE}?place=city&by=month&period=2027-01").text
    assert "统计到 2027年1月15日 15:00" in page
    assert "截至2027年1月15日 15:00" in page
    assert 'rel="next"' not in page, "there is no month to come"
    before = ada.get(f"{PAGE}?place=city&by=month&period=2026-12").text
    assert ("统计到" in before, 'rel="next"' in before) == (False, True)


def test_what_only_began_last_month_opens_with_the_present_one(made: Console, signed: Signed) -> None:
    made.rollups.rows = [a_day("city-0001", date(2026, 12, 20) + timedelta(days=n), 3) for n in range(27)]
    assert "2027年1月" in signed("ada").get(PAGE).text.split('id="report"')[1].split("</h2>")[0]


@pytest.mark.parametrize("kind", ["", ".csv", ".xlsx", ".json"])
@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("tian", "place=city/小店区", 200),
        ("tian", "station=city-0001", 200),
        ("tian", "place=city", 404),
        ("tian", "place=city/迎泽区", 404),
        ("tian", "station=city-0002", 404),
        ("max", "place=city", 200),
        ("max", "place=town", 404),
        ("vi", "place=town", 200),
    ],
)
def test_everybody_sees_their_own_places_only(
    signed: Signed, kind: str, name: str, query: str, status: int
) -> None:
    assert signed(name).get(f"{PAGE}{kind}?{query}").status_code == status


def test_without_a_place_it_is_ones_own(signed: Signed) -> None:
    page = signed("tian").get(PAGE).text
    assert "城市（小店区）共服务3100人次" in page
    assert "文庙驿站" not in page


def test_the_files_hold_the_same(signed: Signed) -> None:
    ada, query = signed("ada"), "place=city&by=month&period=2026-12"
    table = ada.get(f"{PAGE}.csv?{query}")
    assert table.headers["content-disposition"] == 'attachment; filename="served-city-2026-12.csv"'
    assert table.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert (rows[0]["层级"], rows[0]["人次"]) == ("合计", "3410")
    days = list(csv.reader(io.StringIO(ada.get(f"{PAGE}.csv?{query}&level=day").text)))
    assert len(days) == 32
    assert ada.get(f"{PAGE}.csv?{query}&level=hour").status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(ada.get(f"{PAGE}.xlsx?{query}&lang=en").content))
    assert book.sheetnames[:3] == ["summary", "district", "street"]
    told = ada.get(f"{PAGE}.json?{query}").json()
    assert (told["total"]["visits"], len(told["lines"]["day"])) == (3410, 31)


def test_riders_are_told_nothing_of_it(made: Console, signed: Signed) -> None:
    nobody = signed("")
    for path in (PAGE, f"{PAGE}.csv", f"{PAGE}.xlsx", f"{PAGE}.json", NUMBERS, REACH):
        assert nobody.get(path).status_code == 303
    assert made.rollups.asked == []


def test_a_name_that_would_be_markup_is_text(made: Console, signed: Signed) -> None:
    hostile = "<script>alert(1)</script>"
    stations = {id_: each.station for id_, each in made.live.registered().items()}
    named = type(stations["city-0001"])("city-0001", "city", hostile, region=("小店区", '"><img src=x>'))
    made.live.refresh_registry(made.live.networks(), stations | {"city-0001": named}, made.now_ms)
    page = signed("ada").get(PAGE).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_sums_that_cannot_be_read_are_said(
    made: Console, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Day]:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(made.rollups, "days", broken)
    answer = signed("ada").get(PAGE)
    assert (answer.status_code, "每日汇总现在读不了" in answer.text) == (503, True)


# --- numbers entered by hand ----------------------------------------------------------------------------


def test_a_number_is_entered_shown_and_counted_apart(made: Console, signed: Signed) -> None:
    max_ = signed("max")
    answer = max_.post(NUMBERS, **GOOD, title="义诊<b>", qualifier="余")
    assert answer.status_code == 303
    page = max_.get(NUMBERS).text
    assert "85 余人次 · 2 场 · <bdi>义诊&lt;b&gt;</bdi>" in page
    report = max_.get(f"{PAGE}?place=city&by=month&period=2026-12").text
    assert "另有活动2场、参加约85人次，未计入以上人次" in report
    assert "<strong>3410</strong>" in report
    (entry,) = (each for each in made.staff.audit() if each.what.startswith("served."))
    assert (entry.by, entry.whom, entry.values["count"], entry.values["district"]) == (
        "max",
        "1",
        85,
        "小店区",
    )
    log = signed("ada").get("/staff/audit").text
    assert "填了人工数字" in log
    assert "人工填报第 1 条" in log


def test_it_is_changed_and_removed_once(made: Console, signed: Signed) -> None:
    max_ = signed("max")
    max_.post(NUMBERS, **GOOD)
    one = f"{NUMBERS}/1"
    assert 'value="85"' in max_.get(one).text
    assert max_.post(one, version="1", **GOOD | {"count": "1,086"}).status_code == 303
    assert [each.number.count for each in Numbers(made.services.desk).newest(9)] == [1086]
    stale = max_.post(one, version="1", **GOOD)
    assert (stale.status_code, "别人刚改过" in stale.text) == (409, True)
    assert max_.post(f"{one}/remove", version="1").status_code == 409
    assert max_.post(f"{one}/remove", version="2").status_code == 303
    assert max_.post(f"{one}/remove", version="2").status_code == 404
    assert Numbers(made.services.desk).newest(9) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"place": ""}, "请选择你负责的地方"),
        ({"place": "town"}, "请选择你负责的地方"),
        ({"station": "town-0001"}, "请选择你负责的地方"),
        ({"station": "驿站"}, "请选择你负责的地方"),
        ({"first": "yesterday"}, "请填一个日期"),
        ({"last": "2026-12-01"}, "最后一天不能早于第一天"),
        ({"first": "2027-01-16"}, "还没有到的日子"),
        ({"count": "很多"}, "请填整数"),
        ({"count": "-1"}, "请填整数"),
        ({"count": "1.5"}, "请填整数"),
        ({"events": "0"}, "活动至少 1 场"),
        ({"kind": "guess"}, "请选一项"),
        ({"qualifier": "左右"}, "请选一项"),
        ({"title": "长" * 121}, "最多 120 个字"),
    ],
)
def test_a_wrong_field_is_told_and_what_was_typed_stays(
    made: Console, signed: Signed, wrong: dict[str, str], said: str
) -> None:
    answer = signed("max").post(NUMBERS, **GOOD | {"note": "签到表"} | wrong)
    assert (answer.status_code, said in answer.text, 'value="签到表"' in answer.text) == (400, True, True)
    assert Numbers(made.services.desk).newest(9) == []


def test_of_a_station_by_a_piece_of_its_name(made: Console, signed: Signed) -> None:
    signed("max").post(NUMBERS, **GOOD | {"place": "", "station": "文庙"})
    (kept,) = Numbers(made.services.desk).newest(9)
    assert (kept.number.station, kept.number.district) == ("city-0002", "迎泽区")


def test_those_of_other_places_are_not_seen(made: Console, signed: Signed) -> None:
    signed("max").post(NUMBERS, **GOOD | {"place": "city/迎泽区"})
    del made
    assert "迎泽区" not in signed("tian").get(NUMBERS).text
    assert signed("tian").get(f"{NUMBERS}/1").status_code == 404
    assert "2026-12-05 – 2026-12-05：85人次" in signed("vi").get(f"{NUMBERS}/1").text, "to be looked at only"


# --- the 15-minute circle -------------------------------------------------------------------------------

DEMAND = "lon,lat,weight\n112.55,37.87,3\n112.75,37.87,1\n"


@pytest.fixture
def placed(made: Console) -> Console:
    """One station open by day, where the first point is."""
    stations = {id_: each.station for id_, each in made.live.registered().items()}
    usual = type(stations["city-0001"])
    near = usual("city-0001", "city", "嘉节驿站", lat=37.871, lon=112.551, hours="Mo-Su 08:00-20:00")
    made.live.refresh_registry(made.live.networks(), stations | {"city-0001": near}, made.now_ms)
    return made


@pytest.mark.parametrize(("hour", "share"), [("12", "75.0%"), ("20", "0.0%"), ("7", "0.0%")])
def test_the_share_that_reaches_an_open_station(
    placed: Console, signed: Signed, hour: str, share: str
) -> None:
    del placed
    answer = signed("tian").post(REACH, network="city", minutes="15", hour=hour, day="workday", demand=DEMAND)
    assert f"工作日{hour}点，{share}的需求在 15 分钟骑行以内有开着门的驿站" in answer.text
    assert "1 个驿站没有坐标" in answer.text
    assert answer.text.count("<tr") == 25


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"minutes": "0"}, "请填 1 到 120 的整数"),
        ({"minutes": "999"}, "请填 1 到 120 的整数"),
        ({"hour": "24"}, "请填 0 到 23"),
        ({"day": "holiday"}, "放假安排还没有公布"),
        ({"day": "someday"}, "放假安排还没有公布"),
        ({"datum": "mars"}, "请选一项"),
        ({"demand": "lon,lat\n1,<b>x</b>\n"}, "第 2 行 lat：<bdi>&#39;&lt;b&gt;x&lt;/b&gt;&#39;</bdi> 应为"),
        ({"demand": "lon,lat\n37.8,112.5\n"}, "经度和纬度好像写反了"),
        ({"demand": "x,y\n1,2\n"}, "请在第一行写上列名"),
        ({"demand": ""}, "没有经度列，也没有纬度列"),
    ],
)
def test_what_cannot_be_worked_out_is_told(signed: Signed, wrong: dict[str, str], said: str) -> None:
    given = {"network": "city", "minutes": "15", "hour": "12", "day": "workday", "demand": DEMAND}
    answer = signed("ada").send(REACH, given | wrong)
    assert (answer.status_code, said in answer.text, "<b>x" in answer.text) == (400, True, False)


def test_the_columns_that_were_used_are_told(placed: Console, signed: Signed) -> None:
    del placed
    demand = DEMAND.replace("weight", "<b>people")
    page = signed("ada").post(REACH, network="city", minutes="15", hour="12", demand=demand).text
    assert "没有权重列，每个点都算 1。 没有用到的列：&#39;&lt;b&gt;people&#39;。" in page
    assert "像是权重" in page
    assert "50.0%的需求" in page


def test_a_point_far_away_is_told_by_its_line(placed: Console, signed: Signed) -> None:
    del placed
    far = DEMAND + "112.55,36.87,1\n37.87,11.255,1\n"
    page = signed("ada").post(REACH, network="city", minutes="15", hour="12", demand=far).text
    assert "2 个点离驿站所在的地方超过 20 公里；最远的在第 5 行" in page
    assert "1 个点太远，地图一开始没有画进来" in page


def test_a_file_may_be_longer_than_other_forms(placed: Console, signed: Signed) -> None:
    del placed
    demand = "lon,lat\n" + "112.55000,37.87000\n" * 20_000
    answer = signed("ada").post(REACH, network="city", minutes="15", hour="12", demand=demand)
    assert (answer.status_code, "100.0%" in answer.text, "20000 个需求点" in answer.text) == (200, True, True)
    assert signed("ada").post(REACH, network="city", demand="x" * 1_100_000).status_code == 413
    assert signed("ada").post(NUMBERS, **GOOD, note="x" * 70_000).status_code == 413


def test_a_network_that_there_is_not(signed: Signed) -> None:
    assert signed("ada").post(REACH, network="nowhere", demand=DEMAND).status_code == 404
