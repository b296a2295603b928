"""A message that cannot be true cannot be made."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

from contract import ContractError, messages
from contract.messages import (
    MAX_UNITS,
    Ack,
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Fault,
    Health,
    Info,
    SensorInfo,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
    Status,
    Telemetry,
)
from contract.quantities import QUANTITIES
from tests.support.corpus import Tree

STREAM = "00c0ffee00c0ffee"
BOOT = "0123abcd"


def _snapshot(**fields: Any) -> Snapshot:
    good: Tree = {"stream": STREAM, "seq": 1, "at_ms": 1, "mono_ms": 1, "boot_id": BOOT, "clock": "synced"}
    return Snapshot(**good | fields)


IMPOSSIBLE: list[tuple[str, Callable[[], object], str]] = [
    ("a temperature below any sensor", lambda: Climate(1, temperature_c=-41), "temperature_c"),
    ("an air of more than all water", lambda: Climate(1, humidity_pct=101), "humidity_pct"),
    ("NaN is a driver's lie", lambda: Climate(1, co2_ppm=float("nan")), "co2_ppm"),
    ("people counted backwards", lambda: Door("main", in_total=-1, out_total=0), "in_total"),
    ("a door's id in upper case", lambda: Door("Main", 0, 0), "id"),
    ("an id of 33 letters", lambda: Door("a" * 33, 0, 0), "id"),
    ("power that flows back", lambda: Socket("s1", "ac", "free", 1, power_w=-0.1), "power_w"),
    ("slot doors are counted from 1", lambda: Slot(0, "absent"), "n"),
    ("a battery fuller than full", lambda: Slot(1, "present", soc_pct=100.1), "soc_pct"),
    ("the same alarm twice", lambda: Slot(1, "present", alarms=("hot", "hot")), "alarms"),
    ("an alarm that is a sentence", lambda: Slot(1, "present", alarms=("too hot",)), "alarms"),
    ("two slots of one number", lambda: Cabinet("c1", True, (Slot(1, "absent"),) * 2), "slots"),
    (
        "more slots than any cabinet",
        lambda: Cabinet("c1", True, tuple(Slot(n, "absent") for n in range(1, MAX_UNITS + 2))),
        "slots",
    ),
    ("a disk freer than empty", lambda: Health(0, 0, 0, disk_free_pct=101), "disk_free_pct"),
    ("rows less than none", lambda: Health(-1, 0, 0), "outbox_rows"),
    ("a code with a space", lambda: Fault("room", "no answer", 1), "code"),
    ("a stream of 15 digits", lambda: _snapshot(stream="0" * 15), "stream"),
    ("seq counts from 1", lambda: _snapshot(seq=0), "seq"),
    ("a boot id of 7 digits", lambda: _snapshot(boot_id="0123abc"), "boot_id"),
    ("two doors of one name", lambda: _snapshot(doors=(Door("a", 0, 0),) * 2), "doors"),
    (
        "two faults of one sensor",
        lambda: _snapshot(faults=(Fault("a", "x", 1), Fault("a", "y", 1))),
        "faults",
    ),
    ("a batch of nothing", lambda: Telemetry(BOOT, 1, ()), "snapshots"),
    ("a range backwards", lambda: Ack(committed=((STREAM, 5, 4),)), "committed"),
    ("a range from 0", lambda: Ack(committed=((STREAM, 0, 4),)), "seq"),
    ("a refusal without a word", lambda: Ack(refused=((STREAM, 1, ""),)), "refused"),
    ("a version of 81 letters", lambda: Status("online", BOOT, "1" * 81, 1), "agent_version"),
    ("a version with a line end", lambda: Status("online", BOOT, "1\n", 1), "agent_version"),
    ("a label that turns the text around", lambda: SocketInfo("s1", "ac", "\u202eabc"), "label"),
    ("half a character as a label", lambda: CabinetInfo("c1", 1, "\ud800"), "label"),
    ("a cabinet without slots", lambda: CabinetInfo("c1", 0), "slots_count"),
    ("sampling without a pause", lambda: Info("1", 0.0, 30.0), "sample_s"),
    ("two sensors of one name", lambda: Info("1", 1.0, 30.0, (SensorInfo("a", "pir"),) * 2), "sensors"),
    ("a door named twice", lambda: Info("1", 1.0, 30.0, doors=("a", "a")), "doors"),
]


@pytest.mark.parametrize(
    ("make", "field"), [row[1:] for row in IMPOSSIBLE], ids=[row[0] for row in IMPOSSIBLE]
)
def test_the_impossible_cannot_be_made(make: Callable[[], object], field: str) -> None:
    with pytest.raises(ContractError) as caught:
        make()
    assert caught.value.field == field


def test_unknown_is_none_and_never_zero() -> None:
    climate = Climate(at_ms=1)
    assert (climate.temperature_c, climate.humidity_pct, climate.co2_ppm) == (None, None, None)


def test_a_message_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        _snapshot().seq = 2  # type: ignore[misc]  # what is tried is what must fail


def test_every_number_of_a_message_has_its_range() -> None:
    kinds = [kind for kind in vars(messages).values() if isinstance(kind, type) and is_dataclass(kind)]
    assert Snapshot in kinds
    for kind in kinds:
        hints = get_type_hints(kind)
        for field in fields(kind):
            if {int, float} & {hints[field.name], *get_args(hints[field.name])}:
                assert field.name in QUANTITIES, f"{kind.__name__}.{field.name}"
