"""The discovery message before Home Assistant's own schemas and templates, where its package is installed.

It is not among the project's own: it asks for a newer Python, and pins half of what a server needs.
docs/home-assistant.md says how to run this.
"""

import asyncio
import importlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.messages import Info, Snapshot
from edge.discovery import Plan, config, seen, values
from edge.discovery_words import LANGUAGES, Language
from tests.support.strategies import messages

pytest.importorskip("homeassistant", reason="Home Assistant is not installed; see docs/home-assistant.md")


def module(name: str) -> Any:
    """One of Home Assistant's, which the project's checkers do not know."""
    return importlib.import_module(f"homeassistant.{name}")


schemas = module("components.mqtt.schemas")
if not hasattr(schemas, "DEVICE_DISCOVERY_SCHEMA"):
    pytest.skip("this Home Assistant is older than 2024.11, the first with devices", allow_module_level=True)

ALL = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One that has nothing set up; templates belong to it."""

    async def make() -> Any:
        made = module("core").HomeAssistant(str(tmp_path_factory.mktemp("home")))
        module("helpers.frame").async_setup(made)
        return made

    return asyncio.run(make())


@ALL
@given(messages(Info), messages(Snapshot), st.sampled_from(LANGUAGES))
def test_any_station_is_a_device_of_home_assistant(
    home: Any, info: Info, said: Snapshot, language: Language
) -> None:
    plan = Plan("canteen-1", info, language, "homeassistant", "waystation/canteen-1")
    found = values(plan, said, True)
    payload = read_by_home_assistant(plan, config(plan, seen(found)))
    for key, each in payload["components"].items():
        platform = each.pop("platform")
        schema = module(f"components.mqtt.{platform}").DISCOVERY_SCHEMA
        read = schema({**each, "state_topic": payload["state_topic"]})
        assert set(each) <= set(read), "what it does not know it drops without a word"
        check_class(platform, each)
        shown = read["value_template"].async_render_with_possible_json_value(
            json.dumps(found), parse_result=False
        )
        assert shown == str(found.get(key))
    assert home is not None


def read_by_home_assistant(plan: Plan, made: dict[str, object]) -> dict[str, Any]:
    """With its abbreviations spelled out by it, and found valid by it."""
    discovery = module("components.mqtt.discovery")
    assert discovery.TOPIC_MATCHER.fullmatch(plan.config_topic.removeprefix("homeassistant/"))
    made = json.loads(json.dumps(made))
    discovery._replace_all_abbreviations(made)
    read: dict[str, Any] = schemas.DEVICE_DISCOVERY_SCHEMA(made)
    return read


def check_class(platform: str, each: dict[str, Any]) -> None:
    """Units and state classes that its statistics take for the device class."""
    const = module(f"components.{platform}")
    if platform == "binary_sensor":
        assert each["device_class"] in set(const.BinarySensorDeviceClass)
    elif each.get("device_class") not in {None, "enum"}:
        const = module("components.sensor.const")
        assert each["unit_of_measurement"] in const.DEVICE_CLASS_UNITS[each["device_class"]]
        assert each["state_class"] in const.DEVICE_CLASS_STATE_CLASSES[each["device_class"]]
