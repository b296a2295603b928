"""``waystation-edge replay``: a station whose sensors are recordings, sent through the whole data path.

Sampler, outbox, publisher and network are those of ``run``; only the clock differs. At a speed it runs
faster than the machine's. With ``--speed max`` it stands still while anything is done and is then stepped to
the next moment at which a recording says something, so that weeks take minutes and no row is passed over.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from random import SystemRandom
from typing import TYPE_CHECKING, Final, TextIO

from edge.agent import describe
from edge.clock import Clock, Instant, ScaledClock, SteppedClock, SystemClock
from edge.config import SensorEntry, StationConfig, load
from edge.network import NetworkLoop
from edge.options import ConfigError
from edge.outbox import Outbox, OutboxError
from edge.playback import DAY_MS
from edge.publisher import Publisher
from edge.run import add_config
from edge.sampler import SETTLE_MS, Sampler
from edge.sensors import Sensor
from edge.sensors.factory import Totals, build
from edge.sensors.recorded import Recorded

if TYPE_CHECKING:
    from edge.run import Subparsers

log = logging.getLogger(__name__)

LONGEST_STEP_MS: Final = 240_000
"""Between two rows the clock stops at least this often: a snapshot is fresh for 300 s, so that a recording
with a row every half hour leaves no gaps in the history."""

SHORTEST_STEP_MS: Final = 1000
"""As often as a station samples unless told otherwise."""

MOST_WAITING_BYTES: Final = 256 * 1024
"""What may wait for the server before the recording's time is held. The newest snapshot goes at once and a
backlog at its own modest pace, so that a short queue is the fast one."""

PATIENCE_S: Final = 60.0
"""Without one commit for so long, nobody is there. A silent server is asked again every 30 s at first."""

POLL_S: Final = 0.005
STOP_S: Final = 4.0
REPORT_S: Final = 0.5


class ReplayError(Exception):
    """The replay cannot go on; says why."""


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the command line."""
    parser = subparsers.add_parser("replay", help="send recordings as sensor input")
    add_config(parser)
    parser.add_argument(
        "--speed",
        type=speed,
        default=1.0,
        metavar="1|600|max",
        help="how fast the recording's time runs; max waits for nothing but the server (default 1)",
    )
    parser.add_argument("--days", type=days, metavar="N", help="only the last N days of the recording")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_S,
        metavar="SECONDS",
        help="give up when the server has committed nothing for so long (default %(default)g)",
    )
    parser.set_defaults(main=main)


def speed(text: str) -> float | None:
    """A factor above zero; None for ``max``."""
    return None if text == "max" else _positive(text, "a number above 0, or max")


def days(text: str) -> float:
    """A number of days above zero."""
    return _positive(text, "a number of days above 0")


def _positive(text: str, allowed: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: {allowed}")
    return value


def main(args: argparse.Namespace) -> int:
    """0 when the server has committed everything, 1 when it has not."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        made = run(load(args.config), args.speed, args.days, args.patience, Progress(sys.stderr))
    except (ReplayError, OutboxError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; what waits goes with the next replay or run", file=sys.stderr)
        return 130
    print(f"{made} snapshots made and committed by the server")
    return 0


def run(
    config: StationConfig,
    factor: float | None,
    last_days: float | None,
    patience_s: float,
    progress: "Progress",
) -> int:
    """Replay what the station file describes; returns the number of snapshots, all committed.

    Args:
        factor: how fast; None for as fast as the server commits.
        last_days: only so many days at the end of the recording; None for all of it.
        patience_s: seconds without any commit after which it gives up.

    Raises:
        ConfigError: naming what is wrong in the station file or in a recording.
        ReplayError: when the server does not commit, or refuses.
    """
    with ExitStack() as stack:
        outbox = Outbox.open(config.outbox.path, config.outbox.max_rows, config.outbox.max_mb * 1024 * 1024)
        stack.callback(outbox.close)
        sensors = recordings(config.sensors, outbox.door_totals())
        for sensor in sensors:
            stack.callback(sensor.close)
        first_ms, last_ms = window(sensors, last_days, config.sampling.heartbeat_s)
        clock = SteppedClock(first_ms) if factor is None else ScaledClock(first_ms, factor)
        replay = Replay(config, sensors, outbox, clock, patience_s)
        with replay:
            pace = every_row(clock, sensors) if isinstance(clock, SteppedClock) else steady(clock, config)
            return replay.play(pace, first_ms, last_ms, progress)


def recordings(entries: Sequence[SensorEntry], totals: Totals) -> list[Recorded]:
    """The recorded sensors of the station file, each to be played once.

    Raises:
        ConfigError: also when a sensor is not a recording: it would not live on the replay's clock.
    """
    once = [replace(entry, options={**entry.options, "repeat": False}) for entry in entries]
    for entry in entries:
        if not entry.kind.startswith("recorded_"):
            raise ConfigError(
                entry.where, "kind", entry.kind, "recorded_… in a station file that is replayed"
            )
    sensors = [sensor for sensor in build(once, totals, SystemClock()) if isinstance(sensor, Recorded)]
    if not sensors:
        raise ConfigError("the station file", "sensor", None, "at least one [[sensor]]")
    return sensors


def window(sensors: Sequence[Recorded], last_days: float | None, heartbeat_s: float) -> tuple[int, int]:
    """Where the replay begins and ends, on the recording's clock as it was moved.

    It begins one heartbeat before the first row, so that a door is known before anybody is counted: who
    sees a total for the first time cannot tell how much of it is new.
    """
    last_ms = max(sensor.playback.last_ms for sensor in sensors)
    first_ms = min(sensor.playback.first_ms for sensor in sensors)
    if last_days is not None:
        first_ms = max(first_ms, last_ms - round(last_days * DAY_MS))
    return first_ms - round(heartbeat_s * 1000), last_ms


def every_row(clock: SteppedClock, sensors: Sequence[Recorded]) -> Iterator[None]:
    """Step from row to row, never further than :data:`LONGEST_STEP_MS`."""
    while True:
        yield
        at_ms = clock.now().at_ms
        coming = (sensor.next_ms(at_ms) for sensor in sensors)
        next_ms = min((at for at in coming if at is not None), default=at_ms + LONGEST_STEP_MS)
        clock.step_to(min(max(next_ms, at_ms + SHORTEST_STEP_MS), at_ms + LONGEST_STEP_MS))


def steady(clock: Clock, config: StationConfig) -> Iterator[None]:
    """Sample as often as the station file says, by the running clock."""
    while True:
        yield
        clock.wait(config.sampling.sample_s)


class Replay:
    """Sampler, outbox, publisher and network around some recordings."""

    def __init__(
        self,
        config: StationConfig,
        sensors: Sequence[Sensor],
        outbox: Outbox,
        clock: Clock,
        patience_s: float,
    ) -> None:
        heartbeat_ms = round(config.sampling.heartbeat_s * 1000)
        # A stepped clock may stop next only minutes after a row, so a change in it cannot settle first.
        settle_ms = 0 if isinstance(clock, SteppedClock) else SETTLE_MS
        self._sampler = Sampler(
            sensors, clock.boot_id, station=config.station, heartbeat_ms=heartbeat_ms, settle_ms=settle_ms
        )
        info = describe(config, sensors)
        # The conversation with broker and server takes place now, whatever time the recording has.
        wall = SystemClock()
        wall.boot_id = clock.boot_id
        self._publisher = Publisher(
            config.station, config.broker, info, outbox, clock=wall, random=SystemRandom()
        )
        self._network = NetworkLoop()
        self._config = config
        self._outbox = outbox
        self._clock = clock
        self._patience_s = patience_s
        self._before = outbox.counts()
        self.made = 0

    def __enter__(self) -> "Replay":
        self._network.start()
        self._network.wake(self._publisher)
        return self

    def __exit__(self, *exc: object) -> None:
        self._publisher.stop()
        self._network.wake(self._publisher)
        deadline = time.monotonic() + STOP_S
        while not self._publisher.finished and not self._network.failed and time.monotonic() < deadline:
            time.sleep(POLL_S)  # the network's thread says that it is done by a flag, and wakes nobody
        self._network.stop(STOP_S)

    def play(self, pace: Iterator[None], first_ms: int, last_ms: int, progress: "Progress") -> int:
        """Sample at each moment of ``pace`` up to ``last_ms``, then wait until everything is committed."""
        for _ in pace:
            now = self._clock.now()
            done = now.at_ms >= last_ms
            self._sample(now, last=done)
            progress.show((now.at_ms - first_ms) / max(1, last_ms - first_ms), self.made, len(self._outbox))
            if done:
                break
            self._hold(MOST_WAITING_BYTES, progress)
        self._hold(0, progress)
        progress.end()
        self._check_refused()
        return self.made

    def _sample(self, now: Instant, *, last: bool) -> None:
        stream, seq = self._outbox.stream, self._outbox.next_seq
        sampler = self._sampler
        sample = sampler.last(now, stream, seq) if last else sampler.sample(now, stream, seq)
        if sample is not None:
            self._outbox.append(sample)
            self._network.wake(self._publisher)
            self.made += 1

    def _hold(self, most_bytes: int, progress: "Progress") -> None:
        """Hold the recording's time until at most so many bytes wait for the server."""
        waiting, since = len(self._outbox), time.monotonic()
        while self._outbox.counts().bytes > most_bytes:
            if self._network.failed:
                raise ReplayError("the network thread has ended") from self._network.failed
            if len(self._outbox) < waiting:
                waiting, since = len(self._outbox), time.monotonic()
            if time.monotonic() - since > self._patience_s:
                raise ReplayError(self._complaint())
            progress.show(None, self.made, len(self._outbox))
            time.sleep(POLL_S)  # the outbox grows shorter in the network's thread, and wakes nobody

    def _complaint(self) -> str:
        broker, waiting = self._config.broker, len(self._outbox)
        link = "connected" if self._publisher.online else "out of reach"
        return (
            f"the server has committed nothing for {self._patience_s:g} s; {waiting} snapshots wait in "
            f"{self._config.outbox.path}; the broker at {broker.host}:{broker.port} is {link}; "
            f"is the server running, and does it know the station {self._config.station}?"
        )

    def _check_refused(self) -> None:
        counts = self._outbox.counts()
        refused = counts.refused - self._before.refused
        dropped = counts.dropped - self._before.dropped
        if refused or dropped:
            raise ReplayError(
                f"of {self.made} snapshots the server refused {refused}, and {dropped} were dropped; "
                "it takes none from before its acceptance window (40 days unless set otherwise): see --days"
            )


class Progress:
    """One line on the terminal that rewrites itself; elsewhere a line for each tenth of the way."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._share = 0.0
        self._told_s = 0.0
        self._told_tenth = -1

    def show(self, share: float | None, made: int, waiting: int) -> None:
        """``share`` of the recording is played (None: as before), ``waiting`` rows are not committed yet."""
        self._share = self._share if share is None else min(1.0, share)
        text = f"{self._share:4.0%} played, {made} snapshots made, {made - waiting} committed"
        if self._out.isatty():
            if time.monotonic() - self._told_s >= REPORT_S:
                self._told_s = time.monotonic()
                print(f"\r{text}", end="", file=self._out, flush=True)
        elif int(self._share * 10) > self._told_tenth:
            self._told_tenth = int(self._share * 10)
            print(text, file=self._out, flush=True)

    def end(self) -> None:
        """Leave the line behind."""
        if self._out.isatty():
            print(file=self._out)
