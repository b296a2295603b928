"""Broker, registry and server for a measurement, and the child processes that press on them."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from scripts.bench.load import Plan, Result
from server.model import Network
from tests.support.mosquitto import Broker, Options
from tests.support.server import ServerProcess, register, settings_for

ROOT: Final = Path(__file__).parents[2]
CITY: Final = 2080
"""Stations of the largest network that is known."""
NETWORK: Final = Network(id="bench", name_zh="测试城", name_en="Bench city", time_zone="Asia/Shanghai")
PASSWORD: Final = "of the benchmark, on loopback"  # noqa: S105 - its broker lives for one measurement
QUEUE: Final[dict[str, str | int]] = {"max_queued_messages": 1_000_000, "max_queued_bytes": 2_000_000_000}
"""Mosquitto 2.0.11 counts what has been in a subscriber's queue and never counts it down, so that a burst of
more than its limit is dropped however short the queue is. Stations send such messages again; a yardstick
cannot."""


@dataclass(slots=True)
class Rig:
    """What runs for a measurement."""

    folder: Path
    broker: Broker
    server: ServerProcess
    logins: dict[str, str]

    def plan(self, **wishes: Any) -> Plan:
        """A plan for all stations."""
        return Plan(port=self.broker.port, logins=self.logins, **wishes)

    def get(self, path: str) -> httpx.Response:
        """One answer of the server."""
        return httpx.get(self.server.url + path, timeout=30)


def names(stations: int) -> list[str]:
    """Ids of so many stations."""
    return [f"bench-{number:04d}" for number in range(stations)]


@contextmanager
def broker_for(
    stations: int, options: Options | None = None
) -> Iterator[tuple[Path, Broker, dict[str, str]]]:
    """A folder, a broker with the shipped settings, and the stations' logins."""
    with tempfile.TemporaryDirectory(prefix="waystation-bench-") as folder:
        broker = Broker(Path(folder) / "broker", options)
        logins = dict.fromkeys(names(stations), PASSWORD)
        broker.add_users(logins)
        with broker:
            yield Path(folder), broker, logins


@contextmanager
def rig(stations: int, options: Options | None = None) -> Iterator[Rig]:
    """Broker and server, ready, with ``stations`` registered in ten districts."""
    with broker_for(stations, options) as (folder, broker, logins):
        data = folder / "data"
        for district in range(10):
            region = (f"区{district}", "街道")
            register(data, names(stations)[district::10], NETWORK, region=region, hours="24/7")
        server = ServerProcess(settings_for(broker, data), environment={"WAYSTATION_LOG_LEVEL": "error"})
        server.start()
        try:
            yield Rig(folder, broker, server, logins)
        finally:
            server.stop()


class Child:
    """A process of this package with a plan as JSON on its input and a result as JSON on its output."""

    def __init__(self, module: str, plan: Any, keep_open: tuple[int, ...] = ()) -> None:
        command = [sys.executable, "-m", f"scripts.bench.{module}"]
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=keep_open
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(plan)).encode())
        self.process.stdin.close()
        self.process.stdin = None

    def result(self, timeout_s: float) -> dict[str, Any]:
        """Wait for its end and what it found.

        Raises:
            RuntimeError: it failed or took too long.
        """
        try:
            out, _ = self.process.communicate(timeout=timeout_s)
            found: dict[str, Any] = json.loads(out)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise RuntimeError(f"{self.process.args!r} did not finish: {error}") from error
        finally:
            self.end()
        return found

    def end(self) -> None:
        """End it now, if it has not ended."""
        self.process.kill()
        self.process.communicate()


def send(plan: Plan) -> Result:
    """Run a load to its end."""
    return Result(**Child("load", plan).result(plan.limit_s + 60))
