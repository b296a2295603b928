"""Of a day only that time is told as measured in which its doors spoke: a dead counter is no quiet day."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import Door, Snapshot
from server.rollups.calendar import QUARTER_MS
from tests.support.rollups import BOOT, HOUR_MS, MIDNIGHT, NEXT, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
MINUTE_MS = 60_000


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def test_a_station_that_speaks_while_its_counter_does_not_is_not_measured(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS + 1, 4)
    for at_ms in range(EIGHT + HOUR_MS + QUARTER_MS, EIGHT + 4 * HOUR_MS, QUARTER_MS):
        rig.come(at_ms, doors=False, celsius=21.0)
    rig.come(EIGHT + 4 * HOUR_MS, 9)
    rig.work(NEXT)
    assert rig.day().visits == 9, "who came meanwhile is told"
    assert rig.day().measured == pytest.approx(1 / 24)
    assert {each.measured for each in rig.quarters(EIGHT, EIGHT + 4 * HOUR_MS)} == {1.0}, "of the air all was"


def test_a_station_without_a_counter_has_no_measured_day(rig: Rig) -> None:
    for at_ms in range(EIGHT, EIGHT + HOUR_MS, QUARTER_MS):
        rig.come(at_ms, doors=False, celsius=21.0)
    rig.work(NEXT)
    assert (rig.day().visits, rig.day().measured) == (0, 0.0)
    assert rig.day().temperature is not None
    assert rig.rollups.span(["canteen"]) is None


def test_a_word_missed_now_and_then_is_no_gap(rig: Rig) -> None:
    for number, at_ms in enumerate(range(EIGHT, EIGHT + HOUR_MS + 1, 5 * MINUTE_MS)):
        rig.come(at_ms, number, doors=number % 4 == 0)
    rig.work(NEXT)
    assert rig.day().measured == pytest.approx(1 / 24)


def test_the_gap_of_a_door_is_bridged_across_midnight(rig: Rig) -> None:
    rig.come(NEXT - 20 * MINUTE_MS, 5)
    rig.come(NEXT - 5 * MINUTE_MS, doors=False)
    rig.come(NEXT + 5 * MINUTE_MS, 5)
    rig.work(NEXT + 2 * HOUR_MS)
    assert [each.measured for each in rig.days().values()] == pytest.approx([20 / 1440, 5 / 1440])


def test_of_two_doors_both_must_speak(rig: Rig) -> None:
    for seq, at_ms in enumerate(range(EIGHT, EIGHT + 2 * HOUR_MS + 1, QUARTER_MS), 1):
        both = (Door("main", seq, 0), Door("yard", seq, 0))
        doors = both if at_ms <= EIGHT + HOUR_MS else both[:1]
        rig.commit(Snapshot("00c0ffee00c0ffee", seq, at_ms, 0, BOOT, "synced", None, doors, None, ()), at_ms)
    rig.work(NEXT)
    assert rig.day().measured == pytest.approx(1 / 24)
