"""Rules about sockets and cabinets as tables: each with and without an alert, and of old data.

A row is what a station knows, whether an alert is on its way or active, and the word that comes of it;
None: nothing is said, as there is nothing to say and no alert. The reason stands beside each row.
"""

from dataclasses import replace
from typing import Any

import pytest

from contract.messages import Cabinet, Slot, Socket
from server.alerts.facts import Facts
from server.state import CabinetState
from tests.support.alert_facts import EMPTY, FACTS, NOW, STATE, Row, check, closed, old, seen, told


def socket(state: Any = "free", power_w: float | None = None, kind: Any = "ac") -> Facts:
    return seen(sockets=(Socket("s1", kind, state, NOW, power_w),))


@pytest.mark.parametrize(
    "row",
    [
        (socket("fault"), False, "true", "broken"),
        (socket("off"), False, "true", "switched off: nobody can charge"),
        (socket("charging"), False, None, "in use"),
        (socket("free"), True, "false", "free again"),
        (socket("unknown"), True, "unknown", "its meter is silent"),
        (seen(), True, "unknown", "nothing is said of it"),
        (closed(socket("off")), False, None, "switched off for the night"),
        (closed(socket("free")), True, "unknown", "judged again in the morning"),
        (old(socket("fault")), False, None, "old data"),
        (old(socket()), True, "unknown", "old data clears nothing"),
    ],
)
def test_socket_fault(row: Row) -> None:
    check("socket_fault", "s1", row)


@pytest.mark.parametrize(
    "row",
    [
        (socket(power_w=2200), False, None, "10 A at 220 V"),
        (socket(power_w=2201), False, "true", "more than that"),
        (socket(power_w=240, kind="usb"), False, None, "the most that USB knows"),
        (socket(power_w=241, kind="usb"), False, "true", "more than USB can be"),
        (socket(power_w=2000), True, "true", "not a tenth below"),
        (socket(power_w=1980), True, "false", "a tenth below"),
        (socket(), True, "unknown", "its power is not measured"),
        (closed(socket(power_w=2500)), False, "true", "fire knows no hours"),
        (old(socket(power_w=2500)), False, None, "old data"),
        (old(socket(power_w=0)), True, "unknown", "old data clears nothing"),
    ],
)
def test_socket_overload(row: Row) -> None:
    check("socket_overload", "s1", row)


GOOD = Slot(3, "present", "charging", "closed", True, 50, 30)


def cabinet(*slots: Slot, online: bool = True, **parts: Any) -> Facts:
    made = Cabinet("c1", online, slots, **parts)
    return replace(
        seen(cabinets=(made,)), state=replace(STATE, cabinets=(CabinetState("c1", online=online),))
    )


@pytest.mark.parametrize(
    "row",
    [
        (cabinet(replace(GOOD, charge="fault")), False, "true", "the slot says so"),
        (cabinet(replace(GOOD, alarms=("over_voltage",))), False, "true", "an alarm is a fault"),
        (cabinet(replace(GOOD, temperature_c=70)), False, None, "heat is another alert"),
        (cabinet(GOOD), True, "false", "well again"),
        (cabinet(Slot(3, "absent")), True, "false", "the faulty battery has been taken out"),
        (cabinet(Slot(3, "present")), True, "unknown", "nothing is known of its charge"),
        (cabinet(GOOD, online=False), True, "unknown", "the cabinet does not answer"),
        (cabinet(replace(GOOD, charge="fault"), online=False), False, None, "nor did it say so now"),
        (cabinet(), True, "unknown", "nothing is said of the slot"),
        (old(cabinet(replace(GOOD, charge="fault"))), False, None, "old data"),
        (old(cabinet(GOOD)), True, "unknown", "old data clears nothing"),
    ],
)
def test_slot_fault(row: Row) -> None:
    check("slot_fault", "c1/3", row)


@pytest.mark.parametrize(
    "row",
    [
        (cabinet(online=False), False, "true", "it does not answer the station"),
        (replace(cabinet(online=False), snapshot=EMPTY), False, "true", "announced, and not spoken of"),
        (cabinet(), False, None, "it answers"),
        (cabinet(), True, "false", "it answers again"),
        (FACTS, True, "unknown", "the station has no such cabinet any more"),
        (old(cabinet(online=False)), False, None, "old data"),
        (old(cabinet()), True, "unknown", "old data clears nothing"),
    ],
)
def test_cabinet_offline(row: Row) -> None:
    check("cabinet_offline", "c1", row)


@pytest.mark.parametrize(
    "row",
    [
        (cabinet(mains_ok=False), False, "true", "the cabinet says so"),
        (cabinet(mains_ok=True), True, "false", "back again"),
        (cabinet(), False, None, "one that does not report its mains"),
        (cabinet(), True, "unknown", "it has stopped reporting"),
        (cabinet(mains_ok=False, online=False), False, None, "a silent cabinet says nothing"),
        (old(cabinet(mains_ok=False)), False, None, "old data"),
        (old(cabinet(mains_ok=True)), True, "unknown", "old data clears nothing"),
    ],
)
def test_mains_lost(row: Row) -> None:
    check("mains_lost", "c1", row)


def batteries(*words: Any, charged: int = 0, online: bool = True) -> Facts:
    state = CabinetState("c1", online=online, slots=tuple(enumerate(words, 1)), charged=charged)
    return replace(FACTS, state=replace(STATE, cabinets=(state,)))


@pytest.mark.parametrize(
    "row",
    [
        (batteries("charging", "empty"), False, "true", "none to give"),
        (batteries("charging", "charged", charged=1), False, None, "one to give"),
        (batteries("charged", charged=1), True, "false", "one again"),
        (batteries("unknown", "unknown"), False, None, "nothing is known of the slots"),
        (batteries("offline", online=False), True, "unknown", "the cabinet does not answer"),
        (old(batteries("charging")), False, None, "old data"),
        (old(batteries("charged", charged=1)), True, "unknown", "old data clears nothing"),
    ],
)
def test_no_charged_battery(row: Row) -> None:
    check("no_charged_battery", "c1", row)


HOT = replace(GOOD, temperature_c=60)
SILENT = replace(GOOD, n=4, temperature_c=None)


@pytest.mark.parametrize(
    "row",
    [
        (cabinet(HOT), False, "true", "a battery at 60 °C"),
        (cabinet(temperature_c=60), False, "true", "the inside of the cabinet"),
        (cabinet(replace(GOOD, temperature_c=59.9), temperature_c=59), False, None, "warm, as batteries are"),
        (cabinet(replace(GOOD, temperature_c=55)), True, "true", "not below 55 °C yet"),
        (cabinet(replace(GOOD, temperature_c=54.9)), True, "false", "cool again"),
        (cabinet(GOOD, SILENT), True, "unknown", "the hot one may be the one that fell silent"),
        (cabinet(GOOD, Slot(4, "absent")), True, "false", "the other slot is empty"),
        (cabinet(Slot(3, "absent"), Slot(4, "absent")), True, "false", "every battery was taken out"),
        (cabinet(SILENT, temperature_c=30), True, "false", "a cabinet that measures only itself"),
        (cabinet(), True, "unknown", "nothing is measured"),
        (cabinet(GOOD, online=False), True, "unknown", "what is burnt does not answer"),
        (cabinet(HOT, online=False), False, "true", "the last thing it said, a moment ago"),
        (closed(cabinet(HOT)), False, "true", "fire knows no hours"),
        (old(cabinet(HOT)), False, None, "old data"),
        (old(cabinet(GOOD)), True, "unknown", "old data clears nothing"),
    ],
)
def test_cabinet_overheat(row: Row) -> None:
    check("cabinet_overheat", "c1", row)


def test_of_a_hot_cabinet_the_hottest_slot_is_named() -> None:
    said = told(
        cabinet(HOT, replace(GOOD, n=7, temperature_c=71), temperature_c=40), "cabinet_overheat", "c1"
    )
    assert said
    assert (said.values["slot"], said.values["temperature_c"]) == ("7", 71)


@pytest.mark.parametrize(
    "row",
    [
        (cabinet(smoke=True), False, "true", "the detector says so"),
        (cabinet(smoke=True, online=False), False, "true", "the last thing it said, a moment ago"),
        (cabinet(smoke=False), False, None, "none"),
        (cabinet(smoke=False), True, "false", "cleared"),
        (cabinet(smoke=False, online=False), True, "unknown", "a silent cabinet clears nothing"),
        (cabinet(), True, "unknown", "the detector is silent"),
        (closed(cabinet(smoke=True)), False, "true", "fire knows no hours"),
        (old(cabinet(smoke=True)), False, None, "old data: nobody is woken by yesterday's smoke"),
        (old(cabinet(smoke=False)), True, "unknown", "old data clears nothing"),
    ],
)
def test_cabinet_smoke(row: Row) -> None:
    check("cabinet_smoke", "c1", row)


def test_what_is_told_with_the_word() -> None:
    alarmed = told(cabinet(replace(GOOD, alarms=("over_voltage", "stuck"))), "slot_fault", "c1/3")
    mute = told(replace(cabinet(online=False), snapshot=EMPTY), "cabinet_offline", "c1")
    silent = told(cabinet(online=False), "cabinet_offline", "c1")
    assert alarmed
    assert mute
    assert silent
    assert alarmed.values == {"alarms": "over_voltage,stuck"}
    assert (mute.values, silent.values) == ({"known": "no"}, {"known": "yes"})
