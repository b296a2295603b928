"""One fault run: start everything, kill by the schedule, let it heal, count."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

from tests.faults.edge_process import Task
from tests.faults.oracle import Findings, examine
from tests.faults.schedule import Fault, Victim, faults
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess, register, settings_for
from tests.support.wait import until

EDGES: Final = 2
STATIONS: Final = 4
"""Processes, and stations in each."""
EVERY_S: Final = 0.2
"""Between two readings of a station: a kill every second or two always meets some on their way."""
HEAL_S: Final = 90.0
"""A run that does not heal within this has failed. Far above the figures that it reports."""
BACK_S: Final = 60.0

ROOT: Final = Path(__file__).parents[2]


@dataclass(slots=True)
class Outcome:
    """The figures of a run.

    Attributes:
        kills: processes killed, by kind.
        recovery_s: from a victim's return to the first commit after it, by kind.
        deliveries: snapshots that the server was given, repeats included.
        dropped: readings that the stations have declared as dropped.
    """

    seed: int
    findings: Findings
    kills: Counter[str]
    recovery_s: dict[Victim, list[float]]
    deliveries: int
    dropped: int
    seconds: float


@dataclass(slots=True)
class Edge:
    """One process of stations."""

    task: Task
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.edge_process", json.dumps(self.task)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603 - our own

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def deliver(self) -> int:
        """Stop measuring, wait until everything is delivered; returns the declared drops."""
        assert self.process is not None
        self.process.terminate()
        out, _ = self.process.communicate(timeout=HEAL_S)
        if self.process.returncode:
            raise AssertionError(f"an edge process ended with {self.process.returncode}")
        return int(json.loads(out)["dropped"])


class Run:
    """Broker, server and edges in ``folder``."""

    def __init__(self, folder: Path, seed: int, *, forget_on_puback: bool = False) -> None:
        self._folder = folder
        self._seed = seed
        self._broker = Broker(folder / "broker")
        names = [f"room-{n:02d}" for n in range(EDGES * STATIONS)]
        self._passwords = {name: self._broker.add_user(name) for name in names}
        register(folder / "data", names)
        self._store = folder / "data" / "readings.db"
        self._server = ServerProcess(
            settings_for(self._broker, folder / "data"),
            (sys.executable, "-m", "tests.faults.server_process"),
            {"FAULT_POINT": str(folder / "point"), "FAULT_DELIVERIES": str(folder / "deliveries")},
        )
        self._edges = [Edge(self._task(names[n::EDGES], forget_on_puback)) for n in range(EDGES)]
        self._kills: Counter[str] = Counter()
        self._recovery_s: dict[Victim, list[float]] = {}

    def _task(self, names: list[str], forget_on_puback: bool) -> Task:
        return {
            "port": self._broker.port,
            "stations": {name: self._passwords[name] for name in names},
            "folder": str(self._folder),
            "every_s": EVERY_S,
            "forget_on_puback": forget_on_puback,
        }

    def play(self, kills: int, tell: Callable[[str], None] = lambda _: None) -> Outcome:
        """Kill ``kills`` processes, wait until all is delivered, and judge."""
        began = time.monotonic()
        with self._everything():
            for number, fault in enumerate(faults(self._seed, kills, EDGES), 1):
                time.sleep(fault.pause_s)
                healed_s = self._strike(fault)
                tell(f"{number:4d}  {fault.victim:6}  {fault.point:17}  {_told(healed_s)}")
            dropped = sum(edge.deliver() for edge in self._edges)
            live_s = {name: self._live_s(name) for name in self._passwords}
        findings = examine(self._store, self._folder, self._passwords, live_s)
        deliveries = sum(map(int, (self._folder / "deliveries").read_text().split()))
        seconds = time.monotonic() - began
        return Outcome(self._seed, findings, self._kills, self._recovery_s, deliveries, dropped, seconds)

    @contextmanager
    def _everything(self) -> Iterator[None]:
        try:
            self._broker.start()
            self._server.start()
            for edge in self._edges:
                edge.start()
            # A broker that has run for a while has saved its sessions at least once.
            until((self._broker.folder / "mosquitto.db").exists, HEAL_S, "the broker has saved")
            yield
        finally:
            for edge in self._edges:
                if edge.process is not None and edge.process.poll() is None:
                    edge.kill()
            with suppress(AssertionError):
                self._server.stop()
            self._broker.stop()

    def _strike(self, fault: Fault) -> float | None:
        """Carry out one step; seconds from the victim's return to the next commit, if that was awaited."""
        streams = self._count("stream")
        self._bring_down(fault)
        time.sleep(fault.down_s)
        back = self._bring_back(fault)
        if not fault.heal:
            return None
        if fault.victim == "edge":
            until(lambda: self._count("stream") >= streams + STATIONS, HEAL_S, "new streams are committed")
        else:
            rows = self._count("snapshot")
            until(lambda: self._count("snapshot") > rows, HEAL_S, f"commits after {fault.victim} was back")
        healed_s = time.monotonic() - back
        self._recovery_s.setdefault(fault.victim, []).append(healed_s)
        return healed_s

    def _bring_down(self, fault: Fault) -> None:
        match fault.victim:
            case "broker":
                self._broker.kill()
            case "server":
                self._server.kill()
            case "point":
                (self._folder / "point").write_text(fault.point, encoding="utf-8")
                os.kill(self._server.pid, signal.SIGUSR1)
                self._server.wait(BACK_S)
            case "edge":
                self._edges[fault.edge].kill()
            case "both":
                self._server.kill()
                time.sleep(fault.pause_s)  # what the broker takes meanwhile is in its memory only
                self._broker.kill()
        label = "server, then broker" if fault.victim == "both" else fault.victim
        self._kills[fault.point or label] += fault.kills

    def _bring_back(self, fault: Fault) -> float:
        if fault.victim in ("broker", "both"):
            self._broker.start()
        back = time.monotonic()
        if fault.victim in ("server", "point", "both"):
            self._server.start(wait=fault.heal)
        if fault.victim == "edge":
            self._edges[fault.edge].start()
        return back

    def _count(self, table: str) -> int:
        """Rows that are committed so far."""
        with closing(sqlite3.connect(f"{self._store.as_uri()}?mode=ro", uri=True)) as store:
            return int(store.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a literal

    def _live_s(self, station: str) -> int | None:
        answer = httpx.get(f"{self._server.url}/api/v1/stations/{station}", timeout=10).json()
        measured_at = answer.get("measured_at")
        return round(datetime.fromisoformat(measured_at).timestamp()) if measured_at else None


def _told(healed_s: float | None) -> str:
    return "and on" if healed_s is None else f"healed in {healed_s:.1f} s"
