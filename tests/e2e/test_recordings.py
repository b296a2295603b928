"""Real recordings, from the station's replay to the API: what comes out is what is in the files.

Everything is the product's own: the shipped station files, ``waystation-edge replay``, Mosquitto,
``waystation serve``. Expected values are read from the recordings here, with no code of the product.
"""

import csv
import os
import subprocess
import sys
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from contract.messages import Snapshot
from server.store.reader import Reader
from tests.support.mosquitto import Broker
from tests.support.recordings import recordings_dir
from tests.support.server import ServerProcess, register, settings_for

ROOT = Path(__file__).parents[2]
STATION_FILES = ROOT / "firmware_config" / "recordings"
REPLAY_S = 120
WEEK = timedelta(days=7)
QUARTER = timedelta(minutes=15)
CLIMATE, DOOR, PHONE, DOCKS = "uci_occupancy_train", "uci_calit2", "tracebase_phone_1", "oslo_docks"
ACCEPT_PAST_DAYS = "60"
"""A recording ends up to a week ago, and 40 days of it begin before the usual window."""


@dataclass
class Journey:
    """The running data path."""

    folder: Path
    broker: Broker
    server: ServerProcess
    recordings: Path

    def replay(self, name: str, days: float, sensors: int = 99) -> list[Snapshot]:
        """Play the first sensors of a shipped station file; returns what is stored, oldest first."""
        station = f"replay-{name.replace('_', '-')}"
        password = self.broker.add_user(station)
        (self.folder / "broker.password").write_text(password)
        file = self.folder / f"{name}.toml"
        text = (STATION_FILES / f"{name}.toml").read_text(encoding="utf-8")
        here = f'host = "{self.broker.host}"\nport = {self.broker.port}'
        text = "[[sensor]]".join(text.split("[[sensor]]")[: sensors + 1])
        file.write_text(text.replace('host = "localhost"', here), encoding="utf-8")
        command = [sys.executable, "-m", "edge", "replay", "--config", str(file)]
        subprocess.run(  # noqa: S603 - our own program
            [*command, "--speed", "max", "--days", str(days)],
            cwd=ROOT,
            env=os.environ | {"WAYSTATION_RECORDINGS": str(self.recordings)},
            check=True,
            timeout=REPLAY_S,
            capture_output=True,
        )
        stored = Reader(self.folder / "data" / "readings.db").snapshots(station, 0, 2**53)
        return [row.snapshot for row in stored]

    def history(
        self, name: str, quantity: str, begin: datetime, end: datetime, step: str
    ) -> list[dict[str, Any]]:
        """The API's answer, step by step."""
        station = f"replay-{name.replace('_', '-')}"
        answer = httpx.get(
            f"{self.server.url}/api/v1/stations/{station}/history",
            params={"quantity": quantity, "from": begin.isoformat(), "to": end.isoformat(), "step": step},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        steps: list[dict[str, Any]] = answer.json()["steps"]
        return steps


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    recordings = recordings_dir()
    folder = tmp_path_factory.mktemp("recordings")
    with Broker(folder / "broker") as broker:
        names = (CLIMATE, DOOR, PHONE, DOCKS)
        register(folder / "data", [f"replay-{name.replace('_', '-')}" for name in names])
        settings = settings_for(broker, folder / "data")
        server = ServerProcess(settings, environment={"WAYSTATION_ACCEPT_PAST_DAYS": ACCEPT_PAST_DAYS})
        server.start()
        try:
            yield Journey(folder, broker, server, recordings)
        finally:
            server.stop()


def _lines(file: Path, delimiter: str = ",", header: bool = True) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))[1 if header else 0 :]


def _read_time(text: str, pattern: str, zone: tzinfo) -> datetime:
    return datetime.strptime(text, pattern).replace(tzinfo=zone).astimezone(UTC)


def _moved(times: list[datetime]) -> timedelta:
    """The whole weeks by which a recording is moved so that it ends at or before now."""
    return (datetime.now(UTC) - times[-1]) // WEEK * WEEK


def _at(snapshot: Snapshot) -> datetime:
    return _instant(snapshot.at_ms)


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _quarter(at: datetime) -> datetime:
    return at - (at - datetime.fromtimestamp(0, UTC)) % QUARTER


def test_temperatures_come_out_as_they_are_in_the_file(journey: Journey) -> None:
    brussels = ZoneInfo("Europe/Brussels")
    lines = _lines(journey.recordings / "uci_occupancy_datatraining.txt")
    times = [_read_time(line[1], "%Y-%m-%d %H:%M:%S", brussels) for line in lines]
    moved = _moved(times)
    begin = times[-1] + moved - timedelta(days=1.5)
    expected = {
        at + moved: float(line[2]) for at, line in zip(times, lines, strict=True) if at + moved >= begin
    }

    snapshots = journey.replay(CLIMATE, days=1.5)
    stored = {
        _instant(one.climate.at_ms): one.climate.temperature_c for one in snapshots if one.climate is not None
    }
    assert {at: value for at, value in stored.items() if at >= begin} == expected

    by_quarter: dict[datetime, list[float]] = {}
    for at, value in expected.items():
        by_quarter.setdefault(_quarter(at), []).append(value)
    first = min(by_quarter) + QUARTER  # the first quarter also has the row before
    steps = journey.history(CLIMATE, "temperature_c", first, max(by_quarter) + QUARTER, "15m")
    told = {
        datetime.fromisoformat(step["at"]): (step["minimum"], step["maximum"], step["last"]) for step in steps
    }
    assert told == {
        at: (min(values), max(values), values[-1]) for at, values in by_quarter.items() if at >= first
    }


def test_people_in_and_out_of_forty_days_are_those_of_the_file(journey: Journey) -> None:
    pacific = ZoneInfo("America/Los_Angeles")
    lines = _lines(journey.recordings / "uci_calit2_first_70_days.csv")
    times = [_read_time(f"{line[1]} {line[2]}", "%m/%d/%y %H:%M:%S", pacific) for line in lines]
    moved = _moved(times)
    begin = times[-1] + moved - timedelta(days=40)
    counted = {
        flow: sum(
            int(line[3])
            for at, line in zip(times, lines, strict=True)
            if line[0] == flow and at + moved >= begin
        )
        for flow in ("7", "9")
    }
    assert min(counted.values()) > 1000

    snapshots = journey.replay(DOOR, days=40)
    doors = [one.doors[0] for one in snapshots if one.doors]
    assert doors[-1].in_total - doors[0].in_total == counted["9"]
    assert doors[-1].out_total - doors[0].out_total == counted["7"]

    hour = timedelta(hours=1)
    for quantity, flow in (("visits", "9"), ("exits", "7")):
        steps = journey.history(DOOR, quantity, begin - hour, times[-1] + moved + hour, "1d")
        told = sum(step.get("value", 0) for step in steps)
        assert told == counted[flow] // 3 * 3, "the public hears of people in threes"


def test_a_phone_chargers_sessions_are_those_of_the_file_within_two_minutes(journey: Journey) -> None:
    file = journey.recordings / "tracebase_complete_Charger-Smartphone_dev_D32328_2011.11.20.csv"
    lines = _lines(file, ";", header=False)
    times = [_read_time(line[0], "%d/%m/%Y %H:%M:%S", ZoneInfo("Europe/Berlin")) for line in lines]
    moved = _moved(times)
    drawing = [at + moved for at, line in zip(times, lines, strict=True) if float(line[2]) >= 2]
    expected = _sessions(drawing, apart=timedelta(minutes=2))
    assert len(expected) == 2

    snapshots = journey.replay(PHONE, days=2)
    sockets = [one.sockets[0] for one in snapshots if one.sockets]
    changes = dict.fromkeys((socket.state, _instant(socket.since_ms)) for socket in sockets)
    told = [at for state, at in changes if state in ("charging", "free")][-2 * len(expected) :]
    ends = [at for session in expected for at in session]
    assert len(told) == len(ends)
    for at, end in zip(told, ends, strict=True):
        assert abs(at - end) <= timedelta(minutes=2)

    # A meter that has just begun to speak is unknown for its first two minutes.
    known = _quarter(times[0] + moved) + QUARTER
    steps = journey.history(PHONE, "sockets_free", known, times[-1] + moved, "15m")
    assert len(steps) > 80
    for step in steps:
        at = datetime.fromisoformat(step["at"])
        inside = any(begin <= at and at + QUARTER <= end for begin, end in expected)
        outside = all(end + timedelta(minutes=3) <= at or at + QUARTER <= begin for begin, end in expected)
        if inside or outside:
            assert (step["minimum"], step["maximum"]) == ((0, 0) if inside else (1, 1)), step


def _sessions(moments: list[datetime], apart: timedelta) -> list[tuple[datetime, datetime]]:
    """First and last moment of each run without a pause longer than ``apart``; a blink is none."""
    found: list[tuple[datetime, datetime]] = []
    for at in moments:
        if found and at - found[-1][1] <= apart:
            found[-1] = found[-1][0], at
        else:
            found.append((at, at))
    return [(begin, end) for begin, end in found if end - begin >= timedelta(seconds=30)]


def test_a_cabinets_slots_are_the_docks_of_the_file(journey: Journey) -> None:
    lines = _lines(journey.recordings / "oslo_bysykkel_station_status_2024-11.csv")
    moved = _moved([datetime.fromisoformat(line[0]) for line in lines])
    last = datetime.fromisoformat(lines[-1][0]) + moved
    begin = last - timedelta(days=1)
    docks: dict[str, list[tuple[datetime, int, int]]] = {}
    for line in lines:
        row = datetime.fromisoformat(line[0]) + moved, int(line[6]), int(line[8])
        docks.setdefault(f"dock-{line[1]}", []).append(row)
    assert len(docks) == 12

    snapshots = journey.replay(DOCKS, days=1)
    moments = [_at(one) for one in snapshots]
    seen = 0
    for dock, rows in docks.items():
        for (at, vehicles, free), (following, _, _) in zip(
            rows, [*rows[1:], (last + WEEK, 0, 0)], strict=True
        ):
            if at < begin:
                continue
            shown = snapshots[bisect_left(moments, following) - 1]
            [cabinet] = [cabinet for cabinet in shown.cabinets if cabinet.id == dock]
            batteries = [slot.battery for slot in cabinet.slots]
            assert (batteries.count("present"), batteries.count("absent")) == (vehicles, free), (dock, at)
            seen += 1
    assert seen > 12 * 60

    steps = journey.history(DOCKS, "batteries_charged", _quarter(begin) + QUARTER, last, "15m")
    assert len(steps) >= 24 * 4 - 2
    for step in steps:
        end = datetime.fromisoformat(step["at"]) + QUARTER
        latest = (rows[bisect_left(rows, (end, 0, 0)) - 1] for rows in docks.values())
        assert step["last"] == sum(vehicles for _, vehicles, _ in latest), step
