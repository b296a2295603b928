"""When an unsynced reading was taken."""

from dataclasses import replace

import pytest

from contract.messages import Climate, Fault, Presence, Snapshot, Socket
from server.ingest.dating import DAY_MS, Window, dated

BOOT, EARLIER = "b0000000-0001", "b0000000-0000"
NOW = 1_760_000_000_000
WRONG = 5_000_000  # a Pi that woke up in 1970


def unsynced(mono_ms: int, boot_id: str = BOOT) -> Snapshot:
    return Snapshot(
        "00000000000000aa", 1, WRONG, mono_ms, boot_id, "unsynced", Climate(WRONG - 300, 21.5),
        presence=Presence(WRONG - 7_000), sockets=(Socket("a", "ac", "free", WRONG - 9_000),),
        faults=(Fault("t", "silent", WRONG - 10_000),),
    )  # fmt: skip


def test_a_synced_reading_keeps_its_time() -> None:
    snapshot = replace(unsynced(100), clock="synced")
    assert dated(snapshot, BOOT, 5_000, NOW) == (snapshot, "measured")


def test_an_unsynced_one_of_this_boot_is_counted_back_from_the_sending() -> None:
    snapshot, dating = dated(unsynced(40_000), BOOT, 100_000, NOW)
    assert (snapshot.at_ms, dating) == (NOW - 60_000, "estimated")


def test_all_its_instants_are_moved_alike() -> None:
    snapshot, _ = dated(unsynced(40_000), BOOT, 100_000, NOW)
    assert snapshot.climate == Climate(snapshot.at_ms - 300, 21.5)
    assert snapshot.presence == Presence(snapshot.at_ms - 7_000)
    assert snapshot.sockets[0].since_ms == snapshot.at_ms - 9_000
    assert snapshot.faults[0].since_ms == snapshot.at_ms - 10_000


@pytest.mark.parametrize(
    ("boot_id", "sent_mono_ms"),
    [
        pytest.param(EARLIER, 100_000, id="an earlier boot's clock says nothing of this one"),
        pytest.param(BOOT, 39_999, id="taken after it was sent: the boot clock lies"),
    ],
)
def test_one_that_cannot_be_counted_back_gets_the_moment_of_receiving(
    boot_id: str, sent_mono_ms: int
) -> None:
    snapshot, dating = dated(unsynced(40_000, boot_id), BOOT, sent_mono_ms, NOW)
    assert (snapshot.at_ms, dating) == (NOW, "received")


def test_no_instant_leaves_the_possible_range() -> None:
    restored = replace(unsynced(0), sockets=(Socket("a", "ac", "free", 2**53 - 1),), at_ms=0)
    snapshot, _ = dated(restored, BOOT, 2**53 - 1, NOW)
    assert snapshot.at_ms == 0
    later, _ = dated(replace(restored, mono_ms=100), BOOT, 100, NOW)
    assert later.sockets[0].since_ms == 2**53 - 1


@pytest.mark.parametrize(
    ("at_ms", "reason"),
    [
        (NOW - 40 * DAY_MS, ""),
        (NOW - 40 * DAY_MS - 1, "too_old"),
        (NOW + 300_000, ""),
        (NOW + 300_001, "too_new"),
    ],
)
def test_the_window_is_closed_at_both_ends(at_ms: int, reason: str) -> None:
    assert Window().refuses(at_ms, NOW) == reason
