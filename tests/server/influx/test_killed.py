"""Killed in mid-write, the writer and InfluxDB in turn: not one good point is lost, none is there twice."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from server.influx.answers import Later
from tests.support.forwarding import NOON_MS, Forwarding, day, station
from tests.support.influx import Influx, influx
from tests.support.recordings import CHECKOUT

BUCKET = "city"
ROWS, KILLS = 4_000, 8
WRITER = """
import sys, time
from pathlib import Path
from server.influx.client import Client
from tests.support.forwarding import Forwarding, station

folder, url, org, bucket, token = sys.argv[1:]
scene = Forwarding(Path(folder), Client(url, org, bucket, token, timeout_ms=2_000).write, [station("a")])
print("begun", flush=True)
while True:
    scene.now_ms += 6_000
    scene.forwarder.step(scene.now_ms)
    if scene.forwarder.standing.taken_ms is not None and scene.forwarder.standing.since_ms is None:
        print("done", scene.forwarder.reached(), flush=True)
        time.sleep(0.05)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Influx]:
    with influx(tmp_path / "influx") as server:
        server.create(BUCKET)
        yield server


class Writer:
    """A process that writes, until it is killed."""

    def __init__(self, folder: Path, server: Influx) -> None:
        arguments = [str(folder), server.url, server.org, BUCKET, server.token]
        self._process = subprocess.Popen(  # noqa: S603 # this checkout's own code
            [sys.executable, "-c", WRITER, *arguments],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.done = threading.Event()
        self.begun = threading.Event()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as said:
            for line in said:
                self.begun.set()
                if line.split() == ["done", str(ROWS)]:
                    self.done.set()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._listener.join()


def test_killed_in_mid_write(tmp_path: Path, server: Influx) -> None:
    dice, folder = Random(7), tmp_path / "data"  # noqa: S311 # when it is killed
    scene = Forwarding(folder, lambda _: Later("not now"), [station("a")])
    scene.forwarder.step(scene.now_ms)  # from now on
    scene.forwarder.close()
    rows = [day(n, NOON_MS + n * 10_000, people_in=n, people_out=n // 2) for n in range(1, ROWS + 1)]
    late = rows[100:150] + rows[1_200:1_230]
    scene.commit("a", *(row for row in rows if row not in late), *late)
    scene.close()
    interrupted = 0
    for number in range(KILLS):
        writer = Writer(folder, server)
        assert writer.begun.wait(60), "it begins"
        if number % 3 == 2:
            server.kill()
            writer.done.wait(dice.random() * 0.2)
            server.start()
        writer.done.wait(dice.random() * 0.2)
        interrupted += not writer.done.is_set()
        writer.kill()
    assert interrupted >= 3, "or nothing is shown"
    writer = Writer(folder, server)
    assert writer.done.wait(120), "all is written in the end"
    writer.kill()
    people = server.query(BUCKET, "SELECT people, visits FROM occupancy")
    assert [(row["time"], row["people"], row["visits"]) for row in people] == [
        (NOON_MS + n * 10_000, n - 1 - n // 2, n - 1) for n in range(1, ROWS + 1)
    ]
    for measurement, field in (("climate", "temperature_c"), ("status", "problems")):
        counted = server.query(BUCKET, f'SELECT count("{field}") AS n FROM {measurement}')  # noqa: S608 # ours
        assert counted[0]["n"] == ROWS
