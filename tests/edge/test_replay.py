"""Recordings through sampler, outbox, publisher and a real broker, to a server that commits."""

import argparse
import io
import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from contract.messages import Ack, Snapshot, Telemetry
from edge import replay
from edge.clock import SteppedClock
from edge.config import StationConfig, load
from edge.options import ConfigError
from edge.replay import LONGEST_STEP_MS, Progress, ReplayError, every_row, recordings, run, window
from edge.sensors.described import FOLDER
from tests.support.answering import AnsweringServer, commit_all, silence
from tests.support.mosquitto import Broker

MINUTE_MS = 60_000
STATION = "replay-station"

SENSOR = """
[[sensor]]
id = "door"
kind = "recorded_door"
path = "door.csv"
time = ["t"]
time_format = "unix"
max_age_s = 3600
counts = "increments"
in = { column = "i" }
out = { column = "o" }
"""

Describe = Callable[..., StationConfig]


@pytest.fixture
def describe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Describe:
    """Writes a station file with a door that was counted every half hour for some hours."""
    monkeypatch.delenv(FOLDER, raising=False)

    def station(broker: Broker | None = None, *, hours: float = 6, sensor: str = SENSOR) -> StationConfig:
        rows = [f"{1_700_000_000 + 1800 * i},{i % 5},{i % 3}\n" for i in range(int(hours * 2) + 1)]
        (tmp_path / "door.csv").write_text("t,i,o\n" + "".join(rows))
        host, port = (broker.host, broker.port) if broker else ("127.0.0.1", 1)
        password = broker.add_user(STATION) if broker else "none"
        file = tmp_path / "station.toml"
        file.write_text(
            f'[station]\nid = "{STATION}"\n'
            f'[broker]\nhost = "{host}"\nport = {port}\npassword = "{password}"\n'
            f'[outbox]\npath = "outbox.db"\n{sensor}'
        )
        return load(file)

    return station


def quiet() -> Progress:
    return Progress(io.StringIO())


def sums(hours: float) -> tuple[int, int]:
    rows = range(int(hours * 2) + 1)
    return sum(i % 5 for i in rows), sum(i % 3 for i in rows)


def in_order(server: AnsweringServer) -> list[Snapshot]:
    """What was committed, each once, oldest first."""
    once = {(item.stream, item.seq): item for item in server.snapshots()}
    return sorted(once.values(), key=lambda item: item.at_ms)


class TestAtOnce:
    def test_every_row_arrives_at_its_own_time(self, broker: Broker, describe: Describe) -> None:
        config = describe(broker)
        with AnsweringServer(broker) as server:
            made = run(config, None, None, 20, quiet())
            snapshots = in_order(server)
        assert len(snapshots) == made
        last = snapshots[-1].doors[0]
        assert (last.in_total, last.out_total) == sums(6)
        assert (snapshots[0].doors[0].in_total, snapshots[0].doors[0].out_total) == (0, 0)
        recorded = {snapshots[-1].at_ms - 30 * MINUTE_MS * i for i in range(13)}
        assert recorded <= {item.at_ms for item in snapshots}

    def test_it_ends_within_the_week_before_now(self, broker: Broker, describe: Describe) -> None:
        config = describe(broker)
        with AnsweringServer(broker) as server:
            run(config, None, None, 20, quiet())
            last = in_order(server)[-1]
        age_days = (time.time() * 1000 - last.at_ms) / 86_400_000
        assert 0 <= age_days < 7
        assert (last.at_ms / 1000 - (1_700_000_000 + 6 * 3600)) % (7 * 86_400) == 0

    def test_only_the_last_days(self, broker: Broker, describe: Describe) -> None:
        config = describe(broker)
        with AnsweringServer(broker) as server:
            run(config, None, 1 / 24, 20, quiet())
            snapshots = in_order(server)
        assert snapshots[-1].at_ms - snapshots[0].at_ms == 60 * MINUTE_MS + 30_000
        assert snapshots[-1].doors[0].in_total == 10 % 5 + 11 % 5 + 12 % 5

    def test_a_second_replay_goes_on_counting(self, broker: Broker, describe: Describe) -> None:
        """As the agent does after a restart: totals of a door never go back."""
        config = describe(broker)
        with AnsweringServer(broker) as server:
            run(config, None, None, 20, quiet())
            run(config, None, None, 20, quiet())
            total = max(item.doors[0].in_total for item in server.snapshots())
        assert total == 2 * sums(6)[0]


def test_at_a_speed_it_takes_its_time(broker: Broker, describe: Describe) -> None:
    """Twenty minutes at 1200 times the speed: a second."""
    config = describe(broker)
    with AnsweringServer(broker) as server:
        began = time.monotonic()
        made = run(config, 1200, 20 / 1440, 20, quiet())
        took = time.monotonic() - began
        snapshots = in_order(server)
    assert took >= 1
    assert len(snapshots) == made
    assert snapshots[-1].doors[0].in_total == 12 % 5


class TestNotCommitted:
    def test_a_silent_server_is_named(self, broker: Broker, describe: Describe) -> None:
        config = describe(broker)
        with AnsweringServer(broker, silence), pytest.raises(ReplayError) as error:
            run(config, None, None, 5, quiet())
        assert re.search(r"nothing for 5 s; \d+ snapshots wait .* is connected", str(error.value))

    def test_no_broker_is_named(self, describe: Describe) -> None:
        with pytest.raises(ReplayError, match=r"127\.0\.0\.1:1 is out of reach"):
            run(describe(), None, None, 0.5, quiet())

    def test_a_refusal_is_named(self, broker: Broker, describe: Describe) -> None:
        def refuse_the_third(telemetry: Telemetry) -> Ack:
            good = tuple((s.stream, s.seq, s.seq) for s in telemetry.snapshots if s.seq != 3)
            return Ack(good, tuple((s.stream, s.seq, "too_old") for s in telemetry.snapshots if s.seq == 3))

        config = describe(broker)
        with AnsweringServer(broker, refuse_the_third), pytest.raises(ReplayError, match="refused 1"):
            run(config, None, None, 20, quiet())

    def test_what_waited_goes_with_the_next_replay(self, broker: Broker, describe: Describe) -> None:
        config = describe(broker)
        with AnsweringServer(broker, silence) as server:
            with pytest.raises(ReplayError):
                run(config, None, None, 1, quiet())
            server.answer = commit_all
            made = run(config, None, 1 / 24, 30, quiet())
            assert len(server.committed()) > made


class TestCommandLine:
    @pytest.mark.parametrize(("text", "factor"), [("1", 1.0), ("600", 600.0), ("max", None), ("0.5", 0.5)])
    def test_speed(self, text: str, factor: float | None) -> None:
        assert replay.speed(text) == factor

    @pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", ""])
    def test_wrong_speed(self, text: str) -> None:
        with pytest.raises(argparse.ArgumentTypeError, match="allowed"):
            replay.speed(text)

    def test_exit_codes(self, broker: Broker, describe: Describe, capsys: pytest.CaptureFixture[str]) -> None:
        config = describe(broker)
        args = argparse.Namespace(config=config.file, speed=None, days=1 / 24, patience=20.0)
        with AnsweringServer(broker) as server:
            assert replay.main(args) == 0
            assert "committed by the server" in capsys.readouterr().out
            server.answer = silence
            args.patience = 1.0
            assert replay.main(args) == 1
            assert "committed nothing" in capsys.readouterr().err


class TestStationFile:
    def test_only_recordings(self, describe: Describe) -> None:
        config = describe(sensor=SENSOR + '[[sensor]]\nid = "pir"\nkind = "presence_pir"\npin = 4\n')
        with pytest.raises(ConfigError, match="recorded_"):
            recordings(config.sensors, {})

    def test_at_least_one(self, describe: Describe) -> None:
        with pytest.raises(ConfigError, match="at least one"):
            recordings(describe(sensor="").sensors, {})


def test_steps_stop_at_every_row_and_never_skip_far(describe: Describe) -> None:
    sensors = recordings(describe(hours=1).sensors, {})
    first_ms, last_ms = window(sensors, None, heartbeat_s=30)
    clock = SteppedClock(first_ms)
    stops = []
    for _ in every_row(clock, sensors):
        stops.append(clock.now().at_ms)
        for sensor in sensors:
            sensor.read(clock.now())
        if stops[-1] >= last_ms:
            break
    assert {last_ms, last_ms - 30 * MINUTE_MS, last_ms - 60 * MINUTE_MS} <= set(stops)
    assert max(b - a for a, b in pairwise(stops)) == LONGEST_STEP_MS


def test_progress_in_a_file_is_a_line_for_each_tenth() -> None:
    out = io.StringIO()
    progress = Progress(out)
    for i in range(101):
        progress.show(i / 100, 10 * i, i)
    progress.show(None, 1000, 0)
    lines = out.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[-1] == "100% played, 1000 snapshots made, 900 committed"
