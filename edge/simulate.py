"""``waystation-edge simulate``: a whole fleet of simulated stations in one process.

Each station has its own sampler, outbox (a file of its own) and publisher, the same as a real station;
one network thread drives them all. Stations are asked one after another, spread over the sampling
interval, so that a city neither connects nor beats at once.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from edge.clock import Clock
from edge.config import BrokerConfig, OutboxConfig, SamplingConfig, StationConfig
from edge.fleet import Member, entries, load, load_passwords
from edge.fleet_station import FleetClock, FleetStation
from edge.network import NetworkLoop, raise_descriptor_limit
from edge.options import ConfigError
from edge.outbox import OutboxError

_CONNECTS_A_SECOND: Final = 250
_DIALERS: Final = 4
_DESCRIPTORS_EACH: Final = 4
"""A socket, the outbox and its log, and one to spare."""
_PROGRESS_MS: Final = 1000
_STOP_S: Final = 10.0
_POLL_S: Final = 0.02
"""Between looks at whether the goodbye is out: the network runs in its own thread."""
_LONGEST_WAIT_S: Final = 0.2


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's place in ``waystation-edge``."""
    parser = subparsers.add_parser(
        "simulate", help="run a whole fleet of simulated stations", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--fleet", type=Path, required=True, help="the fleet file (JSON or TOML)")
    parser.add_argument("--broker", type=_address, required=True, help="host:port of the MQTT broker")
    parser.add_argument("--passwords", type=Path, required=True, help="lines like station:password")
    parser.add_argument("--work", type=Path, required=True, help="folder for the outboxes")
    parser.add_argument("--sample-s", type=float, default=5.0, help="between samples, seconds (default 5)")
    parser.add_argument("--heartbeat-s", type=float, default=30.0, help="between heartbeats (default 30)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run the fleet until SIGINT or SIGTERM; 2 when it cannot be started."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    # Sensors fail here because their day has it so.
    logging.getLogger("edge.polling").setLevel(logging.ERROR)
    try:
        members = load(args.fleet)
        passwords = _passwords_of(members, args.passwords)
        _check_descriptors(len(members))
        fleet = _fleet(args, members, passwords)
    except (ConfigError, OutboxError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: fleet.stop())
    fleet.run()
    return 0


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not host:port")
    return host, int(port)


def _passwords_of(members: Sequence[Member], file: Path) -> Mapping[str, str]:
    passwords = load_passwords(file)
    for member in members:
        if member.station not in passwords:
            raise ConfigError(file.name, member.station, None, "a password for every station of the fleet")
    return passwords


def _check_descriptors(stations: int) -> None:
    wanted, allowed = 100 + _DESCRIPTORS_EACH * stations, raise_descriptor_limit()
    if allowed < wanted:
        raise OSError(
            f"{stations} stations need {wanted} open files, {allowed} are allowed: ulimit -Hn {wanted}"
        )


def _fleet(args: argparse.Namespace, members: Sequence[Member], passwords: Mapping[str, str]) -> "Fleet":
    args.work.mkdir(parents=True, exist_ok=True)
    clock, (host, port) = FleetClock(), args.broker
    sampling = SamplingConfig(sample_s=args.sample_s, heartbeat_s=args.heartbeat_s)
    stations = [
        FleetStation(
            StationConfig(
                args.fleet,
                member.station,
                BrokerConfig(host, port, member.station, passwords[member.station]),
                sampling,
                OutboxConfig(args.work / f"{member.station}.db"),
                entries(member.profile),
            ),
            member.profile,
            clock,
        )
        for member in members
    ]

    def progress(online: int, cut_off: int) -> None:
        cut = f", {cut_off:,} cut off by their simulated day" if cut_off else ""
        sys.stdout.write(f"{online:,} of {len(stations):,} connected{cut}\n")
        sys.stdout.flush()

    return Fleet(stations, args.sample_s, clock, progress)


class Fleet:
    """All stations, sampled in turn by the calling thread until :meth:`stop`."""

    def __init__(
        self,
        stations: Sequence[FleetStation],
        sample_s: float,
        clock: Clock,
        progress: Callable[[int, int], None],
    ) -> None:
        """``progress`` hears how many are connected, and how many are cut off as their day has it."""
        self._stations = stations
        self._sample_s = sample_s
        self._clock = clock
        self._progress = progress
        self._network = NetworkLoop(dialers=_DIALERS)
        self._stopping = False
        self._told: tuple[int, int] | None = None
        self._told_ms = 0

    def stop(self) -> None:
        """Ask for the orderly end. May be called from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Work until :meth:`stop`.

        Raises:
            RuntimeError: the network thread has ended.
        """
        self._network.start()
        try:
            # All log in as fast as the broker can well take it.
            self._round(len(self._stations) / _CONNECTS_A_SECOND)
            while not self._stopping:
                self._round(self._sample_s)
        finally:
            self._end()

    def _round(self, seconds: float) -> None:
        start = time.monotonic()
        for number, station in enumerate(self._stations):
            self._wait_until(start + seconds * number / len(self._stations))
            if self._stopping:
                return
            if self._network.failed:
                raise RuntimeError("the network thread has ended") from self._network.failed
            station.tick(self._clock.now(), self._network)
        self._wait_until(start + seconds)

    def _wait_until(self, moment: float) -> None:
        while not self._stopping:
            self._tell()
            left_s = moment - time.monotonic()
            if left_s <= 0:
                return
            self._clock.wait(min(left_s, _LONGEST_WAIT_S))

    def _tell(self) -> None:
        """Say how many are connected, when it has changed, once a second at most."""
        now = self._clock.now()
        if now.mono_ms - self._told_ms < _PROGRESS_MS:
            return
        self._told_ms = now.mono_ms
        online = sum(station.online for station in self._stations)
        cut_off = sum(station.cut_off(now) for station in self._stations)
        if (online, cut_off) != self._told:
            self._told = online, cut_off
            self._progress(online, cut_off)

    def _end(self) -> None:
        for station in self._stations:
            station.leave(self._network)
        deadline = time.monotonic() + _STOP_S
        while not all(station.gone for station in self._stations) and time.monotonic() < deadline:
            time.sleep(_POLL_S)  # the network's thread says that it is done by a flag, and wakes nobody
        self._network.stop(_STOP_S)
        for station in self._stations:
            station.close()
