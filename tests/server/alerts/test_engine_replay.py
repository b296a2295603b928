"""A real room through the whole of it: store, live state, rules, lifecycle, grouping, outbox."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.messages import Snapshot
from server.alerts.kinds import KINDS, AlertThresholds
from tests.support.office import HEAT_C_A_MINUTE, HEATED_FROM, office
from tests.support.shift import PASS_MS, Shift, station

MINUTE = 60_000
HOUR = 60 * MINUTE
HEATED_MS = round(HEATED_FROM.timestamp() * 1000)


def played(folder: Path, snapshots: Iterable[Snapshot], pass_ms: int) -> Iterator[Shift]:
    """The room as a station, a snapshot a minute and passes so often; after each pass."""
    said = deque(snapshots)
    with closing(Shift(folder, [station("office")], now_ms=said[0].at_ms)) as shift:
        shift.receiver("chat")
        while said:
            while said and said[0].at_ms <= shift.now_ms:
                shift.hear({"office": said.popleft()})
            shift.step(pass_ms)
            yield shift


def test_six_days_raise_nothing(recordings: Path, tmp_path: Path) -> None:
    for shift in played(tmp_path, office(recordings), 2 * MINUTE):
        assert not [alert for alert in shift.engine.alerts() if alert.state != "pending"]
    assert shift.told() == []


def test_heated_it_is_too_hot_once_and_well_once(recordings: Path, tmp_path: Path) -> None:
    around = [
        snapshot
        for snapshot in office(recordings, HEAT_C_A_MINUTE)
        if HEATED_MS - HOUR <= snapshot.at_ms <= HEATED_MS + 4 * HOUR
    ]
    states = []
    for shift in played(tmp_path, around, PASS_MS):
        states += [(alert.kind, alert.state, shift.now_ms) for alert in shift.engine.alerts()]
    firing = [(kind, at_ms) for kind, state, at_ms in states if state == "firing"]
    assert {kind for kind, _ in firing} == {"too_hot"}, "and nothing else"
    limits = AlertThresholds()
    above = [
        each.at_ms for each in around if each.climate and (each.climate.temperature_c or 0) > limits.too_hot_c
    ]
    late_ms = firing[0][1] - (above[0] + KINDS["too_hot"].for_ms)
    assert 0 <= late_ms <= 30_000
    resolved = [at_ms for _, state, at_ms in states if state == "resolved"]
    assert resolved[0] > above[-1] + KINDS["too_hot"].clear_ms - 60_000
    assert [told.kinds for told in shift.told()] == [{"firing": {"too_hot"}}, {"resolved": {"too_hot"}}]
    assert shift.lines(shift.one("too_hot")) == [("fired", ""), ("resolved", "")]


@pytest.mark.parametrize("minutes_late", [60 * 24, 15])
def test_a_day_of_it_that_comes_late_raises_nothing(
    recordings: Path, tmp_path: Path, minutes_late: int
) -> None:
    """The line was cut while the room was hot; when it is back, the newest comes first, then the heat."""
    heated = [each for each in office(recordings, HEAT_C_A_MINUTE) if each.at_ms >= HEATED_MS - HOUR][:300]
    newest = heated.pop()
    now_ms = heated[-1].at_ms + minutes_late * 60_000
    with closing(Shift(tmp_path, [station("office")], now_ms=now_ms)) as shift:
        shift.receiver("chat")
        shift.say("office")
        shift.go(7 * 60_000, faults=())
        for snapshot in (newest, *heated):
            shift.hear({"office": snapshot})
        shift.go(30 * 60_000, faults=())
        assert shift.engine.alerts() == ()
        assert shift.told() == []
