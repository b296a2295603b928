"""When a snapshot is due and what is in it."""

from dataclasses import replace

import pytest

from contract.messages import Cabinet, Climate, Fault, Health, Presence
from edge.changes import HOT_C
from edge.sampler import SETTLE_MS, Sampler
from edge.sensors import Reading, SensorError
from tests.support.sampling import (
    BEAT_MS,
    BOOT,
    CABINET,
    DOOR,
    NOON,
    PRESENCE,
    SLOT,
    SOCKET,
    STREAM,
    Run,
    Told,
    at,
)


def test_the_first_look_is_kept_at_once_and_then_one_a_heartbeat() -> None:
    kept = Run(Told(Climate(NOON, 21.0))).seconds(91)
    assert [sample.snapshot.mono_ms for sample in kept] == [0, 30_000, 60_000, 90_000]
    assert not any(sample.event for sample in kept)


def test_stations_do_not_beat_at_once() -> None:
    beats = {Run(station=f"canteen-{n}").seconds(60)[1].snapshot.mono_ms for n in range(100)}
    assert len(beats) > 20


CHANGES: list[tuple[Reading, Reading, bool, str]] = [
    (DOOR, replace(DOOR, in_total=11), True, "somebody came in"),
    (DOOR, replace(DOOR, blocked=True), True, "nothing is counted any more"),
    (DOOR, replace(DOOR, locked=True), True, "locked"),
    (SOCKET, replace(SOCKET, state="charging"), True, "a socket is taken"),
    (SOCKET, replace(SOCKET, power_w=18.5), False, "watts alone change no word"),
    (SOCKET, replace(SOCKET, since_ms=NOON + 5), False, "the same state"),
    (CABINET, replace(CABINET, slots=(replace(SLOT, charge="full"),)), True, "a battery is full"),
    (CABINET, replace(CABINET, slots=(replace(SLOT, door="open"),)), True, "a slot is open"),
    (CABINET, replace(CABINET, slots=(replace(SLOT, soc_pct=81.0),)), False, "a percent of charge"),
    (replace(CABINET, smoke=True), CABINET, True, "the smoke is gone"),
    (CABINET, replace(CABINET, temperature_c=31.0), False, "the cabinet warms slowly"),
    (PRESENCE, replace(PRESENCE, ok=False), True, "the motion sensor is ill"),
    (PRESENCE, replace(PRESENCE, motion_at_ms=NOON + 9), False, "motion goes with the heartbeat"),
    (Climate(NOON, 26.0), Climate(NOON, 26.4), False, "less than the words' hysteresis"),
    (Climate(NOON, 26.0), Climate(NOON, 26.5), True, "half a degree"),
    (Climate(NOON, 26.0), Climate(NOON, None, 50.0), True, "no temperature any more"),
    (Climate(NOON, 26.0, 40.0), Climate(NOON, 26.0, 60.0), False, "humidity goes with the heartbeat"),
]


@pytest.mark.parametrize(("before", "after", "noticed", "_reason"), CHANGES, ids=[row[-1] for row in CHANGES])
def test_a_change_that_a_rider_would_notice_is_kept_soon(
    before: Reading, after: Reading, noticed: bool, _reason: str
) -> None:
    sensor = Told(before)
    run = Run(sensor)
    run.seconds(5)
    sensor.readings = [after]
    kept = run.seconds(10)
    assert [(item.snapshot.mono_ms, item.event) for item in kept] == (
        [(5000 + SETTLE_MS, True)] if noticed else []
    )


HOT = replace(CABINET, temperature_c=HOT_C)
DANGERS: list[tuple[Cabinet, Cabinet, str]] = [
    (CABINET, replace(CABINET, smoke=True), "smoke"),
    (CABINET, HOT, "a cabinet as hot as none may be"),
    (CABINET, replace(CABINET, slots=(replace(SLOT, temperature_c=HOT_C),)), "a hot battery"),
    (CABINET, replace(CABINET, slots=(replace(SLOT, alarms=("overheat",)),)), "an alarm"),
    (HOT, replace(HOT, smoke=True), "smoke after heat"),
]


@pytest.mark.parametrize(("before", "after", "_reason"), DANGERS, ids=[row[-1] for row in DANGERS])
def test_a_danger_is_kept_at_once(before: Cabinet, after: Cabinet, _reason: str) -> None:
    sensor = Told(before)
    run = Run(sensor)
    run.seconds(5)
    sensor.readings = [after]
    assert [(item.snapshot.mono_ms, item.event) for item in run.seconds(10)] == [(5000, True)]


def test_smoke_is_not_over_because_the_cabinet_falls_silent() -> None:
    sensor = Told(replace(CABINET, smoke=True))
    run = Run(sensor)
    run.seconds(5)
    sensor.error = SensorError("silent", "")
    (kept,) = run.seconds(5)
    (cabinet,) = kept.snapshot.cabinets
    assert (cabinet.online, cabinet.smoke) == (False, True)


def test_people_who_come_in_together_are_one_snapshot() -> None:
    door = Told(DOOR)
    run = Run(door)
    run.seconds(5)
    for count in (11, 12, 13):
        door.readings = [replace(DOOR, in_total=count)]
        run.seconds(0.5, step_ms=500)
    (sample,) = run.seconds(5)
    assert sample.snapshot.doors[0].in_total == 13


def test_a_change_that_is_taken_back_is_none() -> None:
    plug = Told(SOCKET)
    run = Run(plug)
    run.seconds(5)
    plug.readings = [replace(SOCKET, state="charging")]
    run.seconds(1)
    plug.readings = [SOCKET]
    assert run.seconds(10) == []


def test_several_sensors_make_one_climate_as_old_as_its_oldest_part() -> None:
    run = Run(Told(Climate(NOON, 21.0, 40.0), id="dht"), Told(Climate(NOON - 9, None, 45.0, 800.0), id="co2"))
    snapshot = run.at(at(0))
    assert snapshot is not None
    assert snapshot.climate == Climate(NOON - 9, 21.0, 40.0, 800.0)


def test_presence_is_well_only_if_every_sensor_is() -> None:
    run = Run(
        Told(Presence(NOON), id="a"), Told(Presence(NOON + 5, ok=False), id="b"), Told(Presence(), id="c")
    )
    snapshot = run.at(at(0))
    assert snapshot is not None
    assert snapshot.presence == Presence(NOON + 5, ok=False)


def test_moments_are_moved_when_the_wall_clock_is_set() -> None:
    wrong = 60_000
    sensor = Told(
        Climate(wrong, 21.0), Presence(wrong - 100), replace(SOCKET, since_ms=wrong - 200), id="all"
    )
    bad = Told(id="bad")
    bad.error = SensorError("silent", "power?")
    run = Run(sensor, bad)
    run.at(at(0, wall_ms=wrong))
    snapshot = run.at(at(30_000, wall_ms=NOON + 30_000))
    assert snapshot is not None
    assert snapshot.climate == Climate(NOON, 21.0)
    assert snapshot.presence == Presence(NOON - 100)
    assert snapshot.sockets[0].since_ms == NOON - 200
    assert snapshot.faults == (Fault("bad", "silent", NOON),)
    sensor.readings = [Climate(NOON + 59_000, 21.0)]
    snapshot = run.at(at(60_000))
    assert snapshot is not None
    assert snapshot.climate == Climate(NOON + 59_000, 21.0), "said by the right clock, it stays"


def test_a_clock_that_is_only_slewed_moves_nothing() -> None:
    run = Run(Told(SOCKET))
    run.at(at(0))
    snapshot = run.at(at(30_000, wall_ms=NOON + 30_900))
    assert snapshot is not None
    assert snapshot.sockets == (SOCKET,)


def test_health_travels_once_with_the_next_snapshot() -> None:
    health = Health(0, 0, 5)
    sampler = Sampler([], BOOT, heartbeat_ms=BEAT_MS)
    sampler.sample(at(0), STREAM, 1)
    assert sampler.sample(at(1000), STREAM, 2, health) is None
    kept = [sampler.sample(at(moment), STREAM, 2) for moment in (30_000, 60_000)]
    assert [sample and sample.snapshot.health for sample in kept] == [health, None]


def test_faults_from_elsewhere_are_in_it_and_noticed() -> None:
    fault = Fault("outbox", "disk_full", NOON)
    sampler = Sampler([], BOOT, heartbeat_ms=BEAT_MS)
    sampler.sample(at(0), STREAM, 1)
    kept = [sampler.sample(at(moment), STREAM, 2, faults=[fault]) for moment in (1000, 1000 + SETTLE_MS)]
    assert kept[0] is None
    assert kept[1] is not None
    assert kept[1].snapshot.faults == (fault,)


def test_faults_from_elsewhere_are_moved_with_the_wall_clock() -> None:
    wrong = 60_000
    sampler, fault = Sampler([], BOOT, heartbeat_ms=BEAT_MS), Fault("outbox", "disk_full", wrong)
    sampler.sample(at(0, wall_ms=wrong), STREAM, 1, faults=[fault])
    kept = sampler.sample(at(30_000), STREAM, 2, faults=[fault])
    assert kept is not None
    assert kept.snapshot.faults == (replace(fault, since_ms=NOON),)


def test_the_last_sample_is_kept_due_or_not() -> None:
    sensor = Told(DOOR)
    sampler = Sampler([sensor], BOOT, heartbeat_ms=BEAT_MS)
    sampler.sample(at(0), STREAM, 1)
    sensor.readings = [replace(DOOR, in_total=11)]
    sample = sampler.last(at(1000), STREAM, 2)
    assert (sample.snapshot.doors[0].in_total, sample.event) == (11, True)
    sampler.close()
    assert sensor.closed
