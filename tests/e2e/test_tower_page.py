"""A swap cabinet dials the station, and its slots reach the rider's page; every part of the way is real."""

from tests.support.agent import MAPS
from tests.support.journey import IN_S, Journey
from tests.support.mosquitto import free_port
from tests.support.tower import CABINET, alarm, dialled, login, report

STATIONS = ["tower-1"]

TOWER = """
[[sensor]]
id = "cabinet-1"
kind = "tower"
port = {listens}
cabinet = "{cabinet}"
slots = 3
map_file = "{maps}/tower-kaixin.toml"
"""


def test_slots_and_smoke_reach_the_riders_page(journey: Journey) -> None:
    listens = free_port()
    sensor = TOWER.format(listens=listens, cabinet=CABINET, maps=MAPS)
    with journey.station("tower-1", sensor) as (_, rider), dialled(listens, IN_S) as cabinet:
        cabinet.say(login())
        cabinet.say(report([(1, "02104001", "2"), (2, "02104001", "0"), (3, "02104001", "1")], full=1))
        rider.slots("满电", "空仓", "充电中")
        rider.cabinet("满电 1 · 可还空仓 1")
        cabinet.say(alarm("02017001", 1))
        rider.slots("故障", "故障", "故障")
        rider.cabinet("满电 0 · 可还空仓 0 · 故障 3")
