"""A station as a Home Assistant device: the discovery message, and what each entity says."""

import json
import re
from dataclasses import replace
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Fault,
    Info,
    Presence,
    SensorInfo,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
)
from edge.discovery import QUIET_MS, Plan, Watch, config, seen, slot_state, values
from edge.discovery_words import LANGUAGES, WORDS, Language
from tests.support.strategies import messages

NOON = 1_700_000_000_000
INFO = Info(
    "1.0",
    1,
    30,
    sensors=(SensorInfo("room", "dht22"), SensorInfo("swap", "tower")),
    doors=("north",),
    sockets=(SocketInfo("a1", "usb", "左一"), SocketInfo("a2", "ac")),
    cabinets=(CabinetInfo("c1", 2, "60 V"),),
)
CLASSES = {
    "temperature": "°C",
    "humidity": "%",
    "carbon_dioxide": "ppm",
    "power": "W",
}
"""Home Assistant's device classes for sensors that are used here, with the unit of each."""
BINARY_CLASSES = {"occupancy", "connectivity", "problem", "smoke"}
KEYS = {
    "p",
    "name",
    "uniq_id",
    "val_tpl",
    "exp_aft",
    "dev_cla",
    "stat_cla",
    "unit_of_meas",
    "ops",
    "ic",
    "ent_cat",
}


def plan(info: Info = INFO, language: Language = "zh") -> Plan:
    return Plan("canteen-1", info, language, "homeassistant", "waystation/canteen-1")


def snapshot(**parts: Any) -> Snapshot:
    return Snapshot("0" * 16, 1, NOON, 1000, "0f5b4c2e-b001", "synced", **parts)


def components(made: dict[str, object]) -> dict[str, dict[str, Any]]:
    found = made["cmps"]
    assert isinstance(found, dict)
    return found


def shown(component: dict[str, Any], said: bytes) -> str:
    """What Home Assistant makes of a message: its template over the JSON."""
    template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True).from_string(
        component["val_tpl"]
    )
    return template.render(value_json=json.loads(said))


EVERYTHING = snapshot(
    climate=Climate(NOON, 26.5, 61.0, 800.0),
    doors=(Door("north", 12, 9),),
    presence=Presence(NOON - 1000),
    sockets=(Socket("a1", "usb", "in_use", NOON, 12.5), Socket("a2", "ac", "free", NOON)),
    cabinets=(Cabinet("c1", True, (Slot(1, "present", "full"), Slot(2, "absent")), True, 31.0, False),),
    faults=(Fault("room", "checksum", NOON),),
)


def test_each_entity_shows_what_was_measured() -> None:
    said = values(plan(), EVERYTHING, True)
    made = components(config(plan(), seen(said)))
    payload = json.dumps(said).encode()
    assert {key: (each["name"], shown(each, payload)) for key, each in made.items()} == {
        "temperature": ("室温", "26.5"),
        "humidity": ("湿度", "61.0"),
        "co2": ("二氧化碳", "800.0"),
        "occupancy": ("有人", "ON"),
        "in_north": ("north 门进入人次", "12"),
        "out_north": ("north 门离开人次", "9"),
        "socket_a1": ("插座 左一", "使用中"),
        "power_a1": ("插座 左一 功率", "12.5"),
        "socket_a2": ("插座 a2", "空着"),
        "cabinet_c1": ("换电柜 60 V 连接", "ON"),
        "mains_c1": ("换电柜 60 V 市电", "OFF"),
        "smoke_c1": ("换电柜 60 V 烟雾", "OFF"),
        "heat_c1": ("换电柜 60 V 温度", "31.0"),
        "slot_1_c1": ("换电柜 60 V 1 号仓", "满电"),
        "slot_2_c1": ("换电柜 60 V 2 号仓", "空仓"),
        "problem_room": ("传感器 room", "ON"),
        "problem_swap": ("传感器 swap", "OFF"),
        "problem_outbox": ("待发数据", "OFF"),
    }


def test_what_is_not_known_is_unknown_and_never_free_or_zero() -> None:
    """A station whose every part has failed, after it was all there."""
    made = components(config(plan(), seen(values(plan(), EVERYTHING, True))))
    lost = snapshot(
        sockets=(Socket("a1", "usb", "unknown", NOON),),
        cabinets=(Cabinet("c1", online=False, slots=(Slot(1, "unknown"), Slot(2, "unknown"))),),
    )
    payload = json.dumps(values(plan(), lost, None)).encode()
    known = {key: said for key, each in made.items() if (said := shown(each, payload)) != "None"}
    assert known == {
        "cabinet_c1": "OFF",
        "problem_room": "OFF",
        "problem_swap": "OFF",
        "problem_outbox": "OFF",
    }, "None is Home Assistant's word for unknown"


def test_slots_of_a_cabinet_that_has_gone_are_unknown() -> None:
    gone = snapshot(cabinets=(Cabinet("c1", online=False, slots=(Slot(1, "present", "full"),)),))
    assert values(plan(), gone, None)["slot_1_c1"] is None


def test_only_what_the_station_has_is_announced() -> None:
    bare = replace(INFO, cabinets=(), sensors=())
    assert set(components(config(plan(bare), ()))) == {
        "in_north",
        "out_north",
        "socket_a1",
        "socket_a2",
        "problem_outbox",
    }, "no power where nothing is metered, no climate where there is no thermometer"


def test_the_device_is_one_and_read_only() -> None:
    made = config(plan(language="en"), ())
    assert made["dev"] == {
        "ids": ["waystation_canteen-1"],
        "name": "Station canteen-1",
        "mf": "Waystation",
        "mdl": "Rest station",
        "sw": "1.0",
    }
    assert made["avty_t"] == "waystation/canteen-1/availability"
    assert made["stat_t"] == "waystation/canteen-1/state"
    assert "cmd_t" not in json.dumps(made)
    assert "command" not in json.dumps(made)


def test_a_simulated_station_is_marked() -> None:
    device = config(plan(replace(INFO, simulated=True)), ())["dev"]
    assert isinstance(device, dict)
    assert device["name"] == "驿站 canteen-1（模拟数据）"


@pytest.mark.parametrize(
    ("slot", "state", "_reason"),
    [
        (Slot(1, "present", "full"), "charged", "its charger says so"),
        (Slot(1, "present", "idle", soc_pct=95), "charged", "full enough"),
        (Slot(1, "present", "charging", soc_pct=94.9), "charging", "not yet"),
        (Slot(1, "present", "limited"), "charging", "slowly, but it charges"),
        (Slot(1, "present", "idle"), "present", "nothing is known of its charge"),
        (Slot(1, "absent"), "empty", "a place for a battery"),
        (Slot(1, "unknown"), None, "nobody knows"),
        (Slot(1, "absent", door="open"), "open", "the door goes before what is behind it"),
        (Slot(1, "absent", enabled=False), "disabled", "empty, but it takes none"),
        (Slot(1, "present", "full", door="open", alarms=("short",)), "faulty", "a fault goes before all"),
        (Slot(1, "present", "full", temperature_c=60), "faulty", "hot"),
        (Slot(1, "present", "fault", enabled=False), "faulty", "a fault goes before disabled"),
    ],
)
def test_a_slots_state_is_the_first_that_holds(slot: Slot, state: str | None, _reason: str) -> None:
    assert slot_state(slot) == state


def test_smoke_makes_every_slot_faulty() -> None:
    smoking = snapshot(cabinets=(Cabinet("c1", True, (Slot(1, "present", "full"),), smoke=True),))
    assert values(plan(language="en"), smoking, None)["slot_1_c1"] == "faulty"


def test_presence_needs_silence_that_was_watched() -> None:
    watch = Watch()
    minute = 60_000
    assert watch.occupied(Presence(None), NOON, 0) is None, "just started, nobody has moved yet"
    assert watch.occupied(Presence(NOON), NOON + minute, minute) is True
    assert watch.occupied(Presence(NOON), NOON + QUIET_MS, QUIET_MS) is False
    assert watch.occupied(Presence(NOON, ok=False), NOON + QUIET_MS, QUIET_MS) is None, "the sensor failed"
    assert watch.occupied(Presence(NOON), NOON + QUIET_MS, QUIET_MS) is None, (
        "well again, silence not watched"
    )
    assert watch.occupied(Presence(NOON), NOON + 2 * QUIET_MS, 2 * QUIET_MS) is False
    assert watch.occupied(None, NOON, 2 * QUIET_MS) is None


def test_both_languages_have_the_same_words_and_no_state_twice() -> None:
    assert set(WORDS["zh"]) == set(WORDS["en"])
    for words in WORDS.values():
        for kind in ("socket.", "slot."):
            states = [word for key, word in words.items() if key.startswith(kind)]
            assert len(states) == len(set(states))


def check(made: dict[str, object]) -> None:
    """What Home Assistant asks of a device and its entities, strictly."""
    assert set(made) == {"dev", "o", "avty_t", "stat_t", "cmps"}
    ids = [each["uniq_id"] for each in components(made).values()]
    assert len(ids) == len(set(ids))
    for key, each in components(made).items():
        assert re.fullmatch(r"[a-z0-9_-]{1,80}", key)
        assert re.fullmatch(r"[a-z0-9_-]{1,120}", each["uniq_id"])
        assert each["uniq_id"].endswith(key)
        assert set(each) <= KEYS
        assert each["name"].strip()
        assert each["exp_aft"] >= 60
        check_class(each)


def check_class(each: dict[str, Any]) -> None:
    device_class = each.get("dev_cla")
    if each["p"] == "binary_sensor":
        assert device_class in BINARY_CLASSES
    elif "ops" in each:
        assert device_class == "enum"
        assert len(each["ops"]) == len(set(each["ops"])) > 1
        assert "stat_cla" not in each
        assert "unit_of_meas" not in each
    elif device_class is None:
        assert each["stat_cla"] == "total_increasing"
    else:
        assert each["stat_cla"] == "measurement"
        assert each["unit_of_meas"] == CLASSES[device_class]


@given(messages(Info), messages(Snapshot), st.sampled_from(LANGUAGES))
def test_any_station_makes_a_device_that_holds_the_rules(
    info: Info, said: Snapshot, language: Language
) -> None:
    """Labels of any printable text, ids that look like one another, snapshots that fit no info."""
    ours = plan(info, language)
    found = values(ours, said, True)
    made = config(ours, seen(found))
    check(made)
    json.dumps([made, found], allow_nan=False, ensure_ascii=False).encode()
    for key, each in components(made).items():
        text = shown(each, json.dumps(found).encode())
        if each["p"] == "binary_sensor":
            assert text in {"ON", "OFF", "None"}
        elif "ops" in each:
            assert text in {*each["ops"], "None"}, key


def test_ids_that_look_like_others_stay_apart() -> None:
    sockets = tuple(SocketInfo(name, "ac") for name in ("a", "a_power", "power_a", "1_a", "in_a"))
    cabinets = (CabinetInfo("1_a", 1), CabinetInfo("a", 1), CabinetInfo("1-a", 1))
    info = replace(INFO, sockets=sockets, cabinets=cabinets, doors=("a", "in_a"))
    slots = tuple(Slot(n, "absent") for n in (1, 11))
    said = snapshot(
        sockets=tuple(Socket(each.id, "ac", "free", NOON, 1.0) for each in sockets),
        cabinets=tuple(Cabinet(each.id, True, slots, True, 20.0, False) for each in cabinets),
    )
    found = values(plan(info), said, None)
    made = components(config(plan(info), seen(found)))
    assert len(made) == 2 * 2 + 2 * 5 + 3 * (4 + 2) + 3
    check(config(plan(info), seen(found)))


def test_a_value_holds_for_three_heartbeats() -> None:
    slow = plan(replace(INFO, heartbeat_s=600))
    assert {each["exp_aft"] for each in components(config(slow, ())).values()} == {1800}
    assert plan().expire_s == 90
    assert plan(replace(INFO, heartbeat_s=1)).expire_s == 60
