"""The publisher against a real broker, with a server that answers as the test says."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from contract.codec import MAX_PAYLOAD, decode, encode
from contract.messages import Ack, Fault, Info, Snapshot, Status, Telemetry
from contract.topics import everyones
from edge.clock import Clock, Instant, SystemClock
from edge.flow import MAX_UNANSWERED
from edge.outbox import CORRECT_ROWS
from edge.publisher import BUSY_MS, STEP_MS, frame
from edge.sampler import Sample
from tests.support.answering import AnsweringServer, commit_all, silence
from tests.support.mosquitto import Broker
from tests.support.station import INFO, STATION, Station, sample
from tests.support.wait import until


@pytest.fixture
def station(broker: Broker) -> Iterator[Station]:
    made = Station(broker.port, broker.add_user(STATION))
    yield made
    made.stop()
    assert made.network.failed is None
    made.outbox.close()


def test_a_snapshot_is_sent_at_once_and_leaves_the_outbox_on_the_ack(
    broker: Broker, station: Station
) -> None:
    with AnsweringServer(broker) as server:
        station.start()
        station.add()
        until(lambda: len(station.outbox) == 0, 20, "the snapshot is committed")
        assert server.committed() == {(station.outbox.stream, 1)}


def test_a_broker_s_acknowledgement_alone_deletes_nothing(broker: Broker, station: Station) -> None:
    with AnsweringServer(broker, silence) as server:
        station.add(5)
        station.start()
        until(lambda: server.heard, 20, "the newest snapshot arrives")
        assert [item.seq for item in server.snapshots()] == [5], "without an answer only the newest is sent"
        assert len(station.outbox) == 5
        server.answer = commit_all
        station.add()
        until(lambda: len(station.outbox) == 1, 20, "the backlog follows the first answer")
        assert station.outbox.backlog((), 9, 9)[0].seq == 5, "what is on its way already is not repeated yet"


def test_birth_and_info_are_retained_and_an_orderly_end_says_offline(broker: Broker) -> None:
    station = Station(broker.port, broker.add_user(STATION))
    station.start()
    with Listener(broker) as listener:
        until(lambda: listener.state() == "online", 20, "the birth is there for who comes later")
        until(lambda: listener.info() == INFO, 20, "and so is the info")
        station.stop()
        until(lambda: listener.state() == "offline", 20, "the clean end is said")
    station.outbox.close()


def test_a_station_that_vanishes_is_said_to_be_lost(broker: Broker, station: Station) -> None:
    station.start()
    with Listener(broker) as listener:
        until(lambda: listener.state() == "online", 20, "birth")
        connection = station.publisher.connection
        assert connection is not None
        sock = connection.socket()
        assert sock is not None
        sock.shutdown(socket.SHUT_RDWR)
        until(lambda: listener.states[-2:] == ["lost", "online"], 30, "the last will, then it is back")


def test_a_broker_that_is_killed_costs_nothing(broker: Broker, station: Station) -> None:
    with AnsweringServer(broker) as server:
        station.start()
        station.add()
        until(lambda: len(station.outbox) == 0, 20, "first commit")
        broker.kill()
        station.add(500)
        broker.start()
        until(lambda: len(station.outbox) == 0, 30, "all rows are committed after the broker is back")
        assert server.committed() == {(station.outbox.stream, seq) for seq in range(1, 502)}


def test_a_wrong_password_is_not_tried_again_soon(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    broker.add_user(STATION)
    station = Station(broker.port, "wrong")
    dialled_ms = time.monotonic_ns() // 1_000_000
    station.start()
    until(lambda: "Not authorized" in caplog.text, 20, "the refusal")
    station.network.stop(5)
    refused_ms = time.monotonic_ns() // 1_000_000
    station.publisher.step(dialled_ms + 14_000)
    assert station.publisher.connection is None, "only a person can put a password right"
    station.publisher.step(refused_ms + 31_000)
    assert station.publisher.connection is not None, "it may have been put right"
    station.outbox.close()


def test_messages_stay_within_their_limits(broker: Broker, station: Station) -> None:
    with AnsweringServer(broker) as server:
        station.add(1000)
        station.start()
        until(lambda: len(station.outbox) == 0, 20, "1,000 rows are committed")
        sizes = [len(encode(telemetry)) for telemetry in server.heard]
        assert max(sizes) <= MAX_PAYLOAD
        assert max(len(telemetry.snapshots) for telemetry in server.heard) <= 200
        assert server.heard[0].snapshots[0].seq == 1000, "the newest goes first"
        assert len(server.snapshots()) == 1000, "nothing is sent twice while all is well"


def test_a_refused_row_is_kept_aside_and_costs_its_batch_nothing(broker: Broker, station: Station) -> None:
    def refuse_third(telemetry: Telemetry) -> Ack:
        rows = [(item.stream, item.seq) for item in telemetry.snapshots]
        return Ack(
            tuple((stream, seq, seq) for stream, seq in rows if seq != 3),
            tuple((stream, seq, "impossible") for stream, seq in rows if seq == 3),
        )

    with AnsweringServer(broker, refuse_third):
        station.add(5)
        station.start()
        until(lambda: len(station.outbox) == 0, 20, "all are answered")
        assert station.outbox.counts().refused == 1


def test_rows_too_big_for_this_broker_hold_up_nothing(tmp_path: Path) -> None:
    faults = tuple(Fault(f"sensor-{n:024}", "c" * 48, 1) for n in range(200))
    big = sample().snapshot
    with Broker(tmp_path / "mosquitto", {"max_packet_size": 5000}) as small, AnsweringServer(small):
        station = Station(small.port, small.add_user(STATION))
        for _ in range(2 * MAX_UNANSWERED // len(encode(replace(big, faults=faults)))):
            station.outbox.append(Sample(replace(big, faults=faults), True))
        refused = len(station.outbox)
        station.start()
        station.add(5)
        until(lambda: len(station.outbox) == 0, 20, "the small rows are committed")
        assert station.outbox.counts().refused == refused
        station.stop()
        station.outbox.close()


class Settable(SystemClock):
    """The machine's clocks, synced when the test says so."""

    synced = False

    def now(self) -> Instant:
        return replace(super().now(), clock="synced" if self.synced else "unsynced")


def taken_unsynced(clock: Clock) -> Sample:
    now = clock.now()
    return Sample(Snapshot("0" * 16, 1, 60_000, now.mono_ms, clock.boot_id, "unsynced"), False)


def test_a_row_sent_before_the_clock_was_set_keeps_its_body_ever_after(broker: Broker) -> None:
    clock = Settable()
    station = Station(broker.port, broker.add_user(STATION), clock)
    for _ in range(3):
        station.outbox.append(taken_unsynced(clock))
    with AnsweringServer(broker, silence) as server:
        station.start()
        until(lambda: server.heard, 30, "the newest was sent with its wrong time")
        broker.kill()
        until(lambda: not station.publisher.online, 30, "the connection is lost, and any answer with it")
        clock.synced = True
        server.answer = commit_all
        broker.start()
        until(lambda: len(station.outbox) == 0, 30, "all are committed")
        clocks = {(item.seq, item.clock) for item in server.snapshots()}
        assert clocks == {(1, "synced"), (2, "synced"), (3, "unsynced")}
    station.stop()
    station.outbox.close()


def test_many_rows_are_dated_a_slice_a_step() -> None:
    clock = Settable()
    clock.synced = True
    station = Station(1, "password", clock)
    for _ in range(CORRECT_ROWS + 1):
        station.outbox.append(taken_unsynced(clock))

    def undated() -> int:
        return sum(not row.sealed for row in station.outbox.backlog((), 10**6, 10**9))

    steps = [(station.publisher.step(0), undated()) for _ in range(3)]
    assert steps == [(BUSY_MS, 1), (BUSY_MS, 0), (STEP_MS, 0)]
    station.network.stop(5)
    station.outbox.close()


def test_an_answer_that_is_no_ack_is_ignored(broker: Broker, station: Station) -> None:
    with AnsweringServer(broker) as server:
        station.start()
        server.say(STATION, b'{"committed": [["x", 1, 1]]}')
        station.add()
        until(lambda: len(station.outbox) == 0, 20, "the good ack behind it counts")


def test_the_frame_is_the_contract_s_telemetry() -> None:
    snapshots = tuple(sample(seq).snapshot for seq in (1, 2))
    telemetry = Telemetry("0f5b4c2e-b001", 12, snapshots)
    made = frame("0f5b4c2e-b001", 12, [encode(snapshot) for snapshot in snapshots])
    assert decode(Telemetry, made) == telemetry
    assert made == encode(telemetry)


class Listener:
    """Hears status and info of the station as the server does, retained ones included."""

    def __init__(self, broker: Broker) -> None:
        self.states: list[str] = []
        self._infos: list[Info] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=broker.server_user)
        self._client.username_pw_set(broker.server_user, broker.server_password)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)

    def state(self) -> str | None:
        return self.states[-1] if self.states else None

    def info(self) -> Info | None:
        return self._infos[-1] if self._infos else None

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe([(everyones("status"), 1), (everyones("info"), 1)])

    def _on_message(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("status"):
            self.states.append(decode(Status, bytes(message.payload)).state)
        else:
            self._infos.append(decode(Info, bytes(message.payload)))

    def __enter__(self) -> "Listener":
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
