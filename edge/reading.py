"""``waystation-edge read``: asks each sensor once and shows what it said, or why it said nothing.

For whoever stands in the station with a screwdriver. Nothing is kept or sent. Without GPIO pins (on a PC)
set ``GPIOZERO_PIN_FACTORY=mock``.
"""

import argparse
from collections.abc import Iterable, Sequence
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


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the command line."""
    parser = subparsers.add_parser("read", help="ask each sensor once")
    add_config(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print a table; 0 when every sensor gave a reading, 1 when one did not."""
    results = list(read_all(load(args.config).sensors, SystemClock()))
    for row in table([line for line, _ in results]):
        print(row)
    return 0 if all(well for _, well in results) else 1


def read_all(entries: Iterable[SensorEntry], clock: Clock) -> Iterable[tuple[Line, bool]]:
    """For each entry its line, and whether it gave a reading; then what it was told, raw beside meaning.

    One bad entry never hides the others.
    """
    for entry in entries:
        try:
            [sensor] = build([entry], {}, clock)
        except ConfigError as error:
            yield (entry.id, entry.kind, str(error)), False
            continue
        try:
            said, well = _ask(sensor, clock)
            raw = sensor.explain() if isinstance(sensor, Explainable) else ()
        finally:
            sensor.close()
        yield (entry.id, entry.kind, said), well
        for line in side_by_side(raw):
            yield ("", "", line), True


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


def table(lines: Sequence[Line]) -> list[str]:
    """Lines with a heading, in columns."""
    rows = [("sensor", "kind", "reading"), *lines]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows]
