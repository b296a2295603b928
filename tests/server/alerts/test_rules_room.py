"""Rules about the room as tables: each with and without an alert, and of old data.

A row is what a station knows, whether an alert is on its way or active, and the word that comes of it;
None: nothing is said, as there is nothing to say and no alert. The reason stands beside each row.
"""

from dataclasses import replace
from typing import Any

import pytest

from contract.messages import Climate, Door, Presence, Status
from server.alerts.facts import Facts
from server.alerts.trends import DayCount, Days, Step, Trend, Warmth
from server.state import Access, Crowding
from tests.support.alert_facts import (
    FACTS,
    HOUR,
    MIN,
    NO_ANSWER,
    NOW,
    OLD_AIR,
    STATE,
    Row,
    air,
    check,
    closed,
    old,
    seen,
    told,
)

LOST, CLEAN = (Status(word, "0f8b2c1d", "1.0", NOW - HOUR) for word in ("lost", "offline"))


@pytest.mark.parametrize(
    "row",
    [
        (old(FACTS, 4.9), False, None, "a heartbeat may be late"),
        (old(FACTS, 5.1), False, "true", "ten heartbeats are missing"),
        (replace(old(FACTS, 1.6), link=LOST), False, "true", "the broker lost it, and nothing came since"),
        (
            replace(old(FACTS, 1.4), link=LOST),
            False,
            None,
            "readings have come since: it may be back already",
        ),
        (replace(old(FACTS, 1.6), link=CLEAN), False, "true", "switched off on purpose is off"),
        (replace(old(FACTS, 6), link=replace(LOST, state="online")), False, "true", "connected and mute"),
        (FACTS, True, "false", "it is heard again"),
        (
            replace(old(FACTS), hearing_since_ms=None),
            True,
            "unknown",
            "the server is deaf: that is no silence",
        ),
        (replace(old(FACTS), hearing_since_ms=None), False, None, "a deaf server raises nothing"),
        (
            replace(old(FACTS), hearing_since_ms=NOW - MIN),
            True,
            "unknown",
            "it has listened for a minute only",
        ),
        (replace(old(FACTS), hearing_since_ms=NOW - MIN), False, None, "after a start it waits for stations"),
        (replace(FACTS, snapshot=None), False, None, "it never spoke: it is not installed yet"),
        (replace(FACTS, snapshot=None), True, "unknown", "its past was removed"),
    ],
)
def test_station_offline(row: Row) -> None:
    check("station_offline", "", row)


@pytest.mark.parametrize(
    "row",
    [
        (air(30.0), False, None, "30 °C is the last mild one"),
        (air(30.1), False, "true", "above 30 °C"),
        (air(29.0, 80), False, "true", "29 °C feel like 35"),
        (air(29.5), True, "true", "half a degree below is not well yet"),
        (air(29.0), True, "false", "a degree below is"),
        (air(27.8, 80), True, "true", "it still feels like 31"),
        (air(None), True, "unknown", "the sensor gives no temperature"),
        (seen(), True, "unknown", "no climate at all"),
        (seen(), False, None, "a station without a thermometer"),
        (OLD_AIR, False, None, "a fresh snapshot that carries an old reading"),
        (OLD_AIR, True, "unknown", "the same does not clear either"),
        (closed(air(35)), False, None, "closed: nobody counts on it"),
        (closed(air(20)), True, "unknown", "closed: cool at night says nothing of tomorrow"),
        (closed(air(35), Access("closed", "notice")), False, None, "staff have closed it"),
        (closed(air(35), Access("locked", "notice")), False, None, "staff have locked it"),
        (closed(air(35), Access("closing_soon", "timetable")), False, "true", "still open"),
        (closed(air(35), Access("unknown")), False, "true", "without published hours it counts as open"),
    ],
)
def test_too_hot(row: Row) -> None:
    check("too_hot", "", row)


def test_the_reason_of_too_hot() -> None:
    said = told(air(29.0, 80), "too_hot")
    assert said
    assert said.values == {"temperature_c": 29.0, "humidity_pct": 80, "limit_c": 30, "feels_c": 34.7}
    dry = told(air(31.0), "too_hot")
    assert dry
    assert "feels_c" not in dry.values, "31 °C need no humidity"


@pytest.mark.parametrize(
    "row",
    [
        (air(14.0), False, None, "14 °C is the last mild one"),
        (air(13.9), False, "true", "below 14 °C"),
        (air(14.9), True, "true", "not a degree above"),
        (air(15.0), True, "false", "a degree above"),
        (seen(climate=Climate(NOW - 6 * MIN, 5)), False, None, "an old reading"),
        (seen(climate=Climate(NOW - 6 * MIN, 20)), True, "unknown", "an old reading clears nothing"),
        (closed(air(5)), False, None, "closed"),
    ],
)
def test_too_cold(row: Row) -> None:
    check("too_cold", "", row)


def warming(temperature: float, by: float | None, **facts: Any) -> Facts:
    """A room that has warmed ``by`` in half an hour."""
    ends = () if by is None else (Warmth(NOW - 30 * MIN, temperature - by), Warmth(NOW, temperature))
    return air(temperature, **({"trend": Trend(NOW, warmths=ends)} | facts))


@pytest.mark.parametrize(
    "row",
    [
        (warming(28, 1.5), False, "true", "it should be cooled, and warms"),
        (warming(28, 1.4), False, None, "people and an open door do that"),
        (warming(27, 3), False, None, "27 °C: it is cooled"),
        (warming(28, 1.5, season="winter"), False, None, "in winter it is heated"),
        (warming(28, None), False, None, "too little was measured to say"),
        (warming(29, None), True, "true", "still warm"),
        (warming(29, 0), True, "true", "it does not get worse: it is no better for that"),
        (warming(27, -1), True, "false", "cooled again"),
        (warming(26, None), True, "false", "cooled again, whatever the way there"),
        (replace(OLD_AIR, trend=warming(28, 3).trend), False, None, "an old reading"),
        (replace(OLD_AIR, trend=warming(28, 3).trend), True, "unknown", "an old reading clears nothing"),
        (closed(warming(28, 3)), False, None, "closed: the conditioning is off"),
    ],
)
def test_cooling_failing(row: Row) -> None:
    check("cooling_failing", "", row)


def flat(hours: float, temperature: float = 25.3, humidity: float | None = 50.1) -> Facts:
    facts = air(temperature, humidity)
    assert facts.snapshot
    trend = Trend(NOW, climate=facts.snapshot.climate, flat_since_ms=NOW - round(hours * HOUR))
    return replace(facts, trend=trend)


@pytest.mark.parametrize(
    "row",
    [
        (flat(5.9), False, None, "a still room may do that"),
        (flat(6), False, "true", "tenths do not stand still for six hours"),
        (flat(6, 25, 50), False, None, "whole numbers do"),
        (flat(24, 25, 50), False, "true", "but not for a day"),
        (flat(24, 25, None), False, "true", "a sensor of temperature alone"),
        (flat(0), True, "false", "it moves again"),
        (replace(flat(9), snapshot=OLD_AIR.snapshot), False, None, "an old reading"),
        (replace(flat(0), snapshot=OLD_AIR.snapshot), True, "unknown", "an old reading clears nothing"),
        (replace(flat(9), trend=Trend()), False, None, "after a start nothing is remembered yet"),
    ],
)
def test_sensor_flat(row: Row) -> None:
    check("sensor_flat", "", row)


def jumping(*steps: tuple[float, float, float]) -> Facts:
    made = tuple(Step(NOW - round(minutes * MIN), by_c, by_pct) for minutes, by_c, by_pct in steps)
    return air(25, trend=Trend(NOW, steps=made))


@pytest.mark.parametrize(
    "row",
    [
        (jumping((30, 9, 0), (20, 9, 0), (9, 9, 0)), False, None, "three may be one and a half glitches"),
        (jumping((30, 9, 0), (20, 9, 0), (9, 9, 0), (8, 9, 0)), False, "true", "twice up and down"),
        (jumping((30, 0, 40), (20, 9, 0), (9, 5, 0), (8, 0, 30)), False, "true", "temperature or humidity"),
        (jumping((30, 4, 0), (20, 4, 0), (9, 4, 0), (8, 4, 29)), False, None, "a door in winter"),
        (jumping((60, 9, 0), (20, 9, 0), (9, 9, 0), (8, 9, 0)), False, None, "the first was an hour ago"),
        (jumping(), True, "false", "quiet again"),
        (replace(jumping(), snapshot=OLD_AIR.snapshot), True, "unknown", "an old reading clears nothing"),
        (replace(jumping(*[(5, 9, 0)] * 4), snapshot=OLD_AIR.snapshot), False, None, "an old reading"),
    ],
)
def test_sensor_jumping(row: Row) -> None:
    check("sensor_jumping", "", row)


@pytest.mark.parametrize(
    "row",
    [
        (seen(faults=(NO_ANSWER,)), False, "true", "the station says so"),
        (seen(), False, None, "no fault"),
        (seen(), True, "false", "it is no longer listed: it answers"),
        (seen(faults=(replace(NO_ANSWER, sensor="door"),)), True, "false", "another one fails"),
        (old(seen(faults=(NO_ANSWER,))), False, None, "old data"),
        (old(seen()), True, "unknown", "old data clears nothing"),
    ],
)
def test_sensor_failing(row: Row) -> None:
    check("sensor_failing", "room", row)


@pytest.mark.parametrize(
    "row",
    [
        (seen(presence=Presence(NOW, ok=False)), False, "true", "it says itself that it is not well"),
        (
            seen(presence=Presence(NOW, ok=False), faults=(NO_ANSWER,)),
            False,
            None,
            "a fault tells it already",
        ),
        (seen(presence=Presence(NOW, ok=False), faults=(NO_ANSWER,)), True, "unknown", "whose fault is it?"),
        (seen(presence=Presence(NOW)), True, "false", "well again"),
        (seen(), True, "unknown", "nothing is said of it"),
    ],
)
def test_a_motion_sensor_that_is_not_well(row: Row) -> None:
    check("sensor_failing", "motion", row)


def inside(people: int | None, places: int | None = 10, *, estimated: bool = False, age: float = 0) -> Facts:
    crowding = Crowding("unknown", people, places, estimated, NOW - round(age * MIN))
    return old(replace(FACTS, state=replace(STATE, crowding=crowding)), age)


@pytest.mark.parametrize(
    "row",
    [
        (inside(12), False, None, "120 % are not more than 120 %"),
        (inside(13), False, "true", "130 % of the places"),
        (inside(12), True, "true", "120 %: not ten points below yet"),
        (inside(11), True, "false", "110 %"),
        (inside(13, estimated=True), False, None, "the count is not sure enough to call somebody"),
        (inside(1, estimated=True), True, "unknown", "nor to say that it is over"),
        (inside(13, None), False, None, "nobody has said how many places there are"),
        (inside(None), True, "unknown", "nobody is counted"),
        (inside(13, age=6), False, None, "old data"),
        (inside(1, age=6), True, "unknown", "old data clears nothing"),
    ],
)
def test_over_capacity(row: Row) -> None:
    check("over_capacity", "", row)


def door(**parts: Any) -> Facts:
    return seen(doors=(Door("main", 5, 5, **parts),))


@pytest.mark.parametrize(
    "row",
    [
        (door(blocked=True), False, "true", "the door says so"),
        (door(), False, None, "free"),
        (door(), True, "false", "free again"),
        (seen(faults=(NO_ANSWER,)), True, "unknown", "its sensor fails, nothing is said of the door"),
        (old(door(blocked=True)), False, None, "old data"),
        (old(door()), True, "unknown", "old data clears nothing"),
    ],
)
def test_door_blocked(row: Row) -> None:
    check("door_blocked", "main", row)


@pytest.mark.parametrize(
    "row",
    [
        (door(locked=True), False, "true", "posted as open, and the bolt is shut"),
        (
            seen(doors=(Door("a", 0, 0, locked=True), Door("b", 0, 0, locked=False))),
            False,
            None,
            "one door is open",
        ),
        (
            seen(doors=(Door("a", 0, 0, locked=True), Door("b", 0, 0))),
            False,
            None,
            "the other has no contact",
        ),
        (door(locked=False), True, "false", "unlocked"),
        (door(), True, "unknown", "no contact speaks: silence is neither"),
        (closed(door(locked=True)), False, None, "closed, and locked as it should be"),
        (closed(door(locked=True)), True, "unknown", "closing time does not make it right"),
        (closed(door(locked=True), Access("locked", "contact")), False, "true", "as riders are told"),
        (old(door(locked=True)), False, None, "old data"),
        (old(door(locked=False)), True, "unknown", "old data clears nothing"),
    ],
)
def test_locked_in_hours(row: Row) -> None:
    check("locked_in_hours", "", row)


def days(*counts: tuple[int, int, int], today: int = 104) -> Facts:
    return replace(FACTS, days=Days(today, finished=tuple(DayCount(*each) for each in counts)))


LEANING = ((101, 100, 70), (102, 100, 70), (103, 100, 70))


@pytest.mark.parametrize(
    "row",
    [
        (days(*LEANING), False, "true", "three days, each 30 % more in than out"),
        (days(*((day, left, came) for day, came, left in LEANING)), False, "true", "or more out than in"),
        (days(*LEANING[1:]), False, None, "two days may be chance"),
        (days(LEANING[0], (102, 100, 95), LEANING[2]), False, None, "one good day between"),
        (days(LEANING[0], (102, 70, 100), LEANING[2]), False, None, "once this way, once that way"),
        (days((101, 40, 21), (102, 40, 21), (103, 40, 21)), False, None, "19 people are few"),
        (days((101, 500, 400), (102, 500, 400), (103, 500, 400)), False, None, "20 % is what beams miss"),
        (days(*LEANING, today=105), False, None, "yesterday was not counted"),
        (days(*LEANING, (104, 100, 99), today=105), True, "false", "a good day after the repair"),
        (days(), True, "unknown", "no days are known after a start"),
        (old(days(*LEANING)), False, None, "a station that is not heard"),
        (old(days(*LEANING, (104, 100, 99), today=105)), True, "unknown", "old data clears nothing"),
    ],
)
def test_counts_drifting(row: Row) -> None:
    check("counts_drifting", "", row)
