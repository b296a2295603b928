"""What a clock that jumps, and a row that cannot be read, must not do to messages that wait."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from server.notify.grouping import Book
from server.notify.tables import BOOK, OUTBOX
from tests.support.bots import MINUTE_MS, Bots
from tests.support.mailroom import S_MS, Clock, Mailroom, alert, pass_by

HOUR_MS = 60 * MINUTE_MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path: Path, clock: Clock) -> Iterator[Mailroom]:
    with Bots(clock) as bots:
        room = Mailroom(tmp_path / "desk.db", bots, clock)
        yield room
        room.desk.close()


def test_what_waited_while_the_clock_was_set_on_by_days_still_leaves(room: Mailroom, clock: Clock) -> None:
    """A machine without a clock of its own starts days ago, and learns the time with its network."""
    worker = room.receiver("worker", room.channel("wecom"))
    room.bots.plays = lambda _: "drop"
    room.tell(worker, alert(kind="cabinet_smoke"))
    pass_by(room, clock, 6 * S_MS)
    room.bots.plays = lambda _: "well"
    clock.now_ms += 72 * HOUR_MS
    pass_by(room, clock, 10 * S_MS)
    assert room.states() == ["sent"]


def test_what_was_put_off_while_the_clock_was_ahead_leaves_when_it_is_not(
    room: Mailroom, clock: Clock
) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    room.bots.plays = lambda _: "drop"
    room.tell(worker, alert(kind="cabinet_smoke"))
    pass_by(room, clock, S_MS)
    clock.now_ms += 20 * HOUR_MS
    pass_by(room, clock, S_MS)
    clock.now_ms -= 20 * HOUR_MS
    room.bots.plays = lambda _: "well"
    pass_by(room, clock, 10 * S_MS)
    assert room.states() == ["sent"]


def test_a_channel_that_is_back_tells_once_what_still_is_so(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    room.bots.plays = lambda _: "drop"
    for why in ("new", "repeat", "repeat"):
        room.tell(worker, alert(), why=why)
        pass_by(room, clock, S_MS)
        clock.now_ms += 4 * HOUR_MS
    room.bots.plays = lambda _: "well"
    pass_by(room, clock, MINUTE_MS, 5 * S_MS)
    assert len(room.bots.texts("wecom")) == 1
    assert room.states() == ["sent", "over", "over"]


def test_a_row_that_cannot_be_read_holds_up_nobody(
    room: Mailroom, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    room.tell(worker, alert(1))
    with room.desk.writing() as connection:
        connection.execute(update(OUTBOX).values(bundle='{"receiver": 3}'))
    room.tell(worker, alert(2))
    pass_by(room, clock, 10 * S_MS)
    assert room.states() == ["given_up", "sent"]
    assert sum("message unreadable" in record.message for record in caplog.records) == 1


def test_nor_does_one_that_is_too_late(room: Mailroom, clock: Clock) -> None:
    boss = room.receiver("boss", room.channel("feishu"))
    worker = room.receiver("worker", room.channel("wecom"), second=boss)
    room.tell(worker, alert(1))
    with room.desk.writing() as connection:
        connection.execute(update(OUTBOX).values(bundle='{"receiver": 3}', blocked=True))
    clock.now_ms += 11 * MINUTE_MS
    room.tell(worker, alert(2))
    pass_by(room, clock, 10 * S_MS)
    assert room.states() == ["given_up", "sent"]


def test_a_book_that_cannot_be_read_is_begun_anew(room: Mailroom) -> None:
    with room.desk.writing() as connection:
        room.outbox.keep_book(connection, Book())
        connection.execute(update(BOOK).values(body='{"groups": [{"key": 1}]}'))
    with room.desk.reading() as connection:
        assert room.outbox.book(connection) == Book()
