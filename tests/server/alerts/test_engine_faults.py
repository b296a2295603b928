"""What the engine must survive: files that cannot be read, a clock that jumps, parts that go in mid-pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from contract.messages import Cabinet, Climate, Socket
from server.alerts import rules
from server.alerts.board import Board, Draft
from server.alerts.model import Alert, Finding, Moment, Subject
from server.desk import DeskError
from server.notify.tables import BOOK
from tests.support.shift import MIN, Shift, station

SMOKE = Cabinet("c1", True, (), smoke=True)
NO_SMOKE = Cabinet("c1", True, (), smoke=False)


@pytest.fixture
def shift(tmp_path: Path) -> Iterator[Shift]:
    shift = Shift(tmp_path, [station("a"), station("b", district="西区")])
    yield shift
    shift.close()


def test_a_book_that_cannot_be_read_stops_no_start(shift: Shift) -> None:
    """Riders are served by the same process."""
    chat = shift.receiver("chat")
    shift.say("a", cabinets=(SMOKE,))
    shift.step()
    with shift.desk.writing() as connection:
        connection.execute(update(BOOK).values(body="{"))
    shift.restart()
    shift.engine.start()
    shift.engine.stop()
    shift.say("a", cabinets=(SMOKE,))
    shift.step()
    assert len(shift.told(chat)) == 2, "rather told once more than not at all"


def test_a_clock_set_while_the_desk_cannot_be_read_is_noticed_after_it(shift: Shift) -> None:
    """Else all stations would have been silent for as long as the clock was set on."""

    class Post:
        down = False

        def channels(self) -> dict[str, int | None]:
            if self.down:
                raise DeskError("locked")
            return {}

        def wake(self) -> None:
            pass

    post = Post()
    shift.engine.deliver_by(post)
    shift.settle_in()
    shift.now_ms += 60 * MIN
    post.down = True
    for _ in range(2):
        with pytest.raises(DeskError):
            shift.step()
    post.down = False
    shift.go(4 * MIN)
    assert shift.active() == set(), "listened for four minutes only: nobody can say"


def test_what_ends_and_fires_in_one_pass_can_be_written(shift: Shift) -> None:
    """A part is gone although what was found before it went has just become true for long enough."""
    shift.settle_in(sockets=(Socket("s1", "ac", "fault", 0),))
    pending = shift.engine.find(next(each.id for each in shift.engine.alerts()))
    assert pending
    at = Moment(shift.now_ms, 60 * MIN, 60 * MIN)
    draft = Draft(Board([pending]))
    draft.advance(Finding(pending.kind, pending.subject, "true", shift.now_ms), at)
    draft.withdraw(pending, at)
    assert [change.what for change in draft.changes] == ["fired", "closed"]
    with shift.desk.writing() as connection:
        shift.ledger.write(connection, draft.stored.values(), draft.gone, draft.changes)
    assert shift.lines(pending) == [("fired", ""), ("closed", "")]


def test_a_comment_on_an_older_one_leaves_the_newest_the_newest() -> None:
    """It says how often the next one was told already."""
    older, newer = (
        Alert(id_, "too_hot", "warning", Subject("station", "a"), "closed", since_ms, told_ms=(since_ms,))
        for id_, since_ms in (("1", 1), ("2", 2))
    )
    board = Board([older, newer])
    draft, commented = Draft(board), replace(older, version=9)
    key = (older.kind, older.subject)
    draft.take(key, older, (commented, ()))
    board.put(draft)
    assert (board.get(key), board.find("1"), board.find("2")) == (newer, commented, newer)


@contextmanager
def broken(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The desk cannot be written meanwhile."""

    @contextmanager
    def fails() -> Iterator[Any]:
        raise DeskError("disk full")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(shift.desk, "writing", fails)
        yield


def hot(shift: Shift) -> Climate:
    return Climate(shift.now_ms, 33.0, 40.0)


def test_a_pass_that_cannot_write_has_changed_nothing(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = shift.receiver("chat")
    shift.all_say()
    shift.step()
    shift.say("a", cabinets=(SMOKE,))
    with broken(shift, monkeypatch):
        for _ in range(10):
            with pytest.raises(DeskError):
                shift.step()
        assert shift.engine.alerts() == ()
        assert not shift.engine.well()
    shift.say("a", cabinets=(SMOKE,))
    shift.step()
    assert shift.active() == {("cabinet_smoke", "a")}
    assert len(shift.told(chat)) == 1
    assert shift.engine.well()


def test_an_act_that_cannot_be_written_is_none(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    shift.say("a", cabinets=(SMOKE,))
    shift.step()
    alert = shift.one("cabinet_smoke")
    with broken(shift, monkeypatch):
        with pytest.raises(DeskError):
            shift.engine.act(alert.id, "take", "tian")
        with pytest.raises(DeskError):
            shift.engine.take_up([alert.id], "tian")
    assert shift.one("cabinet_smoke") == alert


def test_one_station_that_cannot_be_judged_does_not_silence_the_others(
    shift: Shift, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    smoke = rules.RULES["cabinet_smoke"]

    def fails(facts: Any, limits: Any, now_ms: int) -> Any:
        if facts.station.id == "b":
            raise ZeroDivisionError
        return smoke(facts, limits, now_ms)

    monkeypatch.setitem(rules.RULES, "cabinet_smoke", fails)
    shift.all_say(cabinets=(SMOKE,))
    shift.step()
    shift.step()
    assert shift.active() == {("cabinet_smoke", "a")}
    assert caplog.text.count("station_not_judged station=b") == 1


def test_one_rule_that_fails_hides_no_smoke(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(rules.RULES, "too_hot", fails)
    shift.all_say(cabinets=(NO_SMOKE,))
    shift.step()
    shift.say("a", cabinets=(SMOKE,))
    shift.now_ms += 200
    shift.say("a", cabinets=(NO_SMOKE,))
    shift.say("b", cabinets=(SMOKE,))
    shift.engine.turn(shift.now_ms, shift.mono_ms + 500)
    assert shift.active() == {("cabinet_smoke", "a"), ("cabinet_smoke", "b")}
