"""What a clock that jumps, and a row that cannot be read, must not do to messages that wait."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from server.notify import rows
from server.notify.model import Channel, Refused
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.notify.receivers.directory import keys
from server.notify.receivers.grouping import Book
from server.notify.rows import Row
from server.notify.tables import BOOK, CHANNELS, OUTBOX, RECEIVERS
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


def test_a_receiver_that_cannot_be_read_stops_nobody(
    room: Mailroom, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    channel = room.channel("wecom")
    worker, *broken = (room.receiver(name, channel) for name in ("worker", "one", "two", "three"))
    damage = ({"takes": '{"x": 3}'}, {"language": "fr"}, {"time_zone": "Nowhere/At-all"})
    for receiver, values in zip(broken, damage, strict=True):
        room.tell(receiver, alert(9))
        with room.desk.writing() as connection:
            connection.execute(update(RECEIVERS).where(RECEIVERS.c.id == receiver).values(**values))
    room.tell(worker, alert(1))
    pass_by(room, clock, 10 * S_MS)
    assert [each.id for each in room.directory.receivers()] == [worker]
    assert room.states() == ["waiting", "waiting", "waiting", "sent"]
    said = [record.message for record in caplog.records if "receiver unreadable" in record.message]
    assert len(said) == 3, "once for each, however often they are read"


def test_a_channel_that_is_lost_stops_nobody(room: Mailroom, clock: Clock) -> None:
    lost, worker = (room.receiver(bot, room.channel(bot)) for bot in ("feishu", "wecom"))
    with room.desk.writing() as connection:
        connection.execute(delete(CHANNELS).where(CHANNELS.c.name == "feishu"))
    room.tell(lost, alert(1))
    room.tell(worker, alert(2))
    pass_by(room, clock, 2 * S_MS)
    assert room.states() == ["waiting", "sent"]


def tried(room: Mailroom, channel: str) -> tuple[Row, Channel]:
    """The oldest message, begun to be sent."""
    with room.desk.reading() as connection:
        row = rows.waiting(connection, room.all()[0].id)
        opened = keys(connection)[channel]
    assert row
    room.outbox.begin(row, opened, "title", room.clock())
    return row, opened


@pytest.mark.parametrize("what", ["address", "channel"])
def test_a_refusal_of_what_was_changed_meanwhile_blocks_nothing(
    room: Mailroom, clock: Clock, what: str
) -> None:
    channel, other = room.channel("wecom"), room.channel("feishu")
    worker = room.receiver("worker", channel)
    room.tell(worker, alert(kind="cabinet_smoke"))
    row, opened = tried(room, channel)
    if what == "address":
        address = room.bots.wecom + "2"
        room.directory.put_channel(ChannelForm("wecom", "wecom", address, ""), "ada", clock(), channel)
    else:
        form = ReceiverForm("worker", other)
        room.directory.put_receiver(form, "ada", clock(), (), worker)
    room.outbox.settle(row, row.bundle, opened, Refused("setup", "unknown_bot"), clock())
    assert [due.row for due in room.outbox.due(clock())] == [row.id]
    assert room.outbox.health()[channel].failing == (what == "channel")


def test_a_refusal_of_what_is_as_it_was_blocks(room: Mailroom, clock: Clock) -> None:
    channel = room.channel("wecom")
    room.tell(room.receiver("worker", channel), alert())
    row, opened = tried(room, channel)
    room.outbox.settle(row, row.bundle, opened, Refused("setup", "unknown_bot"), clock())
    assert room.outbox.due(clock() + HOUR_MS) == ()


def test_what_cannot_be_noted_in_full_is_sent_once(
    room: Mailroom, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(rows, "believe", broken)
    room.tell(room.receiver("worker", room.channel("wecom")), alert())
    pass_by(room, clock, 10 * MINUTE_MS, 30 * S_MS)
    assert len(room.bots.texts("wecom")) == 1
    assert room.states() == ["sent"]
