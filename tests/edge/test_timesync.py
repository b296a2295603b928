"""Snapshots from before the sync get the time at which they were taken."""

from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Climate, Snapshot, Socket
from edge.clock import Instant
from edge.timesync import corrected

BOOT = "0f5b4c2e-b001"
YEAR_MS = 365 * 24 * 3600 * 1000


@given(
    wrong_ms=st.integers(0, 80 * YEAR_MS),
    mono_ms=st.integers(0, 10**9),
    later_ms=st.integers(0, 10**9),
    age_ms=st.integers(0, 10**6),
)
def test_any_wrong_clock_is_put_right(wrong_ms: int, mono_ms: int, later_ms: int, age_ms: int) -> None:
    taken_ms = 1_800_000_000_000
    at_ms = max(wrong_ms, age_ms)
    snapshot = Snapshot(
        "0" * 16,
        1,
        at_ms,
        mono_ms,
        BOOT,
        "unsynced",
        climate=Climate(at_ms - age_ms, 20.0),
        sockets=(Socket("a1", "ac", "free", at_ms - age_ms),),
    )
    right = corrected(snapshot, Instant(taken_ms + later_ms, mono_ms + later_ms, "synced"))
    assert (right.at_ms, right.mono_ms, right.clock) == (taken_ms, mono_ms, "synced")
    assert right.climate == Climate(taken_ms - age_ms, 20.0)
    assert right.sockets[0].since_ms == taken_ms - age_ms


def test_what_was_not_measured_stays_so() -> None:
    snapshot = Snapshot("0" * 16, 1, 5, 5, BOOT, "unsynced")
    right = corrected(snapshot, Instant(1000, 10, "synced"))
    assert (right.at_ms, right.climate, right.presence) == (995, None, None)
