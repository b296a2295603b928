"""The operator's files: what they may hold, and how each mistake is named. All or nothing."""

from pathlib import Path

import pytest

from server.imports import ImportFailed, read_networks, read_stations
from server.imports.networks import KEYS
from server.imports.stations import COLUMNS, Column
from server.model import Network, Standard, Station, Thresholds

CITY = Network("taiyuan", "太原市", "Taiyuan", thresholds=Thresholds(busy_pct=40))
KNOWN = {"taiyuan": CITY}

NETWORKS = """\
[[network]]
id = "jianwai"
name = { zh = "建外街道暖心驿站", en = "Jianwai" }
declared = 60
declared_as_of = "2025-03"
standards = [
    { name = "八可", items = ["热可纳凉", "冷可取暖"] },
    { name = "七有", items = ["统一标识"] },
]

[[network]]
id = "pujiang"
name = { zh = "蒲江县", en = "Pujiang" }
parent = "taiyuan"
declared = "超50"
time_zone = "Asia/Urumqi"
season = { summer = [6, 8], winter = [10, 4] }
simulated = true

[network.thresholds]
crowded_pct = 70.5
fresh_ms = 240000
"""


def networks(tmp_path: Path, text: str | bytes) -> list[Network]:
    file = tmp_path / "networks.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_networks(file, KNOWN)


def stations(tmp_path: Path, text: str | bytes) -> list[Station]:
    file = tmp_path / "stations.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_stations(file, KNOWN)


def problems(error: pytest.ExceptionInfo[ImportFailed]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def test_networks(tmp_path: Path) -> None:
    assert networks(tmp_path, NETWORKS) == [
        Network(
            "jianwai",
            "建外街道暖心驿站",
            "Jianwai",
            declared=60,
            declared_as_of="2025-03",
            standards=(Standard("八可", ("热可纳凉", "冷可取暖")), Standard("七有", ("统一标识",))),
        ),
        Network(
            "pujiang",
            "蒲江县",
            "Pujiang",
            parent="taiyuan",
            declared=50,
            declared_qualifier="超",
            time_zone="Asia/Urumqi",
            summer=(6, 8),
            winter=(10, 4),
            thresholds=Thresholds(crowded_pct=70.5, fresh_ms=240_000),
            simulated=True,
        ),
    ]


NETWORK = '[[network]]\nid = "n-1"\nname = { zh = "网", en = "Net" }\n'


@pytest.mark.parametrize(
    ("text", "problem", "why"),
    [
        ("", "line 1, network: got None, expected at least one [[network]]", "an empty file"),
        ("network = 3", "line 1, network: got 3, expected at least one [[network]]", "not tables"),
        (NETWORK + "x = = 1", "line 4: got 'Invalid value (at line 4, column 5)', expected TOML", "not TOML"),
        (
            "name = 1\n" + NETWORK,
            "line 1, name: got 1, expected nothing but [[network]] tables",
            "a key outside",
        ),
        (NETWORK + "colour = 1", "line 4, colour: got 1, expected one of id, name, parent", "an unknown key"),
        (NETWORK.replace("n-1", "N 1"), "line 2, id: got 'N 1', expected 3 to 32 of a-z", "a bad id"),
        (
            '[[network]]\nname = { zh = "网", en = "Net" }',
            "line 1, id: got 'nothing', expected text",
            "no id",
        ),
        (
            NETWORK.replace(', en = "Net"', ""),
            "line 3, name: got {'zh': '网'}, expected both names: { zh = \"...\", en = \"...\" }",
            "one name only",
        ),
        (NETWORK.replace("网", "a\\u202eb"), "line 3, name: got", "a name that turns the writing round"),
        (NETWORK + NETWORK, "line 5, id: got 'n-1', expected an id that no other network has", "an id twice"),
        (NETWORK + 'parent = "x-9"', "line 4, parent: got 'x-9', expected a known network", "no such parent"),
        (
            NETWORK + 'parent = "n-1"',
            "line 4, parent: got 'n-1', expected a network that is not inside this one",
            "inside itself",
        ),
        (
            NETWORK + 'declared = "约60多"',
            "line 4, declared: got '约60多', expected a number",
            "two qualifiers",
        ),
        (NETWORK + "declared = 60.5", "line 4, declared: got 60.5, expected", "half a station"),
        (NETWORK + "declared = true", "line 4, declared: got True, expected", "not a number"),
        (NETWORK + "declared = 0", "line 4, declared: got 0, expected", "nobody declares none"),
        (
            NETWORK + 'declared_as_of = "March"',
            "line 4, declared_as_of: got 'March', expected a year, month or day",
            "a month without a year",
        ),
        (
            NETWORK + 'time_zone = "Beijing"',
            "line 4, time_zone: got 'Beijing', expected a time zone",
            "no zone",
        ),
        (
            NETWORK + "season = { summer = [5, 13] }",
            "line 4, season: got {'summer': [5, 13]}",
            "no 13th month",
        ),
        (
            NETWORK + "season = { spring = [3, 4] }",
            "line 4, season: got {'spring': [3, 4]}",
            "no such season",
        ),
        (NETWORK + 'standards = ["十有"]', "line 4, standards: got ['十有'], expected { name", "no table"),
        (NETWORK + "standards = [{ items = [] }]", "line 4, standards: got [{'items': []}]", "no name"),
        (NETWORK + 'simulated = "yes"', "line 4, simulated: got 'yes', expected true or false", "not a flag"),
        (
            NETWORK + "[network.thresholds]\nbusy = 1",
            "line 5, busy: got 1, expected one of busy_pct",
            "no such",
        ),
        (
            NETWORK + "[network.thresholds]\nbusy_pct = 80",
            "line 5, busy_pct: got 80, expected busy_pct below crowded_pct (80)",
            "busy must come before crowded",
        ),
        (
            NETWORK + "[network.thresholds]\ncold_below_c = 19",
            "line 5, cold_below_c: got 19, expected cold_below_c below warm_min_c (18)",
            "warm and cold at once",
        ),
        (
            NETWORK + "[network.thresholds]\nfull_pct = nan",
            "line 5, full_pct: got nan, expected a number from 0 to 1000",
            "not a number",
        ),
        (
            NETWORK + "[network.thresholds]\nfresh_ms = 2.5",
            "line 5, fresh_ms: got 2.5, expected a whole number from 0 to 86400000",
            "milliseconds are whole",
        ),
        (
            NETWORK + "[network.thresholds]\nriding_kmh = 0",
            "line 5, riding_kmh: got 0, expected a number from 1 to 120",
            "nobody would ever arrive",
        ),
        (
            NETWORK + "[network.thresholds]\ndetour = 0.9",
            "line 5, detour: got 0.9, expected a number from 1 to 5",
            "shorter than a straight line",
        ),
        (
            NETWORK + "[network.thresholds]\nfull_penalty_min = -1",
            "line 5, full_penalty_min: got -1, expected a number from 0 to 1000",
            "a reward",
        ),
        (NETWORK + "thresholds = 1", "line 4, thresholds: got 1, expected a table of numbers", "no table"),
        (
            NETWORK.encode("gbk"),
            "line 3: the file is not UTF-8 (looks like GB18030): save it as UTF-8",
            "not UTF-8",
        ),
    ],
)
def test_a_bad_network_is_named(tmp_path: Path, text: str | bytes, problem: str, why: str) -> None:
    with pytest.raises(ImportFailed) as error:
        networks(tmp_path, text)
    assert problems(error)[0].startswith(f"networks.toml, {problem}"), why


def test_networks_inside_each_other_are_refused(tmp_path: Path) -> None:
    ring = [NETWORK.replace("n-1", f"n-{n}") + f'parent = "n-{(n + 1) % 3}"\n' for n in range(3)]
    with pytest.raises(ImportFailed) as error:
        networks(tmp_path, "".join(ring))
    assert len(problems(error)) == 3


HEADER = ",".join(column.name for column in COLUMNS)
FULL = (
    "jiajie-1,taiyuan,锦小牛·同心小站,Jiajie,“奔跑者”驿站|奔跑者,山西/太原/小店区,"
    "30.6,104.1,gcj02,16,约27,Mo-Su 06:00-22:00,党群服务中心,空调|wifi|空调,是,crowded_pct=70"
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


PAGE = Path(__file__).parents[2] / "docs" / "networks.md"


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_column_is_in_the_page(column: Column) -> None:
    assert f"| `{column.name}` | {'yes' if column.required else ''}" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_in_the_page(key: str) -> None:
    assert f"| `{key}` |" in PAGE.read_text("utf-8")


def example(kind: str) -> str:
    return PAGE.read_text("utf-8").split(f"```{kind}\n")[1].split("```")[0]


def test_the_examples_of_the_page_can_be_imported(tmp_path: Path) -> None:
    file = tmp_path / "networks.toml"
    file.write_text(example("toml"), "utf-8")
    known = {network.id: network for network in read_networks(file, {})}
    file = tmp_path / "stations.csv"
    file.write_text(example("csv"), "utf-8")
    assert len(read_stations(file, known)) == 3
