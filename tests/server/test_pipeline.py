"""The stream's counters."""

import pytest

from server.pipeline import MAX_UNKNOWN_STATIONS, Pipeline


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
        pipeline.unknown(f"stranger-{number}")
    pipeline.unknown("stranger-0")
    assert len(pipeline.unknown_stations) == MAX_UNKNOWN_STATIONS
    assert pipeline.unknown_stations["stranger-0"] == 2
    assert pipeline.unknown_total == MAX_UNKNOWN_STATIONS + 6


def test_refusals_are_counted_by_reason() -> None:
    pipeline = Pipeline()
    pipeline.refuse("malformed")
    pipeline.refuse("oversize", 3)
    assert pipeline.refused == {"malformed": 1, "oversize": 3}
