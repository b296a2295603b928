"""The agent as a whole: from its start to its orderly, or its loud, end."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from contract.codec import decode
from contract.messages import Climate, Door, SensorInfo, Snapshot, SocketInfo
from edge.agent import CHECK_FILE_MS, REPORT_FAULT_MS, Agent, describe
from edge.clock import Instant, SystemClock
from edge.config import BrokerConfig, OutboxConfig, SamplingConfig, SensorEntry, StationConfig
from edge.options import ConfigError
from edge.outbox import Outbox
from edge.sensors import Parts, Reading
from edge.sensors.factory import build
from edge.sensors.tower import Tower
from edge.watchdog import Watchdog
from tests.support.answering import AnsweringServer
from tests.support.mosquitto import Broker, free_port
from tests.support.tower import CABINET, Dialled, alarm, login, report
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
STATION = "canteen-1"
NOON = 1_700_000_000_000


class Room:
    """A thermometer and a door that always say the same."""

    interval_s = 1.0

    def __init__(self, id: str = "room", parts: Parts | None = None) -> None:
        self.info = SensorInfo(id, "room")
        self.closed = False
        self._parts = parts or Parts(doors=("north",))

    def parts(self) -> Parts:
        return self._parts

    def read(self, now: Instant) -> Sequence[Reading]:
        return [Climate(now.at_ms, 21.0), Door("north", 3, 2)]

    def close(self) -> None:
        self.closed = True


class SteppedClock:
    """Time that passes when the test says so."""

    boot_id = "0f5b4c2e-b001"

    def __init__(self) -> None:
        self.mono_ms = 0

    def now(self) -> Instant:
        return Instant(NOON + self.mono_ms, self.mono_ms, "synced")

    def wait(self, seconds: float) -> None:
        self.mono_ms += round(seconds * 1000)


def config(folder: Path, port: int = 1, password: str = "password") -> StationConfig:  # noqa: S107 - the test's own
    broker = BrokerConfig("127.0.0.1", port, STATION, password)
    outbox = OutboxConfig(folder / "outbox.db")
    return StationConfig(folder / "station.toml", STATION, broker, SamplingConfig(), outbox, ())


def rows(outbox: Outbox) -> list[Snapshot]:
    return [decode(Snapshot, row.body) for row in outbox.backlog((), 10**6, 10**9)]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / "outbox.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def stepped(tmp_path: Path, outbox: Outbox, clock: SteppedClock) -> Iterator[Agent]:
    """An agent that the test ticks; its network thread is not started."""
    agent = Agent(config(tmp_path), [Room()], outbox, clock, watchdog=Watchdog({}))
    yield agent
    agent.close()


def tick(agent: Agent, clock: SteppedClock, seconds: int) -> None:
    for _ in range(seconds):
        agent.tick()
        clock.wait(1)


def test_health_is_in_the_first_snapshot_and_every_ten_minutes(
    stepped: Agent, outbox: Outbox, clock: SteppedClock
) -> None:
    tick(stepped, clock, 1300)
    healthy = [snapshot for snapshot in rows(outbox) if snapshot.health]
    assert [snapshot.mono_ms // 60_000 for snapshot in healthy] == [0, 10, 20]
    assert healthy[1].health is not None
    assert healthy[1].health.uptime_s == 600


def test_a_lost_outbox_is_replaced_and_reported_for_a_day(
    stepped: Agent, outbox: Outbox, clock: SteppedClock, tmp_path: Path
) -> None:
    tick(stepped, clock, 40)
    (tmp_path / "outbox.db").unlink()
    tick(stepped, clock, CHECK_FILE_MS // 1000 + 3)
    (kept,) = rows(outbox)
    assert [(fault.sensor, fault.code) for fault in kept.faults] == [("outbox", "outbox_replaced")]
    assert kept.mono_ms <= 50_000, "work goes on within 10 s"
    assert outbox.door_totals() == {"north": (3, 2)}, "the counts go on, too"
    clock.mono_ms += REPORT_FAULT_MS
    tick(stepped, clock, 3)
    assert rows(outbox)[-1].faults == ()


def test_a_station_that_samples_rarely_still_shows_life(
    tmp_path: Path, outbox: Outbox, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    watchdog = Watchdog({})
    monkeypatch.setattr(watchdog, "alive", lambda mono_ms, *_: shown.append(mono_ms))
    rare = replace(config(tmp_path), sampling=SamplingConfig(sample_s=60))
    agent = Agent(rare, [Room()], outbox, clock, watchdog=watchdog)
    agent._wait()
    assert clock.mono_ms == 60_000
    assert max(after - before for before, after in pairwise(shown)) <= 1000
    agent.close()


def test_smoke_does_not_wait_for_the_next_look(tmp_path: Path, outbox: Outbox) -> None:
    options = {"port": 0, "cabinet": CABINET, "slots": 1, "map_file": "tower-kaixin.toml"}
    devices = ROOT / "firmware_config" / "devices"
    [cabinet] = build([SensorEntry("c1", "tower", None, options, "station.toml", devices)], {}, SystemClock())
    assert isinstance(cabinet, Tower)
    rare = replace(config(tmp_path), sampling=SamplingConfig(sample_s=60))
    agent = Agent(rare, [cabinet], outbox, SystemClock(), watchdog=Watchdog({}))
    agent.tick()
    with Dialled(cabinet._listener.port) as dialled:
        dialled.say(login())
        dialled.say(report([(1, "02104001", "1")], full=1))
        dialled.say(alarm("02017001", 1))
        agent._wait()
        agent.tick()
    assert [each.smoke for each in rows(outbox)[-1].cabinets] == [True]
    agent.close()


def test_two_sensors_may_not_claim_one_socket(tmp_path: Path) -> None:
    plug = Parts(sockets=(SocketInfo("a1", "usb"),))
    with pytest.raises(
        ConfigError, match=r"station.toml: \[\[sensor\]\]: sockets is .*; allowed: given once"
    ):
        describe(config(tmp_path), [Room("a", plug), Room("b", plug)])


@pytest.mark.parametrize(
    ("kind", "simulated"), [("dht22", False), ("simulated_door", True), ("recorded_door", True)]
)
def test_a_station_that_does_not_measure_is_marked(tmp_path: Path, kind: str, simulated: bool) -> None:
    entry = SensorEntry("a", kind, None, {}, "here")
    plain = config(tmp_path)
    marked = StationConfig(plain.file, STATION, plain.broker, plain.sampling, plain.outbox, (entry,))
    assert describe(marked, []).simulated is simulated


def run(agent: Agent) -> threading.Thread:
    thread = threading.Thread(target=agent.run)
    thread.start()
    return thread


def test_with_the_broker_away_it_samples_and_ends_in_good_order(tmp_path: Path) -> None:
    room, outbox = Room(), Outbox.open(tmp_path / "outbox.db")
    agent = Agent(config(tmp_path, free_port()), [room], outbox, SystemClock(), watchdog=Watchdog({}))
    thread = run(agent)
    until(lambda: len(outbox), 20, "the first snapshot")
    agent.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert room.closed
    again = Outbox.open(tmp_path / "outbox.db")
    assert len(again) >= 2, "the last snapshot is in the outbox"
    again.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_network_thread_ends_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox.open(tmp_path / "outbox.db")
    agent = Agent(config(tmp_path), [Room()], outbox, SystemClock(), watchdog=Watchdog({}))
    monkeypatch.setattr("edge.publisher.Publisher.step", lambda *_: 1 / 0)
    with pytest.raises(RuntimeError, match="network thread"):
        agent.run()


STATION_FILE = """
[station]
id = "canteen-1"
[broker]
host = "127.0.0.1"
port = {port}
password = "{password}"
[outbox]
path = "outbox.db"
[[sensor]]
id = "room"
kind = "simulated_climate"
[[sensor]]
id = "door"
kind = "simulated_door"
[[sensor]]
id = "plugs"
kind = "simulated_sockets"
ac_sockets = 8
usb_sockets = 4
[[sensor]]
id = "swap"
kind = "simulated_cabinet"
[[sensor.cabinets]]
slots = 12
"""


class Command:
    """``waystation-edge run`` as systemd would start it."""

    def __init__(self, folder: Path, port: int, password: str, more: str = "") -> None:
        (folder / "station.toml").write_text(
            STATION_FILE.format(port=port, password=password) + more, "utf-8"
        )
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._names = TemporaryDirectory()
        address = f"{self._names.name}/notify"
        self._manager.bind(address)
        self._manager.setblocking(False)
        self.told: list[bytes] = []
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "edge", "run", "--config", str(folder / "station.toml")],
            cwd=ROOT,
            env={**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000000"},
            stderr=subprocess.PIPE,
            text=True,
        )

    def was_told(self, word: bytes) -> bool:
        with suppress(BlockingIOError):
            self.told.append(self._manager.recv(100))
        return word in self.told

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and what it wrote."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        self._manager.close()
        self._names.cleanup()
        return self.process.returncode, errors


def test_the_command_from_start_to_sigterm(broker: Broker, tmp_path: Path) -> None:
    with AnsweringServer(broker) as server:
        command = Command(tmp_path, broker.port, broker.add_user(STATION))
        until(lambda: command.was_told(b"READY=1"), 20, "systemd is told")
        until(lambda: command.was_told(b"WATCHDOG=1"), 20, "signs of life")
        until(lambda: server.heard, 20, "telemetry")
        status = Path(f"/proc/{command.process.pid}/status").read_text(encoding="ascii")
        resident_kib = int(re.findall(r"VmRSS:\s+(\d+)", status)[0])
        code, errors = command.end()
        assert code == 0, errors
        assert "Traceback" not in errors
        assert resident_kib < 40 * 1024, "what a small Pi can spare"
    outbox = Outbox.open(tmp_path / "outbox.db")
    assert outbox.fault is None
    outbox.close()


def test_the_command_refuses_a_wrong_station_file(tmp_path: Path) -> None:
    code, errors = Command(tmp_path, 1, "password", "pni = 4\n").end(0)
    assert code == 78
    assert "pni is 4" in errors
    assert "Traceback" not in errors


def test_a_second_agent_gives_way(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path / "outbox.db")
    code, errors = Command(tmp_path, 1, "password").end(0)
    assert code == 1
    assert "in use by another agent" in errors
    assert "Traceback" not in errors
    outbox.close()
