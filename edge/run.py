"""``waystation-edge run``: the agent of this station, until it is told to stop."""

import argparse
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.agent import Agent
from edge.clock import SystemClock
from edge.config import StationConfig, load
from edge.network import raise_descriptor_limit
from edge.outbox import Outbox, OutboxError
from edge.sensors import factory
from edge.watchdog import Watchdog

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
DEFAULT_CONFIG: Final = Path("/etc/waystation/station.toml")


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the program's."""
    parser = subparsers.add_parser("run", help="measure, keep and send, until stopped")
    add_config(parser)
    parser.set_defaults(main=main)


def add_config(parser: argparse.ArgumentParser) -> None:
    """The option that names the station file."""
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="station file (%(default)s)"
    )


def main(args: argparse.Namespace) -> int:
    """Run the agent; returns the exit code. What is unexpected is raised, and systemd starts it anew."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    raise_descriptor_limit()
    try:
        agent = build(load(args.config))
    except OutboxError as error:
        print(error, file=sys.stderr)
        return 1
    # After the drivers were imported: some install handlers of their own, and ours must stand.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    agent.run()
    return 0


def build(config: StationConfig) -> Agent:
    """Open outbox and sensors, and wire the agent.

    Raises:
        ConfigError: a sensor cannot be opened as the station file asks.
        OutboxError: another agent is running.
    """
    clock = SystemClock()
    path, limits = config.outbox.path, config.outbox
    outbox = Outbox.open(path, limits.max_rows, limits.max_mb * 1024 * 1024)
    try:
        sensors = factory.build(config.sensors, outbox.door_totals(), clock)
        return Agent(config, sensors, outbox, clock, watchdog=Watchdog())
    except BaseException:
        outbox.close()
        raise
