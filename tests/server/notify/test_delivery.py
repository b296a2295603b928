"""Messages leave: in order, at the pace of the bots, again after a refusal, and never twice without need."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.notify.receivers.checks import ChannelForm
from server.notify.receivers.model import Quiet
from server.notify.targets.posting import Courier
from tests.support.bots import MINUTE_MS, Bots, Play
from tests.support.mailroom import NOW_MS, S_MS, Clock, Mailroom, alert, over, pass_by

TEN_MS = 10 * MINUTE_MS
BOTS = ("wecom", "dingtalk", "feishu", "hook")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bots(clock: Clock) -> Iterator[Bots]:
    with Bots(clock) as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, bots: Bots, clock: Clock) -> Iterator[Mailroom]:
    room = Mailroom(tmp_path / "desk.db", bots, clock)
    yield room
    room.desk.close()


def pair(room: Mailroom, first: str = "wecom", second: str = "dingtalk") -> tuple[str, str]:
    """Two people, the second of whom stands in for the first."""
    helper = room.receiver("helper", room.channel(second))
    return room.receiver("worker", room.channel(first), second=helper), helper


@pytest.mark.parametrize("bot", BOTS)
def test_what_is_put_arrives_once_and_is_called_sent(room: Mailroom, clock: Clock, bot: str) -> None:
    worker = room.receiver("worker", room.channel(bot))
    room.tell(worker, alert())
    pass_by(room, clock, TEN_MS, 30 * S_MS)
    assert len(room.bots.taken) == 1
    [told] = room.all()
    assert (told.state, told.tries, told.title) == ("sent", 1, "【驿站·严重】驿站失联：1号驿站")
    assert room.outbox.health()[told.channel].sent_ms == told.done_ms == NOW_MS


LIES: list[tuple[str, Play, str, str, str]] = [
    ("wecom", "45009", "later", "rate_limited", "45009: api freq out of limit"),
    ("dingtalk", "130101", "later", "rate_limited", "130101: send too fast"),
    ("dingtalk", "310000", "setup", "signature", "310000: sign not match"),
    ("feishu", "19024", "setup", "keyword", "19024: Key Words Not Found"),
    ("feishu", "11232", "later", "rate_limited", "11232: frequency limited"),
    ("wecom", "html", "temporary", "garbage", "HTTP 200"),
    ("dingtalk", "empty", "temporary", "garbage", "HTTP 200"),
    ("feishu", "array", "temporary", "garbage", "HTTP 200"),
    ("wecom", "huge", "temporary", "garbage", "HTTP 200"),
    ("hook", "redirect", "setup", "moved", "HTTP 302"),
    ("hook", "503", "later", "server_error", "HTTP 503"),
    ("dingtalk", "500", "temporary", "server_error", "HTTP 500"),
    ("wecom", "hang", "temporary", "timed_out", ""),
    ("wecom", "drip_body", "temporary", "timed_out", ""),
    ("feishu", "drop", "temporary", "garbage", ""),
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie[0]}-{lie[1]}")
def test_a_refusal_is_never_called_sent_and_the_message_leaves_when_it_is_over(
    room: Mailroom, clock: Clock, lie: tuple[str, Play, str, str, str]
) -> None:
    bot, play, why, reason, detail = lie
    channel = room.channel(bot)
    room.tell(room.receiver("worker", channel), alert(kind="too_hot"))
    room.bots.plays = lambda _: play
    patient, room.http = room.http, Courier(allow_private=True, timeout_s=1 if reason == "timed_out" else 20)
    pass_by(room, clock, 30 * S_MS, 5 * S_MS)
    assert room.states() == ["waiting"]
    room.http = patient
    health = room.outbox.health()[channel]
    assert (health.why, health.reason) == (why, reason)
    assert health.detail.startswith(detail)
    assert health.failing_since_ms == NOW_MS
    room.bots.plays = lambda _: "well"
    if why == "setup":
        asked = room.bots.asked[bot]
        pass_by(room, clock, 2 * TEN_MS, 30 * S_MS)
        assert room.bots.asked[bot] == asked, "nobody has mended it yet"
        kind = room.directory.channels()[0].kind
        room.directory.put_channel(ChannelForm("mended", kind), "ada", clock(), channel)
    pass_by(room, clock, 11 * MINUTE_MS, 10 * S_MS)
    assert room.states() == ["sent"]
    assert len(room.bots.taken) == 1
    assert not room.outbox.health()[channel].failing


def test_a_bot_is_asked_eighteen_times_a_minute_and_safety_goes_first(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    for number in range(1, 41):
        room.tell(worker, alert(number))
    room.tell(worker, alert(99, "cabinet_smoke"))
    pass_by(room, clock, 4 * MINUTE_MS)
    texts, times = room.bots.texts("wecom"), [taken.at_ms for taken in room.bots.taken]
    assert "柜" in texts[0], "smoke was put last"
    assert len(set(texts)) == len(texts) == 41
    assert max(sum(0 <= at - start < MINUTE_MS for at in times) for start in times) <= 18
    assert times[-1] - times[0] < 3 * MINUTE_MS


def test_a_restart_does_not_begin_a_fresh_minute(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("dingtalk"))
    for number in range(1, 61):
        room.tell(worker, alert(number))
    for _ in range(4):
        pass_by(room, clock, 14 * S_MS)
    assert len(room.bots.taken) <= 18
    assert room.bots.asked["dingtalk"] == len(room.bots.taken), "none was refused"


def test_a_bot_that_wants_a_pause_gets_it_after_a_restart_too(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("dingtalk"))
    room.tell(worker, alert(kind="too_hot"))
    room.bots.plays = lambda _: "130101"
    pass_by(room, clock, S_MS)
    room.tell(worker, alert(2, kind="too_hot"))
    pass_by(room, clock, 9 * MINUTE_MS, 10 * S_MS)
    assert room.bots.asked["dingtalk"] == 1
    room.bots.plays = lambda _: "well"
    pass_by(room, clock, 2 * MINUTE_MS, 10 * S_MS)
    assert room.states() == ["sent", "sent"]


@pytest.mark.parametrize("seed", range(3))
def test_every_message_arrives_where_a_third_of_the_tries_fail(
    room: Mailroom, clock: Clock, seed: int
) -> None:
    people = [room.receiver(bot, room.channel(bot)) for bot in BOTS]
    chances = {bot: random.Random(f"{seed} {bot}") for bot in BOTS}  # noqa: S311  (bad days to replay)
    plays: list[Play] = ["500", "drop", "503", "html", "empty", "45009"]

    def play(bot: str) -> Play:
        """A program has a 2xx, and nothing else, to say yes with."""
        fails = chances[bot].random() < 0.3
        return chances[bot].choice(plays[:3] if bot == "hook" else plays) if fails else "well"

    room.bots.plays = play
    for number in range(1, 11):
        for person in people:
            room.tell(person, alert(number, kind="too_hot"))
    pass_by(room, clock, 40 * MINUTE_MS, 2 * S_MS)
    assert Counter(room.states()) == {"sent": 40}
    for bot in BOTS:
        assert len(room.bots.texts(bot)) == 10, "0 false sent, 0 twice"
        assert len(set(room.bots.texts(bot))) == 10


@pytest.mark.parametrize("seed", range(3))
def test_an_urgent_message_has_reached_somebody_in_ten_minutes_though_a_third_fails(
    room: Mailroom, clock: Clock, seed: int
) -> None:
    worker, _helper = pair(room)
    chance = random.Random(seed)  # noqa: S311  (bad days to replay)
    room.bots.plays = lambda _: "500" if chance.random() < 0.3 else "well"
    for number in range(1, 9):
        room.tell(worker, alert(number))
    pass_by(room, clock, TEN_MS, 2 * S_MS)
    read = [text for bot in BOTS for text in room.bots.texts(bot)]
    links = Counter(line for text in read for line in text.splitlines() if "/staff/alerts/" in line)
    assert len(links) == 8, "each is with the worker or with the second"


def test_after_an_hour_away_all_that_still_matters_leaves_and_says_how_late(
    room: Mailroom, clock: Clock
) -> None:
    """The first alert is over by now and was never told: neither it nor its end is worth a message."""
    worker, _helper = pair(room)
    room.bots.plays = lambda bot: "drop" if bot == "wecom" else "well"
    hot, still, smoke = alert(1, "too_hot"), alert(2), alert(3, "cabinet_smoke")
    for each in (hot, still, smoke):
        room.tell(worker, each)
    pass_by(room, clock, TEN_MS, 5 * S_MS)
    for each in (hot, smoke):
        room.alerts[each.id] = over(each)
        room.tell(worker, resolved=(over(each),), why="more")
    pass_by(room, clock, 50 * MINUTE_MS, 5 * S_MS)
    assert room.bots.texts("wecom") == []
    room.bots.plays = lambda _: "well"
    pass_by(room, clock, 6 * MINUTE_MS, 5 * S_MS)
    told = room.bots.texts("wecom")
    assert [text.splitlines()[0] for text in told] == [
        "【驿站·已恢复】换电柜冒烟：3号驿站",
        "【驿站·严重】驿站失联：2号驿站",
    ]
    assert all("迟到 60 分钟" in text for text in told)
    assert "waiting" not in room.states()


def test_urgent_messages_reach_the_second_within_ten_minutes_and_no_others_do(
    room: Mailroom, clock: Clock
) -> None:
    worker, _helper = pair(room)
    room.bots.slow_s, room.http = 60, Courier(allow_private=True, timeout_s=3)
    room.bots.plays = lambda bot: "well" if bot != "wecom" else "hang" if room.bots.asked[bot] < 3 else "drop"
    for number, kind in enumerate(("station_offline", "too_hot", "counts_drifting", "cabinet_smoke"), 1):
        room.tell(worker, alert(number, kind))
    pass_by(room, clock, TEN_MS, 5 * S_MS)
    told = room.bots.texts("dingtalk")
    assert len(told) == 2
    assert all("本该由「worker」收到" in text for text in told)
    assert all(taken.at_ms - NOW_MS <= TEN_MS for taken in room.bots.taken)
    assert sum(each.escalated_ms is not None for each in room.all()) == 2
    pass_by(room, clock, TEN_MS, 10 * S_MS)
    assert len(room.bots.texts("dingtalk")) == 2, "once"


def test_the_second_hears_of_the_end_and_the_first_does_not(room: Mailroom, clock: Clock) -> None:
    worker, _helper = pair(room)
    room.bots.plays = lambda bot: "drop" if bot == "wecom" else "well"
    gone = alert()
    room.tell(worker, gone)
    pass_by(room, clock, TEN_MS, 5 * S_MS)
    room.alerts[gone.id] = over(gone)
    room.tell(worker, resolved=(over(gone),), why="more")
    room.bots.plays = lambda _: "well"
    pass_by(room, clock, 6 * MINUTE_MS, 5 * S_MS)
    assert [text[:6] for text in room.bots.texts("dingtalk")] == ["【驿站·严重", "【驿站·已恢"]
    assert room.bots.texts("wecom") == []


def test_a_wrong_set_up_goes_to_the_second_at_once(room: Mailroom, clock: Clock) -> None:
    worker, _helper = pair(room, "feishu", "wecom")
    room.bots.keyword = "监控"
    room.tell(worker, alert(kind="too_hot"))
    pass_by(room, clock, 10 * S_MS)
    assert len(room.bots.texts("wecom")) == 1
    room.bots.keyword = ""
    pass_by(room, clock, 3 * TEN_MS, 30 * S_MS)
    assert room.bots.texts("feishu") == [], "it is not tried again as it is"
    assert room.bots.asked["feishu"] == 1


def test_something_that_gets_through_frees_what_waits_for_a_set_up(room: Mailroom, clock: Clock) -> None:
    """The bot was mended in the chat: the console knows nothing of that."""
    worker = room.receiver("worker", room.channel("feishu"))
    room.bots.keyword = "监控"
    room.tell(worker, alert())
    pass_by(room, clock, S_MS)
    room.bots.keyword = ""
    room.tell(worker, alert(2))
    pass_by(room, clock, 5 * S_MS)
    assert room.states() == ["sent", "sent"]


def test_chains_of_seconds_end(room: Mailroom, clock: Clock) -> None:
    last = room.receiver("c", room.channel("feishu"))
    middle = room.receiver("b", room.channel("dingtalk"), second=last)
    first = room.receiver("a", room.channel("wecom"), second=middle)
    room.bots.plays = lambda _: "drop"
    room.tell(first, alert())
    pass_by(room, clock, 60 * MINUTE_MS, 10 * S_MS)
    assert [told.receiver for told in room.all()] == [first, middle, last]


def test_a_second_by_the_same_channel_is_no_second(room: Mailroom, clock: Clock) -> None:
    channel = room.channel("wecom")
    last = room.receiver("c", room.channel("feishu"))
    middle = room.receiver("b", channel, second=last)
    first = room.receiver("a", channel, second=middle)
    room.bots.plays = lambda bot: "drop" if bot == "wecom" else "well"
    room.tell(first, alert())
    pass_by(room, clock, TEN_MS, 10 * S_MS)
    assert len(room.bots.texts("feishu")) == 1


def test_a_message_that_is_refused_for_good_holds_up_no_other(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    first = True

    def plays(_: str) -> Play:
        nonlocal first
        first, was = False, first
        return "html" if was or room.bots.asked["wecom"] % 2 else "well"

    room.bots.plays = plays
    for number in (1, 2, 3):
        room.tell(worker, alert(number, kind="too_hot"))
    pass_by(room, clock, MINUTE_MS, S_MS)
    assert room.states() == ["sent"] * 3


def test_in_quiet_hours_only_safety_leaves(room: Mailroom, clock: Clock) -> None:
    """13:00 to 14:00, and it is 13:20; the message may have been made before, while the channel was down."""
    quiet = Quiet(13 * 60, 14 * 60)
    worker = room.receiver("worker", room.channel("wecom"), quiet=quiet)
    room.tell(worker, alert(1))
    room.tell(worker, alert(2, "cabinet_smoke"))
    pass_by(room, clock, 39 * MINUTE_MS, 30 * S_MS)
    assert len(room.bots.texts("wecom")) == 1
    pass_by(room, clock, 2 * MINUTE_MS, 30 * S_MS)
    assert len(room.bots.texts("wecom")) == 2


def test_a_clock_that_was_set_back_stops_nothing(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    room.bots.plays = lambda _: "drop"
    room.tell(worker, alert())
    pass_by(room, clock, 5 * S_MS)
    room.bots.plays = lambda _: "well"
    clock.now_ms -= 5 * 60 * MINUTE_MS
    pass_by(room, clock, MINUTE_MS, 5 * S_MS)
    assert room.states() == ["sent"]


def test_a_day_old_message_is_given_up_and_history_is_bounded(room: Mailroom, clock: Clock) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    room.bots.plays = lambda _: "drop"
    room.tell(worker, alert())
    pass_by(room, clock, 25 * 60 * MINUTE_MS, 10 * MINUTE_MS)
    assert room.states() == ["given_up"]
    pass_by(room, clock, 40 * 24 * 60 * MINUTE_MS, 12 * 60 * MINUTE_MS)
    assert [told.kind for told in room.all() if told.kind == "alerts"] == []
