"""CSV files as people leave them, and their descriptions."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from edge.options import ConfigError
from edge.recordings import Column, Description, Layout, Row, rows, span


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


class Files:
    """Writes one recording and describes it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "recording.csv"

    def layout(self, text: str, **changes: object) -> Layout:
        encoding = str(changes.get("encoding", "utf-8"))
        self.path.write_bytes(text.encode(encoding))
        return Layout(**{"path": self.path, "time": ("t",), **changes})  # type: ignore[arg-type]  # keys of the test

    def read(self, text: str, *columns: Column, **changes: object) -> list[Row]:
        names = {column.name: column for column in columns or (Column("v"),)}
        where = changes.pop("where", ())
        return list(rows(Description(self.layout(text, **changes), names, where)))  # type: ignore[arg-type]  # as above

    def values(self, text: str, *columns: Column, **changes: object) -> list[list[float | None]]:
        return [list(row.values.values()) for row in self.read(text, *columns, **changes)]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


SHAPES: list[tuple[str, dict[str, object], str, str]] = [
    ("t,v\n2024-01-02,1.5\n", {}, "v", "plain, with a header"),
    ('"t","v"\n"2024-01-02","1.5"\n', {}, "v", "all in quotes"),
    ("t;v\n2024-01-02;1,5\n", {"separator": ";", "decimal": ","}, "v", "as written in Germany"),
    ("t\tv\n2024-01-02\t1.5\n", {"separator": "\t"}, "v", "tabs"),
    ("2024-01-02, 1.5\n", {"header": False, "time": ("1",)}, "2", "no header: columns by position"),
    ("t,v\n2024-01-02,1.5\n", {"time": ("1",)}, "2", "a header, and yet by position"),
    ('"t","v"\n"17","2024-01-02",1.5\n', {}, "v", "as R writes it, with a row number that has no name"),
    ("t,v\n2024-01-02,1.5,\n", {}, "v", "a separator at the end of each row is no row number"),
    ("made by X\n\nt,v\n2024-01-02,1.5\n", {"skip_lines": 2}, "v", "lines before the header"),
    ("\ufefft,v\r\n2024-01-02,1.5\r\n", {}, "v", "from a spreadsheet: mark at the front, other line ends"),
    ("t,v\n2024-01-02,1.5\n\n\n", {}, "v", "empty lines at the end"),
    ("t,温度\n2024-01-02,1.5\n", {"encoding": "gb18030"}, "温度", "as written in China"),
    (" t , v \n2024-01-02 , 1.5 \n", {}, "v", "padded with blanks"),
]


@pytest.mark.parametrize(("text", "changes", "column", "reason"), SHAPES, ids=[row[3] for row in SHAPES])
def test_shapes(files: Files, text: str, changes: dict[str, object], column: str, reason: str) -> None:
    [row] = files.read(text, Column(column), **changes)
    assert row.at_ms == ms("2024-01-02"), reason
    assert row.values == {column: 1.5}, reason


TIMES: list[tuple[str, dict[str, object], str, str]] = [
    ("2024-11-01T00:10:30Z", {}, "2024-11-01T00:10:30", "ISO with its own zone"),
    ("2024-11-01T08:10:30+08:00", {"time_zone": "Europe/Oslo"}, "2024-11-01T00:10:30", "its own zone wins"),
    ("2024-11-01 08:10:30", {"time_zone": "Asia/Shanghai"}, "2024-11-01T00:10:30", "local time"),
    ("1730419830", {"time_format": "unix"}, "2024-11-01T00:10:30", "seconds since 1970"),
    ("1730419830500", {"time_format": "unix_ms"}, "2024-11-01T00:10:30.5", "milliseconds since 1970"),
    ("01/11/2024 00:10", {"time_format": "%d/%m/%Y %H:%M"}, "2024-11-01T00:10", "day first"),
    ("11/01/24 00:10", {"time_format": "%m/%d/%y %H:%M"}, "2024-11-01T00:10", "month first"),
]


@pytest.mark.parametrize(("text", "changes", "utc", "reason"), TIMES, ids=[row[3] for row in TIMES])
def test_times(files: Files, text: str, changes: dict[str, object], utc: str, reason: str) -> None:
    [row] = files.read(f"t,v\n{text},1\n", **changes)
    assert row.at_ms == ms(utc), reason


def test_time_in_two_columns(files: Files) -> None:
    [row] = files.read("d,h,v\n07/24/05,13:30:00,1\n", time=("d", "h"), time_format="%m/%d/%y %H:%M:%S")
    assert row.at_ms == ms("2005-07-24T13:30")


def test_the_hour_that_comes_twice_in_autumn(files: Files) -> None:
    """01:30 comes again after 01:45: the second one is an hour later."""
    texts = ["00:45", "01:30", "01:45", "01:30", "02:30"]
    text = "t,v\n" + "".join(f"2024-11-03 {each},1\n" for each in texts)
    times = [row.at_ms for row in files.read(text, time_zone="America/New_York")]
    steps = [(b - a) / 60_000 for a, b in pairwise(times)]
    assert steps == [45, 15, 45, 60]


def test_numbers(files: Files) -> None:
    """Factor and summand, and what recorders write for 'not measured'."""
    celsius = Column("v", scale=2, offset=-1)
    text = "t,v\n" + "".join(f"2024-01-02,{v}\n" for v in ("3", "-3", "1e1", "", "NA", "NaN", "?"))
    assert files.values(text, celsius) == [[5], [-7], [19], [None], [None], [None], [None]]


def test_a_missing_mark_of_its_own(files: Files) -> None:
    assert files.values("t,v\n2024-01-02,-200\n", missing=("-200",)) == [[None]]


def test_filters_for_rows_and_for_single_values(files: Files) -> None:
    text = "t,flow,site,v\n2024-01-02,7,x,1\n2024-01-02,9,x,2\n2024-01-02,9,y,4\n"
    into = Column("v", where=(("flow", "9"),))
    assert [row.values for row in files.read(text, into, where=(("site", "x"),))] == [{}, {"v": 2.0}]


def test_equal_times_keep_their_order(files: Files) -> None:
    assert files.values("t,v\n2024-01-02,1\n2024-01-02,2\n") == [[1], [2]]


def test_span_is_that_of_the_whole_file(files: Files) -> None:
    layout = files.layout("t,v\n2024-01-03,1\n2024-01-02,1\n2024-01-05,1\n2024-01-04,1\n")
    assert span(layout) == (ms("2024-01-02"), ms("2024-01-05"))


HEAD = "t,v\n2024-01-02,"
WRONG: list[tuple[str, Column, str, str]] = [
    (HEAD + "1\n2024-01-02,x\n", Column("v"), "line 3: column v is 'x'", "no number"),
    (HEAD + "inf\n", Column("v", high=9), "line 2: column v is 'inf'", "no finite number"),
    (HEAD + "99\n", Column("v", low=0, high=9), "a number from 0 to 9", "beyond what is possible"),
    (HEAD + "1.5\n", Column("v", low=0, high=9, whole=True), "a whole number", "half a person"),
    ("t,v\nyesterday,1\n", Column("v"), "line 2: column t is 'yesterday'", "no time"),
    (HEAD + "1\n2024-01-01,1\n", Column("v"), "line 3: column t is '2024-01-01'", "back in time"),
    (HEAD + "1\n", Column("w"), "'w'; allowed: a position from 1 to 2 or one of: t, v", "no such column"),
    (HEAD + "1\n", Column("3"), "column is '3'", "no such position"),
    (HEAD + "1\n2024-01-02\n", Column("v"), "line 3: fields is 1; allowed: 2", "a torn row"),
    (HEAD + "1\n", Column("v", where=(("x", "1"),)), "column is 'x'", "a filter on no column"),
    (HEAD + '"1\n', Column("v"), "recording.csv", "a quote that never ends"),
]


@pytest.mark.parametrize(("text", "column", "says", "reason"), WRONG, ids=[row[3] for row in WRONG])
def test_what_does_not_fit_is_named(files: Files, text: str, column: Column, says: str, reason: str) -> None:
    with pytest.raises(ConfigError) as error:
        files.read(text, column)
    assert says in str(error.value), reason


def test_another_encoding_is_named(files: Files) -> None:
    layout = files.layout("t,温度\n2024-01-02,1\n", encoding="gb18030")
    with pytest.raises(ConfigError, match="must be text in utf-8"):
        span(replace(layout, encoding="utf-8"))


def test_no_file_and_no_rows(files: Files) -> None:
    layout = files.layout("t,v\n")
    with pytest.raises(ConfigError, match="at least one row"):
        span(layout)
    files.path.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        list(rows(Description(layout)))
