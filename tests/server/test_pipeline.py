"""The stream's counters."""

import pytest

from server.pipeline import MAX_UNKNOWN_STATIONS, RECENTLY_MS, Pipeline


@pytest.mark.parametrize(
    ("alive", "connected", "stalled", "ready"),
    [
        pytest.param(True, True, "", True, id="all is well"),
        pytest.param(False, True, "", False, id="the thread has ended"),
        pytest.param(True, False, "", False, id="the broker is away"),
        pytest.param(True, True, "disk full", False, id="nothing can be committed"),
    ],
)
def test_ready_means_that_a_reading_sent_now_would_be_committed(
    alive: bool, connected: bool, stalled: str, ready: bool
) -> None:
    assert Pipeline(alive=alive, connected=connected, stalled=stalled).ready is ready


def test_unknown_stations_are_bounded_but_all_are_counted() -> None:
    pipeline = Pipeline()
    for number in range(MAX_UNKNOWN_STATIONS + 5):
        pipeline.unknown(f"stranger-{number}", 0)
    pipeline.unknown("stranger-0", 0)
    assert len(pipeline.unknown_stations) == MAX_UNKNOWN_STATIONS
    assert pipeline.unknown_stations["stranger-0"] == 2
    assert pipeline.unknown_total == MAX_UNKNOWN_STATIONS + 6


def test_refusals_are_counted_by_reason() -> None:
    pipeline = Pipeline()
    pipeline.refuse("malformed")
    pipeline.refuse("oversize", 3)
    assert pipeline.refused == {"malformed": 1, "oversize": 3}


@pytest.mark.parametrize(
    ("ago_ms", "counts", "why"),
    [
        (0, True, "just now"),
        (RECENTLY_MS - 60_000, True, "nine minutes ago"),
        (RECENTLY_MS + 60_000, False, "eleven minutes ago"),
        (-120_000, False, "by a clock that was set back since"),
    ],
)
def test_what_was_refused_lately(ago_ms: int, counts: bool, why: str) -> None:
    pipeline, now_ms = Pipeline(), 1_800_000_000_000
    pipeline.refuse_of("canteen", now_ms - ago_ms)
    pipeline.unknown("stranger", now_ms - ago_ms)
    assert pipeline.refused_lately(now_ms) == ({"canteen": 1} if counts else {}), why
    assert pipeline.unknown_lately(now_ms) == ({"stranger": 1} if counts else {}), why


def test_what_is_remembered_of_strangers_is_bounded() -> None:
    pipeline = Pipeline()
    for number in range(30 * MAX_UNKNOWN_STATIONS):
        pipeline.unknown(f"stranger-{number}", number // 1000 * 60_000)
    assert len(pipeline.unknown_lately(29 * 60_000)) <= 10 * MAX_UNKNOWN_STATIONS
