"""Stations from CSV: what a file may hold, and how each mistake is named. All or nothing."""

from pathlib import Path

import pytest

from server.imports import ImportFailed, read_networks, read_stations
from server.imports.stations import COLUMNS, Column
from server.model import Network, Station, Thresholds

CITY = Network("taiyuan", "太原市", "Taiyuan", thresholds=Thresholds(busy_pct=40))
KNOWN = {"taiyuan": CITY}


def stations(tmp_path: Path, text: str | bytes) -> list[Station]:
    file = tmp_path / "stations.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_stations(file, KNOWN)


def problems(error: pytest.ExceptionInfo[ImportFailed]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


HEADER = ",".join(column.name for column in COLUMNS)
FULL = (
    "jiajie-1,taiyuan,锦小牛·同心小站,Jiajie,“奔跑者”驿站|奔跑者,山西/太原/小店区,"
    "30.6,104.1,gcj02,16,约27,Mo-Su 06:00-22:00,党群服务中心,空调|wifi|空调,是,"
    "crowded_pct=70,too_hot_c=33|jumps=6"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_stations(tmp_path: Path, encoding: str, newline: str) -> None:
    minimal = "plain,taiyuan,甲" + "," * (len(COLUMNS) - 3)
    text = newline.join([HEADER, FULL, "", minimal]) + newline
    assert stations(tmp_path, text.encode(encoding)) == [
        Station(
            "jiajie-1",
            "taiyuan",
            "锦小牛·同心小站",
            "Jiajie",
            aliases=("“奔跑者”驿站", "奔跑者"),
            region=("山西", "太原", "小店区"),
            lat=30.6024208,
            lon=104.097461,
            places=16,
            area_m2=27,
            area_qualifier="约",
            hours="Mo-Su 06:00-22:00",
            host_kind="党群服务中心",
            amenities=("空调", "wifi"),
            instrumented=True,
            thresholds=Thresholds(busy_pct=40, crowded_pct=70),
            alert_limits={"too_hot_c": 33, "jumps": 6},
        ),
        Station("plain", "taiyuan", "甲"),
    ]


@pytest.mark.parametrize(
    ("text", "area", "why"),
    [
        ("150", (150, ""), "as it is"),
        ("约27", (27, "约"), "about"),
        ("400多", (400, "多"), "more than four hundred"),
        ("30余", (30, "余"), "thirty and some more"),
        ("超400", (400, "超"), "more than"),
        ("27.5", (27.5, ""), "with a fraction"),
    ],
)
def test_the_area_keeps_its_qualifier(tmp_path: Path, text: str, area: tuple[float, str], why: str) -> None:
    (station,) = stations(tmp_path, f"id,network,name_zh,area_m2\nst-1,taiyuan,甲,{text}")
    assert (station.area_m2, station.area_qualifier) == area, why


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x","y")', "+1", "@SUM(1)", "<script>", "甲,乙", "it's; --"]
)
def test_a_hostile_name_is_only_text(tmp_path: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    (station,) = stations(tmp_path, f'id,network,name_zh\nst-1,taiyuan,"{quoted}"')
    assert station.name_zh == name


def one(column: str, value: str) -> str:
    return f'id,network,name_zh,{column}\nst-1,taiyuan,甲,"{value}"'


@pytest.mark.parametrize(
    ("text", "problem", "why"),
    [
        ("", "line 1: got 'an empty file', expected column names in the first line", "nothing"),
        ("id,network\n", "line 1: got 'no such column', expected a column name_zh", "a column is missing"),
        (
            "id,network,name_zh,colour\n",
            "line 1: got 'colour', expected each once, of id",
            "an unknown column",
        ),
        ("id,network,name_zh,id\n", "line 1: got 'id', expected each once", "a column twice"),
        ("id;network;name_zh\n", "line 1: the separator is ;, expected ,", "another separator"),
        ("id,network,name_zh\nst-1,taiyuan", "line 2: got '2 cells', expected 3", "a cell is missing"),
        ('id,network,name_zh\nst-1,taiyuan,"甲', "line 2: got 'unexpected end of data'", "a quote is open"),
        ("id,network,name_zh\n,taiyuan,甲", "line 2, id: got '', expected a value", "no id"),
        ("id,network,name_zh\nst_1,taiyuan,甲", "line 2, id: got 'st_1', expected 3 to 32", "no id of ours"),
        (
            "id,network,name_zh\nst-1,nowhere,甲",
            "line 2, network: got 'nowhere', expected a known network (taiyuan)",
            "unknown",
        ),
        (
            "id,network,name_zh\nst-1,taiyuan,甲\nst-2,taiyuan,乙\nst-1,taiyuan,丙",
            "line 4, id: got 'st-1', expected an id that is not on line 2 too",
            "an id twice",
        ),
        (
            'id,network,name_zh\nst-1,taiyuan,"甲\n乙"\nst_2,taiyuan,丙',
            "line 2, name_zh: got '\\u7532\\n\\u4e59', expected at most 80",
            "a line break in a name",
        ),
        (
            'id,network,name_zh,aliases\nst-1,taiyuan,甲,"a\n"\nst_2,taiyuan,丙,',
            "line 4, id: got 'st_2'",
            "lines are those of the editor",
        ),
        (one("name_en", "x" * 81), "line 2, name_en: got 'xxx", "too long"),
        (one("lat", "37.8"), "line 2, lon: got '', expected lat, lon and datum together", "half a place"),
        (
            "id,network,name_zh,lat,lon\nst-1,taiyuan,甲,37.8,112.5",
            "line 2, datum: got '', expected lat, lon and datum together",
            "which map is it from?",
        ),
        (
            "id,network,name_zh,lat,lon,datum\nst-1,taiyuan,甲,112.5,37.8,gcj02",
            "line 2, lat: got '112.5', expected a latitude from -90 to 90",
            "the wrong way round",
        ),
        (
            "id,network,name_zh,lat,lon,datum\nst-1,taiyuan,甲,37.8,112.5,amap",
            "line 2, datum: got 'amap', expected one of wgs84, gcj02, bd09",
            "no datum",
        ),
        (
            "id,network,name_zh,lat,lon,datum\nst-1,taiyuan,甲,nan,112.5,gcj02",
            "line 2, lat: got 'nan'",
            "not a number",
        ),
        (one("places", "0"), "line 2, places: got '0', expected a whole number from 1 to 10000", "no places"),
        (one("places", "-3"), "line 2, places: got '-3'", "less than none"),
        (one("places", "１６"), "line 2, places: got '１６'", "full-width digits"),
        (
            one("area_m2", "27平方米"),
            "line 2, area_m2: got '27平方米', expected a number up to 100,000",
            "with a unit",
        ),
        (one("area_m2", "约400多"), "line 2, area_m2: got '约400多'", "two qualifiers"),
        (
            one("hours", "9点到18点"),
            "line 2, hours: got '9点到18点', expected opening hours as in OpenStreetMap",
            "in words",
        ),
        (
            one("hours", "sunrise-sunset"),
            "line 2, hours: got 'sunrise-sunset', expected lat and lon too",
            "the sun of which place?",
        ),
        (one("instrumented", "maybe"), "line 2, instrumented: got 'maybe', expected yes or no", "neither"),
        (one("amenities", "|".join(map(str, range(65)))), "line 2, amenities: got '0|1|2", "too many"),
        (
            one("thresholds", "crowded"),
            "line 2, thresholds: got 'crowded', expected name=number",
            "no number",
        ),
        (
            one("thresholds", "crowded_pct=30"),
            "line 2, thresholds: crowded_pct: got 30, expected busy_pct below crowded_pct (30)",
            "below the network's own busy_pct",
        ),
        (
            one("thresholds", "riding_kmh=20"),
            "line 2, thresholds: riding_kmh: got 20, expected one of busy_pct",
            "the ranking is the network's",
        ),
        (
            one("thresholds", "nonsense=1"),
            "line 2, thresholds: nonsense: got 1, expected one of busy_pct",
            "no such threshold",
        ),
        (
            one("alert_thresholds", "too_hot_c"),
            "line 2, alert_thresholds: got 'too_hot_c', expected name=number",
            "no number",
        ),
        (
            one("alert_thresholds", "too_hot_c=31|crowded_pct=70"),
            "line 2, alert_thresholds: crowded_pct: got 70, expected one of too_hot_c",
            "a number of the words for riders",
        ),
        (
            one("alert_thresholds", "too_hot_c=nan"),
            "line 2, alert_thresholds: too_hot_c: got nan, expected a number from -40 to 125",
            "not a number",
        ),
        (
            "id,network,name_zh\nst-1,taiyuan,甲\n".encode("gbk"),
            "line 2: the file is not UTF-8 (looks like GB18030): save it as UTF-8 (in Excel: CSV UTF-8)",
            "as Excel saves by default",
        ),
        (
            "id,network,name_zh\nst-1,taiyuan,甲\n".encode("utf-16"),
            "line 1: the file is not UTF-8 (looks like UTF-16): save it as UTF-8",
            "as Excel saves Unicode text",
        ),
        (
            b"id,network,name_zh\nst-1,taiyuan,\xff\xff\n",
            "line 2: the file is not UTF-8: save it as UTF-8",
            "nothing that we know",
        ),
        ("id\tnetwork\tname_zh\n", "line 1: the separator is a tab, expected ,", "pasted from a sheet"),
    ],
)
def test_a_bad_station_is_named(tmp_path: Path, text: str | bytes, problem: str, why: str) -> None:
    with pytest.raises(ImportFailed) as error:
        stations(tmp_path, text)
    assert problems(error)[0].startswith(f"stations.csv, {problem}"), why


@pytest.mark.parametrize(
    ("text", "limits", "why"),
    [
        ("id,network,name_zh\nst-1,taiyuan,甲", {"too_hot_c": 31}, "it does not speak of them"),
        (one("alert_thresholds", ""), {}, "it takes them back"),
        (one("alert_thresholds", "jumps=6"), {"jumps": 6}, "others instead of those"),
    ],
)
def test_a_station_keeps_its_numbers_of_alerts(
    tmp_path: Path, text: str, limits: dict[str, float], why: str
) -> None:
    file = tmp_path / "stations.csv"
    file.write_text(text, "utf-8")
    known = {"st-1": Station("st-1", "taiyuan", "旧名", alert_limits={"too_hot_c": 31})}
    (station,) = read_stations(file, KNOWN, known)
    assert (station.name_zh, station.alert_limits) == ("甲", limits), why


def test_everything_wrong_is_told_at_once_by_line(tmp_path: Path) -> None:
    text = "id,network,name_zh,places\nst-1,taiyuan,,x\nst-2,taiyuan,乙,9\nST3,nowhere,丙,0\n"
    with pytest.raises(ImportFailed) as error:
        stations(tmp_path, text)
    assert [(problem.line, problem.column) for problem in error.value.problems] == [
        (2, "name_zh"),
        (2, "places"),
        (4, "id"),
        (4, "places"),
        (4, "network"),
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="No such file or directory"):
        read_stations(tmp_path / "nothing.csv", KNOWN)


PAGE = Path(__file__).parents[3] / "docs" / "networks.md"


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_column_is_in_the_page(column: Column) -> None:
    told = PAGE.read_text("utf-8").split("## Stations: CSV")[1].split("\n## ")[0]
    assert f"| `{column.name}` | {'yes' if column.required else ''}" in told


def example(kind: str) -> str:
    return PAGE.read_text("utf-8").split(f"```{kind}\n")[1].split("```")[0]


def test_the_examples_of_the_page_can_be_imported(tmp_path: Path) -> None:
    file = tmp_path / "networks.toml"
    file.write_text(example("toml"), "utf-8")
    known = {network.id: network for network in read_networks(file, {})}
    file = tmp_path / "stations.csv"
    file.write_text(example("csv"), "utf-8")
    assert len(read_stations(file, known)) == 3
