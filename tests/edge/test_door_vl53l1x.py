"""People under a distance sensor: its real driver on a bus, what it sees half by half, and the totals."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Door
from edge.clock import SystemClock
from edge.config import SensorEntry
from edge.sensors import SensorError
from edge.sensors import door_vl53l1x as module
from edge.sensors.door_vl53l1x import DoorVl53l1x
from edge.zones import LEARN, Zone
from tests.support.i2c import Bus, Vl53l1x, on_a_pi, seen
from tests.support.wait import until

FLOOR, HEAD = 210.0, 45.0
CLOCK = SystemClock()
Rows = Sequence[tuple[float | None, float | None]]

EMPTY: Rows = [(FLOOR, FLOOR)] * (LEARN + 2)
OUTER: Rows = [(HEAD, FLOOR)] * 3
BOTH: Rows = [(HEAD, HEAD)] * 3
INNER: Rows = [(FLOOR, HEAD)] * 3
GONE: Rows = [(FLOOR, FLOOR)] * 3


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    monkeypatch.setattr(module, "FIRST_POLL_S", 0)  # this part is quicker than any
    made = Bus()
    on_a_pi(monkeypatch, made)
    return made


def sensor(**options: object) -> DoorVl53l1x:
    return DoorVl53l1x(
        SensorEntry("front", "vl53l1x", None, options, "station.toml: [[sensor]] 1"), {"front": (7, 5)}, CLOCK
    )


@pytest.fixture
def made() -> Iterator[list[DoorVl53l1x]]:
    open_ones: list[DoorVl53l1x] = []
    yield open_ones
    for each in open_ones:
        each.close()


def totals(door: DoorVl53l1x) -> tuple[int, int]:
    [reading] = door.read(CLOCK.now())
    assert isinstance(reading, Door)
    return reading.in_total, reading.out_total


WALKS: list[tuple[Rows, tuple[int, int], str]] = [
    ([*OUTER, *BOTH, *INNER, *GONE], (8, 5), "somebody comes in"),
    ([*INNER, *BOTH, *OUTER, *GONE], (7, 6), "somebody goes out"),
    ([*OUTER, *BOTH, *OUTER, *GONE], (7, 5), "turns back in the doorway"),
    ([*OUTER, *BOTH, *BOTH, *BOTH, *OUTER, *BOTH, *INNER, *GONE], (8, 5), "lingers, and comes in"),
    ([*OUTER, *GONE, *INNER, *GONE], (7, 5), "never in both: two who look in"),
    ([(195, FLOOR)] * 3 + [(195, 195)] * 3 + [(FLOOR, 195)] * 3 + list(GONE), (7, 5), "a cat, a mat"),
    ([(None, None)] * 3 + [*OUTER, *BOTH, *INNER, *GONE], (8, 5), "the floor is not always seen"),
]


@pytest.mark.parametrize(("walk", "means", "why"), WALKS, ids=[row[2] for row in WALKS])
def test_who_walks_through_is_counted(
    bus: Bus, made: list[DoorVl53l1x], walk: Rows, means: tuple[int, int], why: str
) -> None:
    rows = [*EMPTY, *walk]
    left = {167: 0, 231: 0}
    see = seen(rows)

    def count(center: int) -> float | None:
        left[center] += 1
        return see(center)

    bus.parts[0x29] = Vl53l1x(count)
    made.append(door := sensor())
    door.read(CLOCK.now())
    until(lambda: min(left.values()) > len(rows) + 2, 20, "all of it was seen")
    assert totals(door) == means, why


def test_the_other_way_round_when_it_hangs_turned(bus: Bus, made: list[DoorVl53l1x]) -> None:
    bus.parts[0x29] = Vl53l1x(seen([*EMPTY, *OUTER, *BOTH, *INNER, *GONE]))
    made.append(door := sensor(outer="right"))
    until(lambda: totals(door) == (7, 6), 20, "in is out")


def test_a_parcel_in_the_doorway_is_told(bus: Bus, made: list[DoorVl53l1x]) -> None:
    bus.parts[0x29] = Vl53l1x(seen([*EMPTY, (HEAD, HEAD)]))
    made.append(door := sensor(blocked_s=5))

    def blocked() -> bool:
        [reading] = door.read(CLOCK.now())
        return isinstance(reading, Door) and reading.blocked

    until(blocked, 20, "it stands there for five seconds")


def test_a_part_that_vanishes_counts_nobody_and_comes_back(
    bus: Bus, made: list[DoorVl53l1x], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_MS", 300)
    monkeypatch.setattr(module, "AGAIN_S", 0.1)
    part = bus.parts[0x29] = Vl53l1x(seen([*EMPTY, *OUTER]))  # somebody stands in the outer half
    made.append(door := sensor())
    totals(door)
    until(lambda: door._eye._there["A"], 20, "somebody is there")
    del bus.parts[0x29]
    until(lambda: fault(door) == "no_answer", 20, "it is gone")
    bus.parts[0x29] = part
    until(lambda: not fault(door), 20, "it is back")
    assert totals(door) == (7, 5), "what went on meanwhile, nobody knows"


def test_a_part_that_never_finishes_a_look(
    bus: Bus, made: list[DoorVl53l1x], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_MS", 300)
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    part = bus.parts[0x29] = Vl53l1x(seen([*EMPTY]))
    part.finishes = False
    made.append(door := sensor())
    until(lambda: fault(door) == "no_answer", 20, "it hangs")


def test_without_a_floor_nobody_can_be_counted(
    bus: Bus, made: list[DoorVl53l1x], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_MS", 300)
    bus.parts[0x29] = Vl53l1x(lambda _: None)
    made.append(door := sensor())
    until(lambda: fault(door) == "no_floor", 20, "too high")


def fault(door: DoorVl53l1x) -> str:
    try:
        door.read(CLOCK.now())
    except SensorError as error:
        return error.code
    return ""


def test_check_tells_how_far_the_floor_is(bus: Bus) -> None:
    door = sensor()
    assert not door.verify().ok, "nobody at the address"
    bus.parts[0x29] = Vl53l1x(seen([(210, 205)]))
    assert door.verify().text == "the floor is 210 cm away in the outer half, 205 cm in the inner one"
    door.close()


def test_check_says_that_this_user_may_not_use_the_bus(bus: Bus) -> None:
    bus.closed = PermissionError(13, "Permission denied")
    verdict = sensor().verify()
    assert not verdict.ok
    assert "in the group i2c" in verdict.text


@given(st.lists(st.none() | st.floats(30, 250), max_size=60))
def test_the_floor_never_comes_nearer(distances: list[float | None]) -> None:
    zone, floors = Zone(0.85), [0.0]
    for distance in distances:
        zone.see(distance)
        floors.append(zone.floor_cm or 0.0)
    assert floors == sorted(floors)


def test_somebody_who_stands_there_at_the_start_is_noticed_when_they_leave() -> None:
    zone = Zone(0.85)
    for _ in range(LEARN):
        assert not zone.see(HEAD)
    for _ in range(LEARN):
        zone.see(FLOOR)
    assert zone.floor_cm == FLOOR
    assert zone.see(HEAD)
