"""A real room: six days of an office, as recorded, and the same with the heating gone wrong for two hours."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from contract.messages import Climate, Door, Snapshot
from tests.support.alert_facts import EMPTY

HEAT_C_A_MINUTE = 0.3
HEATED_FROM = datetime(2015, 2, 6, 12, 0, tzinfo=UTC)
HEATED_MIN = 60
"""Heated for an hour, then cooled just as fast."""


def office(folder: Path, heat_c_a_minute: float = 0) -> Iterator[Snapshot]:
    """Six days of an office, a reading a minute in the tenths of a DHT22, as a station would send them."""
    with (folder / "uci_occupancy_datatraining.txt").open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row[0].isdigit()]
    for seq, (_, moment, temperature, humidity, *_rest) in enumerate(rows, 1):
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        minutes = (at - HEATED_FROM).total_seconds() / 60
        heat_c = heat_c_a_minute * max(0, min(minutes, 2 * HEATED_MIN - minutes))
        at_ms = round(at.timestamp() * 1000)
        climate = Climate(at_ms, round(float(temperature) + heat_c, 1), round(float(humidity), 1))
        yield replace(EMPTY, seq=seq, at_ms=at_ms, climate=climate, doors=(Door("main", seq, seq),))
