"""The sending thread: tests that tell the truth, targets that hang, a desk that is locked, and the ping."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from server.accounts.tables import AUDIT
from server.notify.model import Refused, Sent
from server.notify.receivers.checks import ChannelForm, DirectoryError
from server.notify.sending import deadman, postman
from server.notify.sending.postman import Postman
from server.notify.targets.posting import Courier
from server.notify.words.texts import Words
from server.web.text import Language
from tests.support.bots import Bots, Play, wall_ms
from tests.support.mailroom import Mailroom, alert, words
from tests.support.wait import until


@pytest.fixture
def bots() -> Iterator[Bots]:
    with Bots() as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, bots: Bots, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailroom]:
    monkeypatch.setattr(postman, "LOOK_S", 0.05)
    room = Mailroom(tmp_path / "desk.db", bots, wall_ms)
    yield room
    room.desk.close()


@contextmanager
def working(room: Mailroom, dead_man_url: str = "") -> Iterator[Postman]:
    man = Postman(room.outbox, room.world, room.http, dead_man_url)
    man.start()
    try:
        yield man
    finally:
        man.stop()


def audit(room: Mailroom) -> list[tuple[str, object]]:
    """Of tests."""
    wanted = (
        select(AUDIT.c.by, AUDIT.c["values"]).where(AUDIT.c.what == "channel.tested").order_by(AUDIT.c.id)
    )
    with room.desk.reading() as connection:
        return [(by, values) for by, values in connection.execute(wanted)]


def test_what_is_put_leaves_and_stop_ends_it(room: Mailroom) -> None:
    worker = room.receiver("worker", room.channel("wecom"))
    with working(room) as man:
        room.tell(worker, alert())
        man.wake()
        until(lambda: room.states() == ["sent"], 20, "sent")
    room.tell(worker, alert(2))
    assert len(room.bots.taken) == 1, "it has stopped"


def test_a_test_message_tells_the_truth(room: Mailroom) -> None:
    channel = room.channel("feishu")
    with working(room) as man:
        assert man.channels() == {channel: None}
        assert man.test(channel, "ada") == Sent()
        assert "ada" in room.bots.texts("feishu")[0]
        room.bots.keyword = "监控"
        said = man.test(channel, "ada")
        assert said == Refused("setup", "keyword", "19024: Key Words Not Found")
        since_ms = man.channels()[channel]
        assert since_ms is not None
        room.bots.keyword = ""
        assert man.test(channel, "max") == Sent()
        assert man.channels() == {channel: None}
    assert audit(room) == [
        ("ada", {"sent": True}),
        ("ada", {"sent": False, "reason": "keyword", "detail": "19024: Key Words Not Found"}),
        ("max", {"sent": True}),
    ]
    assert room.all() == [], "it never was in the queue"


REFUSALS: list[tuple[str, Play, Refused]] = [
    ("wecom", "45009", Refused("later", "rate_limited", "45009: api freq out of limit, hint: [17145]", 60)),
    ("dingtalk", "310000", Refused("setup", "signature", "310000: sign not match")),
    ("dingtalk", "130101",
     Refused("later", "rate_limited", "130101: send too fast, exceed 20 times per minute", 600)),
    ("wecom", "html", Refused("temporary", "garbage", "HTTP 200")),
    ("hook", "429", Refused("later", "rate_limited", "HTTP 429", 7)),
    ("feishu", "hang", Refused("temporary", "timed_out")),
    ("feishu", "drip", Refused("temporary", "timed_out")),
]  # fmt: skip


@pytest.mark.parametrize(("bot", "play", "refused"), REFUSALS)
def test_a_refused_test_says_why_and_when_again(
    room: Mailroom, bot: str, play: Play, refused: Refused
) -> None:
    channel = room.channel(bot)
    room.bots.plays = lambda _: play
    if refused.reason == "timed_out":
        room.http = Courier(allow_private=True, timeout_s=1)
    with working(room) as man:
        assert man.test(channel, "ada") == refused
        again = man.test(channel, "ada")
        if refused.why == "later":
            assert isinstance(again, Refused)
            assert 0 < (again.retry_after_s or 0) <= (refused.retry_after_s or 0)
            assert room.bots.asked[bot] == 1, "a bot that wants a pause is left alone"
            assert room.outbox.health()[channel].detail == refused.detail, "what it said itself stays"


def test_tests_spend_the_pace_of_the_bot(room: Mailroom) -> None:
    channel = room.channel("wecom")
    with working(room) as man:
        outcomes = [man.test(channel, "ada") for _ in range(17)]
    assert outcomes[:15] == [Sent()] * 15
    assert isinstance(outcomes[15], Refused)
    assert (outcomes[15].reason, 30 < (outcomes[15].retry_after_s or 0) <= 60) == ("rate_limited", True)
    assert room.bots.asked["wecom"] == 15
    with working(room) as man:
        assert isinstance(man.test(channel, "ada"), Refused), "after a restart, too"
    assert room.bots.asked["wecom"] == 15


def test_a_test_that_cannot_be(room: Mailroom) -> None:
    channel = room.channel("wecom")
    man = Postman(room.outbox, room.world, room.http)
    assert man.test(channel, "ada") == Refused("temporary", "not_running")
    with working(room) as man, pytest.raises(DirectoryError, match="none of the id"):
        man.test("none", "ada")
    assert man.test(channel, "ada") == Refused("temporary", "not_running")
    assert room.bots.asked["wecom"] == 0


def test_a_channel_that_hangs_delays_no_other_and_no_test(room: Mailroom) -> None:
    """It hangs for longer than the test takes: what else arrives did so meanwhile."""
    room.bots.plays = lambda bot: "hang" if bot == "wecom" else "well"
    room.bots.slow_s = 60
    room.http = Courier(allow_private=True, timeout_s=30)
    slow, quick = (
        room.receiver("slow", room.channel("wecom")),
        room.receiver("quick", room.channel("dingtalk")),
    )
    room.tell(slow, alert())
    with working(room) as man:
        until(lambda: room.bots.asked["wecom"] == 1, 20, "the first hangs")
        room.tell(quick, alert())
        man.wake()
        until(lambda: len(room.bots.texts("dingtalk")) == 1, 10, "the other arrives")
        assert man.test(room.channel("feishu"), "ada") == Sent()
        assert room.states()[0] == "waiting"
        room.bots.ended.set()


def test_a_desk_that_is_locked_sends_nothing_twice(
    room: Mailroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Between a bot's taking and the note of it somebody else begins to write, and goes on for a while."""
    worker = room.receiver("worker", room.channel("wecom"))
    with closing(
        sqlite3.connect(tmp_path / "desk.db", isolation_level=None, check_same_thread=False)
    ) as other:

        def lock(_: str) -> None:
            other.execute("BEGIN IMMEDIATE")

        room.bots.met = lock
        room.tell(worker, alert())
        monkeypatch.setattr("server.desk.BUSY_S", 0.05)
        impatient = Mailroom(tmp_path / "desk.db", room.bots, wall_ms)
        with closing(impatient.desk), working(impatient):
            until(lambda: caplog.text.count("desk not reached") > 5, 20, "tried to note it, over and over")
            assert room.states() == ["waiting"]
            other.execute("COMMIT")
            until(lambda: room.states() == ["sent"], 10, "noted in the end")
    assert len(room.bots.taken) == 1


def test_words_that_fail_hold_up_nobody_else(room: Mailroom, caplog: pytest.LogCaptureFixture) -> None:
    def failing(language: Language, now_ms: int) -> Words:
        if language == "en":
            raise KeyError("notify.lost")
        return words(language, now_ms)

    room.world = replace(room.world, words=failing)
    channel = room.channel("wecom")
    broken, well = room.receiver("broken", channel, language="en"), room.receiver("well", channel)
    room.tell(broken, alert())
    room.tell(well, alert())
    with working(room):
        until(lambda: room.states() == ["waiting", "sent"], 20, "the other one is sent")
        until(lambda: room.all()[0].tries == 1, 20, "put off")
    assert "message cannot be written" in caplog.text


def test_nothing_secret_is_logged(room: Mailroom, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel = room.channel("dingtalk")
    form = ChannelForm("other", "others", f"jsons://user:hush@127.0.0.1:{room.bots.port}/path")
    other = room.directory.put_channel(form, "ada", wall_ms())
    room.bots.plays = lambda _: "310000"
    with working(room) as man:
        for each in (channel, other):
            assert isinstance(man.test(each, "ada"), Refused)
    told = caplog.text + json.dumps(audit(room))
    assert "channel refuses" in told
    for secret in ("566cc69da782ec", room.bots.secret, "hush"):
        assert secret not in told


def test_the_ping_goes_out_while_all_is_well(room: Mailroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent when alerts are not judged, and when no channel takes anything: who else would tell?"""
    monkeypatch.setattr(deadman.DeadMan.run, "__defaults__", (0.02,))  # instead of a minute
    monkeypatch.setattr(postman, "STALE_S", 0.3)
    well = True
    room.world = replace(room.world, well=lambda: well)
    channel = room.channel("feishu")
    with working(room, f"{room.bots.base}/ping/uuid") as man:
        until(lambda: room.bots.asked["ping"] > 2, 20, "pings")
        well = False
        _until_silent(room.bots)
        well = True
        silent = room.bots.asked["ping"]
        until(lambda: room.bots.asked["ping"] > silent, 20, "pings again")
        room.bots.keyword = "监控"
        assert man.test(channel, "ada") == Refused("setup", "keyword", "19024: Key Words Not Found")
        _until_silent(room.bots)


def test_nobody_asks_whether_all_is_well_where_no_ping_goes_out(room: Mailroom) -> None:
    asked: list[bool] = []
    room.world = replace(room.world, well=lambda: not asked.append(True))  # type: ignore[func-returns-value]
    worker = room.receiver("worker", room.channel("wecom"))
    with working(room) as man:
        for message in (1, 2):
            room.tell(worker, alert(message))
            man.wake()
            until(lambda sent=message: room.states() == ["sent"] * sent, 20, "sent")  # type: ignore[misc]
    assert not asked


def _until_silent(bots: Bots) -> None:
    """Two looks, further apart than pings are, that count the same."""
    seen = [-1, -2]

    def silent() -> bool:
        seen.append(bots.asked["ping"])
        return len(seen) > 40 and len(set(seen[-20:])) == 1

    until(silent, 10, "silence")
