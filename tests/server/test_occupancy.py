"""Counting people by door totals: increments, gaps, corrections; and a real counter that drifts."""

import csv
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import Door, Presence, Snapshot
from server.occupancy import Correction, Observation, Occupancy, Rules, StaffCount, advance, fold, observe

MIN = 60_000
RULES = Rules()
WELL = Presence(None)
BROKEN = Presence(None, ok=False)


def at(clock: str, day: str = "2025-07-25") -> int:
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return round(moment.timestamp() * 1000)


def seen(at_ms: int, *totals: tuple[int, int], presence: Presence | None = None) -> Observation:
    return Observation(at_ms, tuple(Door(f"d{n}", *each) for n, each in enumerate(totals)), presence)


def result(*events: Observation | StaffCount, rules: Rules = RULES) -> Occupancy:
    state, _ = fold(None, events, rules)
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("totals", "people", "visits", "estimated", "why"),
    [
        ([[(0, 0)]], 0, 0, True, "nothing was ever set right"),
        ([[(70, 60)]], 0, 0, True, "the first totals are the base line"),
        ([[(0, 0)], [(3, 1)]], 2, 3, True, "increments"),
        ([[(0, 0), (5, 9)], [(4, 0), (5, 11)]], 2, 4, True, "two doors: in by one, out by the other"),
        ([[(9, 9)], [(9, 12)], [(10, 12)]], 0, 1, True, "entries were missed: never below nobody"),
        ([[(50, 40)], [(53, 41)], [(2, 0)]], 4, 5, True, "a restart begins a new sum: 3 − 1 + 2"),
        ([[(0, 0)], [(2, 0), (40, 40)], [(3, 0), (41, 40)]], 4, 4, True, "a new door has a base line too"),
        ([[]], None, 0, True, "no counted door: nobody knows"),
    ],
)
def test_increments(
    *, totals: list[list[tuple[int, int]]], people: int | None, visits: int, estimated: bool, why: str
) -> None:
    state = result(*(seen(at("18:00") + n * MIN, *each) for n, each in enumerate(totals)))
    assert (state.people, state.visits, state.estimated) == (people, visits, estimated), why


def exact(minute: int = 0) -> list[Observation | StaffCount]:
    """Two people inside, counted by staff."""
    start = at("18:00") + minute * MIN
    return [seen(start, (10, 8)), StaffCount(start + 1000, 2)]


@pytest.mark.parametrize(
    ("later", "estimated", "why"),
    [
        (seen(at("18:05"), (11, 8)), False, "five minutes without a snapshot are nothing"),
        (seen(at("18:06"), (11, 8)), True, "longer: the station was off"),
        (seen(at("18:01"), (1, 0)), True, "the counter began anew: what it had not sent is lost"),
        (seen(at("18:01")), True, "the door says nothing"),
        (
            Observation(at("18:01"), (Door("d0", 11, 8, blocked=True),)),
            True,
            "somebody leans in the beam",
        ),
    ],
)
def test_estimated(later: Observation, estimated: bool, why: str) -> None:
    assert result(*exact(), later).estimated is estimated, why


def test_a_backlog_that_comes_in_fills_the_gap() -> None:
    later = [seen(at("18:06"), (11, 8)), seen(at("18:03"), (11, 8))]
    in_time_order = sorted([*exact(), *later], key=lambda event: event.at_ms)
    assert result(*exact(), later[0]).estimated
    assert not result(*in_time_order).estimated


def quiet(
    since: str, until: str, presence: Presence | None, day: str = "2025-07-25"
) -> list[Observation | StaffCount]:
    """Two people inside by the counter, then nobody crosses a door."""
    start, end = at(since, day), at(until, day)
    first = [seen(start - 2 * MIN, (0, 0), presence=presence), seen(start, (2, 0), presence=presence)]
    return [*first, *(seen(at_ms, (2, 0), presence=presence) for at_ms in range(start + MIN, end + 1, MIN))]


@pytest.mark.parametrize(
    ("events", "reason", "why"),
    [
        (quiet("18:00", "18:44", WELL), None, "44 minutes are not enough"),
        (quiet("18:00", "18:45", WELL), "idle", "45 minutes without crossing and motion"),
        (quiet("18:00", "20:00", None), None, "without a motion sensor a quiet room may be full of readers"),
        (quiet("18:00", "20:00", BROKEN), None, "a broken motion sensor sees nobody"),
        (quiet("12:10", "15:59", WELL), None, "riders nap from 12 to 16"),
        (quiet("12:10", "16:00", WELL), "idle", "the nap is over"),
        (quiet("11:14", "11:59", WELL), "idle", "before noon"),
        (quiet("23:00", "23:50", Presence(at("23:30"))), None, "motion at half past eleven"),
        (quiet("23:00", "23:59", Presence(at("23:10"))), "idle", "the last motion is 45 minutes ago"),
        (quiet("03:10", "03:59", None), None, "it is not four yet"),
        (quiet("03:10", "04:00", None), "quiet_hour", "four o'clock, and quiet for 45 minutes"),
        (quiet("03:30", "04:14", None), None, "somebody came at half past three"),
        (quiet("03:30", "04:15", None), "quiet_hour", "45 minutes later it is still the quiet hour"),
        (quiet("04:20", "05:30", None), None, "the quiet hour is over"),
        (quiet("03:00", "04:59", BROKEN), None, "a broken motion sensor is not quiet"),
        (quiet("03:00", "04:59", Presence(at("04:58"))), None, "somebody sleeps there"),
    ],
)
def test_corrections(events: list[Observation | StaffCount], reason: str | None, why: str) -> None:
    state, corrections = fold(None, events, RULES)
    assert [each.reason for each in corrections] == ([reason] if reason else []), why
    assert state is not None
    assert (state.people, state.estimated) == ((0, False) if reason else (2, True)), why


def test_a_motion_sensor_that_falls_silent_is_not_quiet() -> None:
    silent = [
        replace(event, presence=None)
        for event in quiet("18:01", "20:00", None)
        if isinstance(event, Observation)
    ]
    state, corrections = fold(result(seen(at("17:58"), (0, 0), presence=WELL)), silent, RULES)
    assert corrections == []
    assert state is not None
    assert state.people == 2


def test_the_hour_is_the_station_s_own() -> None:
    events = quiet("03:10", "04:00", None)
    assert fold(None, events, Rules(time_zone="Asia/Urumqi"))[1] == []


def test_a_correction_is_recorded_once() -> None:
    _, corrections = fold(None, quiet("18:00", "23:59", WELL), RULES)
    assert corrections == [Correction(at("18:45"), "idle", before=2, after=0)]


def test_staff_count_is_believed_until_somebody_moves() -> None:
    state, corrections = fold(None, [*quiet("18:00", "18:40", WELL), StaffCount(at("18:41"), 5)], RULES)
    assert corrections == [Correction(at("18:41"), "staff", before=2, after=5)]
    assert state is not None
    assert (state.people, state.estimated) == (5, False)
    later = seen(at("18:46"), (2, 0), presence=WELL)
    assert advance(state, later, RULES)[1] is None, "45 quiet minutes begin anew with staff's look"


def test_movement_is_the_newest_of_crossing_and_motion() -> None:
    state = result(seen(at("18:00"), (0, 0), presence=Presence(at("17:59"))))
    assert state.moved_at_ms == at("17:59")
    state = advance(state, seen(at("18:01"), (1, 0), presence=Presence(at("17:59"))), RULES)[0]
    assert state.moved_at_ms == at("18:01")


def test_a_snapshot_is_observed_at_the_time_it_is_dated() -> None:
    doors = (Door("d0", 3, 1),)
    snapshot = Snapshot("0" * 16, 1, 5, 5, "0" * 8, "unsynced", doors=doors, presence=WELL)
    assert observe(snapshot, at("18:00")) == Observation(at("18:00"), doors, WELL)


@st.composite
def sequences(draw: st.DrawFn) -> list[Observation | StaffCount]:
    """Days of a station with two doors: crossings, restarts, silent doors, motion, gaps, staff."""
    now_ms, totals = at("00:00"), [[0, 0], [0, 0]]
    events: list[Observation | StaffCount] = []
    for _ in range(draw(st.integers(1, 40))):
        now_ms += draw(st.sampled_from([1000, 30_000, 5 * MIN, 20 * MIN, 3 * 60 * MIN]))
        if draw(st.integers(0, 9)) == 0:
            events.append(StaffCount(now_ms, draw(st.integers(0, 9))))
            continue
        for door in totals:
            restarted = draw(st.integers(0, 19)) == 0
            door[:] = [0, 0] if restarted else [each + draw(st.integers(0, 3)) for each in door]
        presence = draw(st.sampled_from([None, WELL, BROKEN, Presence(now_ms)]))
        doors = [(door[0], door[1]) for door in totals][: draw(st.sampled_from([2, 2, 2, 1]))]
        events.append(seen(now_ms, *doors, presence=presence))
    return events


@settings(deadline=None)
@given(sequences(), st.data())
def test_folding_in_portions_is_folding_at_once(
    events: list[Observation | StaffCount], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(events)))
    half, first = fold(None, events[:cut], RULES)
    whole, second = fold(half, events[cut:], RULES)
    assert (whole, first + second) == fold(None, events, RULES)


@settings(deadline=None)
@given(sequences(), st.data())
def test_duplicates_and_late_events_change_nothing(
    events: list[Observation | StaffCount], data: st.DataObject
) -> None:
    """An event again, at once or behind newer ones."""
    repeated = list(events)
    for _ in range(data.draw(st.integers(1, 5))):
        source = data.draw(st.integers(0, len(repeated) - 1))
        repeated.insert(data.draw(st.integers(source + 1, len(repeated))), repeated[source])
    assert fold(None, repeated, RULES) == fold(None, events, RULES)


@settings(deadline=None)
@given(sequences())
def test_visits_only_grow_and_people_are_never_below_nobody(events: list[Observation | StaffCount]) -> None:
    states: list[Occupancy] = []
    for event in events:
        states.append(advance(states[-1] if states else None, event, RULES)[0])
    assert all(after.visits >= before.visits for before, after in pairwise(states))
    assert all(state.people is None or state.people >= 0 for state in states)


def calit2(folder: Path) -> list[Observation]:
    """Ten weeks of a main door as totals: every half hour an observation; flow 7 is out, 9 is in."""
    totals = {"7": 0, "9": 0}
    observations = {}
    with (folder / "uci_calit2_first_70_days.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            totals[row["flow_id"]] += int(row["count"])
            moment = datetime.strptime(f"{row['date']} {row['time']}", "%m/%d/%y %H:%M:%S")  # noqa: DTZ007
            at_ms = round(moment.replace(tzinfo=ZoneInfo("America/Los_Angeles")).timestamp() * 1000)
            observations[at_ms] = seen(at_ms, (totals["9"], totals["7"]))
    return [observations[at_ms] for at_ms in sorted(observations)]


HALF_HOURLY = Rules(time_zone="America/Los_Angeles", gap_ms=45 * MIN, idle_ms=30 * MIN)


def test_a_real_counter_drifts_and_the_quiet_hour_sets_it_right(recordings: Path) -> None:
    """The optical counter of CalIt2 misses people every day; uncorrected it ends far from an empty house."""
    events = calit2(recordings)
    balance = [event.doors[0].in_total - event.doors[0].out_total for event in events]
    states: list[Occupancy] = []
    corrections = []
    for event in events:
        state, correction = advance(states[-1] if states else None, event, HALF_HOURLY)
        states.append(state)
        corrections += [correction] if correction else []
    at_five = [state.people for state in states if _local_hour(state.at_ms) == 5]
    assert abs(balance[-1]) > 100, "the raw difference has drifted"
    assert {each.reason for each in corrections} == {"quiet_hour"}
    assert sorted(people or 0 for people in at_five)[int(len(at_five) * 0.9)] <= 3, "empty before dawn"
    assert states[-1].visits == events[-1].doors[0].in_total - events[0].doors[0].in_total


def _local_hour(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo("America/Los_Angeles")).hour
