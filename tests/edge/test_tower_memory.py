"""What a cabinet reported, put together: dialects, full and incremental reports, alarms."""

import json
from dataclasses import replace
from typing import Any

import pytest

from contract.messages import Cabinet, Slot
from edge.config import parse
from edge.options import ConfigError, Options
from edge.sensors.tower_frames import decode
from edge.sensors.tower_map import TowerMap, read_map
from edge.sensors.tower_memory import DOUBT_MS, UNIT_FACTS, TowerMemory
from tests.support.recordings import CHECKOUT
from tests.support.tower import alarm, login, report

DEVICES = CHECKOUT / "firmware_config" / "devices"
STATUS, DOOR, ENABLED, THERE = "02104001", "02103001", "02118001", "02140001"
SERIAL, SOC, VOLTS, HEAT = "02106001", "02109001", "01111001", "01119001"
MAINS, WARMTH, SMOKE, FLOOD = "02019001", "02113001", "02017001", "02018001"


def meanings(name: str) -> TowerMap:
    file = DEVICES / f"tower-{name}.toml"
    return read_map(Options(parse(file), file.name))


def memory(name: str = "kaixin", slots: int = 3) -> TowerMemory:
    return TowerMemory(meanings(name), slots)


def tell(told: TowerMemory, body: dict[str, Any], mono_ms: int = 0) -> bool:
    return told.take(decode(json.dumps(body).encode()), mono_ms)


def seen(told: TowerMemory) -> Cabinet:
    cabinet = told.cabinet("c1")
    assert cabinet is not None
    return cabinet


SLOTS: list[tuple[list[tuple[int, str, Any]], Slot, str]] = [
    ([(1, STATUS, "0"), (1, DOOR, "0")], Slot(1, "absent", door="closed"), "an empty slot"),
    ([(1, STATUS, 1), (1, SOC, "63")], Slot(1, "present", "charging", soc_pct=63), "it charges"),
    ([(1, STATUS, "2"), (1, DOOR, "1")], Slot(1, "present", "full", "open"), "full, and the door is open"),
    ([(1, STATUS, "5")], Slot(1, "unknown", "fault"), "something is wrong; nobody said what is inside"),
    ([(1, STATUS, "9")], Slot(1, "unknown"), "a state that the map does not know"),
    ([(1, SERIAL, "BQ1")], Slot(1, "present"), "a battery with a number is there"),
    ([(1, SERIAL, "")], Slot(1, "unknown"), "no number is no proof of an empty slot"),
    ([(1, STATUS, "0"), (1, THERE, "1")], Slot(1, "unknown"), "two signals that contradict each other"),
    ([(1, STATUS, "1"), (1, ENABLED, "0")], Slot(1, "present", "charging", enabled=False), "disabled"),
    (
        [(1, STATUS, "1"), (1, HEAT, "31"), (1, "01119002", "64.5")],
        Slot(1, "present", "charging", temperature_c=64.5),
        "the hottest cell",
    ),
    ([(1, STATUS, "1"), (1, SOC, "101")], Slot(1, "present", "charging"), "a charge that cannot be"),
    ([(1, STATUS, "1"), (1, HEAT, "1e9")], Slot(1, "present", "charging"), "a heat that cannot be"),
    ([(1, STATUS, "1"), (1, SOC, "nan")], Slot(1, "present", "charging"), "not a number"),
]


@pytest.mark.parametrize(("facts", "slot", "_why"), SLOTS, ids=[row[-1] for row in SLOTS])
def test_slots(facts: list[tuple[int, str, Any]], slot: Slot, _why: str) -> None:
    told = memory()
    tell(told, report(facts, full=1))
    assert seen(told).slots == (slot, Slot(2, "unknown"), Slot(3, "unknown"))


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ([(1, STATUS, "0"), (1, DOOR, "0")], ""),
        ([(1, DOOR, "0")], "nothing of battery or charge is heard and understood"),
        ([(1, STATUS, "9")], "what it says of battery and charge is not understood"),
        (
            [(1, STATUS, "0"), (1, THERE, "1")],
            "what it says of battery is not understood, or contradicts itself",
        ),
        ([(1, SOC, "40")], "nothing says whether a battery is there"),
    ],
)
def test_why_a_slot_is_unknown(facts: list[tuple[int, str, Any]], why: str) -> None:
    told = memory(slots=1)
    assert told.doubt() == "", "of no slot a word yet"
    tell(told, report(facts, full=1))
    assert told.doubt().startswith(f"slot 1: {why}" if why else "")
    assert bool(told.doubt()) is bool(why)


def test_the_cabinet_itself() -> None:
    told = memory()
    tell(told, report([(None, MAINS, "1"), (None, WARMTH, "41.5")]))
    assert told.cabinet("c1") is None, "of no slot a word yet"
    tell(told, report([(1, STATUS, "0")]))
    assert replace(seen(told), slots=()) == Cabinet("c1", True, (), mains_ok=False, temperature_c=41.5)


@pytest.mark.parametrize(("maker", "shown"), [("kaixin", "voltage_v 5231.0"), ("tuobang", "voltage_v 52.31")])
def test_makers_scale_differently(maker: str, shown: str) -> None:
    told = memory(maker)
    tell(told, report([(1, VOLTS, "5231")]))
    assert told.explain() == [(f"slot 1 {VOLTS}", "5231", shown)]


def test_polarity_is_data() -> None:
    turned = {
        "signal": [
            {"id": STATUS, "of": "slot", "value": "battery", "values": {"1": "absent", "0": "present"}}
        ]
    }
    told = TowerMemory(read_map(Options(turned, "map")), 1)
    tell(told, report([(1, STATUS, "0")]))
    assert seen(told).slots[0].battery == "present"


def test_a_list_report_of_the_second_generation() -> None:
    told = memory("lists", 2)
    boxes = [
        {
            "doorId": "1",
            "boxSta": "1",
            "doorSta": "0",
            "boxEnable": "1",
            "boxFault": ["000"],
            "batteryId": "PN1",
        },
        {"doorId": "2", "boxSta": "0", "doorSta": "0", "boxEnable": "0", "boxFault": ["02", "04"]},
    ]
    body = {
        "msgType": 310,
        "devId": "a",
        "txnNo": "1",
        "isFull": 1,
        "boxList": boxes,
        "cabList": [{"cabT": "30.6", "cabAlarm": ["000"], "cabFault": ["000"]}],
        "batList": [{"doorId": "1", "soc": "63", "bmsT": "33", "bmsFault": ["000"]}],
    }
    assert tell(told, body), "heat in a slot is a danger"
    assert seen(told) == Cabinet(
        "c1",
        True,
        (
            Slot(1, "present", "charging", "closed", True, 63, 33),
            Slot(2, "absent", "unknown", "closed", False, alarms=("lock_fault", "over_temperature")),
        ),
        temperature_c=30.6,
        smoke=False,
    )


def test_an_increment_changes_what_it_names() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "1"), (1, SOC, "60"), (2, STATUS, "0")], full=1))
    tell(told, report([(1, SOC, "61")]), 600_000)
    assert seen(told).slots[:2] == (Slot(1, "present", "charging", soc_pct=61), Slot(2, "absent"))


def test_a_full_report_replaces_what_was_said_of_the_slots_it_names() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "1"), (1, ENABLED, "0"), (2, STATUS, "2")], full=1))
    tell(told, report([(1, STATUS, "1")], full=1), 1000)
    assert seen(told).slots[:2] == (Slot(1, "present", "charging"), Slot(2, "present", "full"))


def test_what_full_reports_leave_out_is_forgotten_after_a_minute() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "1"), (2, STATUS, "2")], full=1))
    tell(told, report([(1, STATUS, "1")], full=1), 1000)
    told.forget(1000 + DOUBT_MS)
    assert seen(told).slots[1].charge == "full", "the rest may come slot by slot"
    told.forget(1001 + DOUBT_MS)
    assert seen(told).slots[:2] == (Slot(1, "present", "charging"), Slot(2, "unknown"))


def test_after_a_login_old_words_hold_until_they_are_renewed_or_a_minute_is_over() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "1"), (2, STATUS, "2")], full=1))
    tell(told, login(), 5000)
    tell(told, report([(2, STATUS, "2")]), 6000)
    told.forget(5001 + DOUBT_MS)
    assert seen(told).slots[:2] == (Slot(1, "unknown"), Slot(2, "present", "full"))


def test_a_battery_that_leaves_takes_its_words_with_it() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "2"), (1, SERIAL, "BQ1"), (1, SOC, "98"), (1, HEAT, "40")], full=1))
    tell(told, report([(1, STATUS, "0"), (1, SERIAL, "")]))
    assert seen(told).slots[0] == Slot(1, "absent")
    tell(told, report([(1, STATUS, "1"), (1, SERIAL, "BQ2")]))
    assert seen(told).slots[0] == Slot(1, "present", "charging"), "not the charge of the one before"


def test_another_battery_does_not_inherit_the_charge() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "2"), (1, SERIAL, "BQ1"), (1, SOC, "98")], full=1))
    tell(told, report([(1, SERIAL, "BQ2"), (1, STATUS, "1")]))
    assert seen(told).slots[0] == Slot(1, "present", "charging")


def test_smoke_begins_and_ends() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "2")], full=1))
    assert seen(told).smoke is None, "nobody said"
    assert tell(told, alarm(SMOKE, 1, text="烟雾报警"))
    assert seen(told).smoke is True
    assert not tell(told, alarm(SMOKE, 1)), "the same smoke is no news"
    tell(told, report([(1, STATUS, "2")], full=1))
    tell(told, login())
    told.forget(10 * DOUBT_MS)
    tell(told, report([(1, STATUS, "2")], full=1))
    assert seen(told).smoke is True, "only its end ends it"
    tell(told, alarm(SMOKE, 0))
    assert seen(told).smoke is False
    assert tell(told, alarm(SMOKE, 1, door=2)), "seen in a slot it is smoke, too"
    assert seen(told).smoke is True


@pytest.mark.parametrize("text", ["", "0", "烟雾,高温", "000"])
def test_smoke_is_smoke_whatever_its_description(text: str) -> None:
    told = memory()
    tell(told, report([(1, STATUS, "2")]))
    assert tell(told, alarm(SMOKE, 1, text=text))
    assert seen(told).smoke is True
    tell(told, alarm(SMOKE, 0, text=text))
    assert seen(told).smoke is False


def test_heat_and_water_of_the_whole_cabinet_are_at_every_slot() -> None:
    told = memory("lists", 2)
    tell(told, report([(1, "boxSta", "1")]))
    assert tell(told, alarm("cabAlarm", 1, text="01"))
    assert [slot.alarms for slot in seen(told).slots] == [("cabinet_over_temperature",)] * 2
    assert not tell(told, alarm("cabAlarm", 0, text="01"))
    assert [slot.alarms for slot in seen(told).slots] == [(), ()]


def test_an_unknown_alarm_of_a_slot_is_an_alarm() -> None:
    told = memory("lists")
    tell(told, report([(1, "boxSta", "2")]))
    assert tell(told, alarm("boxFault", 1, text="77", door=1))
    assert seen(told).slots[0].alarms == ("other",)
    assert not tell(told, alarm("cabFault", 1, text="77")), "one of the cabinet may be a lamp"


def test_the_cabinets_clock_counts_for_nothing() -> None:
    told = memory()
    tell(told, {**report([(1, STATUS, "1")]), "txnNo": 0}, 5000)
    tell(told, alarm(SMOKE, 1, at_ms=0), 6000)
    assert told.heard_ms == 6000
    assert seen(told).smoke is True


def test_slots_that_the_cabinet_does_not_have_are_not_kept() -> None:
    told = memory(slots=1)
    tell(told, report([(1, STATUS, "1"), (2, STATUS, "1"), (999, STATUS, "1")]))
    tell(told, alarm(SMOKE, 1, door=2))
    assert seen(told) == Cabinet("c1", True, (Slot(1, "present", "charging"),))


def test_a_flood_of_attributes_does_not_grow_the_memory() -> None:
    told = memory(slots=1)
    tell(told, report([(1, STATUS, "1")]))
    for n in range(20):
        tell(told, report([(1, f"x{n}-{i}", "1") for i in range(100)]))
        tell(told, alarm(f"boxFault{n}", 1, text="1", door=1))
    assert len(told.explain()) <= UNIT_FACTS * 2
    tell(told, report([(1, STATUS, "2")]))
    assert seen(told).slots[0].charge == "full", "what is known is still renewed"


def test_raw_and_meaning_side_by_side() -> None:
    told = memory()
    tell(told, report([(1, STATUS, "1"), (1, "99", "7"), (None, SMOKE, "0"), (1, DOOR, "8")]))
    tell(told, alarm(FLOOD, 1))
    assert told.explain() == [
        (SMOKE, "0", "alarm none"),
        (f"slot 1 {DOOR}", "8", "door not understood"),
        (f"slot 1 {STATUS}", "1", "battery present, charge charging"),
        ("slot 1 99", "7", "not in the map"),
        (FLOOD, "began", "alarm flood"),
    ]


SIGNAL = {"id": "1", "of": "slot", "value": "battery", "values": {"1": "present"}}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({}, "signal", "no signal says whether there is a battery"),
    ({"nonsense": 1}, "nonsense", "an unknown key"),
    ({"signal": [{**SIGNAL, "nonsense": 1}]}, "nonsense", "an unknown key of a signal"),
    ({"signal": [{**SIGNAL, "of": "door"}]}, "of", "nobody's"),
    ({"signal": [{**SIGNAL, "value": "mains_ok"}]}, "value", "a slot has no mains"),
    ({"signal": [{**SIGNAL, "values": {"1": "yes"}}]}, "1", "no word for a battery"),
    ({"signal": [{**SIGNAL, "values": {}}]}, "values", "no words at all"),
    ({"signal": [{**SIGNAL, "scale": 2}]}, "scale", "words have no scale"),
    ({"signal": [SIGNAL, {**SIGNAL, "value": "soc_pct"}]}, "values", "numbers have no words"),
    ({"signal": [SIGNAL, {"id": "1", "of": "slot", "value": "soc_pct", "scale": 0}]}, "scale", "nothing"),
    ({"signal": [SIGNAL], "alarm": [{"id": "1", "of": "slot", "values": {"1": "Too Hot"}}]}, "1", "no code"),
    ({"signal": [{**SIGNAL, "id": "*2"}]}, "id", "a star in front"),
]


@pytest.mark.parametrize(("table", "key", "_why"), WRONG, ids=[row[-1] for row in WRONG])
def test_a_wrong_map_is_named(table: dict[str, Any], key: str, _why: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_map(Options(table, "map.toml"))
    assert error.value.key == key


@pytest.mark.parametrize("file", sorted(DEVICES.glob("tower-*.toml")), ids=lambda file: file.stem)
def test_the_maps_that_are_shipped_are_read_and_know_smoke(file: Any) -> None:
    told = read_map(Options(parse(file), file.name))
    assert told.name
    assert any("smoke" in each.words.values() for each in told.alarms)
