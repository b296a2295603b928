"""The outbox: nothing that was kept is lost, whatever is done to process, file and disk."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract.codec import MAX_PAYLOAD, decode
from contract.messages import Climate, Door, Fault, Presence, Snapshot, Socket
from edge import outbox_file
from edge.clock import Instant
from edge.outbox import ASIDE_ROWS, CORRECT_ROWS, FRAME_BYTES, MEMORY_BYTES, Outbox, OutboxError
from edge.sampler import Sample

BOOT = "0f5b4c2e-b001"
NOBODY = 65534


def sample(at_ms: int = 1_700_000_000_000, *, event: bool = False, doors: tuple[Door, ...] = ()) -> Sample:
    return Sample(Snapshot("0" * 16, 1, at_ms, 1000, BOOT, "synced", doors=doors), event)


def waiting(outbox: Outbox) -> list[tuple[str, int]]:
    return [(row.stream, row.seq) for row in outbox.backlog((), 10**6, 10**9)]


def snapshots(outbox: Outbox) -> list[Snapshot]:
    return [decode(Snapshot, row.body) for row in outbox.backlog((), 10**6, 10**9)]


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


def damage_text(path: Path) -> None:
    path.write_text("this is no database", encoding="utf-8")


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def damage_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def damage_newer_schema(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(outbox_file.MIGRATIONS) + 1}")
    db.close()


def damage_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [damage_text, damage_cut, damage_middle, damage_newer_schema, damage_folder]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_moved_aside_at_the_start(path: Path, damage: Callable[[Path], None]) -> None:
    old = Outbox.open(path)
    for _ in range(50):
        old.append(sample())
    old.close()
    damage(path)
    new = Outbox.open(path)
    assert new.fault == "outbox_replaced"
    new.append(sample())
    assert waiting(new) == [(new.stream, 1)]
    new.close()
    assert len(list(path.parent.glob("outbox.db.broken-*"))) == 1
    again = Outbox.open(path)
    assert again.fault is None
    assert len(again) == 1
    again.close()


@pytest.mark.parametrize("damage", [damage_text, damage_empty, Path.unlink])
def test_a_file_damaged_while_open_is_noticed(path: Path, damage: Callable[[Path], None]) -> None:
    outbox = Outbox.open(path)
    outbox.append(sample())
    before = outbox.stream
    damage(path)
    outbox.check_file()
    outbox.append(sample())
    assert outbox.fault == "outbox_replaced"
    assert outbox.stream != before, "no new reading under an old identity"
    assert outbox.counts().dropped == 1, "what waited is lost, and counted"
    outbox.close()
    again = Outbox.open(path)
    assert len(again) == 1
    again.close()


def test_a_sound_file_stays(outbox: Outbox) -> None:
    outbox.append(sample())
    outbox.check_file()
    assert (outbox.fault, len(outbox)) == (None, 1)


def test_only_the_last_broken_files_are_kept(path: Path) -> None:
    for _ in range(5):
        damage_text(path)
        Outbox.open(path).close()
    assert len(list(path.parent.glob("outbox.db.broken-*"))) == outbox_file.KEPT


def as_nobody(folder: Path, work: Callable[[], str]) -> str:
    """What ``work`` returns in a process without root's rights, to which ``folder`` belongs."""
    if os.geteuid() != 0:
        return work()
    os.chown(folder, NOBODY, NOBODY)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.write(writer, work().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def keep_one(path: Path) -> str:
    """The fault and the rows of an outbox after one append."""
    outbox = Outbox.open(path)
    outbox.append(sample())
    outbox.close()
    return f"{outbox.fault} {len(outbox)}"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach, which pytest's own are not."""
    with TemporaryDirectory(prefix="outbox-") as name:
        yield Path(name)
        Path(name).chmod(0o700)


def test_a_read_only_file_is_replaced(open_folder: Path) -> None:
    path = open_folder / "outbox.db"
    old = Outbox.open(path)
    old.append(sample())
    old.close()
    path.chmod(0o444)
    assert as_nobody(open_folder, lambda: keep_one(path)) == "outbox_replaced 1"


def test_an_io_error_that_passes_costs_no_row(path: Path) -> None:
    outbox = Outbox.open(path)
    outbox.append(sample())
    break_journal(path)
    outbox.append(sample())
    assert (outbox.fault, len(outbox), outbox.counts().dropped) == (None, 2, 0)
    outbox.close()


def test_after_an_io_error_that_lasts_the_file_is_replaced_and_its_rows_are_counted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: Path | None) -> sqlite3.Connection:
        monkeypatch.undo()
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    outbox = Outbox.open(path)
    outbox.append(sample())
    break_journal(path)
    monkeypatch.setattr(outbox_file, "connect", unreadable)
    outbox.append(sample())
    assert (outbox.fault, len(outbox), outbox.counts().dropped) == ("outbox_replaced", 1, 1)
    outbox.close()


def break_journal(path: Path) -> None:
    """Let the next write to the open journal fail once, as on a card with a loose contact."""
    journal = f"{path}-wal"
    number = next(fd.name for fd in Path("/proc/self/fd").iterdir() if os.path.realpath(fd) == journal)
    with Path(journal).open("rb") as read_only:
        os.dup2(read_only.fileno(), int(number))


def test_without_a_disk_no_more_waits_than_memory_can_hold(open_folder: Path) -> None:
    open_folder.chmod(0o555)

    def limits() -> str:
        outbox = Outbox.open(open_folder / "outbox.db")
        return f"{outbox.fault} {outbox._max_bytes}"

    assert as_nobody(open_folder, limits) == f"outbox_in_memory {MEMORY_BYTES}"


def test_in_a_read_only_folder_it_goes_on_in_memory(open_folder: Path) -> None:
    path = open_folder / "outbox.db"
    open_folder.chmod(0o555)
    assert as_nobody(open_folder, lambda: keep_one(path)) == "outbox_in_memory 1"


def test_a_full_disk_loses_what_it_must_says_so_and_recovers(path: Path) -> None:
    outbox = Outbox.open(path)
    outbox.append(sample())
    outbox._db.execute("PRAGMA max_page_count = 1")  # SQLite says the same as on a full disk
    pages = outbox._db.execute("PRAGMA max_page_count").fetchone()[0]
    for _ in range(100):
        outbox.append(sample())
    assert outbox.fault == "disk_full"
    kept, dropped = len(outbox), outbox.counts().dropped
    assert (kept + dropped, dropped > 0) == (101, True)
    outbox._db.execute(f"PRAGMA max_page_count = {pages + 100}")
    outbox.append(sample())
    assert outbox.counts().rows == kept + 1
    outbox.close()
    again = Outbox.open(path)
    assert (again.fault, again.counts().dropped, len(again)) == (None, dropped, kept + 1)
    again.close()


def test_a_second_agent_is_refused_and_the_first_keeps_its_file(path: Path, outbox: Outbox) -> None:
    outbox.append(sample())
    script = f"from pathlib import Path; from edge.outbox import Outbox; Outbox.open(Path({str(path)!r}))"
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert OutboxError.__name__ in result.stderr
    assert "in use by another agent" in result.stderr
    outbox.append(sample())
    assert len(outbox) == 2


def test_whether_an_agent_runs_can_be_seen_from_outside(path: Path, outbox: Outbox) -> None:
    script = (
        f"from pathlib import Path; from edge.outbox_file import in_use; print(in_use(Path({str(path)!r})))"
    )

    def seen() -> str:
        return subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        ).stdout.strip()

    assert seen() == "True"
    outbox.check_file()
    assert seen() == "True", "to look at the file must not give up its lock"
    outbox.close()
    assert seen() == "False"


def test_after_a_power_cut_every_row_that_was_kept_is_there(tmp_path: Path) -> None:
    """Images of the disk after each commit, as a power cut would leave it: the file and its journal."""
    chance = random.Random(7)  # noqa: S311 - reproducible on purpose
    path = tmp_path / "outbox.db"
    outbox = Outbox.open(path)
    expected: set[tuple[str, int]] = set()
    for number in range(100):
        if expected and chance.random() < 0.3:
            seq = chance.choice(sorted(expected))[1]
            outbox.confirm([(outbox.stream, seq, seq)])
            expected.discard((outbox.stream, seq))
        else:
            outbox.append(sample(doors=(Door("north", number, 0),)))
            expected.add((outbox.stream, outbox.next_seq - 1))
        image = tmp_path / "image.db"
        crash_image(path, image, chance)
        revived = Outbox.open(image)
        assert revived.fault is None
        assert set(waiting(revived)) == expected
        revived.close()
    outbox.close()


def crash_image(path: Path, image: Path, chance: random.Random) -> None:
    """What the disk holds; behind the journal's last synced byte a next write may have begun."""
    shutil.copy(path, image)
    journal = path.with_name(f"{path.name}-wal")
    shutil.copy(journal, image.with_name(f"{image.name}-wal"))
    with image.with_name(f"{image.name}-wal").open("ab") as torn:
        torn.write(chance.randbytes(chance.randrange(5000)))


class Life(RuleBasedStateMachine):
    """An outbox against the simplest model of it: rows, drops and door totals by hand."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(prefix="outbox-")
        self._path = Path(self._folder.name) / "outbox.db"
        self._max_rows = 8

    @initialize()
    def start(self) -> None:
        self._forget()
        self.outbox = Outbox.open(self._path, self._max_rows)

    def _forget(self) -> None:
        self.rows: list[tuple[tuple[str, int], bool]] = []
        self.doors: dict[str, tuple[int, int]] = {}
        self.dropped = 0
        self.refused = 0

    @rule(event=st.booleans(), door=st.sampled_from(["north", "south"]), into=st.integers(0, 9))
    def append(self, event: bool, door: str, into: int) -> None:
        self.outbox.append(sample(event=event, doors=(Door(door, into, 0),)))
        while len(self.rows) >= self._max_rows:
            heartbeats = [row for row in self.rows if not row[1]]
            self.rows.remove((heartbeats or self.rows)[0])
            self.dropped += 1
        self.rows.append(((self.outbox.stream, self.outbox.next_seq - 1), event))
        self.doors[door] = (into, 0)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        (stream, first), _ = data.draw(st.sampled_from(self.rows))
        last = first + data.draw(st.integers(0, 3))
        self.outbox.confirm([(stream, first, last)])
        self.rows = [row for row in self.rows if not (row[0][0] == stream and first <= row[0][1] <= last)]

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.rows))
        self.outbox.set_aside([(*row[0], "impossible")])
        self.rows.remove(row)
        self.refused += 1

    @rule()
    def stop_and_start(self) -> None:
        self.outbox.close()
        self.outbox = Outbox.open(self._path, self._max_rows)
        assert self.outbox.fault is None

    @rule()
    def power_cut(self) -> None:
        """What is on the disk at this moment goes on; the old process's file is gone."""
        image = self._path.with_name("image")
        image.mkdir()
        for file in self._path.parent.glob("outbox.db*"):
            shutil.copy(file, image / file.name)
        self.outbox.close()
        for file in image.iterdir():
            file.replace(self._path.with_name(file.name))
        image.rmdir()
        self.outbox = Outbox.open(self._path, self._max_rows)
        assert self.outbox.fault is None

    @rule()
    def corrupt(self) -> None:
        self.outbox.close()
        damage_text(self._path)
        self.outbox = Outbox.open(self._path, self._max_rows)
        assert self.outbox.fault == "outbox_replaced"
        self._forget()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "outbox"):
            return
        assert waiting(self.outbox) == [identity for identity, _ in self.rows]
        assert self.outbox.door_totals() == self.doors
        counts = self.outbox.counts()
        assert (counts.rows, counts.dropped, counts.refused) == (len(self.rows), self.dropped, self.refused)
        assert counts.bytes == sum(len(row.body) for row in self.outbox.backlog((), 99, 10**6))
        newest = self.outbox.newest()
        assert (newest and (newest.stream, newest.seq)) == (self.rows[-1][0] if self.rows else None)

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
        self._folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
