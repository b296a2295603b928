"""``waystation reports`` as it is typed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.model import Network, Station
from server.pipeline import Pipeline
from server.registry import Registry
from server.reports.reports import Line, Reports
from server.settings import Settings
from server.web.build import build_web
from tests.support.serving import serving
from tests.support.web import TableLive, TableStore

HOUR_MS = 3_600_000


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reports]:
    """Three reports about three stations of three networks, one inside another; the terminal is wide."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    monkeypatch.setattr("server.cli.reports.time.time_ns", lambda: 50 * HOUR_MS * 1_000_000)
    (tmp_path / "data").mkdir()
    networks = [
        Network("city", "城", ""),
        Network("street", "街", "", parent="city"),
        Network("other", "别", ""),
    ]
    with closing(Registry.open(tmp_path / "data" / "registry.db")) as registry:
        registry.put_networks(networks)
        registry.put_stations(
            [Station(f"st-{each.id}", each.id, f"驿站[bold]{each.id}") for each in networks]
        )
    with closing(Reports.open(tmp_path / "data" / "reports.db")) as opened:
        opened.add("st-city", "closed", "", HOUR_MS)
        opened.add("st-street", "socket", "二楼", 47 * HOUR_MS)
        opened.add("st-other", "temperature", "", 50 * HOUR_MS - 240_000)
        yield opened


@pytest.mark.parametrize(
    ("readable", "said"), [(True, "open reports 3"), (False, "open reports not readable")]
)
def test_the_status_counts_them(
    reports: Reports, monkeypatch: pytest.MonkeyPatch, readable: bool, said: str
) -> None:
    monkeypatch.setattr("server.cli.status.RATE_S", 0.01)
    pipeline = Pipeline(connected=True, alive=True)
    web = build_web(TableLive(), TableStore(), Settings(), pipeline, reports=reports if readable else None)
    with serving(web) as port:
        result = CliRunner().invoke(app, ["status"], env={"WAYSTATION_PORT": str(port)})
    assert (result.exit_code, said in " ".join(result.output.split())) == (0, True), result.output


def typed(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["reports", *words])
    return result.exit_code, result.stdout, result.stderr


def listed(output: str) -> list[list[str]]:
    """The cells of each row of a table."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_what_is_open_is_listed_the_newest_first(reports: Reports) -> None:
    reports.work(2, "taken", "tian", 48 * HOUR_MS)
    code, output, _ = typed()
    assert code == 0
    assert listed(output) == [
        ["3", "st-other", "驿站[bold]other", "temperature", "", "4 min", ""],
        ["2", "st-street", "驿站[bold]street", "socket", "二楼", "3 h", "tian"],
        ["1", "st-city", "驿站[bold]city", "closed", "", "2 days", ""],
    ]


@pytest.mark.parametrize(
    ("words", "ids", "why"),
    [
        (["--network", "city"], ["2", "1"], "with what is inside it"),
        (["--network", "street"], ["2"], "the inner one"),
        (["--network", "other"], [], "done already"),
        (["--all"], ["3", "2", "1"], "done ones, too"),
        (["--all", "--network", "other"], ["3"], "both"),
    ],
)
def test_which_are_listed(reports: Reports, words: list[str], ids: list[str], why: str) -> None:
    reports.close_reports([3], 49 * HOUR_MS, "tian")
    code, output, _ = typed(*words)
    assert (code, [row[0] for row in listed(output)]) == (0, ids), why
    if not ids:
        assert output == "no open reports\n"


def test_when_it_was_done_is_told(reports: Reports) -> None:
    reports.close_reports([2], 49 * HOUR_MS, "tian")
    assert [row[-1] for row in listed(typed("--all")[1])] == ["", "60 min", ""]


def test_closing(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "li")
    assert typed("done", "1", "3", "1", "--note", "换了插座") == (0, "2 done\n", "")
    assert reports.lines(3) == [Line(50 * HOUR_MS, "terminal:li", "done", "换了插座")], "for the console, too"
    assert typed("done", "2", "1", "77") == (1, "1 done\n", "not open: 1, 77\n")
    assert typed() == (0, "no open reports\n", "")
    assert reports.all(done=True)[0].done_ms == 50 * HOUR_MS


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize(
    ("words", "code", "said", "why"),
    [
        (
            ["--network", "nowhere"],
            1,
            "no network 'nowhere'; there are: city, street, other",
            "no such network",
        ),
        (["done"], 2, "Missing argument", "none named"),
        (["done", "0"], 2, "greater than or equal to 1", "no id"),
        (["done", "99999999999999999999"], 2, "less than or equal to", "no number of a database"),
        (["done", "one"], 2, "valid integer", "no number"),
    ],
)
def test_asked_wrongly(words: list[str], code: int, said: str, why: str) -> None:
    result = typed(*words)
    assert (result[0], said in " ".join(result[2].replace("│", " ").split())) == (code, True), why


def test_a_hostile_note_and_a_lost_station_are_text_on_the_terminal(reports: Reports) -> None:
    # As a note would be in the file if somebody wrote it there by hand: the server strips more.
    reports.add("st-gone", "other", "[red]x[/red] \x1b]0;evil\x07\u202e\u200b[link=http://e]", 49 * HOUR_MS)
    _, output, _ = typed()
    row = listed(output)[0]
    assert row[2] == "(not in the registry)"
    assert row[4] == "[red]x[/red] ?]0;evil???[link=http://e]"
    assert not set("\x1b\x07\u202e\u200b") & set(output)


def test_without_reports_and_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYSTATION_DATA_DIR", str(tmp_path / "new"))
    (tmp_path / "new").mkdir()
    Registry.open(tmp_path / "new" / "registry.db").close()
    assert f"{tmp_path}/new/reports.db does not exist; nothing was made" in typed("--all")[2]
    Reports.open(tmp_path / "new" / "reports.db").close()
    assert typed("--all") == (0, "no reports\n", "")
    (tmp_path / "new" / "reports.db").write_bytes(b"no database" * 500)
    code, _, error = typed()
    assert (code, "reports.db: file is not a database" in error) == (1, True)


@pytest.mark.usefixtures("reports")
def test_when_no_more_are_taken_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cli.reports.MOST", 3)
    assert "3 are open: no more are taken until some are done" in typed()[1]
