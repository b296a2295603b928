"""Weeks of simulated history, committed through the same validation as live readings.

``waystation-edge simulate-past`` makes it, in as many processes as there are cores; this process takes the
messages in, as the server would, before the server starts. A station whose history is there already gets
only what is missing since.
"""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from contract.topics import topic
from server.demo.folder import DemoError, Folder
from server.demo.processes import environment
from server.ingest.dating import DAY_MS
from server.ingest.dating import Window as AcceptedWindow
from server.ingest.ingest import Delivery, Ingest
from server.live import Live
from server.pipeline import Pipeline
from server.registry import Registry
from server.rollups.keeper import Keeper
from server.rollups.writing import Writer
from server.settings import Settings
from server.store.sqlite import Store

WEEKS: Final = 5
STEP_S: Final = 900
_BATCH: Final = 40
"""Messages in one commit, of up to 16 snapshots each."""
_QUEUED: Final = 400

Progress = Callable[[float], None]
"""Hears the share that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How many snapshots were added in how many seconds; ``first`` when there was no history before."""

    snapshots: int
    seconds: float
    first: bool


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def fill(
    folder: Folder, stations: Sequence[str], progress: Progress, clock: Callable[[], int] = _now_ms
) -> Filled:
    """Bring the history of ``stations`` up to now, as ``clock`` says it, in milliseconds.

    Raises:
        DemoError: the history could not be made or was refused.
    """
    began, now_ms = time.monotonic(), clock()
    with closing(Store.open(folder.readings)) as store, closing(Registry.open(folder.registry)) as registry:
        live, pipeline = Live(store), Pipeline()
        live.refresh_registry(registry.networks(), registry.stations(), now_ms)
        live.rebuild(now_ms)
        ingest = Ingest(store, live, pipeline, AcceptedWindow(), clock)
        ingest.set_stations(stations)
        first = store.counts().snapshots == 0
        missing = _missing(store, stations, now_ms)
        with _makers(folder, missing, now_ms) as lines:
            share = _Share(missing, now_ms, progress)
            for batch in _batches(lines, share):
                ingest.take(batch)
                live.settle(clock())
        with closing(Writer.open(folder.rollups)) as writer:
            Keeper(store, writer, live, Settings().rollups_days).catch_up(now_ms)
    if pipeline.refused:
        raise DemoError(f"the simulated history was refused: {dict(pipeline.refused)}")
    return Filled(pipeline.committed_total, time.monotonic() - began, first)


def _missing(store: Store, stations: Sequence[str], now_ms: int) -> dict[str, int]:
    """From when on each station has no history."""
    newest = store.newest()
    oldest_ms = now_ms - WEEKS * 7 * DAY_MS
    return {
        station: max(newest[station].snapshot.at_ms + 1, oldest_ms) if station in newest else oldest_ms
        for station in stations
    }


class _Share:
    """How much of the missing time has been filled, over all stations."""

    def __init__(self, missing: Mapping[str, int], to_ms: int, progress: Progress) -> None:
        self._at_ms = dict(missing)
        self._total_ms = max(sum(to_ms - from_ms for from_ms in missing.values()), 1)
        self._done_ms = 0
        self._progress = progress

    def reached(self, station: str, at_ms: int) -> None:
        """``station`` is filled up to ``at_ms``."""
        self._done_ms += at_ms - self._at_ms[station]
        self._at_ms[station] = at_ms
        self._progress(self._done_ms / self._total_ms)


@contextmanager
def _makers(folder: Folder, missing: Mapping[str, int], to_ms: int) -> Iterator[Iterator[bytes]]:
    """The lines of all makers, as they come; whatever happens, the makers are gone afterwards."""
    command = [sys.executable, "-m", "edge", "simulate-past"]
    command += ["--fleet", str(folder.fleet), "--to-ms", str(to_ms), "--step-s", str(STEP_S)]
    wanted, count = list(missing.items()), os.cpu_count() or 1
    makers = [_maker(command) for _ in range(count)]
    try:
        lines: queue.Queue[bytes | None] = queue.Queue(_QUEUED)
        for number, maker in enumerate(makers):
            asked = "".join(f"{station} {from_ms}\n" for station, from_ms in wanted[number::count])
            threading.Thread(target=_read, args=(maker, lines), daemon=True).start()
            threading.Thread(target=_ask, args=(maker, asked), daemon=True).start()
        yield _lines(lines, makers)
    finally:
        for maker in makers:
            maker.kill()
            maker.wait()


def _maker(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603  (our own command)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,
        env=environment(),
    )


def _ask(maker: "subprocess.Popen[bytes]", asked: str) -> None:
    assert maker.stdin is not None
    try:
        with maker.stdin as stdin:
            stdin.write(asked.encode())
    except BrokenPipeError:
        return  # It has ended; its exit code says why.


def _read(maker: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes | None]") -> None:
    assert maker.stdout is not None
    with maker.stdout as stdout:
        for line in stdout:
            lines.put(line)
    lines.put(None)


def _lines(
    lines: "queue.Queue[bytes | None]", makers: "Sequence[subprocess.Popen[bytes]]"
) -> Iterator[bytes]:
    running = len(makers)
    while running:
        line = lines.get()
        if line is None:
            running -= 1
        else:
            yield line
    codes = [maker.wait() for maker in makers]
    if any(codes):
        raise DemoError(f"the simulated history could not be made (exit codes {codes})")


def _batches(lines: Iterator[bytes], share: _Share) -> Iterator[list[Delivery]]:
    batch: list[Delivery] = []
    for line in lines:
        station, at, *message = line.rstrip(b"\n").split(b" ", 2)
        at_ms = int(at)
        if message:
            batch.append(Delivery(topic(station.decode(), "telemetry"), message[0], at_ms))
        if len(batch) == _BATCH:
            yield batch
            batch = []
        share.reached(station.decode(), at_ms)
    yield batch
