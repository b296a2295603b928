"""Over bad lines: late, slow, cut again and again, or dead without a word. Short versions of all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from edge import connection
from tests.support.answering import AnsweringServer
from tests.support.mosquitto import Broker
from tests.support.proxy import Line
from tests.support.station import STATION, Station
from tests.support.wait import until

MODEM = 20_000 / 8
"""20 kbit/s, in bytes a second."""


@contextmanager
def over(line: Line, broker: Broker) -> Iterator[Station]:
    """A station at the other end of ``line``, and a server that commits all."""
    with AnsweringServer(broker), line:
        station = Station(line.port, broker.add_user(STATION))
        try:
            yield station
        finally:
            station.publisher.stop()
            station.network.stop(5)
            station.outbox.close()
        assert station.network.failed is None


def test_two_seconds_there_and_back_delay_but_stop_nothing(broker: Broker) -> None:
    line = Line(broker.port, delay_s=1)
    with over(line, broker) as station:
        station.add(100)
        station.start()
        until(lambda: not len(station.outbox), 60, "the backlog is committed")
        assert line.dialled == 1


def test_at_20_kbit_a_backlog_drains_over_one_connection(broker: Broker) -> None:
    line = Line(broker.port, bytes_per_s=MODEM)
    with over(line, broker) as station:
        station.add(60)
        station.start()
        until(lambda: not len(station.outbox), 30, "the backlog is committed")
        assert line.dialled == 1


def test_at_20_kbit_every_connection_however_short_commits_a_batch(broker: Broker) -> None:
    line = Line(broker.port, bytes_per_s=MODEM, cut_after=8000)  # after three seconds
    with over(line, broker) as station:
        station.add(70)
        station.start()
        waiting = [len(station.outbox)]
        while waiting[-1]:
            seen = line.dialled
            until(lambda: line.dialled > max(1, seen) or not len(station.outbox), 60, "the next connection")  # noqa: B023 - awaited here
            waiting.append(len(station.outbox))
        gained = [before - after for before, after in pairwise(waiting)]
        assert len(gained) > 1, "it was cut at all"
        assert min(gained[:-1]) > 10, f"more than the newest row with each connection: {waiting}"


def test_a_line_gone_dead_without_a_word_is_noticed_and_dialled_anew(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "KEEPALIVE_S", 2)
    line = Line(broker.port)
    with over(line, broker) as station:
        station.start()
        station.add()
        until(lambda: not len(station.outbox), 30, "the first commit")
        line.go_dead()
        station.add()
        until(lambda: line.dialled > 1, 20, "a new connection")
        until(lambda: not len(station.outbox), 30, "what the dead line swallowed is committed")


def test_cuts_cost_time_and_nothing_else(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    line = Line(broker.port)
    with over(line, broker) as station:
        station.start()
        for number in range(1, 4):
            until(lambda: station.publisher.online, 30, "connected")
            line.cut()
            until(lambda: line.dialled > number, 30, "the next connection")  # noqa: B023 - awaited here
            station.add(10)
        until(lambda: not len(station.outbox), 60, "all is committed")
        assert "trouble='connection lost'" in caplog.text
