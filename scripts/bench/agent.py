"""The agent on the Pi: how soon it speaks, how much memory it holds."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

from contract.topics import everyones
from scripts.bench import mqtt
from scripts.bench.process import resident_mib
from scripts.bench.report import Row, judged
from scripts.bench.rig import PASSWORD, ROOT, broker_for, names
from scripts.bench.station import station_file
from tests.support.mosquitto import Broker

LIMIT_S: Final = 30.0


def measure(quick: bool) -> Iterator[Row]:
    """Start it a few times; the median counts. Memory after a while of work."""
    starts, work_s = (1, 5) if quick else (5, 60)
    first_s: list[float] = []
    memory = 0.0
    for number in range(starts):
        with broker_for(1) as (folder, broker, _):
            file = station_file(folder, names(1)[0], broker.port, PASSWORD)
            ear = _listen(broker)
            began = time.monotonic()
            command = [sys.executable, "-m", "edge", "run", "--config", str(file)]
            agent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
            try:
                _hear(ear)
                first_s.append(time.monotonic() - began)
                time.sleep(work_s if number == starts - 1 else 0)
                memory = resident_mib(agent.pid)
            finally:
                agent.terminate()
                agent.wait(LIMIT_S)
                ear.close()
    median = sorted(first_s)[len(first_s) // 2]
    yield judged("agent: start to first publish", f"{median:.2f} s", "≤ 1 s", median <= 1)
    yield judged("agent: resident memory, the same station", f"{memory:.0f} MiB", "≤ 40 MiB", memory <= 40)


def _listen(broker: Broker) -> socket.socket:
    ear = socket.create_connection((broker.host, broker.port), timeout=LIMIT_S)
    ear.sendall(mqtt.connect(broker.server_user, broker.server_password))
    _next(ear, mqtt.CONNACK)
    ear.sendall(mqtt.subscribe(everyones("telemetry")))
    _next(ear, mqtt.SUBACK)
    return ear


def _hear(ear: socket.socket) -> None:
    _next(ear, mqtt.PUBLISH)


def _next(ear: socket.socket, kind: int) -> None:
    got = bytearray()
    while True:
        piece = ear.recv(65536)
        if not piece:
            raise ConnectionError("the broker closed the connection")
        got += piece
        if any(found == kind for found, _ in mqtt.packets(got)):
            return
