"""A fleet's past joins its present, and fits into messages."""

import io
import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codec import MAX_PAYLOAD, decode
from contract.messages import CabinetInfo, SocketInfo, Telemetry
from edge import past
from edge.__main__ import main
from edge.days import Profile, Station
from edge.days.calendar import DAY_MS, HOUR_MS, MINUTE_MS, midnight_ms, service_day
from edge.fleet import Member

STEP_MS = 15 * MINUTE_MS
NOON_MS = midnight_ms(service_day(1_784_000_000_000)) + 12 * HOUR_MS
FULL = Profile(
    seed=3,
    sockets=tuple(SocketInfo(f"ac{n}", "ac") for n in range(20)),
    cabinets=(CabinetInfo("cabinet1", 24), CabinetInfo("cabinet2", 24)),
    co2=True,
    bolt=True,
    doors=2,
)


def snapshots(profile: Profile, from_ms: int, to_ms: int) -> Telemetry:
    """All of a past as one message."""
    parts = [
        decode(Telemetry, message)
        for _, message in past.messages(Member("abc", profile), from_ms, to_ms, STEP_MS)
    ]
    return Telemetry(parts[0].boot_id, 0, tuple(one for part in parts for one in part.snapshots))


@given(st.integers(0, 3 * DAY_MS), st.integers(1, 40 * DAY_MS))
@settings(max_examples=30, deadline=None)
def test_moments_ascend_within_the_span_and_never_lie_further_apart_than_twice_the_step(
    late: int, span: int
) -> None:
    to_ms = NOON_MS + late
    moments = list(past.moments(to_ms - span, to_ms, STEP_MS))
    assert all(to_ms - span <= at_ms < to_ms for at_ms in moments)
    assert all(0 < b - a <= 2 * STEP_MS for a, b in pairwise(moments))


def test_the_quiet_hour_and_the_last_day_have_no_gaps_that_the_server_would_call_one() -> None:
    moments = list(past.moments(NOON_MS - 30 * DAY_MS, NOON_MS, STEP_MS))
    for day in range(service_day(NOON_MS) - 28, service_day(NOON_MS)):
        quiet_ms = midnight_ms(day) + 4 * HOUR_MS
        inside = [at_ms for at_ms in moments if quiet_ms <= at_ms < quiet_ms + HOUR_MS]
        assert len(inside) == 12
    today = [at_ms for at_ms in moments if at_ms >= NOON_MS - 8 * HOUR_MS]
    assert {b - a for a, b in pairwise(today)} == {5 * MINUTE_MS}


def test_the_past_says_what_the_live_sensors_would_have_said() -> None:
    told = snapshots(FULL, NOON_MS - 2 * DAY_MS, NOON_MS)
    station = Station(FULL)
    assert len(told.snapshots) > 250
    for one in told.snapshots[::7]:
        if "door" not in {fault.sensor for fault in one.faults}:
            assert list(one.doors) == station.doors(one.at_ms)
        if "cabinet" not in {fault.sensor for fault in one.faults}:
            assert list(one.cabinets) == station.cabinets(one.at_ms)
    assert [one.seq for one in told.snapshots] == list(range(1, len(told.snapshots) + 1))
    assert {one.clock for one in told.snapshots} == {"synced"}


def test_even_the_richest_station_fits_into_messages() -> None:
    member = Member("abc", FULL)
    sizes = [len(message) for _, message in past.messages(member, NOON_MS - 3 * DAY_MS, NOON_MS, STEP_MS)]
    assert max(sizes) <= MAX_PAYLOAD
    assert len(sizes) > 1


def test_without_power_there_is_nothing_and_without_network_there_is() -> None:
    """The first day of each kind among many seeds."""
    seen = set()
    for seed in range(3000):
        profile = Profile(seed=seed)
        cut = Station(profile).cut_off(NOON_MS)
        if cut and cut not in seen:
            seen.add(cut)
            moments = [at for at, _ in past.messages(Member("abc", profile), NOON_MS, NOON_MS + 1, STEP_MS)]
            assert bool(moments) == (cut == "network")
    assert seen == {"power", "network"}


def test_the_command_answers_each_line_and_says_when_a_station_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    fleet = {"stations": [{"id": "abc", "troubles": 0}, {"id": "def", "troubles": 0}]}
    (tmp_path / "fleet.json").write_text(json.dumps(fleet))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"def {NOON_MS - HOUR_MS}\nabc {NOON_MS}\n"))
    assert main(["simulate-past", "--fleet", str(tmp_path / "fleet.json"), "--to-ms", str(NOON_MS)]) == 0
    sys.stdout.flush()
    lines = [line.split(b" ", 2) for line in capfdbinary.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == [b"def", b"def", b"abc"]
    assert len(decode(Telemetry, lines[0][2]).snapshots) == 12
    assert lines[1:] == [[b"def", str(NOON_MS).encode()], [b"abc", str(NOON_MS).encode()]]


def test_a_fleet_that_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate-past", "--fleet", str(tmp_path / "none.json"), "--to-ms", "0"]) == 2
    assert "none.json" in capsys.readouterr().err
