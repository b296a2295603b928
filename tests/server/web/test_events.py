import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Comfort, StationState
from server.web import events
from server.web.build import build_web
from server.web.feed import FRAME_MS
from server.web.front import Front
from tests.support.listener import DEADLINE_S, Listener
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import NOON_MS, TableLive, TableStore, open_state, station

ONE, TWO = open_state(station(1)), open_state(station(2))


def warmer(state: StationState, degrees: float) -> StationState:
    """The same station with another temperature."""
    return replace(state, comfort=Comfort("hot", degrees, 58, NOON_MS))


@pytest.fixture
def live() -> TableLive:
    table = TableLive()
    table.put(ONE, TWO)
    return table


@contextmanager
def streaming(live: TableLive) -> Iterator[tuple[int, Front]]:
    """A served web over ``live``."""
    front = build_web(live, TableStore(), Settings(), Pipeline())
    with serving(front) as port:
        yield port, front


def metric(port: int, name: str) -> float:
    """A figure of the running server."""
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"waystation_{name} "))


def test_a_change_is_told_to_all_of_its_network_and_of_its_district(live: TableLive) -> None:
    with (
        streaming(live) as (port, _),
        Listener(port, "network=taiyuan") as all_of_it,
        Listener(port, "network=taiyuan&districts=万柏林区,小店区") as narrowed,
    ):
        assert (all_of_it.status, narrowed.status) == (200, 200)
        assert "text/event-stream" in all_of_it.head
        assert "x-accel-buffering: no" in all_of_it.head
        assert (all_of_it.event()["event"], narrowed.event()["event"]) == ("refresh", "refresh")
        live.put(warmer(ONE, 30))
        assert all_of_it.ids() == [ONE.station.id]
        live.put(warmer(TWO, 30))
        assert all_of_it.ids() == [TWO.station.id]
        assert narrowed.ids() == [TWO.station.id], "the other district was not told"


def test_the_first_change_goes_at_once_and_then_one_frame_a_second(live: TableLive) -> None:
    with streaming(live) as (port, _), Listener(port, "network=taiyuan") as reader:
        reader.event()
        begun = time.monotonic()
        for degrees in (30, 31, 32):
            live.put(warmer(ONE, degrees))
            reader.event()
        took_ms = (time.monotonic() - begun) * 1000
        assert took_ms >= 2 * FRAME_MS - 1, "the server's clock has whole milliseconds"


def test_changes_within_a_second_are_one_frame_with_the_newest(live: TableLive) -> None:
    with streaming(live) as (port, _), Listener(port, "network=taiyuan") as reader:
        reader.event()
        live.put(warmer(ONE, 30))
        reader.event()
        for degrees in (31, 32, 33):
            live.put(warmer(ONE, degrees), warmer(TWO, degrees))
        rows = reader.event()["data"]["stations"]
        assert [row["comfort"]["temperature_c"] for row in rows] == [33, 33]


def test_news_wakes_the_pump_and_is_awaited_again_when_the_next_frame_is_due(
    live: TableLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with streaming(live) as (port, front):
        assert front.awaited_ms == math.inf
        monkeypatch.setattr(events, "FRAME_MS", 60_000)  # until the pump looks by itself
        with Listener(port, "network=taiyuan") as reader:
            reader.event()
            assert front.awaited_ms <= time.monotonic() * 1000
            assert metric(port, "sse_readers") == 1, "and the pump has looked once by now"
            live.put(warmer(ONE, 30))
            assert reader.ids() == [ONE.station.id]
            assert front.awaited_ms > time.monotonic() * 1000
        until(lambda: front.awaited_ms == math.inf, DEADLINE_S, "the reader is forgotten")


@pytest.mark.parametrize("by_header", [True, False])
def test_a_reader_that_returns_gets_what_it_missed(live: TableLive, by_header: bool) -> None:
    with streaming(live) as (port, _):
        with Listener(port, "network=taiyuan") as reader:
            last = reader.event()["id"]
        live.put(warmer(TWO, 30))
        query, header = ("", f"last-event-id: {last}\r\n") if by_header else (f"&last_event_id={last}", "")
        with Listener(port, f"network=taiyuan{query}", header) as returned:
            # Nothing yet, where the server still holds the first one for open; then the change as it comes.
            assert (returned.ids() or returned.ids()) == [TWO.station.id]
        with Listener(port, "network=taiyuan&last_event_id=other.0-3") as stranger:
            assert stranger.event()["event"] == "refresh"


def test_the_list_says_where_its_stream_goes_on(live: TableLive) -> None:
    with streaming(live) as (port, _):
        last = httpx.get(f"http://127.0.0.1:{port}/api/v1/stations?network=taiyuan").json()["event_id"]
        live.put(warmer(ONE, 30))
        with Listener(port, f"network=taiyuan&last_event_id={last}") as reader:
            assert reader.ids() == [ONE.station.id]


def test_another_set_of_stations_asks_all_to_fetch_the_list(live: TableLive) -> None:
    with streaming(live) as (port, _), Listener(port, "network=taiyuan") as reader:
        reader.event()
        live.remove(TWO.station.id)
        assert reader.event()["event"] == "refresh"


def test_once_a_minute_the_times_and_in_silence_a_sign_of_life(
    live: TableLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "TIMES_MS", 200)
    monkeypatch.setattr(events, "KEEP_ALIVE_MS", 1000)
    with streaming(live) as (port, _), Listener(port, "network=taiyuan") as reader:
        reader.event()
        live.put(replace(ONE, at_ms=NOON_MS + 30_000))
        event = reader.event()
        assert event["event"] == "times"
        assert list(event["data"]["seconds_before"]) == [ONE.station.id]
        assert "id" not in event
        alive = next(event for event in iter(reader.event, {}) if event["event"] != "times")
        assert alive == {"event": "alive", "data": {}}, "an event with data, or scripts would not hear it"


def test_times_between_changes_swallow_none(live: TableLive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "TIMES_MS", 0)
    monkeypatch.setattr(events, "FRAME_MS", 10)
    with streaming(live) as (port, _), Listener(port, "network=taiyuan") as reader:
        reader.event()
        for degrees in range(20, 40):
            live.put(
                replace(warmer(ONE, degrees), at_ms=NOON_MS + degrees), replace(TWO, at_ms=NOON_MS + degrees)
            )
            changes = next(event for event in iter(reader.event, {}) if event["event"] == "changes")
            assert changes["data"]["stations"][0]["comfort"]["temperature_c"] == degrees


def test_a_reader_that_goes_away_is_forgotten(live: TableLive) -> None:
    with streaming(live) as (port, _):
        with Listener(port, "network=taiyuan") as reader:
            reader.event()
            assert metric(port, "sse_readers") == 1
        until(lambda: metric(port, "sse_readers") == 0, DEADLINE_S, "the reader is forgotten")


def test_a_reader_that_takes_nothing_is_cut_off_and_the_others_hear_on(
    live: TableLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "FRAME_MS", 20)
    live.put(*(open_state(station(number)) for number in range(1, 1500)))
    with (
        streaming(live) as (port, _),
        Listener(port, "network=taiyuan") as well,
        Listener(port, "network=taiyuan") as stuck,
    ):
        well.event()
        degrees = 40.0
        while metric(port, "sse_dropped_total") == 0:
            degrees += 1
            live.put(*(warmer(open_state(station(number)), degrees) for number in range(1, 1500)))
            news = next(event for event in iter(well.event, {}) if event["event"] != "alive")
            assert news["event"] in ("changes", "refresh")
        assert metric(port, "sse_dropped_total") == 1
        until(lambda: metric(port, "sse_readers") == 1, DEADLINE_S, "only the well one is left")
        assert stuck.status == 200


def test_too_many_readers_are_sent_to_the_list(live: TableLive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_READERS", 1)
    with (
        streaming(live) as (port, _),
        Listener(port, "network=taiyuan"),
        Listener(port, "network=taiyuan") as second,
    ):
        assert second.status == 503
        assert "retry-after: 30" in second.head


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("network=nowhere", 404),
        ("network=%00%ff", 404),
        ("netwrok=taiyuan", 400),
        ("network=taiyuan&x=%22%5C%0a", 400),
        ("network=taiyuan&%22%5C%0a=1", 400),
        ("network=taiyuan&districts=" + ",".join(map(str, range(100))), 400),
        ("&".join(f"a{n}=1" for n in range(50)), 400),
        ("network=taiyuan&districts=,,,", 200),
        ("network=taiyuan&districts=nowhere", 200),
    ],
)
def test_odd_queries(live: TableLive, query: str, status: int) -> None:
    with streaming(live) as (port, _), Listener(port, query) as reader:
        assert reader.status == status
        if status != 200:
            assert httpx.get(f"http://127.0.0.1:{port}/api/v1/events?{query}").json()["error"]


def test_the_end_of_the_server_ends_the_streams_cleanly(
    live: TableLive, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        front = build_web(live, TableStore(), Settings(), Pipeline())
        with serving(front) as port:
            readers = [Listener(port, "network=taiyuan") for _ in range(20)]
            for reader in readers:
                reader.event()
        assert [reader.event() for reader in readers] == [{}] * 20
        for reader in readers:
            reader.close()
    assert caplog.records == []
