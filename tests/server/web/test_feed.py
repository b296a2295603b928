import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.state import Comfort, StationState
from server.web.feed import NetworkFeed, changes_event, narrowed, refresh_event, times_event
from server.web.public import status
from tests.support.web import NOON_MS, open_state, station

ONE, TWO, THREE = (open_state(station(n)) for n in (1, 2, 3))


def warmer(state: StationState, degrees: float = 30) -> StationState:
    """The same station with another temperature."""
    return replace(state, comfort=Comfort("hot", degrees, 58, NOON_MS))


def parsed(frame: bytes) -> dict[str, Any]:
    """The fields of one frame, its data decoded."""
    assert frame.endswith(b"\n\n")
    fields = dict(line.split(": ", 1) for line in frame.decode().strip().split("\n"))
    return fields | {"data": json.loads(fields["data"])}


def test_only_what_a_rider_would_see_is_told() -> None:
    feed = NetworkFeed("boot", [ONE, TWO])
    assert feed.advance([replace(ONE, at_ms=NOON_MS + 1), TWO]) == []
    rows = feed.advance([warmer(ONE), TWO])
    assert rows is not None
    assert [json.loads(row)["id"] for _, row in rows] == [ONE.station.id]
    assert rows[0][0] == "迎泽区"
    assert feed.advance([warmer(ONE), TWO]) == [], "told once"


def test_a_reader_gets_what_it_missed_and_nothing_else() -> None:
    feed = NetworkFeed("boot", [ONE, TWO, THREE])
    start = feed.last_id
    feed.advance([warmer(ONE), TWO, THREE])
    seen = feed.last_id
    feed.advance([warmer(ONE, 31), warmer(TWO), THREE])
    missed = {event: [json.loads(row)["id"] for _, row in feed.since(event) or []] for event in (start, seen)}
    both = [ONE.station.id, TWO.station.id]
    assert missed == {start: both, seen: both}
    assert feed.since(feed.last_id) == []


@pytest.mark.parametrize(
    "event_id",
    [
        "",
        "boot",
        "boot.0-",
        "boot.0-x",
        "boot.0--1",
        "boot.0-99",
        "old.0-0",
        "boot.1-0",
        "boot.0-²",
        "-" * 400,
    ],
)
def test_an_unknown_event_id_means_start_anew(event_id: str) -> None:
    assert NetworkFeed("boot", [ONE]).since(event_id) is None


def test_another_set_of_stations_means_start_anew() -> None:
    feed = NetworkFeed("boot", [ONE])
    before = feed.last_id
    assert feed.advance([ONE, TWO]) is None
    assert feed.since(before) is None
    assert feed.advance([TWO]) is None
    assert feed.advance([TWO]) == []


def test_districts_narrow() -> None:
    rows = NetworkFeed("boot", []).advance([]) or [("小店区", b"1"), ("迎泽区", b"2")]
    assert narrowed(rows, frozenset({"迎泽区"})) == [b"2"]
    assert narrowed(rows, frozenset()) == [b"1", b"2"]


def test_frames_are_server_sent_events() -> None:
    row = msgspec.json.encode(status(ONE))
    frame = parsed(changes_event("boot.0-7", [row]))
    assert (frame["id"], frame["event"]) == ("boot.0-7", "changes")
    assert frame["data"]["stations"][0]["access"]["value"] == "open"
    assert parsed(refresh_event("boot.0-7"))["data"] == {}


def test_times_are_told_once_small_and_never_as_ages_of_now() -> None:
    feed = NetworkFeed("boot", [ONE])
    assert feed.times() == []
    later = replace(ONE, at_ms=NOON_MS + 30_000)
    feed.advance([later])
    ((place, name, moments),) = feed.times()
    assert (place, name, moments[0]) == ("迎泽区", ONE.station.id, NOON_MS + 30_000)
    assert feed.times() == []


@pytest.mark.parametrize(
    ("moments", "told", "why"),
    [
        ((NOON_MS - 5000,) * 6, 5, "all equally old: one number"),
        ((NOON_MS - 5000, None, None, NOON_MS - 5000, None, None), 5, "what is missing needs no place"),
        ((NOON_MS - 5000, None, NOON_MS - 90_000, None, None, None), [5, None, 90, None, None, None], ""),
        ((NOON_MS + 3000,) * 6, -3, "a clock that runs ahead"),
    ],
)  # fmt: skip
def test_times_are_seconds_before_a_stated_moment(moments: Any, told: Any, why: str) -> None:
    data = parsed(times_event(NOON_MS + 999, [("s-1", moments)]))["data"]
    assert data == {"at": "2026-07-01T05:20:00Z", "seconds_before": {"s-1": told}}, why


@given(st.lists(st.lists(st.sampled_from([0, 1, 2]), max_size=3), max_size=12), st.integers(0, 11))
def test_from_any_frame_on_a_reader_ends_with_the_newest_state(steps: list[list[int]], joined: int) -> None:
    states = [ONE, TWO, THREE]
    feed, degrees = NetworkFeed("boot", states), 20.0
    shown = {state.station.id: state.comfort.temperature_c for state in states}
    event_id = feed.last_id
    for number, changed in enumerate(steps):
        for which in changed:
            degrees += 1
            states[which] = warmer(states[which], degrees)
        feed.advance(states)
        if number == joined:
            shown = {state.station.id: state.comfort.temperature_c for state in states}
            event_id = feed.last_id
    for _, row in feed.since(event_id) or []:
        told = json.loads(row)
        shown[told["id"]] = told["comfort"]["temperature_c"]
    assert shown == {state.station.id: state.comfort.temperature_c for state in states}
