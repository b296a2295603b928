"""Reports as CSV, JSON and XLSX: the same numbers, opened by what opens such files; names are hostile."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from server.served import sheets
from server.served.columns import COLUMNS
from server.served.model import Number, Report, Scope
from server.served.tables import as_json, shown, write_csv
from server.web.text import Language, Text, strings
from tests.support import served
from tests.support.served import STATIONS, a_day, reported

ZH, EN = Text("zh", 0), Text("en", 0)
FIRST = date(2026, 7, 1)
HOSTILE = '=HYPERLINK("http://x.example";"点我")'
NUMBERS = (
    Number("event", "liuyang", "", "one", FIRST, FIRST, 85, "余", 2, "=1+1", "@SUM(A1)"),
    Number("count", "liuyang", "", "", FIRST, FIRST, 320),
)


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Report:
    """A network with a station that is called a formula, and one that counts nothing."""
    named = (
        STATIONS[0],
        type(STATIONS[1])("two", "liuyang", HOSTILE, region=("+关口街道", "-1")),
        STATIONS[2],
    )
    monkeypatch.setattr(served, "STATIONS", named)
    rows = [
        a_day("one", FIRST + timedelta(days=n), 100 + n, 0.98, corrected=1, corrections=1) for n in range(31)
    ]
    rows += [a_day("two", FIRST, 12, swaps=3, energy_wh=2340.0)]
    return reported(rows, numbers=NUMBERS)


def rows_of(report: Report, text: Text = ZH) -> list[dict[str, str]]:
    written = io.StringIO(newline="")
    write_csv(report, text, written)
    assert written.getvalue().startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(written.getvalue().removeprefix("\ufeff"))))


def test_csv_has_every_line_once_and_no_formula(report: Report) -> None:
    rows = rows_of(report)
    assert len(rows) == len(report.lines())
    total, one = rows[0], next(row for row in rows if row["编号"] == "one")
    assert (total["层级"], total["人次"]) == ("合计", str(report.total.visits))
    assert total["有数据的时间"] == "0.5061"
    assert (one["人次"], one["区县"], one["校正合计（人）"], one["人工登记人次"]) == (
        "3565",
        "关口街道",
        "31",
        "",
    )
    assert total["人工登记人次"] == "320"
    assert {(row["数据来源"], row["统计时间"]) for row in rows} == {("门口设备计数", "2026-08-03 12:00")}
    three = next(row for row in rows if row["编号"] == "three")
    assert (three["人次"], three["换电次数"]) == ("", ""), "not known is empty"
    for row in rows:
        assert not [cell for cell in row.values() if cell.lstrip().startswith(("=", "@"))], row
    assert {row["名称"] for row in rows} >= {f"'{HOSTILE}", "'+关口街道"}


def test_a_change_below_zero_stays_a_number(report: Report) -> None:
    del report
    rows = [a_day("one", date(2026, 6, 1), 200), a_day("one", FIRST, 100)]
    assert rows_of(reported(rows))[0]["增减"] == "-0.5000"


def test_only_some_levels(report: Report) -> None:
    written = io.StringIO(newline="")
    write_csv(report, EN, written, ["day"])
    rows = list(csv.DictReader(io.StringIO(written.getvalue().removeprefix("\ufeff"))))
    assert [row["from"] for row in rows] == [f"2026-07-{day:02}" for day in range(1, 32)]


def test_numbers_of_other_places_are_in_no_file() -> None:
    """Who may look at a district only gets its files only."""
    numbers = [*NUMBERS, Number("count", "liuyang", "关口街道", "", FIRST, FIRST, 7)]
    scope = Scope("liuyang", "关口街道")
    told = as_json(reported([a_day("one", FIRST, 1)], scope=scope, numbers=numbers), ZH)
    assert [(each["count"], each["district"]) for each in told["numbers"]] == [(85, ""), (7, "关口街道")]
    elsewhere = as_json(
        reported([a_day("three", FIRST, 1)], scope=Scope("liuyang", "集里街道"), numbers=numbers), ZH
    )
    assert elsewhere["numbers"] == []


def test_thousands_are_grouped_as_the_language_does() -> None:
    column = next(each for each in COLUMNS if each.key == "per_day")
    assert (shown(column, 1234.5, ZH), shown(column, 1234.5, EN)) == ("1234.5", "1,234.5")
    column = next(each for each in COLUMNS if each.key == "change")
    assert (shown(column, -0.0001, ZH), shown(column, -0.0316, ZH)) == ("+0.0%", "-3.2%")


def test_json_is_the_same(report: Report) -> None:
    told = json.loads(json.dumps(as_json(report, ZH), ensure_ascii=False))
    assert told["total"]["visits"] == report.total.visits
    assert told["total"]["corrections"] == {"count": 31, "people": 31}
    assert told["total"]["entered"] == {"count": 320, "events": 2, "attendance": 85, "left_out": 0}
    assert (told["computed_at"], told["period"]["name"]) == ("2026-08-03T04:00:00Z", "2026-07")
    assert sum(told["hours"]) == told["total"]["visits"]
    assert {level: len(lines) for level, lines in told["lines"].items()} == {
        "district": 3, "street": 3, "station": 3, "kind": 2, "day": 31, "week": 5
    }  # fmt: skip
    assert [line["visits"] for line in told["lines"]["station"]] == [3565, 12, None]
    empty = as_json(reported([]), EN)
    assert (empty["total"]["visits"], empty["hours"], empty["total"]["corrections"]) == (None, None, None)


def test_a_workbook_opens_and_holds_the_same(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "七月.xlsx"
    sheets.write_xlsx(report, ZH, path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        "概况",
        "区县",
        "街道",
        "驿站",
        "日期类型",
        "按日",
        "按周",
        "按小时",
        "人工填报",
    ]
    stations = list(book["驿站"].iter_rows(values_only=True))
    head = {name: at for at, name in enumerate(stations[0])}
    one, two, three = stations[1:]
    assert (one[head["人次"]], two[head["人次"]], three[head["人次"]]) == (3565, 12, None)
    assert two[head["名称"]] == HOSTILE
    assert (two[head["用电（千瓦时）"]], two[head["换电次数"]]) == (2.34, 3)
    assert str(one[head["从"]]) == "2026-07-01 00:00:00"
    hours = list(book["按小时"].iter_rows(values_only=True))
    assert (len(hours), sum(row[1] for row in hours[1:])) == (25, report.total.visits)  # type: ignore[misc]  # numbers
    assert [row[3] for row in book["人工填报"].iter_rows(min_row=2, values_only=True)] == [
        "一号驿站",
        "浏阳市“奔跑者”红色驿站",
    ]
    for sheet in book.worksheets:
        assert sheet.title == "概况" or sheet.freeze_panes == "B2", sheet.title
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
                assert cell.hyperlink is None
    visits = book["驿站"].cell(2, head["人次"] + 1)
    assert visits.number_format == "#,##0"
    assert book["驿站"].cell(2, head["有数据的时间"] + 1).number_format == "0.0%"


def test_the_same_report_is_the_same_file(report: Report, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        sheets.write_xlsx(report, EN, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_workbook_without_data_has_no_number(tmp_path: Path) -> None:
    sheets.write_xlsx(reported([]), ZH, tmp_path / "empty.xlsx")
    book = openpyxl.load_workbook(tmp_path / "empty.xlsx")
    assert "不等于0" in str(book["概况"]["B5"].value)
    assert {row[1] for row in book["按小时"].iter_rows(min_row=2, values_only=True)} == {None}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_names_of_sheets_and_columns_can_be_used(language: Language) -> None:
    told = strings(language)
    names = [value for key, value in told.items() if key.startswith("served.level.")]
    assert max(map(len, names)) <= 31
    assert len(set(names)) == len(names)
    heads = [told[f"served.column.{column.key}"] for column in COLUMNS]
    assert len(set(heads)) == len(heads)
