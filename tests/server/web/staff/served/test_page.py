"""``/staff/served``: the report as a page and as files, for those whose place it is."""

import csv
import io
import re
import sqlite3
from datetime import date, timedelta

import openpyxl
import pytest

from server.rollups import Day
from tests.support.console import Console
from tests.support.served import a_day
from tests.support.served_pages import NUMBERS, PAGE, REACH, Signed


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
def test_places_and_periods(looking: Signed, query: str, said: str) -> None:
    answer = looking("ada").get(f"{PAGE}?{query}")
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
def test_what_there_is_not_is_refused(looking: Signed, query: str, status: int, kind: str) -> None:
    assert looking("ada").get(f"{PAGE}{kind}?{query}").status_code == status


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
    looking: Signed, query: str, field: str, typed: str, said: str
) -> None:
    answer = looking("ada").get(f"{PAGE}?place=city/小店区&{query}")
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
    looking: Signed, kind: str, name: str, query: str, status: int
) -> None:
    assert looking(name).get(f"{PAGE}{kind}?{query}").status_code == status


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
