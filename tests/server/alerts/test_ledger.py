"""Alerts in desk.db: what is written comes back, together with the rest or not at all."""

import math
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts import audit
from server.accounts.tables import PART as ACCOUNTS
from server.alerts.ledger import PART, Ledger, Line
from server.alerts.lifecycle import act
from server.alerts.model import Alert, Change, Moment, Subject
from server.desk import Desk, DeskError, Part
from tests.support.ledger import MIN, NOW, alert, alerts, audited, opened, put

ROOT = Path(__file__).parents[3]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(opened(tmp_path / "desk.db")) as desk:
        yield desk


@pytest.fixture
def ledger(desk: Desk) -> Ledger:
    return Ledger(desk)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with closing(opened(tmp_path_factory.mktemp("ledger") / "desk.db")) as desk:
        yield desk


@settings(max_examples=150, deadline=None)
@given(st.lists(alerts(), min_size=1, max_size=3, unique_by=lambda each: each.id))
def test_every_field_comes_back(shared: Desk, given_: list[Alert]) -> None:
    ledger = Ledger(shared)
    put(shared, given_)
    for each in given_:
        found = ledger.find(each.id)
        assert found == each
        assert repr(found) == repr(each), "12 people are not 12.0 people"
    standing = ledger.standing()
    assert sorted(standing, key=lambda each: (each.since_ms, each.id)) == standing, "the oldest first"
    assert {each.id for each in given_} == {each.id for each in standing}
    put(shared, gone=[each.id for each in given_])
    assert ledger.standing() == []
    assert ledger.find(given_[0].id) is None


def test_a_value_that_json_has_no_word_for_comes_back(desk: Desk, ledger: Ledger) -> None:
    put(desk, [alert(values={"temperature_c": math.nan, "limit_c": -math.inf})])
    (found,) = ledger.standing()
    assert (str(found.values["temperature_c"]), found.values["limit_c"]) == ("nan", -math.inf)


def test_what_an_alert_is_now_replaces_what_it_was(desk: Desk, ledger: Ledger) -> None:
    put(desk, [alert(1), alert(2)])
    put(desk, [replace(alert(1), state="resolved", resolved_ms=NOW + MIN)])
    assert [each.state for each in ledger.standing()] == ["resolved", "firing"]


def test_the_timeline_holds_every_change_in_order(desk: Desk, ledger: Ledger) -> None:
    first = alert()
    put(desk, [first, alert(2)], changes=[Change(first, "fired", NOW)])
    taken, change = act(first, "take", "lin", Moment(NOW + 1, 1, 1))
    noted, comment = act(taken, "comment", "wang", Moment(NOW + 1, 1, 1), "风扇坏了\n<b>已报修</b>")
    put(desk, [noted], changes=[change, comment])
    put(desk, [alert(2)], changes=[Change(alert(2), "fired", NOW - 5)])
    assert ledger.timeline(first.id) == [
        Line(NOW, "fired"),
        Line(NOW + 1, "taken", "lin"),
        Line(NOW + 1, "commented", "wang", "风扇坏了\n<b>已报修</b>"),
    ]
    assert ledger.timeline("f" * 16) == []


def test_what_a_person_does_is_in_the_audit_log_too(desk: Desk) -> None:
    first = alert(subject=Subject("station", "s1", "c1/3"))
    taken, change = act(first, "take", "lin", Moment(NOW + 1, 1, 1))
    commented, comment = act(taken, "comment", "lin", Moment(NOW + 2, 2, 2), "私人的话")
    put(desk, [commented], changes=[Change(first, "fired", NOW), change, comment])
    about = {"kind": "too_hot", "scope": "station", "id": "s1", "unit": "c1/3"}
    assert [(each.at_ms, each.by, each.what, each.whom, each.values) for each in audited(desk)] == [
        (NOW + 1, "lin", "alert.taken", first.id, about),
        (NOW + 2, "lin", "alert.commented", first.id, about),
    ], "who and what; the words themselves go when the alert goes"


def test_closed_alerts_by_when_they_were_closed(desk: Desk, ledger: Ledger) -> None:
    closed = [alert(n, "closed", resolved_ms=NOW) for n in range(1, 5)]
    put(desk, closed[:3], changes=[Change(each, "closed", NOW + 10 - n) for n, each in enumerate(closed[:3])])
    put(desk, [closed[3], alert(9)])
    assert ledger.standing() == [alert(9)]
    assert [each.id[-1] for each in ledger.recent(0)] == ["1", "2", "3", "4"], "the 4th by when it resolved"
    assert [each.id[-1] for each in ledger.recent(NOW + 9)] == ["1", "2"]
    assert [each.id[-1] for each in ledger.recent(0, 2)] == ["1", "2"]
    commented = replace(closed[0], version=1)
    put(desk, [commented], changes=[Change(commented, "commented", NOW + 100, "lin", "x")])
    assert [each.version for each in ledger.recent(0)] == [1, 0, 0, 0], "it was closed when it was closed"
    put(desk, [replace(commented, state="firing")])
    assert (len(ledger.recent(0)), len(ledger.standing())) == (3, 2), "what is wrong is never out of sight"


def test_closed_alerts_that_somebody_may_see(desk: Desk, ledger: Ledger) -> None:
    about = [
        Subject("station", "s1"),
        Subject("network", "s1"),
        Subject("server", "broker"),
        Subject("station", "s2", "d1"),
        Subject("station", "s1", "d2"),
    ]
    put(desk, [alert(n, "closed", subject=each) for n, each in enumerate(about)])
    assert [each.subject for each in ledger.recent(0, stations=["s1"])] == [about[4], about[0]]
    assert ledger.recent(0, stations=[]) == []
    assert len(ledger.recent(0, stations=[f"s{n}" for n in range(3000)])) == 3
    seen = ledger.recent(0, 2, sees=lambda subject: subject.id != "s1")
    assert [each.subject for each in seen] == [about[3], about[2]], "what is not seen is not counted either"


def test_it_is_written_with_the_rest_or_not_at_all(desk: Desk, ledger: Ledger) -> None:
    def together(change: Change, *, fails: bool) -> None:
        with desk.writing() as connection:
            ledger.write(connection, [change.alert], changes=[change])
            ledger.count(connection, 7)
            audit.record(connection, NOW, "lin", "notice.added", "n1")
            if fails:
                raise InterruptedError

    change = Change(alert(), "taken", NOW, "lin")
    with pytest.raises(InterruptedError):
        together(change, fails=True)
    nothing = (ledger.standing(), ledger.timeline(alert().id), audited(desk), ledger.counted_ms())
    assert nothing == ([], [], [], 0)
    together(change, fails=False)
    assert (len(ledger.timeline(alert().id)), len(audited(desk)), ledger.counted_ms()) == (1, 2, 7)


def test_a_change_of_what_is_not_stored_is_refused_whole(desk: Desk, ledger: Ledger) -> None:
    with pytest.raises(DeskError, match="FOREIGN KEY"):
        put(desk, [alert(1)], changes=[Change(alert(2), "fired", NOW)])
    assert ledger.standing() == []


DIE_INSIDE = """
import os, signal, sys
from pathlib import Path
from server.alerts.model import Change
from tests.support.ledger import NOW, Ledger, alert, opened
desk = opened(Path(sys.argv[1]))
with desk.writing() as connection:
    connection.exec_driver_sql("PRAGMA cache_size = 1")
    many = [alert(n) for n in range(2000)]
    Ledger(desk).write(connection, many, changes=[Change(each, "taken", NOW, "lin") for each in many])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_while_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    with closing(opened(path)) as desk:
        put(desk, [alert(5, values={"temperature_c": 31.5})])
    command = [sys.executable, "-c", DIE_INSIDE, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 # our own
    assert done.returncode == -signal.SIGKILL
    assert path.with_name("desk.db-journal").stat().st_size, "it had written into the file already"
    with closing(opened(path)) as desk:
        assert Ledger(desk).standing() == [alert(5, values={"temperature_c": 31.5})]
        assert (Ledger(desk).timeline(alert(5).id), audited(desk)) == ([], [])


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    newer = Part("alerts", PART.metadata, (*PART.changes, lambda _connection: None))
    Desk.open(tmp_path / "desk.db", ACCOUNTS, newer).close()
    known = PART.version
    with pytest.raises(DeskError, match=f"alerts has schema {known + 1}, this program knows {known}: use a"):
        opened(tmp_path / "desk.db")


def test_several_threads_at_once(desk: Desk, ledger: Ledger) -> None:
    def works(n: int) -> int:
        for version in range(5):
            each = replace(alert(n), version=version)
            put(desk, [each], changes=[Change(each, "taken", NOW + version, f"u{n}")])
            assert ledger.find(each.id) == each
        return len(ledger.timeline(alert(n).id))

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(works, range(6))) == [5] * 6
    assert len(ledger.standing()) == 6
    assert len(audited(desk)) == 30


@pytest.mark.parametrize("broken", ["body = '{'", "body = '[]'", "measured = '{'"])
def test_a_row_that_cannot_be_read_does_not_hide_the_others(
    desk: Desk, ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    put(desk, [alert(1), alert(2)])
    with closing(sqlite3.connect(tmp_path / "desk.db")) as raw, raw:
        raw.execute(f"UPDATE alerts SET {broken} WHERE id LIKE '%1'")  # noqa: S608 # our own
    assert ledger.standing() == [alert(2)]
    assert ledger.find(alert(1).id) is None
    assert f"alert unreadable, left out: id={alert(1).id}" in caplog.text


def test_a_file_that_cannot_be_written_is_an_error_of_the_desk(desk: Desk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "desk.db")) as raw:
        raw.execute("DROP TABLE timeline")
    with pytest.raises(DeskError, match="no such table"):
        put(desk, [alert()], changes=[Change(alert(), "fired", NOW)])
    assert Ledger(desk).standing() == []
    assert os.listdir(tmp_path) == ["desk.db"]  # noqa: PTH208 # names are all that is asked for
