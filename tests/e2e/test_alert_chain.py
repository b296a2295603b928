"""From a reading on the wire to a message in a chat: the whole server, killed, with a chat that hangs."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.desk import Desk
from server.notify.outbox.outbox import Outbox
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.notify.receivers.directory import Directory
from server.office import PARTS
from tests.support.bots import Bots
from tests.support.corpus import as_bytes, snapshot, telemetry
from tests.support.mosquitto import Broker
from tests.support.server import NETWORK, RawStation, ServerProcess, register, settings_for
from tests.support.wait import until

SOON_S = 30.0
AGAIN_S = 60.0
"""After a crash the first try again may come later."""
STATIONS = ("canteen", "market")


@pytest.fixture
def bots() -> Iterator[Bots]:
    with Bots() as bots:
        bots.slow_s = 120
        yield bots


@pytest.fixture
def server(broker: Broker, bots: Bots, tmp_path: Path) -> Iterator[ServerProcess]:
    """With two chats that are told of everything, the one of WeCom and the one of DingTalk."""
    register(tmp_path, STATIONS)
    settings = settings_for(broker, tmp_path)
    with closing(Desk.open(settings.desk_db, *PARTS)) as desk:
        directory, now_ms = Directory(desk, allow_private=True), time.time_ns() // 1_000_000
        for form in (
            ChannelForm("wecom", "wecom", bots.wecom),
            ChannelForm("dingtalk", "dingtalk", bots.dingtalk, bots.secret),
        ):
            channel = directory.put_channel(form, "ada", now_ms)
            directory.put_receiver(ReceiverForm(form.name, channel), "ada", now_ms, [NETWORK.id])
    allowed = {
        "WAYSTATION_NOTIFY_PRIVATE_ADDRESSES": "yes",
        "WAYSTATION_PUBLIC_URL": "https://example.org",
    }
    server = ServerProcess(settings, environment=allowed)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def smoke(seq: int) -> bytes:
    """A cabinet smokes."""
    now_ms = time.time_ns() // 1_000_000
    return as_bytes(telemetry(snapshot(seq, now_ms, cabinets=[{"id": "c1", "online": True, "smoke": True}])))


def told(bots: Bots, bot: str, station: str) -> int:
    """How often a chat has read of a station's smoke."""
    return sum(f"驿站 {station}" in text and "冒烟" in text for text in bots.texts(bot))


def test_a_chat_that_hangs_holds_up_neither_readings_nor_the_other_chat(
    broker: Broker, bots: Bots, server: ServerProcess
) -> None:
    bots.plays = lambda bot: "hang" if bot == "dingtalk" else "well"
    with RawStation(broker, "canteen", broker.add_user("canteen")) as station:
        station.send(smoke(1))
        until(lambda: told(bots, "wecom", "canteen"), SOON_S, "the chat reads it")
        until(lambda: bots.asked["dingtalk"], SOON_S, "the other one is tried")
        for seq in range(2, 12):
            station.send(smoke(seq))
            until(lambda seq=seq: seq in station.committed(), SOON_S, "readings are committed all the while")  # type: ignore[misc]
        (text,) = bots.texts("wecom")
        assert text.startswith("【驿站·人身安全】")
        assert "https://example.org/staff/alerts/" in text
        assert not bots.texts("dingtalk"), "it still hangs"
        bots.plays = lambda _: "well"
        bots.slow_s = 0
        until(lambda: told(bots, "dingtalk", "canteen") == 1, AGAIN_S, "it is told once it answers")
    assert server.ready()


def test_a_server_killed_before_it_knows_that_a_chat_has_the_message_repeats_it_once(
    broker: Broker, bots: Bots, server: ServerProcess
) -> None:
    killed: list[str] = []

    def kill(bot: str) -> None:
        if bot == "wecom" and not killed:
            killed.append(bot)
            server.kill()

    bots.met = kill
    # On a busy machine the other chat's turn may come before the server is dead: then it takes nothing yet.
    bots.plays = lambda bot: "well" if bot == "wecom" or killed else "drop"
    with RawStation(broker, "market", broker.add_user("market")) as station:
        station.send(smoke(1))
        until(lambda: killed, SOON_S, "the chat has taken it, and the server dies")
        server.start()
        for bot, times in (("wecom", 2), ("dingtalk", 1)):
            until(lambda bot=bot, times=times: told(bots, bot, "market") == times, AGAIN_S, f"{bot} reads it")  # type: ignore[misc]
    with closing(Desk.open(server.settings.desk_db, *PARTS)) as desk:
        until(
            lambda: {row.state for row in Outbox(desk).history(10)} == {"sent"}, SOON_S, "it is known as sent"
        )
    assert [told(bots, bot, "market") for bot in ("wecom", "dingtalk")] == [2, 1]
