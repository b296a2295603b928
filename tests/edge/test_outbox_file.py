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

from contract.messages import Door
from edge import outbox_file
from edge.outbox import MEMORY_BYTES, Outbox, OutboxError
from tests.support.outbox import sample, waiting

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(path)
    yield opened
    opened.close()


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
