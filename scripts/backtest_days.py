"""The days of a real door that the back-test stands on: a recording, counted as a station counts."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from contract.messages import Door
from server.occupancy import Observation, Occupancy, Rules, advance
from server.rollups.calendar import BRIDGE_MS, LEAST_MEASURED, QUARTER_MS, QUARTERS

ROOT: Final = Path(__file__).parents[1]
RECORDING: Final = "uci_calit2_first_70_days.csv"
ZONE: Final = "America/Los_Angeles"
STEP_MS: Final = 300_000
HALF_HOUR_STEPS: Final = 6

Days = Mapping[date, Sequence[float]]


def recording() -> Path:
    """Where the recording should be."""
    folder = os.environ.get("WAYSTATION_RECORDINGS") or ROOT.parent / "shared" / "data"
    return Path(folder) / RECORDING


def read(path: Path) -> Days:
    """Mean people in each quarter of each day, as a station with that door would have counted them."""
    means = quarter_means(_people(path))
    first_ms, last_ms = min(means), max(means)
    days: dict[date, list[float]] = {}
    for at_ms in range(first_ms, last_ms + 1, QUARTER_MS):
        day = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(ZONE)).date()
        days.setdefault(day, []).append(means[at_ms])
    return {day: values for day, values in days.items() if len(values) == QUARTERS}


def _people(path: Path) -> Iterator[tuple[int, int]]:
    state: Occupancy | None = None
    for seen in _observations(path):
        state, _ = advance(state, seen, Rules(time_zone=ZONE))
        yield seen.at_ms, state.people or 0


def _observations(path: Path) -> Iterator[Observation]:
    """The door's totals each five minutes; those who came in half an hour came evenly."""
    counts: dict[int, dict[str, int]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            moment = datetime.strptime(f"{row['date']} {row['time']}", "%m/%d/%y %H:%M:%S")  # noqa: DTZ007 # local
            at_ms = round(moment.replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
            counts.setdefault(at_ms, {})[row["flow_id"]] = int(row["count"])
    came = left = 0
    for at_ms, flows in sorted(counts.items()):
        for step in range(HALF_HOUR_STEPS):
            ins, outs = (flows[flow] * step // HALF_HOUR_STEPS for flow in ("9", "7"))
            yield Observation(at_ms + step * STEP_MS, (Door("main", came + ins, left + outs),))
        came, left = came + flows["9"], left + flows["7"]
    yield Observation(at_ms + HALF_HOUR_STEPS * STEP_MS, (Door("main", came, left),))


def quarter_means(points: Iterable[tuple[int, int | float]]) -> dict[int, float]:
    """Mean people in each quarter, by its beginning in ms; those that were measured too little left out.

    Args:
        points: (UTC ms, people at that moment), oldest first; between two of them the number goes evenly
            from one to the other, and after a gap of more than :data:`BRIDGE_MS` nothing is known of it.
    """
    areas: dict[int, float] = {}
    measured: dict[int, int] = {}
    for (since_ms, before), (until_ms, after) in pairwise(points):
        if until_ms - since_ms > BRIDGE_MS:
            continue
        slope = (after - before) / max(until_ms - since_ms, 1)
        from_ms = since_ms
        while from_ms < until_ms:
            quarter_ms = from_ms // QUARTER_MS * QUARTER_MS
            to_ms = min(until_ms, quarter_ms + QUARTER_MS)
            middle = before + slope * ((from_ms + to_ms) / 2 - since_ms)
            areas[quarter_ms] = areas.get(quarter_ms, 0) + middle * (to_ms - from_ms)
            measured[quarter_ms] = measured.get(quarter_ms, 0) + to_ms - from_ms
            from_ms = to_ms
    enough_ms = LEAST_MEASURED * QUARTER_MS
    return {at_ms: areas[at_ms] / known for at_ms, known in measured.items() if known >= enough_ms}
