"""Why it is unknown what a slot holds, as ``devices`` tells it."""

import pytest

from contract.messages import Slot
from edge.sensors.slot_doubt import doubt_of, is_unknown

SILENT = "nothing of battery or charge is heard and understood; see waystation-edge read"
STRANGE = "is not understood, or contradicts itself; see waystation-edge read"
BARE = "nothing says whether a battery is there"


@pytest.mark.parametrize(
    ("slot", "unknown", "why"),
    [
        (Slot(1, "unknown"), True, "not a word"),
        (Slot(1, "unknown", door="closed"), True, "a closed door hides what is inside"),
        (Slot(1, "unknown", "off"), True, "no charger, with a battery or without"),
        (Slot(1, "unknown", "idle"), True, "it charges nothing"),
        (Slot(1, "present"), False, "a battery, however full"),
        (Slot(1, "absent"), False, "an empty slot"),
        (Slot(1, "unknown", "charging"), False, "what charges is there"),
        (Slot(1, "unknown", "fault"), False, "faulty is a word"),
        (Slot(1, "unknown", alarms=("hot",)), False, "so is an alarm"),
        (Slot(1, "unknown", door="open"), False, "nobody can use it anyway"),
        (Slot(1, "unknown", enabled=False), False, "nor one that is switched off"),
    ],
)
def test_what_is_unknown_of_a_slot(slot: Slot, unknown: bool, why: str) -> None:
    assert is_unknown(slot) is unknown, why


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        ({}, SILENT),
        ({"door": True, "temperature_c": True}, SILENT),
        ({"battery": False, "charge": True}, f"what it says of battery {STRANGE}"),
        ({"battery": False, "soc_pct": False}, f"what it says of battery and soc_pct {STRANGE}"),
        ({"charge": True}, BARE),
        ({"charge": True, "door": False}, BARE),
    ],
)
def test_why_it_is_unknown(heard: dict[str, bool], why: str) -> None:
    assert doubt_of([Slot(3, "unknown"), Slot(4, "absent")], lambda _: heard) == f"slot 3: {why}"


def test_slots_with_one_reason_are_told_together() -> None:
    slots = [Slot(n, "unknown") for n in (1, 2, 3, 4)]
    assert doubt_of(slots, lambda _: {}) == f"all slots: {SILENT}"
    assert doubt_of(slots[:1], lambda _: {}) == f"slot 1: {SILENT}"
    mixed = doubt_of([*slots, Slot(5, "present")], lambda n: {"charge": True} if n == 2 else {})
    assert mixed == f"slots 1, 3, 4: {SILENT}; slot 2: {BARE}"
    assert doubt_of([Slot(1, "present"), Slot(2, "absent")], lambda _: {}) == ""
