"""``waystation-edge read``: asks each sensor once and shows what it said, or why it said nothing.

For whoever stands in the station with a screwdriver. Nothing is kept or sent. Without GPIO pins (on a PC)
set ``GPIOZERO_PIN_FACTORY=mock``.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from contract import ContractError
from edge.clock import Clock, SystemClock
from edge.config import SensorEntry, load
from edge.options import ConfigError
from edge.run import add_config
from edge.sensors import Explainable, Sensor, SensorError
from edge.sensors.factory import build
from edge.words import describe

if TYPE_CHECKING:
    from edge.run import Subparsers

WAIT_S: Final = 6.0
"""How long a slow sensor may take: a DHT that fails once is asked again after 2.5 s."""

STEP_S: Final = 0.25
HOUR_MS: Final = 3_600_000

Line = tuple[str, str, str]
"""Sensor, kind, what it said."""

HEADING: Final[Line] = ("sensor", "kind", "reading")


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the command line."""
    parser = subparsers.add_parser("read", help="ask each sensor once")
    add_config(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print a table; 0 when every sensor gave a reading, 1 when one did not."""
    well = True
    entries = load(args.config).sensors
    widths = _widths([("sensor", "kind"), *((entry.id, entry.kind) for entry in entries)])
    print(_row(HEADING, widths))
    for line, fine in read_all(entries, SystemClock()):
        print(_row(line, widths), flush=True)
        well = well and fine
    return 0 if well else 1


def read_all(entries: Sequence[SensorEntry], clock: Clock) -> Iterator[tuple[Line, bool]]:
    """For each entry its line, and whether it gave a reading; then what it was told, raw beside meaning.

    All are asked at the same time, as some need seconds. One bad entry never hides the others.
    """
    sensors = [_built(entry, clock) for entry in entries]
    try:
        with ThreadPoolExecutor(max(1, len(entries))) as at_once:
            told = at_once.map(lambda sensor: _told(sensor, clock), sensors)
            for entry, (said, well, raw) in zip(entries, told, strict=True):
                yield (entry.id, entry.kind, said), well
                for line in side_by_side(raw):
                    yield ("", "", line), True
    finally:
        for sensor in sensors:
            if not isinstance(sensor, ConfigError):
                sensor.close()


def _built(entry: SensorEntry, clock: Clock) -> Sensor | ConfigError:
    try:
        [sensor] = build([entry], {}, clock)
    except ConfigError as error:
        return error
    return sensor


def _told(sensor: Sensor | ConfigError, clock: Clock) -> tuple[str, bool, Sequence[Line]]:
    """What it says, whether that is a reading, and what it was told."""
    if isinstance(sensor, ConfigError):
        return str(sensor), False, ()
    said, well = _ask(sensor, clock)
    return said, well, sensor.explain() if isinstance(sensor, Explainable) else ()


def _ask(sensor: Sensor, clock: Clock) -> tuple[str, bool]:
    now = clock.now()
    patience_ms = now.mono_ms + round(WAIT_S * 1000)
    try:
        while not (readings := sensor.read(now)):
            if now.mono_ms >= patience_ms:
                # A sensor keeps single failures to itself. Asked as of an hour later it names the last one.
                sensor.read(replace(now, at_ms=now.at_ms + HOUR_MS, mono_ms=now.mono_ms + HOUR_MS))
                return f"no reading within {WAIT_S:g} s", False
            clock.wait(STEP_S)
            now = clock.now()
    except SensorError as error:
        return str(error), False
    except (ContractError, OSError) as error:
        return f"{type(error).__name__}: {error}", False
    return "; ".join(describe(reading) for reading in readings), True


def side_by_side(lines: Sequence[tuple[str, str, str]]) -> list[str]:
    """What a sensor was told: what it is, raw, meaning, in columns."""
    widths = [max((len(line[column]) for line in lines), default=0) for column in (0, 1)]
    return [f"{name:<{widths[0]}}  {raw:<{widths[1]}}  {meaning}" for name, raw, meaning in lines]


def _widths(rows: Sequence[tuple[str, str]]) -> tuple[int, int]:
    return max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)


def _row(line: Line, widths: tuple[int, int]) -> str:
    return f"{line[0]:<{widths[0]}}  {line[1]:<{widths[1]}}  {line[2]}"
