"""From plugs and a gateway on the station's own broker to the rider's page; every part of the way is real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agent import MAPS
from tests.support.gateway import LocalBroker, device, repeating
from tests.support.journey import Journey

STATIONS = ["tasmota-1", "shelly-1", "gateway-1"]

TASMOTA = """
[[sensor]]
id = "{id}"
kind = "tasmota"
topic = "{topic}"
port = {local}
charging_s = 1
idle_s = 1
"""
SHELLY = """
[[sensor]]
id = "s1"
kind = "shelly"
prefix = "shelly-a8"
port = {local}
charging_s = 1
idle_s = 1
"""
GATEWAY = """
[[sensor]]
id = "cabinet-1"
kind = "mqtt_map"
device = "A0017"
map_file = "{maps}/mqtt-cabinet.toml"
port = {local}
"""
SLOTS = [
    {"no": 1, "battery": 1, "charging": 2, "door": 0, "soc": 100, "alarm": 0},
    {"no": 2, "battery": 1, "charging": 1, "door": 0, "soc": 40, "alarm": 0},
    {"no": 3, "battery": 0, "charging": 0, "door": 0, "alarm": 0},
    {"no": 4, "battery": 0, "charging": 0, "door": 1, "alarm": 0},
]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalBroker]:
    with LocalBroker(tmp_path / "local") as running:
        yield running


def test_a_tasmota_plug_reaches_the_riders_page(journey: Journey, local: LocalBroker) -> None:
    """It charges; one that is not there is unknown. Without the broker nobody knows what goes on."""
    plugs = [("s1", "plug7"), ("s2", "nobody")]
    sensors = "".join(TASMOTA.format(id=name, topic=topic, local=local.port) for name, topic in plugs)
    told = {"ENERGY": {"Power": 18.5, "Voltage": 228}}
    with journey.station("tasmota-1", sensors) as (_, rider):
        with device(local) as plug, repeating(lambda: plug.say("tele/plug7/SENSOR", told)):
            rider.socket("s1", "充电中")
            rider.socket("s2", "不清楚")
        local.kill()
        rider.socket("s1", "不清楚")


def test_a_shelly_plug_reaches_the_riders_page(journey: Journey, local: LocalBroker) -> None:
    """First its whole status, then only what has changed."""
    whole = {"id": 0, "output": True, "apower": 0.0, "voltage": 231.0}
    change = {"method": "NotifyStatus", "params": {"ts": 1, "switch:0": {"apower": 18.5}}}
    with journey.station("shelly-1", SHELLY.format(local=local.port)) as (_, rider), device(local) as plug:
        with repeating(lambda: plug.say("shelly-a8/status/switch:0", whole)):
            rider.socket("s1", "空着")
        with repeating(lambda: plug.say("shelly-a8/events/rpc", change)):
            rider.socket("s1", "充电中")


def test_a_cabinet_behind_a_gateway_reaches_the_riders_page(journey: Journey, local: LocalBroker) -> None:
    """One slot of four has a charged battery; of four more nothing is said."""
    state = {"temperature": 31.5, "mains": 1, "smoke": 0, "slots": SLOTS}
    with (
        journey.station("gateway-1", GATEWAY.format(local=local.port, maps=MAPS)) as (_, rider),
        device(local) as plug,
        repeating(lambda: plug.say("cabinet/A0017/state", state)),
    ):
        rider.slots("满电", "充电中", "空仓", "门开着", *["不清楚"] * 4)
        rider.cabinet("满电 1 · 可还空仓 1")
