"""One thread drives all sockets: beyond descriptor 1023, and past a broker that does not answer."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import SystemRandom

import pytest

from contract.messages import Info, Snapshot
from edge.clock import SystemClock
from edge.config import BrokerConfig
from edge.connection import Connection
from edge.network import NetworkLoop, raise_descriptor_limit
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.sampler import Sample
from tests.support.answering import AnsweringServer
from tests.support.mosquitto import Broker
from tests.support.wait import until

SELECT_LIMIT = 1024


def publisher(station: str, host: str, port: int, password: str) -> Publisher:
    outbox = Outbox.open(None)
    boot_id = SystemClock().boot_id
    outbox.append(Sample(Snapshot("0" * 16, 1, time.time_ns() // 1_000_000, 1, boot_id, "synced"), False))
    config = BrokerConfig(host, port, station, password)
    return Publisher(station, config, Info("1", 1, 30), outbox, clock=SystemClock(), random=SystemRandom())


@pytest.fixture
def loop() -> Iterator[NetworkLoop]:
    made = NetworkLoop(dialers=2)
    made.start()
    yield made
    made.stop(5)


@contextmanager
def many_descriptors() -> Iterator[None]:
    """So many open files that the next ones are beyond what select() can watch."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if raise_descriptor_limit() < 2 * SELECT_LIMIT:
        pytest.skip("this user may not open enough files")
    with ExitStack() as stack:
        while (number := os.open(os.devnull, os.O_RDONLY)) < SELECT_LIMIT:
            stack.callback(os.close, number)
        os.close(number)
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_sockets_beyond_select_s_limit_work(broker: Broker, loop: NetworkLoop) -> None:
    mine = publisher("canteen-1", broker.host, broker.port, broker.add_user("canteen-1"))
    with AnsweringServer(broker) as server, many_descriptors():
        loop.wake(mine)
        until(lambda: server.heard, 30, "telemetry over a high descriptor")
        assert mine.connection is not None
        sock = mine.connection.socket()
        assert sock is not None
        assert sock.fileno() >= SELECT_LIMIT


def test_a_broker_that_never_answers_does_not_hold_up_the_others(broker: Broker, loop: NetworkLoop) -> None:
    with socket.create_server((broker.host, 0), backlog=0) as deaf, ExitStack() as queued:
        host, port = deaf.getsockname()
        for _ in range(2):  # the queue is full: whoever comes now waits for the system to give up
            waiting = queued.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((host, port))
        stuck = publisher("canteen-1", host, port, "password")
        loop.wake(stuck)
        until(lambda: stuck.connection, 5, "dialling")
        well = publisher("canteen-2", broker.host, broker.port, broker.add_user("canteen-2"))
        loop.wake(well)
        until(lambda: well.online, 4, "connected while the other still waits")
        assert not stuck.online
        beats = loop.beats
        until(lambda: loop.beats > beats + 1, 5, "the loop goes round")


def test_a_host_that_does_not_exist_is_told_and_harms_nothing(
    loop: NetworkLoop, caplog: pytest.LogCaptureFixture
) -> None:
    lost = publisher("canteen-1", "no-such-host.invalid", 1883, "password")
    loop.wake(lost)
    until(lambda: "trouble" in caplog.text, 30, "the failure is told")
    beats = loop.beats
    until(lambda: loop.beats > beats + 1, 5, "the loop goes round")
    assert loop.failed is None


def test_a_connection_given_up_before_its_turn_is_not_dialled() -> None:
    loop, mine = NetworkLoop(), publisher("canteen-1", "127.0.0.1", 1, "password")
    given_up = Connection("canteen-1", BrokerConfig("127.0.0.1", 1, "canteen-1", "password"), b"")
    loop._to_dial.put((mine, given_up))
    loop._to_dial.put(None)
    loop._dial()
    assert not given_up.events, "a dialling to this port would have failed"
    assert [connection for _, connection in loop._dialled] == [given_up]
    loop.stop(5)


class Broken(Publisher):
    """A publisher with a bug."""

    def step(self, mono_ms: int) -> int:
        raise ZeroDivisionError(mono_ms)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_loop_and_is_kept_for_the_agent_to_see() -> None:
    outbox = Outbox.open(None)
    config = BrokerConfig("localhost", 1, "canteen-1", "password")
    loop = NetworkLoop()
    loop.start()
    loop.wake(Broken("a-1", config, Info("1", 1, 30), outbox, clock=SystemClock(), random=SystemRandom()))
    until(lambda: loop.failed, 5, "the failure")
    assert isinstance(loop.failed, ZeroDivisionError)
    loop.stop(5)
    outbox.close()
