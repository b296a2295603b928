"""From parts on I2C to the rider's page: Adafruit's drivers, agent, broker, server; the bus is made up."""

import signal

import pytest

from tests.support import pi
from tests.support.journey import Journey

ALONE = {
    "sht4x": 'kind = "sht4x"',
    "sht31": 'kind = "sht31"\naddress = 0x45',
    "scd4x": 'kind = "scd4x"',
}
STATIONS = [*ALONE, "door-1", "bus-1"]
PROGRAM = "tests.support.pi"
DEGREES = f"{pi.TEMPERATURE_C} °C"

CLIMATE = """
[[sensor]]
id = "{id}"
interval_s = 5
{keys}
"""
DOOR = """
[[sensor]]
id = "front"
kind = "vl53l1x"
"""


@pytest.mark.parametrize("kind", ALONE)
def test_the_air_reaches_the_riders_page(journey: Journey, kind: str) -> None:
    sensor = CLIMATE.format(id="room", keys=ALONE[kind])
    with journey.station(kind, sensor, PROGRAM) as (_, rider):
        rider.fact("comfort", f"{DEGREES}，湿度 {pi.HUMIDITY_PCT:g}%")


def test_people_at_a_door_reach_the_riders_page(journey: Journey) -> None:
    """Six come in and one leaves: five of twenty places are taken."""
    with journey.station("door-1", DOOR, PROGRAM) as (_, rider):
        rider.fact("crowding", "不到一半有人", "不挤")


def test_a_bus_that_hangs_says_nothing(journey: Journey) -> None:
    """And goes on when it does."""
    sensors = "".join(CLIMATE.format(id=kind, keys=ALONE[kind]) for kind in ("sht4x", "scd4x"))
    with journey.station("bus-1", sensors, PROGRAM) as (process, rider):
        rider.fact("comfort", DEGREES)
        process.send_signal(signal.SIGUSR1)
        rider.fact("comfort", "没有温度读数", "不清楚")
        process.send_signal(signal.SIGUSR1)
        rider.fact("comfort", DEGREES)
