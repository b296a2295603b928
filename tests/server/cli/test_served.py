"""``waystation report`` as it is typed."""

import csv
import io
import json
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from server.__main__ import app
from server.desk import Desk
from server.model import Network, Station
from server.office import PARTS
from server.registry import Registry
from server.rollups import Rollups
from server.served.model import Number
from server.served.numbers import Numbers
from tests.support.served import AUGUST, NETWORK, STATIONS, TableRollups, a_day, noon_ms

FIRST = date(2026, 7, 1)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server's folder at noon of 3 August, with 310 visits in July; the terminal is wide."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    monkeypatch.setattr("server.cli.served.time.time_ns", lambda: noon_ms(AUGUST) * 1_000_000)
    (tmp_path / "data").mkdir()
    with closing(Registry.open(tmp_path / "data" / "registry.db")) as registry:
        registry.put_networks([NETWORK])
        placed = Station(
            "three",
            "liuyang",
            "三号驿站",
            region=("集里街道",),
            lat=28.15,
            lon=113.63,
            hours="Mo-Su 08:00-20:00",
        )
        registry.put_stations([*STATIONS[:2], placed])
    july = [FIRST + timedelta(days=n) for n in range(31)]
    rollups = TableRollups([a_day(*each) for day in july for each in (("one", day, 10), ("two", day, 0))])
    monkeypatch.setattr(Rollups, "open_reader", lambda _: rollups)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", *words])


def test_the_last_month_of_the_only_network(here: Path) -> None:
    del here
    result = run()
    assert result.exit_code == 0, result.output
    assert "2026年7月，浏阳市“奔跑者”红色驿站共服务310人次，日均10人次" in result.output
    assert "最忙：12点" in result.output
    assert "一号驿站" in result.output
    assert "统计时间 2026-08-03 12:00" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--month", "2026-07", "--network", "liuyang"), "共服务310人次"),
        (("--week", "2026-W28"), "共服务70人次"),
        (("--year", "2026"), "共服务310人次"),
        (("--from", "2026-07-01", "--to", "2026-07-03"), "共服务30人次"),
        (("--month", "2026-07", "--district", "集里街道"), "没有计数数据"),
        (("--month", "2026-07", "--station", "one"), "一号驿站服务310人次"),
        (("--month", "2026-07", "--language", "en"), "Liuyang served 310 visits"),
        (("--month", "2026-05"), "不等于0"),
    ],
)
def test_what_is_asked_for(here: Path, words: tuple[str, ...], said: str) -> None:
    del here
    result = run(*words)
    assert (result.exit_code, said in result.output) == (0, True), result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--month", "2026-05"),
            "2026年7月1日至2026年7月31日。\n可以试试：{command} --month 2026-07 --network liuyang",
        ),
        (
            ("--year", "2024", "--language", "en", "--format", "json"),
            "Try: {command} --year 2026 --network liuyang",
        ),
        (
            ("--month", "2026-05", "--station", "one"),
            "{command} --month 2026-07 --network liuyang --station one",
        ),
        (("--month", "2026-07", "--district", "集里街道"), "还没有任何计数数据"),
    ],
)
def test_a_period_without_data_says_for_which_there_is(here: Path, words: tuple[str, ...], said: str) -> None:
    del here
    result = run(*words)
    assert (result.exit_code, said.format(command="waystation report") in result.stderr) == (0, True)
    assert "有数据的日期" not in run("--month", "2026-07").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--month", "July"), "expected a month such as 2026-07"),
        (("--month", "2026-07", "--year", "2026"), "one period"),
        (("--from", "2026-07-01"), "--from and --to together"),
        (("--network", "nowhere"), "no network 'nowhere'; there are: liuyang"),
        (("--district", "天心区"), "no district '天心区'"),
        (("--format", "xlsx"), "add --output"),
        (("--output", "report.txt"), "as what?"),
    ],
)
def test_what_was_asked_wrongly(here: Path, words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert not (here / "report.txt").exists()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_a_table_is_as_wide_as_the_terminal_at_most(
    here: Path, monkeypatch: pytest.MonkeyPatch, width: int, language: str
) -> None:
    del here
    monkeypatch.setenv("COLUMNS", str(width))
    *tables, told = run("--month", "2026-07", "--language", language).output.split("\n\n")[1:]
    assert max(cell_len(line.rstrip()) for table in tables for line in table.splitlines()) <= width
    whole = next(line.split() for line in tables[0].splitlines() if "310" in line)
    assert {"310", "10.0", "100%"} <= set(whole), "visits, a day and measured are always there, in one piece"
    assert (("--format csv" in told), told.count("一号驿站")) == (width < 140, 0)


def test_what_has_no_room_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del here
    monkeypatch.setenv("COLUMNS", "60")
    assert "60列的终端放不下这些列：编号、" in run("--month", "2026-07").output
    assert "编号" not in run("--month", "2026-07", "--level", "kind").output
    monkeypatch.setenv("COLUMNS", "200")
    assert "放不下" not in run("--month", "2026-07").output


def test_files_by_their_names(here: Path) -> None:
    for name in ("july.csv", "july.xlsx", "july.json"):
        result = run("--month", "2026-07", "--output", name)
        assert (result.exit_code, f"{name}: 2026-07" in result.output) == (0, True), result.output
    table = (here / "july.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbf")
    assert next(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))["人次"] == "310"
    assert openpyxl.load_workbook(here / "july.xlsx").sheetnames[0] == "概况"
    assert json.loads((here / "july.json").read_text())["total"]["visits"] == 310


def test_csv_of_one_level_goes_through_a_pipe(here: Path) -> None:
    del here
    result = run("--month", "2026-07", "--format", "csv", "--level", "day", "--language", "en")
    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8-sig"))))
    assert [row["visits"] for row in rows] == ["10"] * 31


def test_what_staff_entered_is_in_it(here: Path) -> None:
    with closing(Desk.open(here / "data" / "desk.db", *PARTS)) as desk:
        number = Number("count", "liuyang", "", "", FIRST, FIRST, 40)
        Numbers(desk).add(number, "max", today=AUGUST, now_ms=1)
    assert "另有人工登记40人次" in run("--month", "2026-07").output


def test_a_name_moves_no_cursor_and_is_no_markup(here: Path) -> None:
    with closing(Registry.open(here / "data" / "registry.db")) as registry:
        registry.put_networks([Network("liuyang", "[red]浏阳[/red]", "")])
    result = run("--month", "2026-07")
    assert "[red]浏阳[/red]共服务310人次" in result.output


# --- reach ----------------------------------------------------------------------------------------------


def test_the_circle_by_hour(here: Path) -> None:
    (here / "far.csv").write_text("lon,lat\n113.63,28.15\n113.63,23.15\n")
    (here / "demand.csv").write_text("lon,lat,weight,[b]note\n113.63,28.15,3,\n114.2,28.15,1,\n")
    words = (
        "reach",
        "--demand",
        "demand.csv",
        "--minutes",
        "15",
        "--network",
        "liuyang",
        "--day",
        "2026-07-01",
    )
    result = run(*words, "--hour", "14")
    assert result.exit_code == 0, result.output
    assert "14:00" in result.output
    assert "75.0%" in result.output
    assert "2 stations without coordinates" in result.output
    assert "Columns passed over: '[b]note'." in result.output
    far = run("reach", "--demand", "far.csv", "--network", "liuyang")
    assert "1 point is more than 20 km away from where the stations are; in line 3, 556 km" in far.output
    told = json.loads(run("reach", "--demand", "far.csv", "--network", "liuyang", "--format", "json").stdout)
    assert (told["far"]["points"], told["far"]["farthest"]["line"]) == (1, 3)
    piped = run(*words, "--format", "csv")
    assert "Columns used" in piped.stderr
    table = list(csv.DictReader(io.StringIO(piped.stdout_bytes.decode("utf-8-sig"))))
    assert [row["in_reach"] for row in table] == ["0.0000"] * 8 + ["0.7500"] * 12 + ["0.0000"] * 4
    told = json.loads(run(*words, "--format", "json").stdout)
    assert told["columns"] == {
        "used": {"lon": "lon", "lat": "lat", "weight": "weight"},
        "passed_over": ["[b]note"],
        "perhaps_weights": [],
    }
    assert told["far"]["points"] == 1
    assert (told["weight"], [point["open_hours"] for point in told["points"]]) == (4, [0xFFF00, 0])
    assert run(*words[:-1], "workday").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--demand", "no.csv"), 1, "No such file"),
        (("--demand", "bad.csv"), 1, "bad.csv: Line 2, lat: 'x'. Write a latitude"),
        (("--demand", "demand.csv", "--network", "nowhere"), 2, "no network 'nowhere'"),
        (("--demand", "demand.csv", "--day", "someday"), 2, "expected a day"),
        (("--demand", "demand.csv", "--minutes", "0"), 2, "minutes"),
        (("--demand", "demand.csv", "--output", "x"), 2, "as what?"),
    ],
)
def test_what_of_the_circle_was_asked_wrongly(
    here: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (here / "demand.csv").write_text("lon,lat\n113.63,28.15\n")
    (here / "bad.csv").write_text("lon,lat\n113.63,x\n")
    network = () if "--network" in words else ("--network", "liuyang")
    result = run("reach", *words, *network)
    assert (result.exit_code, said in result.output) == (code, True), result.output
