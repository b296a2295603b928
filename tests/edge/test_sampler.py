"""When a snapshot is due and what is in it; a bad sensor stays alone with its trouble."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from contract import ContractError
from contract.messages import (
    Cabinet,
    Climate,
    Door,
    Fault,
    Health,
    Presence,
    SensorInfo,
    Slot,
    Snapshot,
    Socket,
)
from edge.changes import HOT_C
from edge.clock import Instant
from edge.sampler import SETTLE_MS, Sample, Sampler
from edge.sensors import Parts, Reading, SensorError

BOOT = "0f5b4c2e-b001"
STREAM = "0" * 16
NOON = 1_700_000_000_000
BEAT_MS = 30_000


class Told:
    """A sensor that says what the test tells it to say, or fails as told."""

    def __init__(self, *readings: Reading, id: str = "told", interval_s: float = 1) -> None:
        self.info = SensorInfo(id, "told")
        self.interval_s = interval_s
        self.readings: Sequence[Reading] = readings
        self.error: Exception | None = None
        self.asked: list[int] = []
        self.closed = False

    def parts(self) -> Parts:
        return Parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        self.asked.append(now.mono_ms)
        if self.error is not None:
            raise self.error
        return self.readings

    def close(self) -> None:
        self.closed = True


def at(mono_ms: int, *, wall_ms: int | None = None) -> Instant:
    return Instant(NOON + mono_ms if wall_ms is None else wall_ms, mono_ms, "synced")


class Run:
    """A sampler that is called once a second, as by the agent, and what it kept."""

    def __init__(self, *sensors: Told, station: str = "") -> None:
        self.sampler = Sampler(sensors, BOOT, station=station, heartbeat_ms=BEAT_MS)
        self.kept: list[Sample] = []
        self.mono_ms = 0

    def seconds(self, count: float, step_ms: int = 1000) -> list[Sample]:
        """What is kept in the next seconds."""
        before = len(self.kept)
        for _ in range(round(count * 1000 / step_ms)):
            self.at(at(self.mono_ms))
            self.mono_ms += step_ms
        return self.kept[before:]

    def at(self, now: Instant) -> Snapshot | None:
        sample = self.sampler.sample(now, STREAM, len(self.kept) + 1)
        if sample is not None:
            self.kept.append(sample)
        return sample.snapshot if sample else None


def test_the_first_look_is_kept_at_once_and_then_one_a_heartbeat() -> None:
    kept = Run(Told(Climate(NOON, 21.0))).seconds(91)
    assert [sample.snapshot.mono_ms for sample in kept] == [0, 30_000, 60_000, 90_000]
    assert not any(sample.event for sample in kept)


def test_stations_do_not_beat_at_once() -> None:
    beats = {Run(station=f"canteen-{n}").seconds(60)[1].snapshot.mono_ms for n in range(100)}
    assert len(beats) > 20


DOOR = Door("north", 10, 8)
SOCKET = Socket("a1", "usb", "free", NOON)
SLOT = Slot(1, "present", "charging", "closed", True, 80.0, 25.0)
CABINET = Cabinet("c1", True, (SLOT,), True, 30.0, False)
PRESENCE = Presence(NOON, True)

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


def test_each_sensor_is_asked_at_its_own_interval() -> None:
    quick, slow = Told(interval_s=2), Told(id="slow", interval_s=10)
    Run(quick, slow).seconds(21)
    assert quick.asked == list(range(0, 21_000, 2000))
    assert slow.asked == [0, 10_000, 20_000]


def test_after_a_stall_a_sensor_is_not_asked_to_catch_up() -> None:
    sensor = Told(interval_s=10)
    run = Run(sensor)
    run.seconds(1)
    run.mono_ms = 60_000
    run.seconds(11)
    assert sensor.asked == [0, 60_000, 70_000]


def test_a_sensor_with_nothing_new_to_say_keeps_what_it_said() -> None:
    sensor = Told(Climate(NOON, 21.0))
    run = Run(sensor)
    run.seconds(1)
    sensor.readings = []
    assert run.seconds(30)[-1].snapshot.climate == Climate(NOON, 21.0), (
        "with the time at which it was measured"
    )


FAILURES = [
    (SensorError("checksum", "keep the wire short"), "checksum"),
    (ContractError("temperature_c", 900, "a number"), "impossible"),
    (OSError(5, "Input/output error"), "io"),
]


@pytest.mark.parametrize(("error", "code"), FAILURES, ids=[row[-1] for row in FAILURES])
def test_a_failing_sensor_becomes_a_fault_and_the_others_go_on(error: Exception, code: str) -> None:
    bad, good = Told(Climate(NOON, 21.0), id="room"), Told(DOOR, id="door")
    run = Run(bad, good)
    run.seconds(5)
    bad.error = error
    (sample,) = run.seconds(10)
    assert sample.snapshot.faults == (Fault("room", code, NOON + 5000),)
    assert sample.snapshot.climate is None, "left out, not old"
    assert sample.snapshot.doors == (DOOR,)
    bad.error = None
    (sample,) = run.seconds(10)
    assert sample.snapshot.faults == ()
    assert sample.snapshot.climate == Climate(NOON, 21.0)


def test_what_is_unexpected_ends_the_agent() -> None:
    bad = Told()
    bad.error = TypeError("a bug")
    with pytest.raises(TypeError, match="a bug"):
        Run(bad).seconds(1)


def test_a_silent_sensor_leaves_unknown_never_free() -> None:
    sensor = Told(SOCKET, CABINET, PRESENCE, DOOR)
    run = Run(sensor)
    run.seconds(5)
    sensor.error = SensorError("silent", "power?")
    (sample,) = run.seconds(10)
    snapshot = sample.snapshot
    assert snapshot.sockets == (Socket("a1", "usb", "unknown", NOON + 5000),)
    assert snapshot.cabinets == (Cabinet("c1", False, (Slot(1, "unknown"),)),)
    assert snapshot.presence == Presence(NOON, False)
    assert snapshot.doors == ()


def test_an_unknown_socket_that_falls_silent_keeps_no_watts() -> None:
    """A meter that was just switched on says watts before its state is believed."""
    run = Run(meter := Told(Socket("a1", "usb", "unknown", NOON, 5.5)))
    run.seconds(5)
    meter.error = SensorError("silent", "power?")
    (sample,) = run.seconds(10)
    assert sample.snapshot.sockets == (Socket("a1", "usb", "unknown", NOON),)


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
