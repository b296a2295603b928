"""When each sensor is asked; a bad one stays alone with its trouble."""

import pytest

from contract import ContractError
from contract.messages import Cabinet, Climate, Fault, Presence, Slot, Socket
from edge.sensors import SensorError
from tests.support.sampling import CABINET, DOOR, NOON, PRESENCE, SOCKET, Run, Told


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
