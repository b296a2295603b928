"""Plugs and gateways on the station's own broker, as sensors of a station file, and what they say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from contract.messages import Socket
from edge.clock import SystemClock
from edge.config import SensorEntry
from edge.sensors import Reading, SensorError
from edge.sensors.factory import build
from edge.sensors.mqtt_device import MqttDevice
from tests.support.gateway import Device, LocalBroker
from tests.support.wait import until

CLOCK = SystemClock()
IN_S = 30
QUICK = {"charging_s": 0.2, "idle_s": 0.2, "full_s": 0.2}
LWT, SENSOR = "tele/plug7/LWT", "tele/plug7/SENSOR"
EVENTS = "shelly-a8/events/rpc"


def entry(sensor: str, kind: str, broker: LocalBroker, **options: object) -> SensorEntry:
    where = f"station.toml: [[sensor]] 1 ({sensor})"
    return SensorEntry(sensor, kind, 0.1, {"host": broker.host, "port": broker.port} | options, where)


def tasmota(broker: LocalBroker, sensor: str = "s1", **options: object) -> SensorEntry:
    return entry(sensor, "tasmota", broker, **({"topic": "plug7"} | QUICK | options))


def shelly(broker: LocalBroker, **options: object) -> SensorEntry:
    return entry("s2", "shelly", broker, **({"prefix": "shelly-a8"} | QUICK | options))


@contextmanager
def sensors(*entries: SensorEntry) -> Iterator[list[MqttDevice]]:
    made = build(entries, {}, CLOCK)
    try:
        for each in made:
            each.read(CLOCK.now())
        listening = [each for each in made if isinstance(each, MqttDevice)]
        until(lambda: all(each._line.connected for each in listening), IN_S, "the station's broker is there")
        yield listening
    finally:
        for each in made:
            each.close()


def said(sensor: MqttDevice) -> Sequence[Reading]:
    return sensor.read(CLOCK.now())


def state(sensor: MqttDevice) -> str:
    return next((each.state for each in said(sensor) if isinstance(each, Socket)), "")


def fault(sensor: MqttDevice) -> str:
    try:
        sensor.read(CLOCK.now())
    except SensorError as error:
        return error.code
    return ""


def watts(value: float) -> dict[str, object]:
    return {"ENERGY": {"Power": value, "Voltage": 228}}


def charge(sensor: MqttDevice, plug: Device, topic: str, told: object) -> None:
    """Say it until something charges."""

    def charging() -> bool:
        plug.say(topic, told)
        return state(sensor) == "charging"

    until(charging, IN_S, "it charges")
