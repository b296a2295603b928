"""Rows of the outbox: together with what they tell of or not at all, bounded, and read back as they were."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from server.alerts.model import Alert, Bundle
from server.desk import Desk
from server.notify import rows
from server.notify.outbox import upkeep
from server.notify.outbox.outbox import Waits
from server.notify.receivers.checks import ChannelForm
from server.notify.receivers.grouping import Book, Entry, Group, GroupKey
from server.notify.tables import ATTEMPTS, OUTBOX, STAND_INS, TOLD
from tests.support.bots import MINUTE_MS, Bots
from tests.support.mailroom import NOW_MS, Clock, Mailroom, alert, over, pass_by

HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path: Path, clock: Clock) -> Iterator[Mailroom]:
    with Bots(clock) as bots:
        room = Mailroom(tmp_path / "desk.db", bots, clock)
        yield room
        room.desk.close()


def test_a_transaction_that_fails_leaves_no_row(room: Mailroom) -> None:
    worker = room.receiver("worker", room.channel("wecom"))

    def fail() -> None:
        with room.desk.writing() as connection:
            room.outbox.put(connection, (Bundle(worker, "new", (alert(),)),), NOW_MS)
            room.outbox.keep_book(connection, Book(sent={worker: (1,)}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert room.all() == []
    with room.desk.reading() as connection:
        assert room.outbox.book(connection) == Book()


texts = st.text(max_size=8)
times = st.integers(0, 2**53)
keys = st.builds(GroupKey, texts, texts, texts, texts, texts, st.booleans())
told = st.sampled_from(["", "before", "firing", "flapping"])
books = st.builds(
    Book,
    st.lists(
        st.builds(
            Group,
            keys,
            st.lists(st.builds(Entry, texts, st.none() | times, times, told, times)).map(tuple),
            st.none() | times,
            st.none() | times,
        ),
        max_size=3,
    ).map(tuple),
    st.dictionaries(texts, st.lists(st.integers(0, 2**53)).map(tuple), max_size=3),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(book=books)
def test_a_book_comes_back_as_it_was_kept(room: Mailroom, book: Book) -> None:
    with room.desk.writing() as connection:
        room.outbox.keep_book(connection, book)
    with room.desk.reading() as connection:
        assert room.outbox.book(connection) == book


def test_a_bundle_comes_back_as_it_was_put(room: Mailroom) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    bundle = Bundle(
        worker, "more", (alert(1, values={"minutes": 7, "names": "a, b"}),), (alert(2, flapping=True),),
        (over(alert(3)),), 4,
    )  # fmt: skip
    with room.desk.writing() as connection:
        room.outbox.put(connection, (bundle,), NOW_MS)
    with room.desk.reading() as connection:
        found = rows.waiting(connection, room.all()[0].id)
    assert found is not None
    assert found.bundle == bundle


@pytest.mark.parametrize(
    ("bundle", "severity", "why"),
    [
        (Bundle("w", "new", (alert(1, "too_hot"), alert(2))), "critical", "the worst"),
        (Bundle("w", "more", (alert(1, "too_hot"),), resolved=(alert(2),)), "warning", "of what is so now"),
        (Bundle("w", "more", resolved=(alert(2),)), "info", "an end wakes nobody"),
        (
            Bundle("w", "more", resolved=(alert(1, "cabinet_smoke"),)),
            "safety",
            "but that of safety is at once",
        ),
        (Bundle("w", "more", flapping=(alert(2),)), "critical", "it still comes and goes"),
    ],
)
def test_how_much_a_message_matters(bundle: Bundle, severity: str, why: str) -> None:
    assert rows.worst(bundle) == severity, why


def test_what_waits_is_counted_by_channel(room: Mailroom, clock: Clock) -> None:
    first, second = room.channel("wecom"), room.channel("dingtalk")
    worker, boss = room.receiver("worker", first), room.receiver("boss", first)
    room.receiver("idle", second)
    for receiver in (worker, boss):
        room.tell(receiver, alert())
        clock.now_ms += MINUTE_MS
    assert room.outbox.waits() == {first: Waits(2, NOW_MS)}
    assert [told.receiver for told in room.outbox.history(1)] == [boss]
    newest = room.all()[-1].id
    assert [told.receiver for told in room.outbox.history(9, newest)] == [worker]
    pass_by(room, clock, 5_000)
    assert room.outbox.waits() == {}
    assert len(room.outbox.history(9, channel=first)) == 2
    assert room.outbox.history(9, channel=second) == []


def test_nobodys_messages_end_and_a_receiver_may_move(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    gone = room.receiver("gone", room.channel("dingtalk"))
    for receiver in (worker, gone):
        room.tell(receiver, alert())
    room.directory.remove_receiver(gone, "ada", NOW_MS)
    pass_by(room, clock, 5_000)
    assert room.states() == ["sent", "nobody"]


def test_thousands_of_alerts_in_one_message_take_no_room_once_it_is_sent(
    room: Mailroom, clock: Clock
) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    room.tell(worker, *(alert(number) for number in range(1, 2081)))
    pass_by(room, clock, 2_000)
    assert room.states() == ["sent"]
    assert "2080" in room.all()[0].title
    with room.desk.reading() as connection:
        assert connection.scalar(select(OUTBOX.c.bundle)) is None
        assert connection.scalar(select(func.count()).select_from(TOLD)) == 2080


def test_old_rows_go_and_the_file_stays_small(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    for day in range(45):
        one = alert(day + 1)
        room.tell(worker, one)
        pass_by(room, clock, 2_000)
        room.tell(worker, resolved=(over(one),), why="more")
        pass_by(room, clock, 2_000)
        clock.now_ms = NOW_MS + (day + 1) * DAY_MS
    upkeep.look(room.desk, clock.now_ms)
    kept = [told for told in room.all() if told.kind == "alerts"]
    assert all(told.state == "sent" for told in kept)
    assert 60 <= len(kept) <= 62
    with room.desk.reading() as connection:
        for table, most in ((ATTEMPTS, 5), (TOLD, 0), (STAND_INS, 0)):
            assert (connection.scalar(select(func.count()).select_from(table)) or 0) <= most, table.name


def test_looking_after_nothing_writes_nothing(room: Mailroom, tmp_path: Path) -> None:
    """So that a look each few seconds costs no write to the disk."""
    other = Desk.open(tmp_path / "desk.db")
    other.changed()
    upkeep.look(room.desk, NOW_MS)
    assert not other.changed()
    other.close()


def local(clock: Clock, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromtimestamp(clock.now_ms / 1000, ZoneInfo(zone))


def test_the_self_test_comes_on_the_first_at_ten_by_the_receivers_clock(room: Mailroom, clock: Clock) -> None:
    shanghai, kyiv = room.channel("wecom"), room.channel("feishu")
    room.receiver("s", shanghai)
    room.receiver("s2", shanghai)
    room.receiver("k", kyiv, time_zone="Europe/Kyiv", language="en")
    pass_by(room, clock, 63 * DAY_MS, 20 * MINUTE_MS)
    here = [
        (bot, taken.at_ms) for bot in ("wecom", "feishu") for taken in room.bots.taken if taken.bot == bot
    ]
    zones = {"wecom": "Asia/Shanghai", "feishu": "Europe/Kyiv"}
    moments = [
        (bot, datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zones[bot])).strftime("%m-%d %H"))
        for bot, at_ms in here
    ]
    assert moments == [(bot, month) for bot in zones for month in ("08-01 10", "09-01 10")]
    assert room.bots.texts("wecom")[0].startswith("【驿站·测试】")
    assert room.bots.texts("feishu")[0].startswith("[Waystation · test]")


def test_a_server_that_was_down_on_the_first_is_late_with_it_by_day(room: Mailroom, clock: Clock) -> None:
    room.receiver("s", room.channel("wecom"))
    pass_by(room, clock, 0)
    clock.now_ms += 33 * DAY_MS + 8 * HOUR_MS
    assert local(clock).strftime("%d %H") == "03 21"
    pass_by(room, clock, 2 * HOUR_MS, 10 * MINUTE_MS)
    assert room.bots.taken == []
    pass_by(room, clock, 15 * HOUR_MS, 10 * MINUTE_MS)
    assert len(room.bots.taken) == 1


def test_a_changed_channel_is_tried_at_once(room: Mailroom, clock: Clock) -> None:
    channel = room.channel("dingtalk")
    room.tell(room.receiver("worker", channel), alert(kind="too_hot"))
    wrong = ChannelForm("dingtalk", "dingtalk", secret="SECwrong")  # noqa: S106  (made up)
    room.directory.put_channel(wrong, "ada", NOW_MS, channel)
    pass_by(room, clock, 2_000)
    assert room.all()[0].detail == "310000: sign not match"
    right = ChannelForm("dingtalk", "dingtalk", secret=room.bots.secret)
    room.directory.put_channel(right, "ada", clock(), channel)
    pass_by(room, clock, 2_000)
    assert room.states() == ["sent"]


def alerts_of(count: int) -> list[Alert]:
    return [alert(number) for number in range(1, count + 1)]


def test_seconds_of_seconds_hear_of_the_end_too(room: Mailroom, clock: Clock) -> None:
    last = room.receiver("c", room.channel("feishu"))
    middle = room.receiver("b", room.channel("dingtalk"), second=last)
    first = room.receiver("a", room.channel("wecom"), second=middle)
    room.bots.plays = lambda bot: "well" if bot == "feishu" else "drop"
    one, other = alerts_of(2)
    room.tell(first, one, other)
    pass_by(room, clock, 25 * MINUTE_MS, 5_000)
    room.alerts[one.id] = over(one)
    room.tell(first, resolved=(over(one),), why="more")
    pass_by(room, clock, MINUTE_MS, 5_000)
    heads = [text.splitlines()[0] for text in room.bots.texts("feishu")]
    assert heads == ["【驿站·严重】2 条告警：驿站失联 2", "【驿站·已恢复】驿站失联：1号驿站"]
