"""The file of demand: what is read of it, what is told of its columns, and what cannot be taken."""

import pytest

from server.geo import wgs84_to_gcj02
from server.served import demand_columns, demand_words
from server.served.demand import MOST_POINTS, DemandError, Point, decoded, read
from server.web.text import Text

LAT, LON = 37.87, 112.55
ZH, EN = Text("zh", 0), Text("en", 0)


def points(text: str) -> list[Point]:
    return list(read(text).points)


def refused(text: str, words: Text = EN) -> list[str]:
    """What is told of a file that cannot be taken."""
    with pytest.raises(DemandError) as failed:
        read(text)
    return ["".join(demand_words.problem(words, each)) for each in failed.value.problems]


def columns(text: str, words: Text = ZH) -> str:
    return "".join(demand_words.columns(words, read(text).columns))


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("lon,lat\n112.5,37.8\n", [Point(37.8, 112.5)], "each counts 1"),
        (
            "name,lat,lon,weight\n甲,37.8,112.5,30\n",
            [Point(37.8, 112.5, 30)],
            "in any order, others passed over",
        ),
        ("经度,纬度,人数\r\n112.5,37.8,2.5\r\n\r\n", [Point(37.8, 112.5, 2.5)], "as spreadsheets have it"),
        ("\ufefflng,Lat\n112.5,37.8", [Point(37.8, 112.5)], "with a mark, without a last line end"),
        ("lon,lat\r112.5,37.8\r", [Point(37.8, 112.5)], "line ends of an old Mac"),
        (
            "lon,lat,weight\n112.5,37.8,\n112.6,37.9,0",
            [Point(37.8, 112.5), Point(37.9, 112.6, 0)],
            "no weight is 1",
        ),
    ],
)
def test_a_file_of_demand(text: str, expected: list[Point], why: str) -> None:
    assert points(text) == expected, why


def test_a_point_knows_its_line() -> None:
    assert [each.line for each in points('lon,lat,note\r\n1,2,\r\n\r\n3,4,x\r\n5,6,"a\nb"\r\n')] == [2, 4, 6]


NO_PLACE = "没有经度列，也没有纬度列。请在第一行写上列名"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"第 1 行：（空的）{NO_PLACE}"),
        ("x,y\n1,2\n", f"第 1 行：'x', 'y'{NO_PLACE}"),
        ("lat,y\n1,2\n", "第 1 行：'lat', 'y'没有经度列。请在第一行写上列名"),
        ("lon;lat\n1;2\n", "第 1 行：'lon;lat'没有经度列，也没有纬度列。请在第一行写上列名，用英文逗号隔开"),
        ("lon,y\n1,2\n", "第 1 行：'lon', 'y'没有纬度列"),
        ("lon,lat\n", "第 1 行：'lon', 'lat'只有列名，一个点也没有"),
        ("lon,纬度\n112.5,37.8\n112.5,abc\n", "第 3 行 纬度：'abc'应为 -90 到 90 的纬度，请改成数字"),
        ("lon,lat\nnan,37.8\n", "第 2 行 lon：'nan'应为 -180 到 180 的经度"),
        ("lon,lat\n112.5\n", "第 2 行 lat：（空的）应为"),
        ("lon,lat,人数\n112.5,37.8,-1\n", "第 2 行 人数：'-1'应为 0 到 10 亿的数；没有就空着"),
        ("lon,lat,weight\n112.5,37.8,inf\n", "第 2 行 weight：'inf'"),
        ("lon,lat,weight\n\n112.5,37.8,0\n", "第 3 行 weight：'0'所有点的权重都是 0。请至少给一个点"),
        ("lon,lat\n1,2\n\0", "第 3 行：'\\x00'这不是 CSV 文件。如果是 Excel 表格，请另存为 CSV 再选。"),
        ('lon,lat\n1,2\n"' + "x" * 200_000, "引号没有成对，或者一格太长"),
        ("lon,lat\n1,\u202e" + "长" * 99, "第 2 行 lat：'\\u202e\\u957f"),
        ("lon,lat\n28.1,112.9\n", "第 2 行 lon, lat：'28.1', '112.9'经度和纬度好像写反了"),
        ("lon,lat\n95,112.9\n", "第 2 行 lat：'112.9'应为 -90 到 90 的纬度"),
    ],
)
def test_what_cannot_be_taken_is_told_by_line_column_and_what_to_do(text: str, said: str) -> None:
    (told,) = refused(text, ZH)
    assert said in told
    assert len(told) < 200, "what was found is shortened"


@pytest.mark.parametrize(
    "text", ["x", "lon,lat\nx,y,z", "lon,lat\n2,100", "lon,lat\n\0", "lon,lat,weight\n1,2,x"]
)
def test_each_reader_is_told_in_their_own_language(text: str) -> None:
    english = "".join(refused(text, EN))
    assert english.isascii()
    assert "Line" in english
    chinese = "".join(refused(text, ZH))
    assert not {"expected", "column", "line", "weights"} & set(chinese.replace("'", " ").split()), chinese


def test_where_a_quotation_mark_is_missing_is_told_by_its_line() -> None:
    (told,) = refused('lon,lat\n1,2\n3,4\n"5,6\n' + "7,8\n" * 50_000)
    assert told.startswith("Line 4: '\"5,6'From this line on it cannot be read")


def test_of_a_file_that_is_the_wrong_way_round_one_line_is_told() -> None:
    (told,) = refused("lon,lat\n" + "28.1,112.9\n" * 300)
    assert told.startswith("Line 2, lon, lat: '28.1', '112.9'Longitude and latitude seem")
    assert "the wrong way round, in 300 lines. Swap them;" in told
    assert "in 1 line. Swap them." in refused("lon,lat\n28.1,112.9\n")[0]
    assert "这样的有 300 行" in refused("lon,lat\n" + "28.1,112.9\n" * 300, ZH)[0]
    mixed = refused("lon,lat\n112.9,28.1\n28.1,112.9\nx,28\n")
    assert [each.split(":")[0] for each in mixed] == ["Line 3, lon, lat", "Line 4, lon"]


def test_all_problems_are_told_at_once_up_to_a_hundred() -> None:
    assert len(refused("lon,lat\n" + "x,37\n" * 5_000)) == 100


def test_too_many_points_are_refused() -> None:
    (told,) = refused("lon,lat\n" + "1,1\n" * (MOST_POINTS + 1))
    assert told.startswith("Line 50002: '1','1'These are more than 50,000 points. Leave some out")


# --- its columns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said", "why"),
    [
        (
            "lng,纬度,人数\n1,2,3",
            "用到的列：'lng'（经度）、'纬度'（纬度）、'人数'（权重）。",
            "all of them",
        ),
        ("lon,lat\n1,2", "'lat'（纬度）。没有权重列，每个点都算 1。", "nothing passed over"),
        (
            "name,lon,lat,weight,lng\n甲,1,2,3,4",
            "'weight'（权重）。没有用到的列：'name'、'lng'。",
            "the first of two is used",
        ),
        (
            "lon,lat,weigth\n1,2,30\n1,2,5",
            "没有用到的列：'weigth'。'weigth' 里全是数字，像是权重。要按它算，请把列名改成 weight",
            "a slip of the pen",
        ),
        ("lon,lat,people\n1,2,\n1,2,5", "'people' 里全是数字", "some may be empty"),
        ("lon,lat,people,visits\n1,2,3,4", "'people'、'visits' 里全是数字", "several"),
        ("lon,lat," + ",".join("abcdefghij") + "\n1,2", "'h' 等 10 列。", "of many some"),
        ("lon,lat,<b>\u202e\n1,2,x", "没有用到的列：'<b>\\u202e'。", "escaped"),
    ],
)
def test_what_was_used_and_what_was_passed_over_is_told(text: str, said: str, why: str) -> None:
    told = columns(text)
    assert said in told, why
    assert told.startswith("用到的列：")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lon,lat,weight,people\n1,2,3,4", "weights are named"),
        ("lon,lat,note\n1,2,3\n1,2,x", "no number"),
        ("lon,lat,change\n1,2,3\n1,2,-1", "less than nothing"),
        ("lon,lat,rank\n1,2,1\n1,2,2\n1,2,3", "it numbers the lines"),
        ("lon,lat,gcj_lon,编号,station_id\n1,2,3,4,5\n1,2,7,1,9", "what such numbers are called"),
        ("lon,lat,people\n1,2,\n", "empty"),
    ],
)
def test_what_does_not_look_like_weights(text: str, why: str) -> None:
    assert read(text).columns.maybe == (), why


def test_english_readers_are_told_of_columns_too() -> None:
    told = columns("lon,lat,people\n1,2,3\n", EN)
    assert told.startswith("Columns used: 'lon' (longitude), 'lat' (latitude).There is no column of weights")
    assert "Columns passed over: 'people'.There is nothing but numbers in 'people': weights, perhaps." in told


def test_points_of_chinese_maps_are_moved_to_where_they_are() -> None:
    lat, lon = wgs84_to_gcj02(LAT, LON)
    (there,) = read(f"lon,lat\n{lon},{lat}\n", "gcj02").points
    assert (there.lat, there.lon) == pytest.approx((LAT, LON), abs=1e-6)


def test_a_file_of_a_chinese_spreadsheet_is_read_too() -> None:
    assert points(decoded("经度,纬度,名称\n112.5,37.8,甲\n".encode("gb18030"))) == [Point(37.8, 112.5)]
    assert decoded("\ufefflon".encode()) == "lon"


def test_work_is_by_the_cells_of_a_file_not_by_columns_times_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head of 100,000 names over 50,000 short rows is 1 MB at most; it would keep a server for minutes."""
    asked = []

    def takes(_: object, cell: str) -> bool:
        asked.append(cell)
        return True

    monkeypatch.setattr(demand_columns._Likely, "takes", takes)
    read(",".join(["lon", "lat", *(f"n{number}" for number in range(1_000))]) + "\n" + "1,1,1\n" * 10)
    assert asked == ["1"] * 10
