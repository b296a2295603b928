"""Silences, maintenance, counted time, and what is removed when it is old."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts import audit
from server.alerts.ledger import KEPT_MS, Ended, Ledger, Wish, silence_id
from server.alerts.model import Alert, Change, Timer
from server.alerts.silences import Maintenance, Matcher, Silence
from server.desk import Desk, DeskError
from tests.support.ledger import DAY, MIN, NOW, alert, audited, opened, put, wishes

HOUR = 60 * MIN
PLACE = Matcher(networks=("gz",), districts=("天河区",))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(opened(tmp_path / "desk.db")) as desk:
        yield desk


@pytest.fixture
def ledger(desk: Desk) -> Ledger:
    return Ledger(desk)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with closing(opened(tmp_path_factory.mktemp("silences") / "desk.db")) as desk:
        yield desk


def silence(id: str, from_ms: int = NOW, until_ms: int = NOW + HOUR) -> Silence:
    return Silence(id, Matcher(kinds=("too_hot",)), from_ms, until_ms, "lin", "等配件")


def inner(wish: Wish) -> Silence:
    return wish.silence if isinstance(wish, Maintenance) else wish


@settings(max_examples=100, deadline=None)
@given(st.lists(wishes(), min_size=1, max_size=3, unique_by=lambda each: inner(each).id))
def test_every_field_comes_back(shared: Desk, given_: list[Wish]) -> None:
    ledger = Ledger(shared)
    for each in given_:
        ledger.add_silence(each, "lin", NOW)
    assert ledger.silences(NOW) == sorted(given_, key=lambda each: (inner(each).from_ms, inner(each).id))
    for each in given_:
        assert ledger.find_silence(inner(each).id) == each
        assert ledger.end_silence(inner(each).id, "lin", NOW + 1)
    assert ledger.silences(NOW) == []
    assert ledger.prune(NOW + DAY + KEPT_MS) == 0, "no alerts"
    assert ledger.past_silences(NOW + DAY) == []


def test_words_of_a_file_from_before_usual_reasons_had_codes_stay(tmp_path: Path) -> None:
    old = silence("a")
    with closing(opened(tmp_path / "desk.db")) as desk:
        Ledger(desk).add_silence(old, "lin", NOW)
        with desk.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE silences DROP COLUMN preset")
            connection.exec_driver_sql("UPDATE parts SET version = 1 WHERE name = 'alerts'")
    new = replace(silence("b"), reason="", preset="waiting")
    with closing(opened(tmp_path / "desk.db")) as desk:
        Ledger(desk).add_silence(new, "lin", NOW)
        assert Ledger(desk).silences(NOW) == [old, new]


def test_planned_running_and_over(ledger: Ledger) -> None:
    works = Maintenance(replace(silence("c", NOW + DAY, NOW + 2 * DAY), matcher=PLACE), "locked")
    for wish in (works, silence("b", NOW - HOUR), silence("a", NOW - HOUR, NOW + 2 * HOUR)):
        ledger.add_silence(wish, "lin", NOW)
    assert [inner(each).id for each in ledger.silences(NOW)] == ["a", "b", "c"]
    assert [inner(each).id for each in ledger.silences(NOW + HOUR)] == ["a", "c"], "over at its end"
    assert ledger.past_silences(NOW + HOUR) == [Ended(silence("b", NOW - HOUR), NOW + HOUR)]
    assert ledger.past_silences(NOW) == []
    last_first = [each.wish for each in ledger.past_silences(NOW + 3 * DAY)]
    assert last_first == [works, silence("a", NOW - HOUR, NOW + 2 * HOUR), silence("b", NOW - HOUR)]
    assert [each.wish for each in ledger.past_silences(NOW + 3 * DAY, 1)] == [works]


def test_ended_early_it_keeps_who_did(ledger: Ledger) -> None:
    running, planned = silence("a"), silence("b", NOW + DAY, NOW + 2 * DAY)
    ledger.add_silence(running, "lin", NOW)
    ledger.add_silence(planned, "lin", NOW)
    assert ledger.end_silence("a", "wang", NOW + MIN)
    assert ledger.end_silence("b", "ada", NOW + 2 * MIN)
    assert ledger.silences(NOW) == []
    assert ledger.past_silences(NOW + 3 * MIN) == [
        Ended(planned, NOW + 2 * MIN, "ada"),
        Ended(running, NOW + MIN, "wang"),
    ]
    assert not ledger.end_silence("a", "lin", NOW + 3 * MIN), "it is over, and wang has ended it"
    assert ledger.past_silences(NOW + 5 * DAY)[1].by == "wang"
    assert ledger.find_silence("a") == running, "as it was planned"


@pytest.mark.parametrize(
    ("id", "now_ms", "why"), [("x", NOW, "there is none"), ("a", NOW + HOUR, "it has run out by itself")]
)
def test_nothing_to_end(desk: Desk, ledger: Ledger, id: str, now_ms: int, why: str) -> None:
    ledger.add_silence(silence("a"), "lin", NOW)
    assert not ledger.end_silence(id, "wang", now_ms), why
    assert [each.what for each in audited(desk)] == ["silence.added"]
    assert ledger.find_silence("x") is None


def test_what_is_over_is_not_added(desk: Desk, ledger: Ledger) -> None:
    with pytest.raises(ValueError, match=f"until_ms {NOW}: it is over already"):
        ledger.add_silence(silence("a", NOW - HOUR, NOW), "lin", NOW)
    assert (ledger.past_silences(NOW), audited(desk)) == ([], [])


def test_an_id_is_used_once(desk: Desk, ledger: Ledger) -> None:
    ledger.add_silence(silence("a"), "lin", NOW)
    with pytest.raises(DeskError, match="UNIQUE"):
        ledger.add_silence(silence("a", until_ms=NOW + DAY), "wang", NOW)
    assert ledger.silences(NOW) == [silence("a")]
    assert len(audited(desk)) == 1
    assert len({silence_id() for _ in range(100)} | {silence_id()}) == 101


def test_who_silenced_what_is_in_the_audit_log(desk: Desk, ledger: Ledger) -> None:
    works = Maintenance(Silence("b", PLACE, NOW, NOW + DAY, "max", "换空调"), "closed")
    ledger.add_silence(silence("a"), "lin", NOW)
    ledger.add_silence(works, "max", NOW + 1)
    ledger.end_silence("a", "wang", NOW + 2)
    ledger.end_silence("b", "ada", NOW + 3)
    assert [(each.at_ms, each.by, each.what, each.whom) for each in audited(desk)] == [
        (NOW, "lin", "silence.added", "a"),
        (NOW + 1, "max", "maintenance.added", "b"),
        (NOW + 2, "wang", "silence.ended", "a"),
        (NOW + 3, "ada", "maintenance.ended", "b"),
    ]
    said = audited(desk)[1].values
    assert (said["access"], said["until_ms"], said["reason"]) == ("closed", NOW + DAY, "换空调")
    assert isinstance(said["matcher"], dict)
    assert said["matcher"]["districts"] == ["天河区"]


def test_a_silence_joins_the_callers_transaction(desk: Desk, ledger: Ledger) -> None:
    ledger.add_silence(silence("a"), "lin", NOW)

    def together() -> None:
        with desk.writing() as connection:
            ledger.add_silence(silence("b"), "lin", NOW, connection=connection)
            assert ledger.end_silence("a", "lin", NOW, connection=connection)
            audit.record(connection, NOW, "lin", "notice.added", "n1")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        together()
    assert ledger.silences(NOW) == [silence("a")]
    assert len(audited(desk)) == 1


def test_two_end_the_same_one_at_once(desk: Desk, ledger: Ledger) -> None:
    ledger.add_silence(silence("a"), "lin", NOW)
    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(lambda n: ledger.end_silence("a", f"u{n}", NOW + n), range(4)))
    assert sum(ended) == 1
    assert [each.by for each in ledger.past_silences(NOW)] == [f"u{ended.index(True)}"]
    assert len(audited(desk)) == 2


@pytest.mark.parametrize("broken", ["matcher = '{'", "matcher = '{}'", "access = 'ajar'", "reason = ''"])
def test_a_row_that_cannot_be_read_does_not_hide_the_others(
    desk: Desk, ledger: Ledger, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    for each in "ab":
        ledger.add_silence(silence(each), "lin", NOW)
    with desk.writing() as connection:
        connection.exec_driver_sql(f"UPDATE silences SET {broken} WHERE id = 'a'")  # noqa: S608 # our own
    assert ledger.silences(NOW) == [silence("b")]
    assert "silence unreadable, left out: id=a" in caplog.text


@pytest.mark.parametrize(
    ("last", "stored", "counted", "why"),
    [
        (alert(), 0, 0, "a new file"),
        (alert(), 5_000, 5_000, "as it was stored"),
        (alert(timer=Timer(mark_ms=4_000), told_ms=(4_500,)), 5_000, 5_000, "all that happened is older"),
        (alert(timer=Timer(True, 0, 9_000)), 5_000, 9_000, "a timer was marked after it was stored"),
        (alert(state="resolved", told_ms=(6_000, 7_000)), 5_000, 7_000, "something was told after that"),
    ],
)
def test_counted_time_goes_on_where_it_was(
    tmp_path: Path, last: Alert, stored: int, counted: int, why: str
) -> None:
    with closing(opened(tmp_path / "desk.db")) as desk:
        put(desk, [last, alert(2)])
        with desk.writing() as connection:
            Ledger(desk).count(connection, stored)
    with closing(opened(tmp_path / "desk.db")) as desk:
        assert Ledger(desk).counted_ms() == counted, why


def test_counted_time_never_goes_back(desk: Desk, ledger: Ledger) -> None:
    for counted_ms in (10, 30, 20):
        with desk.writing() as connection:
            ledger.count(connection, counted_ms)
    assert ledger.counted_ms() == 30


def test_what_is_old_is_removed_with_its_timeline(desk: Desk, ledger: Ledger) -> None:
    old = [alert(n, "closed") for n in range(1, 6)]
    changes = [Change(each, "closed", NOW + n) for n, each in enumerate(old, 1)]
    kept = alert(9, since_ms=NOW - KEPT_MS)
    put(desk, [*old, kept], changes=[*changes, Change(kept, "fired", NOW)])
    ledger.add_silence(silence("a"), "lin", NOW)
    ledger.add_silence(silence("b", until_ms=NOW + 2 * KEPT_MS), "lin", NOW)
    assert ledger.prune(NOW + KEPT_MS + 1) == 0, "to the day"
    assert ledger.prune(NOW + KEPT_MS + 5, most=3) == 3, "so many at once, the oldest"
    assert ledger.recent(0) == [old[4], old[3]]
    assert ledger.timeline(old[0].id) == []
    assert len(ledger.timeline(old[3].id)) == 1
    assert ledger.prune(NOW + KEPT_MS + HOUR + 1) == 2
    assert (ledger.standing(), len(ledger.timeline(kept.id))) == ([kept], 1), "what is not closed stays"
    assert [inner(each.wish).id for each in ledger.past_silences(NOW + 3 * KEPT_MS)] == ["b"]
    assert len(audited(desk)) == 2, "the audit log is never emptied"
