"""From pins to the rider's page: a DHT22's pulses, contacts, beams; agent, broker, server, Chromium."""

from tests.support import pi
from tests.support.agent import drive
from tests.support.journey import Journey

STATIONS = ["dht-1", "sockets-1", "cabinet-1", "beams-1"]
PROGRAM = "tests.support.pi"

DHT = f"""
[[sensor]]
id = "room"
kind = "dht22"
pin = {pi.DHT_PIN}
"""
SOCKETS = """
[[sensor]]
id = "bench"
kind = "sockets_contact"
socket = [
    { id = "s1", pin = 5, socket_kind = "usb", label = "左一" },
    { id = "s2", pin = 6, socket_kind = "ac", label = "右一" },
]
"""
CABINET = """
[[sensor]]
id = "cabinet-1"
kind = "cabinet_contact"
slot = [
    { n = 1, pin_battery = 5, pin_closed = 6 },
    { n = 2, pin_battery = 13, pin_closed = 19 },
]
"""
BEAMS = """
[[sensor]]
id = "front"
kind = "door_beams"
pin_a = 17
pin_b = 27
debounce_ms = 0
"""
CAME = 6
"""Of twenty places."""


def test_a_dht22_reaches_the_riders_page(journey: Journey) -> None:
    with journey.station("dht-1", DHT, PROGRAM) as (_, rider):
        rider.fact("comfort", f"{pi.DHT_TEMPERATURE_C} °C，湿度 {pi.DHT_HUMIDITY_PCT:g}%")


def test_sockets_with_contacts_reach_the_riders_page(journey: Journey) -> None:
    with journey.station("sockets-1", SOCKETS, PROGRAM) as (process, rider):
        rider.socket("s1", "空着")
        drive(process, gpio6="low")
        rider.socket("s2", "使用中")
        rider.socket("s1", "空着")


def test_a_cabinet_with_contacts_reaches_the_riders_page(journey: Journey) -> None:
    """Both doors stand open; then one is closed on a battery, and one on nothing."""
    with journey.station("cabinet-1", CABINET, PROGRAM) as (process, rider):
        rider.slots("门开着", "门开着")
        drive(process, gpio5="low", gpio6="low", gpio19="low")
        rider.slots("有电池", "空仓")


def test_people_between_beams_reach_the_riders_page(journey: Journey) -> None:
    with journey.station("beams-1", BEAMS, PROGRAM) as (process, rider):
        rider.fact("crowding", "没几个人", "不挤")
        for _ in range(CAME):
            drive(process, gpio17="low", gpio27="low")
            drive(process, gpio17="high", gpio27="high")
        rider.fact("crowding", "不到一半有人", "不挤")
