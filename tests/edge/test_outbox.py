"""The outbox: rows in order, within their limits, dated rightly."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.codec import MAX_PAYLOAD
from contract.messages import Climate, Door, Fault, Presence, Snapshot, Socket
from edge.clock import Instant
from edge.outbox import ASIDE_ROWS, CORRECT_ROWS, FRAME_BYTES, Outbox
from edge.sampler import Sample
from tests.support.outbox import BOOT, sample, snapshots, waiting


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(path)
    yield opened
    opened.close()


def test_rows_wait_in_order_under_the_outbox_s_own_identity(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.append(sample())
    assert waiting(outbox) == [(outbox.stream, 1), (outbox.stream, 2), (outbox.stream, 3)]
    assert outbox.next_seq == 4
    assert [(row.stream, row.seq) for row in snapshots(outbox)] == waiting(outbox), "the body says the same"


def test_every_start_is_a_stream_of_its_own_and_old_rows_keep_theirs(path: Path) -> None:
    first = Outbox.open(path)
    first.append(sample())
    first.close()
    second = Outbox.open(path)
    second.append(sample())
    assert first.stream != second.stream
    assert waiting(second) == [(first.stream, 1), (second.stream, 1)]
    second.close()


def test_only_the_server_s_ranges_delete(outbox: Outbox) -> None:
    for _ in range(5):
        outbox.append(sample())
    assert outbox.confirm([("f" * 16, 1, 5)]) == [], "another stream's rows are not these"
    assert outbox.confirm([(outbox.stream, 2, 3), (outbox.stream, 5, 900)]) == [2, 3, 5]
    assert [seq for _, seq in waiting(outbox)] == [1, 4]
    assert len(outbox) == outbox.counts().rows == 2
    assert outbox.confirm([(outbox.stream, 2, 3)]) == [], "an ack may come twice"


def test_the_newest_is_the_one_appended_last_that_still_waits(outbox: Outbox) -> None:
    assert outbox.newest() is None
    outbox.append(sample())
    outbox.append(sample())
    newest = outbox.newest()
    assert newest is not None
    assert newest.seq == 2
    outbox.confirm([(outbox.stream, 2, 2)])
    newest = outbox.newest()
    assert newest is not None
    assert newest.seq == 1
    outbox.confirm([(outbox.stream, 1, 1)])
    assert outbox.newest() is None


def test_the_backlog_keeps_to_its_limits(outbox: Outbox) -> None:
    for _ in range(6):
        outbox.append(sample())
    size = len(outbox.backlog((), 1, 1)[0].body)
    assert [row.id for row in outbox.backlog((), 3, 10**6)] == [1, 2, 3], "rows"
    assert [row.id for row in outbox.backlog((), 99, 2 * (size + 1))] == [1, 2], "bytes"
    assert [row.id for row in outbox.backlog((), 99, 2 * (size + 1) - 1)] == [1], "one byte short"
    assert [row.id for row in outbox.backlog((), 99, 1)] == [1], "a first row always fits"
    assert [row.id for row in outbox.backlog({1, 2, 4}, 2, 10**6)] == [3, 5], "what is on its way is skipped"


def test_door_totals_survive_a_restart_and_a_door_that_falls_silent(path: Path) -> None:
    first = Outbox.open(path)
    first.append(sample(doors=(Door("north", 10, 8), Door("south", 1, 0))))
    first.append(sample(doors=(Door("north", 11, 8),)))
    first.close()
    second = Outbox.open(path)
    assert second.door_totals() == {"north": (11, 8), "south": (1, 0)}
    second.close()


def test_a_full_outbox_drops_the_oldest_heartbeats_and_keeps_events(path: Path) -> None:
    small = Outbox.open(path, max_rows=4)
    for event in (True, False, True, False, False, True):
        small.append(sample(event=event))
    assert [seq for _, seq in waiting(small)] == [1, 3, 5, 6]
    for _ in range(3):
        small.append(sample(event=True))
    assert [seq for _, seq in waiting(small)] == [6, 7, 8, 9], "with no heartbeat left, the oldest events go"
    assert small.counts().dropped == 5
    small.close()
    again = Outbox.open(path, max_rows=4)
    assert again.counts().dropped == 5, "the loss is known after a restart"
    again.close()


def test_bytes_are_a_limit_too() -> None:
    small = Outbox.open(None, max_bytes=1000)
    for _ in range(50):
        small.append(sample())
    counts = small.counts()
    assert 500 < counts.bytes <= 1000
    assert counts.rows + counts.dropped == 50
    small.close()


def test_refused_rows_are_kept_aside_bounded_and_counted(path: Path) -> None:
    outbox = Outbox.open(path)
    for _ in range(ASIDE_ROWS + 5):
        outbox.append(sample())
    refused = outbox.set_aside((outbox.stream, seq, "impossible") for seq in range(1, ASIDE_ROWS + 4))
    assert len(refused) == ASIDE_ROWS + 3
    assert [seq for _, seq in waiting(outbox)] == [ASIDE_ROWS + 4, ASIDE_ROWS + 5]
    assert outbox.counts().refused == ASIDE_ROWS + 3
    assert outbox.set_aside([(outbox.stream, 1, "impossible")]) == [], "told twice, counted once"
    outbox.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*), min(seq), max(reason) FROM aside").fetchone() == (
            ASIDE_ROWS,
            4,
            "impossible",
        )
    db.close()


def test_a_snapshot_that_no_message_could_carry_is_set_aside(outbox: Outbox) -> None:
    faults = tuple(Fault(f"sensor-{n:024}", "c" * 48, 1_700_000_000_000) for n in range(256))
    big = Sample(Snapshot("0" * 16, 1, 1, 1, BOOT, "synced", faults=faults, doors=(Door("a", 1, 0),)), False)
    outbox.append(big)
    outbox.append(sample())
    assert [seq for _, seq in waiting(outbox)] == [2]
    assert outbox.counts().refused == 1
    assert outbox.door_totals() == {"a": (1, 0)}, "what was counted is not lost with it"
    assert all(len(row.body) <= MAX_PAYLOAD - FRAME_BYTES for row in outbox.backlog((), 9, 9))


UNSYNCED = Snapshot(
    "0" * 16,
    1,
    60_000,
    50_000,
    BOOT,
    "unsynced",
    climate=Climate(59_000, 21.5),
    presence=Presence(58_000),
    sockets=(Socket("a1", "usb", "free", 57_000),),
    faults=(Fault("door", "blocked", 0),),
)


def test_times_before_the_sync_are_corrected_by_the_boot_clock(outbox: Outbox) -> None:
    other = Snapshot("0" * 16, 1, 60_000, 50_000, "0a0a0a0a-b002", "unsynced")
    for snapshot in (UNSYNCED, other):
        outbox.append(Sample(snapshot, False))
    outbox.append(sample(at_ms=1_700_000_000_000))
    now = Instant(1_700_000_100_000, 150_000, "synced")
    assert outbox.correct_times(BOOT, now) == 1
    mine, foreign, synced = snapshots(outbox)
    assert mine.at_ms == 1_700_000_000_000, "taken 100 s before now"
    assert mine.clock == "synced"
    assert mine.climate == Climate(1_699_999_999_000, 21.5)
    assert mine.presence == Presence(1_699_999_998_000)
    assert mine.sockets[0].since_ms == 1_699_999_997_000
    assert mine.faults[0].since_ms == 1_699_999_940_000
    assert mine.mono_ms == 50_000, "the boot clock was right all the time"
    assert (foreign.at_ms, foreign.clock) == (60_000, "unsynced"), "nobody knows when another boot was"
    assert synced.at_ms == 1_700_000_000_000
    assert outbox.correct_times(BOOT, now) == 0
    newest = outbox.newest()
    assert newest is not None
    assert newest.seq == 3


def test_what_the_server_may_have_keeps_its_body_even_over_a_restart(path: Path) -> None:
    first = Outbox.open(path)
    first.append(Sample(UNSYNCED, False))
    first.append(Sample(UNSYNCED, False))
    assert [row.sealed for row in first.backlog((), 9, 9999)] == [False, False]
    first.seal([1])
    first.close()
    again = Outbox.open(path)
    assert again.correct_times(BOOT, Instant(1_700_000_100_000, 150_000, "synced")) == 1
    assert [snapshot.at_ms for snapshot in snapshots(again)] == [60_000, 1_700_000_000_000]
    assert all(row.sealed for row in again.backlog((), 9, 9999))
    again.close()


def test_many_times_are_corrected_in_slices(outbox: Outbox) -> None:
    for _ in range(CORRECT_ROWS + 1):
        outbox.append(Sample(UNSYNCED, False))
    now = Instant(1_700_000_100_000, 150_000, "synced")
    assert [outbox.correct_times(BOOT, now) for _ in range(3)] == [CORRECT_ROWS, 1, 0]
