"""The station in a real Home Assistant, where its package is installed: what people there see.

It is not among the project's own: it asks for a newer Python, and pins half of what a server needs.
docs/home-assistant.md says how to run this.
"""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Info,
    Presence,
    SensorInfo,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
)
from edge.config import BrokerConfig, HomeAssistantConfig
from edge.discovery import Plan, config, seen, values
from edge.discovery_words import LANGUAGES, Language
from edge.home_assistant import HomeAssistant
from tests.support.gateway import Ear, LocalBroker
from tests.support.home_assistant import bare, module, shown, with_mqtt
from tests.support.home_assistant import until as until_there
from tests.support.strategies import messages
from tests.support.wait import until

pytest.importorskip("homeassistant", reason="Home Assistant is not installed; see docs/home-assistant.md")
KNOWS_DEVICES = (module("const").MAJOR_VERSION, module("const").MINOR_VERSION) >= (2024, 11)
"""An older one takes an entity at a time, each with its device."""
UNKNOWN_BEFORE = frozenset() if KNOWS_DEVICES else {"options"}
"""Of what an entity says; words of a state could not be listed."""

ALL = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOON = 1_700_000_000_000
INFO = Info(
    "1.0",
    1,
    30,
    sensors=(SensorInfo("room", "dht22"),),
    doors=("north",),
    sockets=(SocketInfo("a1", "usb", "{{ 左一 }}"), SocketInfo("a2", "ac")),
    cabinets=(CabinetInfo("c1", 1),),
)
WELL = Snapshot(
    "0" * 16,
    1,
    NOON,
    1000,
    "0f5b4c2e-b001",
    "synced",
    climate=Climate(NOON, 26.5, 61.0),
    doors=(Door("north", 12, 9),),
    presence=Presence(NOON),
    sockets=(Socket("a1", "usb", "in_use", NOON, 12.5), Socket("a2", "ac", "free", NOON)),
    cabinets=(Cabinet("c1", True, (Slot(1, "present", "full"),), True, 31.0, False),),
)
LOST = replace(
    WELL,
    seq=2,
    climate=None,
    doors=(),
    presence=None,
    sockets=(Socket("a1", "usb", "unknown", NOON), Socket("a2", "ac", "unknown", NOON)),
    cabinets=(Cabinet("c1", online=False, slots=(Slot(1, "unknown"),)),),
)
SEEN = {
    "temperature": "26.5",
    "humidity": "61.0",
    "occupancy": "on",
    "in_north": "12",
    "out_north": "9",
    "socket_a1": "使用中",
    "power_a1": "12.5",
    "socket_a2": "空着",
    "cabinet_c1": "on",
    "mains_c1": "off",
    "smoke_c1": "off",
    "heat_c1": "31.0",
    "slot_1_c1": "满电",
    "problem_room": "off",
    "problem_outbox": "off",
}
STILL_KNOWN = {"cabinet_c1": "off", "problem_room": "off", "problem_outbox": "off"}


def named(states: dict[str, str]) -> dict[str, str]:
    return {f"waystation_canteen-1_{key}": state for key, state in states.items()}


@pytest.mark.skipif(not KNOWS_DEVICES, reason="this one is older than 2024.11")
def test_what_people_see_from_its_start_to_the_stations_end(tmp_path: Path) -> None:
    with LocalBroker(tmp_path / "broker") as broker:
        login = BrokerConfig("127.0.0.1", broker.port, "", "")
        link = HomeAssistant(
            HomeAssistantConfig(login, "homeassistant", "waystation/canteen-1"), "canteen-1", INFO
        )
        ear = Ear(broker)
        link.tell(WELL)
        link.start()
        # From here on the station has no reason of its own to say anything: only being asked for it.
        until(lambda: len(ear.on("waystation/canteen-1/state")) == 2, 20, "values are said, and once again")
        ear.close()
        (tmp_path / "home").mkdir()
        try:
            asyncio.run(see(tmp_path / "home", broker.port, link))
        finally:
            link.stop()


async def see(folder: Path, port: int, link: HomeAssistant) -> None:
    async with with_mqtt(folder, port) as core:
        await until_there(lambda: shown(core) == named(SEEN), "every entity has its value")
        link.tell(LOST)
        unknown = dict.fromkeys(SEEN, "unknown") | STILL_KNOWN
        await until_there(lambda: shown(core) == named(unknown), "what is not known is unknown")
        await asyncio.get_running_loop().run_in_executor(None, link.stop)
        gone = named(dict.fromkeys(SEEN, "unavailable"))
        await until_there(lambda: shown(core) == gone, "without the station nothing is said of it")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Templates belong to a core."""
    return asyncio.run(bare(tmp_path_factory.mktemp("home")))


@ALL
@pytest.mark.usefixtures("core")
@given(messages(Info), messages(Snapshot), st.sampled_from(LANGUAGES))
def test_any_station_is_a_device_of_home_assistant(info: Info, said: Snapshot, language: Language) -> None:
    plan = Plan("canteen-1", info, language, "homeassistant", "waystation/canteen-1")
    found = values(plan, said, True)
    payload = read_by_home_assistant(plan, config(plan, seen(found)))
    for key, each in payload["components"].items():
        platform = each.pop("platform")
        schema = module(f"components.mqtt.{platform}").DISCOVERY_SCHEMA
        read = schema({**each, "state_topic": payload["state_topic"]})
        assert set(each) - UNKNOWN_BEFORE <= set(read), "what it does not know it drops without a word"
        check_class(platform, each)
        template = read["value_template"]
        text = template.async_render_with_possible_json_value(json.dumps(found), parse_result=False)
        assert text == str(found.get(key))


def read_by_home_assistant(plan: Plan, made: dict[str, object]) -> dict[str, Any]:
    """With its abbreviations spelled out by it, and found valid by it."""
    if not KNOWS_DEVICES:
        return spelled_out(json.loads(json.dumps(made)))
    discovery = module("components.mqtt.discovery")
    assert discovery.TOPIC_MATCHER.fullmatch(plan.config_topic.removeprefix("homeassistant/"))
    made = json.loads(json.dumps(made))
    discovery._replace_all_abbreviations(made)
    read: dict[str, Any] = module("components.mqtt.schemas").DEVICE_DISCOVERY_SCHEMA(made)
    return read


def spelled_out(made: dict[str, Any]) -> dict[str, Any]:
    """The same for one that knows no devices."""
    abbreviations = module("components.mqtt.abbreviations")

    def full(short: dict[str, Any], words: str = "ABBREVIATIONS") -> dict[str, Any]:
        known = {"cmps": "components", "p": "platform"} | getattr(abbreviations, words)
        return {known.get(key, key): value for key, value in short.items()}

    read = full(made)
    shared = {
        "device": full(read["device"], "DEVICE_ABBREVIATIONS"),
        "origin": full(read["origin"], "ORIGIN_ABBREVIATIONS"),
        "availability_topic": read["availability_topic"],
    }
    return read | {"components": {key: full(each) | shared for key, each in read["components"].items()}}


def check_class(platform: str, each: dict[str, Any]) -> None:
    """Units and state classes that its statistics take for the device class."""
    if platform == "binary_sensor":
        assert each["device_class"] in set(module("components.binary_sensor").BinarySensorDeviceClass)
    elif each.get("device_class") not in {None, "enum"}:
        const = module("components.sensor.const")
        assert each["unit_of_measurement"] in const.DEVICE_CLASS_UNITS[each["device_class"]]
        assert each["state_class"] in const.DEVICE_CLASS_STATE_CLASSES[each["device_class"]]
