"""Stations for a fault run, in a process that is killed without warning.

Sampler, outbox, publisher and network are those of a real station; only the sensor is made up, so that
no two readings are alike. Around each :meth:`Outbox.append` a line goes to the station's side file:
``try`` before it, ``made`` after it has returned. What stands as ``made`` must be in the store in the end;
what does not even stand as ``try`` must not.

On SIGTERM the stations stop measuring, and the process ends once everything is delivered.
"""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final, TypedDict

from contract.codec import encode
from contract.messages import Climate, Door, Info, SensorInfo
from edge.clock import Instant, SystemClock
from edge.config import BrokerConfig
from edge.connection import Connection, Delivered
from edge.network import NetworkLoop
from edge.outbox import Outbox, Row
from edge.publisher import Publisher
from edge.sampler import Sample, Sampler
from edge.sensors import Parts, Reading
from tests.faults.oracle import digest

STOP_S: Final = 5.0


class Task(TypedDict):
    """What the process is told on its command line, as JSON."""

    port: int
    stations: dict[str, str]
    folder: str
    every_s: float
    forget_on_puback: bool


class SyncedClock(SystemClock):
    """The machine's clocks, synced whatever the machine says: dating is not what is tested here."""

    def now(self) -> Instant:
        now = super().now()
        return Instant(now.at_ms, now.mono_ms, "synced")


class Walk:
    """A room whose door counts on from the last total, and whose temperature wanders."""

    interval_s = 0.0

    def __init__(self, totals: tuple[int, int]) -> None:
        self.info = SensorInfo("walk", "random_walk")
        self._in, self._out = totals
        self._random = Random()  # noqa: S311 - any reading will do, as long as it differs

    def parts(self) -> Parts:
        return Parts(doors=("main",))

    def read(self, now: Instant) -> Sequence[Reading]:
        self._in += self._random.randrange(3)
        self._out += self._random.randrange(3)
        degrees = round(self._random.uniform(10, 40), 2)
        return [Climate(now.at_ms, temperature_c=degrees), Door("main", self._in, self._out)]

    def close(self) -> None:
        """Nothing is held."""


class NotingOutbox(Outbox):
    """Notes beside the outbox what it has been given and what it has kept."""

    notes: int

    def append(self, sample: Sample) -> None:
        with self._lock:
            snapshot = replace(sample.snapshot, stream=self.stream, seq=self.next_seq)
            self._note("try", f"{snapshot.stream} {snapshot.seq} {snapshot.at_ms} {digest(encode(snapshot))}")
            super().append(sample)
            self._note("made", f"{snapshot.stream} {snapshot.seq}")

    def _note(self, word: str, text: str) -> None:
        os.write(self.notes, f"{word} {text}\n".encode())
        os.fsync(self.notes)


class TrustingPublisher(Publisher):
    """Forgets a reading when the broker has acknowledged it. How not to do it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at_broker: dict[int, Sequence[Row]] = {}

    def _send(self, connection: Connection, rows: Sequence[Row]) -> None:
        before = set(self._in_flight)
        super()._send(connection, rows)
        for mid in self._in_flight.keys() - before:
            self._at_broker[mid] = rows

    def _delivered(self, event: Delivered, mono_ms: int) -> None:
        super()._delivered(event, mono_ms)
        rows = self._at_broker.pop(event.mid, ())
        gone = self._outbox.confirm((row.stream, row.seq, row.seq) for row in rows)
        self._flow.answered(mono_ms, gone)


class Room:
    """One station: measures when told, delivers by itself."""

    def __init__(self, task: Task, station: str, network: NetworkLoop) -> None:
        clock = SyncedClock()
        folder = Path(task["folder"])
        outbox = NotingOutbox.open(folder / f"{station}.outbox.db")
        assert isinstance(outbox, NotingOutbox)
        outbox.notes = os.open(folder / f"{station}.notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        sensor = Walk(outbox.door_totals().get("main", (0, 0)))
        kind = TrustingPublisher if task["forget_on_puback"] else Publisher
        broker = BrokerConfig("127.0.0.1", task["port"], station, task["stations"][station])
        info = Info("faults", 1.0, 1.0, sensors=(sensor.info,), doors=("main",), simulated=True)
        self.outbox = outbox
        self.publisher = kind(station, broker, info, outbox, clock=clock, random=Random())  # noqa: S311
        self._clock = clock
        self._network = network
        self._sampler = Sampler([sensor], clock.boot_id, heartbeat_ms=1, settle_ms=0)
        network.wake(self.publisher)

    def measure(self) -> None:
        sample = self._sampler.sample(self._clock.now(), self.outbox.stream, self.outbox.next_seq)
        assert sample is not None, "a heartbeat of 1 ms is always due"
        self.outbox.append(sample)
        self._network.wake(self.publisher)


def main() -> None:
    logging.basicConfig(level=logging.ERROR)
    task: Task = json.loads(sys.argv[1])
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    network = NetworkLoop()
    network.start()
    rooms = [Room(task, station, network) for station in task["stations"]]
    turn = 0
    while not stopped:
        rooms[turn % len(rooms)].measure()
        turn += 1
        time.sleep(task["every_s"] / len(rooms))
    _deliver(rooms, network)
    json.dump({"dropped": sum(room.outbox.counts().dropped for room in rooms)}, sys.stdout)


def _deliver(rooms: Sequence[Room], network: NetworkLoop) -> None:
    while any(len(room.outbox) for room in rooms):
        if network.failed:
            raise RuntimeError("the network thread has ended") from network.failed
        time.sleep(0.05)
    for room in rooms:
        room.publisher.stop()
        network.wake(room.publisher)
    deadline = time.monotonic() + STOP_S
    while time.monotonic() < deadline and not all(room.publisher.finished for room in rooms):
        time.sleep(0.02)
    network.stop(STOP_S)


if __name__ == "__main__":
    main()
