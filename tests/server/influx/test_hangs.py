"""The whole server beside an InfluxDB that takes connections and does not answer, or answers at a crawl."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from contract.messages import Climate, Door, Snapshot
from edge.clock import SystemClock
from edge.sampler import Sample
from server.cli.running import parse
from tests.support.influx import Answer, Influx, influx
from tests.support.mosquitto import Broker
from tests.support.proxy import Line
from tests.support.server import ServerProcess, register, settings_for
from tests.support.station import STATION, Station
from tests.support.wait import until

BUCKET: Final = "city"
SOON_S: Final = 60.0
"""Ten seconds until a silence is told, a pause of some seconds behind it, and other work on the machine."""


class Scene:
    """A station with the agent's publisher, a broker, ``waystation serve``, and InfluxDB behind a line."""

    def __init__(self, child: ServerProcess, station: Station, server: Influx, line: Line) -> None:
        self.child, self.server, self.line = child, server, line
        self._station = station
        self.sent: list[int] = []

    def send(self) -> None:
        """Measure once; returns when the server has said that it is committed."""
        at_ms = time.time_ns() // 1_000_000
        self.sent.append(at_ms)
        number = len(self.sent)
        doors = (Door("main", 2 * number, number),)
        boot_id = SystemClock().boot_id
        made = Snapshot(
            "0" * 16,
            number,
            at_ms,
            1000,
            boot_id,
            "synced",
            climate=Climate(at_ms, 20.0 + number, 50.0),
            doors=doors,
        )
        self._station.outbox.append(Sample(made, event=False))
        self._station.network.wake(self._station.publisher)
        until(lambda: not len(self._station.outbox), 15, "it is committed and acked")

    def points(self) -> list[tuple[int, int]]:
        """Time and visits of every point of the station."""
        rows = self.server.query(BUCKET, f"SELECT visits FROM occupancy WHERE station = '{STATION}'")  # noqa: S608 # ours
        return [(row["time"], row["visits"]) for row in rows]

    def expected(self) -> list[tuple[int, int]]:
        return [(at_ms, 2 * number) for number, at_ms in enumerate(self.sent)]

    def notices(self) -> list[str]:
        answer = httpx.get(f"{self.child.url}/readyz", timeout=5)
        assert answer.status_code == 200, "it is ready, whatever InfluxDB does"
        return [str(each) for each in answer.json()["notices"] if "InfluxDB" in str(each)]

    def _told(self) -> float:
        told = httpx.get(f"{self.child.url}/api/v1/stations/{STATION}", timeout=5).json()
        return float(told["comfort"]["temperature_c"])

    def figure(self, name: str) -> float:
        said = httpx.get(f"{self.child.url}/metrics", timeout=5).text
        return parse(said)[f"waystation_influx_{name}"][()]

    def check_riders(self) -> None:
        """They are told what is: with each snapshot it is warmer."""
        until(lambda: self._told() == 20 + len(self.sent), 20, "it is live")
        assert httpx.get(f"{self.child.url}/s/{STATION}", timeout=5).status_code == 200


@pytest.fixture
def scene(tmp_path: Path, broker: Broker) -> Iterator[Scene]:
    with ExitStack() as stack:
        server = stack.enter_context(influx(tmp_path / "influx"))
        server.create(BUCKET)
        line = stack.enter_context(Line(urlsplit(server.url).port or 0))
        register(tmp_path / "data", [STATION])
        environment = {
            "WAYSTATION_INFLUX_URL": f"http://127.0.0.1:{line.port}",
            "WAYSTATION_INFLUX_ORG": server.org,
            "WAYSTATION_INFLUX_BUCKET": BUCKET,
            "WAYSTATION_INFLUX_TOKEN": server.token,
        }
        child = ServerProcess(settings_for(broker, tmp_path / "data"), environment=environment)
        child.start(wait=False)
        stack.callback(child.stop)
        until(child.ready, SOON_S, "it is ready")
        yield Scene(child, stack.enter_context(publishing(broker)), server, line)


@contextmanager
def publishing(broker: Broker) -> Iterator[Station]:
    station = Station(broker.port, broker.add_user(STATION))
    station.start()
    yield station
    station.stop()
    station.outbox.close()


def silent(scene: Scene) -> None:
    scene.line.hold()


def crawling(scene: Scene) -> None:
    """No limit of time between two bytes ever passes."""
    scene.line.drip(1)


def busy(scene: Scene) -> None:
    said = Answer(503, headers={"Retry-After": "3"})
    scene.server.instead.extend(said for _ in range(1_000))


def healed(scene: Scene) -> None:
    scene.server.instead.clear()
    scene.line.heal()
    scene.line.cut()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (silent, "no answer"),
        (crawling, "no answer yet"),
        (busy, "503 not ready: not now"),
    ],
)
def test_nobody_waits_for_it_and_nothing_is_lost(
    scene: Scene, fault: Callable[[Scene], None], said: str
) -> None:
    scene.send()
    until(lambda: scene.points() == scene.expected(), SOON_S, "it is in InfluxDB")
    fault(scene)
    scene.send()
    scene.check_riders()
    until(lambda: any(said in each for each in scene.notices()), SOON_S, "staff are told")
    scene.send()
    scene.check_riders()
    until(lambda: scene.figure("behind_commits") >= 2, SOON_S, "it is counted what waits, too")
    assert scene.figure("behind_seconds") > 0
    assert scene.figure("well") == 0
    typed = scene.child.typed("influx", "status")
    assert typed.returncode == 1
    assert "InfluxDB takes nothing at present" in typed.stdout
    assert scene.child.stop() == 0, "it ends in good order, and does not wait for the answer"
    scene.child.start(wait=False)
    until(scene.child.ready, SOON_S, "it is ready, with InfluxDB as it was")
    scene.send()
    healed(scene)
    scene.send()
    until(lambda: len(scene.points()) >= len(scene.sent), 2 * SOON_S, "all of it is in InfluxDB")
    assert scene.points() == scene.expected(), "each once, as it was measured"
    until(lambda: not scene.notices(), SOON_S, "nothing is left to say")
