"""The file of reports: what is kept, what goes first, and what is said when it is full."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.reports import reports as module
from server.reports.reports import (
    FullError,
    Line,
    NotPossibleError,
    Report,
    Reports,
    ReportsError,
    UnknownReportError,
    Work,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "reports.db"


@pytest.fixture
def reports(path: Path) -> Iterator[Reports]:
    path.parent.mkdir()
    with closing(Reports.open(path)) as opened:
        yield opened


def test_a_report_is_kept_until_it_is_done(reports: Reports, path: Path) -> None:
    reports.add("st-1", "socket", "二楼", 1000)
    reports.add("st-2", "closed", "", 2000)
    first, second = (
        Report(1, "st-1", "socket", "二楼", 1000, None),
        Report(2, "st-2", "closed", "", 2000, None),
    )
    with closing(Reports.open(path)) as command:
        assert command.all() == [second, first], "another process reads it at once, the newest first"
        assert command.close_reports([1, 1, 9], 5000, "terminal:root", "gone") == {1}
        assert command.close_reports([1], 6000, "tian") == set(), "done once"
    assert reports.all() == [second]
    assert reports.all(done=True)[1].done_ms == 5000
    assert reports.open_count() == 1
    assert reports.lines(1) == [Line(5000, "terminal:root", "done", "gone")]


def test_numbers_are_never_used_again(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    reports.add("st-1", "closed", "", 1)
    reports.close_reports([1], 2, "tian")
    reports.add("st-1", "closed", "", 3)
    assert [each.id for each in reports.all(done=True)] == [2], "staff may still have 1 in hand"


@pytest.mark.parametrize(("limit", "other"), [("MOST_PER_STATION", "st-1"), ("MOST", "st-2")])
def test_when_it_is_full(reports: Reports, monkeypatch: pytest.MonkeyPatch, limit: str, other: str) -> None:
    monkeypatch.setattr(module, limit, 3)
    for n in range(3):
        reports.add(other if n == 1 else "st-1", "closed", "", n)
    with pytest.raises(FullError, match="3 reports are open already"):
        reports.add("st-1", "closed", "lost", 9)
    assert [each.id for each in reports.all(done=True)] == [3, 2, 1], "nothing that is open is thrown away"
    reports.close_reports([3], 10, "tian")
    reports.close_reports([1], 11, "tian")
    reports.add("st-1", "crowded", "", 12)
    assert [each.id for each in reports.all(done=True)] == [4, 2, 1], "3 was done first"
    reports.add("st-1", "crowded", "", 13)
    assert [each.id for each in reports.all(done=True)] == [5, 4, 2]


def test_a_full_station_leaves_room_for_the_others(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PER_STATION", 1)
    reports.add("st-1", "closed", "", 1)
    reports.add("st-2", "closed", "", 2)
    assert reports.open_count() == 2


def test_nothing_of_a_deleted_note_stays_in_the_file(
    reports: Reports, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    reports.add("st-1", "other", "a secret word", 1)
    assert b"a secret word" in path.read_bytes()
    reports.close_reports([1], 2, "tian")
    reports.add("st-1", "other", "", 3)
    assert b"a secret word" not in path.read_bytes()


def test_a_newer_file_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 9")
    with pytest.raises(ReportsError, match="schema 9, this program knows 2: use a newer program"):
        Reports.open(path)


def test_what_is_no_database_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 500)
    with pytest.raises(ReportsError, match=r"reports\.db: file is not a database"):
        Reports.open(path)


def test_a_file_that_breaks_later_is_an_error_of_ours(reports: Reports, path: Path) -> None:
    reports.add("st-1", "closed", "", 1)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TABLE reports")
    for attempt in (
        lambda: reports.add("st-1", "closed", "", 1),
        lambda: reports.close_reports([1], 2, "tian"),
        lambda: reports.work(1, "taken", "tian", 2),
        lambda: reports.find(1),
        reports.all,
        reports.open_count,
    ):
        with pytest.raises(ReportsError, match="no such table"):
            attempt()


# --- work on them ---------------------------------------------------------------------------------


def worked(reports: Reports, *works: Work) -> Report:
    """A report after some work, each a minute later, by 田师傅."""
    reports.add("st-1", "socket", "", 1000)
    found = reports.all(done=True)[0]
    for number, what in enumerate(works):
        found = reports.work(found.id, what, "tian", 60_000 * (number + 1), "words")
    return found


@pytest.mark.parametrize(
    ("works", "holder", "alert", "is_open", "why"),
    [
        (["taken"], "tian", "", True, "in somebody's hands"),
        (["taken", "released"], "", "", True, "in nobody's again"),
        (["noted"], "", "", True, "a note changes nothing"),
        (["done"], "", "", False, "done without being taken"),
        (["taken", "done"], "tian", "", False, "who did it stays"),
        (["taken", "done", "reopened"], "", "", True, "open again, for anybody"),
        (["done", "noted"], "", "", False, "noted afterwards"),
        (["linked"], "", "words", True, "an alert says the same"),
        (["linked", "unlinked"], "", "", True, "it did not"),
        (["done", "linked"], "", "words", False, "found out afterwards"),
    ],
)
def test_what_work_makes_of_a_report(
    reports: Reports, works: list[Work], *, holder: str, alert: str, is_open: bool, why: str
) -> None:
    found = worked(reports, *works)
    assert (found.taken_by, found.alert, found.done_ms is None) == (holder, alert, is_open), why
    assert (found.taken_ms is not None) == bool(holder)
    assert [line.what for line in reports.lines(found.id)] == works
    assert reports.find(found.id) == found


@pytest.mark.parametrize(
    ("works", "what", "why"),
    [
        (["done"], "taken", "somebody was faster"),
        (["done"], "done", "somebody was faster"),
        (["done"], "released", "it is over"),
        ([], "released", "nobody has it"),
        ([], "reopened", "it is open"),
        ([], "unlinked", "there is no alert"),
    ],
)
def test_what_cannot_be_done(reports: Reports, works: list[Work], what: Work, why: str) -> None:
    before = worked(reports, *works)
    with pytest.raises(NotPossibleError):
        reports.work(before.id, what, "ada", 9_000_000)
    assert reports.find(before.id) == before, why
    assert len(reports.lines(before.id)) == len(works)


def test_two_people_at_once(reports: Reports) -> None:
    """Both saw it free; the second does not take it out of the hands of the first unseen."""
    report = worked(reports)
    reports.work(report.id, "taken", "tian", 1, held_by="")
    with pytest.raises(NotPossibleError, match="other hands"):
        reports.work(report.id, "taken", "max", 2, held_by="")
    assert reports.work(report.id, "taken", "max", 3, held_by="tian").taken_by == "max", "seen, so taken over"


def test_one_that_is_not_there(reports: Reports) -> None:
    assert reports.find(7) is None
    with pytest.raises(UnknownReportError):
        reports.work(7, "taken", "tian", 1)


def test_the_work_on_one_is_bounded_and_it_can_still_be_done(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 2)
    report = worked(reports, "noted", "noted")
    with pytest.raises(NotPossibleError, match="2 lines already"):
        reports.work(report.id, "noted", "tian", 9)
    assert reports.work(report.id, "done", "tian", 9).done_ms == 9


def test_work_goes_with_its_report(reports: Reports, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    worked(reports, "done")
    reports.work(1, "noted", "tian", 3, "a secret word")
    reports.add("st-1", "other", "", 4)
    assert reports.lines(1) == []
    assert b"a secret word" not in path.read_bytes()


def test_counting_and_asking_by_station(reports: Reports) -> None:
    for station in ("st-1", "st-2", "st-1"):
        reports.add(station, "closed", "", 1)
    reports.close_reports([1], 2, "tian")
    assert reports.open_count() == 2
    assert [each.id for each in reports.all(stations=["st-1"])] == [3]
    assert [each.id for each in reports.all(done=True, stations=["st-1"])] == [3, 1]


_FIRST_SCHEMA = """
CREATE TABLE reports (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	station TEXT NOT NULL,
	kind TEXT NOT NULL,
	note TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	done_ms INTEGER
);
CREATE INDEX reports_of_station ON reports (station, done_ms);
INSERT INTO reports VALUES (4, 'st-1', 'socket', '二楼', 1000, NULL), (5, 'st-2', 'closed', '', 2000, 3000);
PRAGMA user_version = 1;
"""


def test_an_older_file_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(_FIRST_SCHEMA)
    with closing(Reports.open(path)) as opened:
        assert opened.all(done=True) == [
            Report(5, "st-2", "closed", "", 2000, 3000),
            Report(4, "st-1", "socket", "二楼", 1000, None),
        ]
        assert opened.work(4, "taken", "tian", 4000).taken_by == "tian"
        opened.add("st-1", "other", "", 5000)
        assert opened.all()[0].id == 6, "numbers go on"
    with closing(sqlite3.connect(path)) as raw:
        older = columns(raw)
    with (
        closing(Reports.open(path.with_name("new.db"))),
        closing(sqlite3.connect(path.with_name("new.db"))) as raw,
    ):
        assert older == columns(raw), "as a new file has them"
    with closing(Reports.open(path)) as again:
        assert again.lines(4) == [Line(4000, "tian", "taken", "")]


def columns(raw: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    asked = "SELECT * FROM pragma_table_info(?)"
    return {table: raw.execute(asked, (table,)).fetchall() for table in tables}
