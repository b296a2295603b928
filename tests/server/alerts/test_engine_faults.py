"""What the engine must survive: files that cannot be read, a clock that jumps, parts that go in mid-pass."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from contract.messages import Cabinet, Socket
from server.alerts.board import Board, Draft
from server.alerts.model import Alert, Finding, Moment, Subject
from server.desk import DeskError
from server.notify.tables import BOOK
from tests.support.shift import MIN, Shift, station

SMOKE = Cabinet("c1", True, (), smoke=True)


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
