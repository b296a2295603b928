"""The link to a real Mosquitto: commit before PUBACK, and every way of losing the connection."""

import math
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract.codec import encode
from contract.messages import Info, Status
from server.alerts.engine import LOOK_S
from server.app import Server
from server.broker import BUSY, GATHER_S, UNAWAITED_GATHER_S
from server.ingest.answers import Answer
from server.web import events
from tests.support.corpus import BOOT_ID, MALFORMED, as_bytes, snapshot, telemetry
from tests.support.mosquitto import Broker
from tests.support.server import RawStation, register, running_server, settings_for
from tests.support.wait import until

SOON_S = 30.0


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    register(tmp_path / "data", ["canteen", "library"])
    return tmp_path / "data"


@pytest.fixture
def server(broker: Broker, data_dir: Path) -> Iterator[Server]:
    with running_server(settings_for(broker, data_dir)) as running:
        yield running


@pytest.fixture
def station(broker: Broker) -> Iterator[RawStation]:
    with RawStation(broker, "canteen", broker.add_user("canteen")) as connected:
        yield connected


def batch(*seqs: int) -> bytes:
    now_ms = time.time_ns() // 1_000_000
    return as_bytes(telemetry(*(snapshot(seq, now_ms + seq) for seq in seqs)))


def stored(server: Server) -> list[int]:
    return [each.snapshot.seq for each in server.store.snapshots("canteen", 0, 2**53)]


def full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def test_readings_are_committed_and_answered(server: Server, station: RawStation) -> None:
    for seq in range(1, 51):
        station.send(batch(seq))
    until(lambda: station.committed() == set(range(1, 51)), SOON_S, "all are acked")
    assert stored(server) == list(range(1, 51))


def test_the_link_rests_when_there_is_nothing_to_read(server: Server, station: RawStation) -> None:
    station.send(batch(1))
    until(lambda: station.committed() == {1}, SOON_S, "it is acked")
    # Only the buffering receive method can say so: were paho to stop calling it, this would be false.
    until(lambda: server._link._client.drained, SOON_S, "the socket is read empty")


def test_a_reading_sent_with_qos_0_is_committed_too(server: Server, station: RawStation) -> None:
    station.send(batch(1), qos=0)
    station.send(batch(2))
    until(lambda: station.committed() == {1, 2}, SOON_S, "both are acked")
    assert server.pipeline.connected


def test_retained_words_of_before_the_start_are_heard(
    broker: Broker, data_dir: Path, station: RawStation
) -> None:
    info = Info("1.0", 1, 30, simulated=True)
    station.send(encode(info), "info", retain=True)
    station.send(encode(Status("lost", BOOT_ID, "1.0", 5)), "status", retain=True)
    with running_server(settings_for(broker, data_dir)) as server:
        until(lambda: server.store.infos() == {"canteen": info}, SOON_S, "the info is kept")
        link = until(lambda: server.live.link("canteen"), SOON_S, "the status is heard")
        assert link == Status("lost", BOOT_ID, "1.0", 5)


def test_what_came_while_the_server_was_away_is_delivered(
    broker: Broker, data_dir: Path, station: RawStation
) -> None:
    with running_server(settings_for(broker, data_dir)):
        pass
    for seq in range(1, 31):
        station.send(batch(seq))
    with running_server(settings_for(broker, data_dir)) as server:
        until(lambda: station.committed() == set(range(1, 31)), SOON_S, "all are acked")
        assert stored(server) == list(range(1, 31))


def test_after_a_killed_broker_the_link_is_back(broker: Broker, server: Server, station: RawStation) -> None:
    broker.kill()
    until(lambda: not server.pipeline.connected, SOON_S, "the loss is noticed")
    assert not server.pipeline.ready
    broker.start()
    until(lambda: server.pipeline.connected, SOON_S, "the link is back")

    def answered() -> bool:
        station.send(batch(1))
        return 1 in station.committed()

    until(answered, SOON_S, "a reading is committed and answered")


def test_a_broker_that_is_not_there_yet_is_waited_for(broker: Broker, data_dir: Path) -> None:
    broker.stop()
    server = Server(settings_for(broker, data_dir))
    server.start()
    try:
        broker.start()
        until(lambda: server.pipeline.connected, SOON_S, "the link is there")
    finally:
        server.stop()


def test_a_wrong_password_is_not_ready(broker: Broker, data_dir: Path) -> None:
    broker.add_user(broker.server_user, "another one")
    server = Server(settings_for(broker, data_dir))
    server.start()
    try:
        until(lambda: server._link._attempt > 0, SOON_S, "it was refused")
        assert not server.pipeline.ready
    finally:
        server.stop()


# --- malformed ------------------------------------------------------------------------------------


def test_three_windows_of_malformed_messages_do_not_block_the_good_one(
    tmp_path: Path, data_dir: Path
) -> None:
    with Broker(tmp_path / "small", {"max_inflight_messages": 40}) as broker:
        password = broker.add_user("canteen")
        with (
            running_server(settings_for(broker, data_dir)) as server,
            RawStation(broker, "canteen", password) as station,
        ):
            bad = [payload for payload in MALFORMED.values() if len(payload) < 64_000]
            for number in range(120):
                station.send(bad[number % len(bad)])
            station.send(batch(7))
            until(lambda: station.committed() == {7}, SOON_S, "the good one is committed")
            assert server.pipeline.refused.total() == 120
            assert server.store.counts().dead_letters == 120


def test_an_unknown_station_is_taken_in_once_it_is_registered(
    broker: Broker, server: Server, data_dir: Path
) -> None:
    with RawStation(broker, "newcomer", broker.add_user("newcomer")) as newcomer:
        newcomer.send(batch(1))
        until(lambda: server.pipeline.unknown_stations == {"newcomer": 1}, SOON_S, "it is listed")
        assert newcomer.acks == []
        register(data_dir, ["newcomer"])
        until(lambda: server.live.state("newcomer") is not None, SOON_S, "the registry is read again")
        newcomer.send(batch(1))
        until(lambda: newcomer.committed() == {1}, SOON_S, "now it is answered")


# --- the store in trouble, and the end ----------------------------------------------------------------


def test_while_the_store_is_full_nothing_is_answered_and_then_all_is(
    server: Server, station: RawStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = server.store._begin

    def refuse() -> None:
        raise full()

    monkeypatch.setattr(server.store, "_begin", refuse)
    for seq in range(1, 21):
        station.send(batch(seq))
    until(lambda: server.pipeline.stalled, SOON_S, "the trouble is said")
    until(lambda: server.pipeline.pending == 20, SOON_S, "all wait")
    assert (station.acks, stored(server), server.pipeline.ready) == ([], [], False)
    monkeypatch.setattr(server.store, "_begin", begin)
    until(lambda: station.committed() == set(range(1, 21)), SOON_S, "all are acked")
    assert (stored(server), server.pipeline.stalled) == (list(range(1, 21)), "")


def test_nothing_is_acked_to_the_broker_before_it_is_committed(
    broker: Broker, data_dir: Path, station: RawStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that dies between commit and PUBACK gets the message again, and keeps it once."""

    def die(*_: Any) -> None:
        raise RuntimeError("power cut")

    server = Server(settings_for(broker, data_dir))
    monkeypatch.setattr(server._link, "acknowledge", die)
    server.start()
    until(lambda: server.pipeline.connected, SOON_S, "connected")
    station.send(batch(1))
    until(lambda: not server.pipeline.alive, SOON_S, "it has died")
    server.stop()
    assert station.acks == []
    with running_server(settings_for(broker, data_dir)) as again:
        until(lambda: station.committed() == {1}, SOON_S, "it was delivered again")
        assert (again.pipeline.repeated_total, stored(again)) == (1, [1])


def test_an_orderly_stop_answers_what_was_read(
    broker: Broker, data_dir: Path, station: RawStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server(settings_for(broker, data_dir)) as server:
        told: list[Answer] = []
        tell = server._link.tell

        def listen(answers: list[Answer]) -> None:
            told.extend(answers)
            tell(answers)

        monkeypatch.setattr(server._link, "tell", listen)
        station.send(batch(1))
        until(lambda: told, SOON_S, "it is being answered")
    until(lambda: station.committed() == {1}, SOON_S, "the answer went out")


def test_news_of_a_station_is_told_at_once(
    server: Server, station: RawStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "FRAME_MS", 60_000)  # how long it may take, were nobody to wake the web
    with httpx.stream("GET", stream_of(server), timeout=SOON_S) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line == "event: refresh")
        station.send(batch(1))
        assert next(line for line in lines if line.startswith("event")) == "event: changes"


def stream_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.http_port}/api/v1/events?network=test-net"


def test_commits_are_further_apart_while_no_page_is_open_and_little_comes(server: Server) -> None:
    def gather_s() -> float:
        return server._link._gather_s(time.monotonic())

    assert gather_s() == UNAWAITED_GATHER_S
    with httpx.stream("GET", stream_of(server)):
        until(lambda: gather_s() == GATHER_S, SOON_S, "a page is open")
    until(lambda: gather_s() == UNAWAITED_GATHER_S, SOON_S, "it has gone")
    server.pipeline.committed_total += BUSY + 1
    assert gather_s() == GATHER_S
    until(lambda: gather_s() == UNAWAITED_GATHER_S, SOON_S, "the backlog has gone")


def test_smoke_is_committed_and_looked_at_within_a_second() -> None:
    assert UNAWAITED_GATHER_S + LOOK_S <= 0.8, "the pass that tells of it takes a tenth of a second in a city"


@pytest.mark.parametrize(
    ("awaited_s", "gather_s", "why"),
    [
        (-5, GATHER_S, "pages wait since 5 s"),
        (0.02, GATHER_S, "they wait from before the next commit on"),
        (0.1, 0.1, "news cannot be told before"),
        (0.9, UNAWAITED_GATHER_S, "the stations wait for their answers"),
        (math.inf, UNAWAITED_GATHER_S, "no page is open"),
    ],
)
def test_a_commit_waits_for_when_its_news_may_be_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, awaited_s: float, gather_s: float, why: str
) -> None:
    monkeypatch.setattr(server._link, "_awaited_ms", lambda: (100 + awaited_s) * 1000)
    assert server._link._gather_s(100) == pytest.approx(gather_s), why
