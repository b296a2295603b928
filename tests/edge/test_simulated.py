"""Simulated sensors say what the contract allows, through the same door as real ones."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import codec
from contract.messages import Cabinet, Climate, Door, Presence, Snapshot, Socket
from edge.clock import Instant, SteppedClock
from edge.config import SensorEntry
from edge.days import Profile, Station
from edge.days.calendar import HOUR_MS, WHOLE_DAY, midnight_ms, service_day
from edge.options import ConfigError, Options
from edge.sampler import Sampler
from edge.sensors import SensorError, factory
from edge.sensors.simulated import SimulatedClimate, SimulatedSockets, read_profile

JULY_MS = midnight_ms(service_day(1_784_000_000_000))
KINDS = ("climate", "door", "presence", "sockets", "cabinet")
STATION = {
    "ac_sockets": 3,
    "usb_sockets": 1,
    "cabinets": [{"slots": 8}, {"slots": 4, "voltage_v": 48}],
    "co2": True,
}


def entry(kind: str, options: Mapping[str, object]) -> SensorEntry:
    return SensorEntry(kind, f"simulated_{kind}", None, options, "station.toml: [[sensor]] 1")


def instant(at_ms: int) -> Instant:
    return Instant(at_ms, at_ms - JULY_MS, "synced")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40 * 24 * 60))
def test_a_snapshot_of_all_kinds_goes_through_the_codec(seed: int, minute: int) -> None:
    at_ms = JULY_MS + minute * 60_000
    clock = SteppedClock(at_ms)
    sensors = factory.build([entry(kind, STATION | {"seed": seed}) for kind in KINDS], {}, clock)
    sample = Sampler(sensors, clock.boot_id).sample(clock.now(), "0" * 16, 1)
    assert sample is not None
    assert codec.decode(Snapshot, codec.encode(sample.snapshot)) == sample.snapshot


def test_the_sensors_of_one_station_live_the_same_day() -> None:
    """Each has its own copy of the station, made from the same options."""
    options = STATION | {"troubles": 0}
    sensors = factory.build(
        [entry(kind, options) for kind in ("door", "presence")], {}, SteppedClock(JULY_MS)
    )
    for minute in range(7 * 60, 21 * 60):
        now = instant(JULY_MS + minute * 60_000)
        (door,), (presence,) = sensors[0].read(now), sensors[1].read(now)
        assert isinstance(door, Door)
        assert isinstance(presence, Presence)
        later = instant(now.at_ms + 60_000)
        (after,), (motion,) = sensors[0].read(later), sensors[1].read(later)
        assert isinstance(after, Door)
        assert isinstance(motion, Presence)
        if after.in_total > door.in_total:
            assert motion.motion_at_ms is not None
            assert motion.motion_at_ms > now.at_ms


def test_what_each_kind_reports_is_what_it_said_it_has() -> None:
    sensors = factory.build(
        [entry(kind, STATION | {"doors": 2, "troubles": 0}) for kind in KINDS], {}, SteppedClock(JULY_MS)
    )
    said = [sensor.parts() for sensor in sensors]
    read = [reading for sensor in sensors for reading in sensor.read(instant(JULY_MS + 12 * HOUR_MS))]
    assert [r.id for r in read if isinstance(r, Door)] == [door for part in said for door in part.doors]
    assert [r.id for r in read if isinstance(r, Socket)] == [s.id for part in said for s in part.sockets]
    assert [(r.id, len(r.slots)) for r in read if isinstance(r, Cabinet)] == [
        (cabinet.id, cabinet.slots_count) for part in said for cabinet in part.cabinets
    ]
    assert [r.at_ms for r in read if isinstance(r, Climate)] == [JULY_MS + 12 * HOUR_MS]


def test_a_simulated_fault_is_a_fault_like_any_other() -> None:
    """Looked for, because it is rare: the first seed and hour in which the thermometer fails."""
    seed, at_ms = next(
        (seed, JULY_MS + hour * HOUR_MS)
        for seed in range(1000)
        for hour in range(5, 28)
        if Station(Profile(seed=seed)).fails("climate", JULY_MS + hour * HOUR_MS)
    )
    sensor = SimulatedClimate(entry("climate", {"seed": seed}), {}, SteppedClock(JULY_MS))
    with pytest.raises(SensorError, match="no_answer"):
        sensor.read(instant(at_ms))


def test_the_interval_of_the_station_file_wins() -> None:
    own = SensorEntry("s", "simulated_sockets", 60.0, {}, "")
    assert SimulatedSockets(own, {}, SteppedClock(0)).interval_s == 60
    assert SimulatedSockets(entry("sockets", {}), {}, SteppedClock(0)).interval_s == 5


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        (["06:00-22:00"], ((360, 1320),) * 7),
        (["24h"], (WHOLE_DAY,) * 7),
        (["10:00-26:00"], ((600, 1560),) * 7),
        (["09:00-18:00"] * 5 + ["closed"] * 2, ((540, 1080),) * 5 + (None, None)),
    ],
)
def test_a_week_is_one_day_or_seven(week: list[str], expected: object) -> None:
    assert read_profile(Options({"week": week}, "")).week == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("week", ["6-22"]),
        ("week", ["06:00-22:00"] * 2),  # neither one nor seven
        ("week", ["03:00-22:00"]),  # before the service day begins
        ("week", ["21:30-22:00"]),  # too short for anybody to come
        ("week", ["10:00-02:00"]),  # past midnight counts on: 26:00
        ("visits_per_day", 9),
        ("visits_per_day", 301),
        ("climate", "moon"),
        ("conditioning", "broken"),
        ("doors", 3),
        ("ac_sockets", -1),
        ("troubles", -1),
        ("cabinets", [{"slots": 1}]),
        ("cabinets", [{"slot": 12}]),
        ("visits", 80),  # no such key
    ],
)
def test_a_wrong_option_is_named(key: str, value: object) -> None:
    with pytest.raises(ConfigError) as raised:
        read_profile(Options({key: value}, str(Path("station.toml"))))
    assert "station.toml" in str(raised.value)
    assert raised.value.key in (key, "slots", "slot")


def test_every_option_is_in_its_page() -> None:
    with pytest.raises(ConfigError) as raised:
        read_profile(Options({"nonsense": 1}, ""))
    keys = raised.value.allowed.removeprefix("only the keys ").split(", ")
    page = (Path(__file__).parents[2] / "docs" / "demo.md").read_text("utf-8")
    assert len(keys) > 10
    assert [key for key in keys if f"| `{key}` |" not in page] == []
