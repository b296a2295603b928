"""The file of reports: what is kept, what goes first, and what is said when it is full."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server import reports as module
from server.reports import FullError, Report, Reports, ReportsError


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
        assert command.close_reports([1, 1, 9], 5000) == {1}
        assert command.close_reports([1], 6000) == set(), "done once"
    assert reports.all() == [second]
    assert reports.all(done=True)[1].done_ms == 5000
    assert reports.open_count() == 1


def test_numbers_are_never_used_again(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    reports.add("st-1", "closed", "", 1)
    reports.close_reports([1], 2)
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
    reports.close_reports([3], 10)
    reports.close_reports([1], 11)
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
    reports.close_reports([1], 2)
    reports.add("st-1", "other", "", 3)
    assert b"a secret word" not in path.read_bytes()


def test_a_newer_file_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 9")
    with pytest.raises(ReportsError, match="schema 9, this program knows 1: use a newer program"):
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
        lambda: reports.close_reports([1], 2),
        reports.all,
        reports.open_count,
    ):
        with pytest.raises(ReportsError, match="no such table"):
            attempt()
