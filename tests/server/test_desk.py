"""desk.db: parts and their versions, transactions, two processes at once, killed in the middle."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, func, select

from server.desk import Desk, DeskError, Part

ROOT = Path(__file__).parents[2]

LEFT_DATA, RIGHT_DATA = MetaData(), MetaData()
LEFT = Table("lefts", LEFT_DATA, Column("n", Integer, primary_key=True), Column("note", Text))
RIGHT = Table("rights", RIGHT_DATA, Column("n", Integer, primary_key=True))


def add_note(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE lefts ADD COLUMN note TEXT")


OLD = Part("left", MetaData())
Table("lefts", OLD.metadata, Column("n", Integer, primary_key=True))
NEW = Part("left", LEFT_DATA, (add_note,))
OTHER = Part("right", RIGHT_DATA)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    with closing(Desk.open(path, NEW, OTHER)) as opened:
        yield opened


def count(desk: Desk, table: Table) -> int:
    with desk.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def columns(path: Path, table: str) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as raw:
        return [(row[1], row[2]) for row in raw.execute(f"PRAGMA table_info({table})")]


def versions(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as raw:
        return dict(raw.execute("SELECT name, version FROM parts"))


def interrupted(desk: Desk) -> None:
    with desk.writing() as connection:
        connection.execute(LEFT.insert(), {"n": 3})
        raise InterruptedError


def test_only_its_owner_may_read_it(path: Path) -> None:
    mask = os.umask(0)
    try:
        with closing(Desk.open(path, NEW)) as desk, desk.writing() as connection:
            connection.execute(LEFT.insert(), {"n": 1})
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(mask)
    assert modes == {"desk.db": 0o600, "desk.db-journal": 0o600}


def test_a_part_joins_later_and_an_older_one_is_brought_up(path: Path, tmp_path: Path) -> None:
    with closing(Desk.open(path, OLD)) as desk, desk.writing() as connection:
        connection.exec_driver_sql("INSERT INTO lefts VALUES (7)")
    assert versions(path) == {"left": 1}
    with closing(Desk.open(path, NEW, OTHER)) as desk, desk.reading() as connection:
        assert connection.execute(select(LEFT)).all() == [(7, None)], "what was there is there"
    assert versions(path) == {"left": 2, "right": 1}
    fresh = tmp_path / "fresh.db"
    Desk.open(fresh, NEW).close()
    assert columns(fresh, "lefts") == columns(path, "lefts"), "made new or brought up, it is the same"
    Desk.open(path, NEW, OTHER).close()
    assert versions(path) == {"left": 2, "right": 1}, "opened again, nothing is done twice"


def test_a_change_that_fails_leaves_the_older_file(path: Path) -> None:
    def half(connection: Connection) -> None:
        add_note(connection)
        connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x TEXT")

    Desk.open(path, OLD).close()
    with pytest.raises(DeskError, match="nowhere"):
        Desk.open(path, Part("left", LEFT_DATA, (half,)))
    assert (versions(path), columns(path, "lefts")) == ({"left": 1}, [("n", "INTEGER")])


def test_a_newer_part_is_refused_by_who_uses_it(path: Path) -> None:
    Desk.open(path, NEW, OTHER).close()
    with pytest.raises(DeskError, match=r"desk\.db: left has schema 2, this program knows 1: use a newer"):
        Desk.open(path, OLD)
    Desk.open(path, OTHER).close()


def test_what_is_written_together_is_kept_together(desk: Desk, path: Path) -> None:
    def both(n: int) -> None:
        with desk.writing() as connection:
            connection.execute(LEFT.insert(), {"n": n})
            connection.execute(RIGHT.insert(), {"n": 1})

    both(1)
    with pytest.raises(DeskError, match="UNIQUE"):
        both(2)
    with pytest.raises(InterruptedError):
        interrupted(desk)
    with closing(Desk.open(path, NEW, OTHER)) as other:
        assert (count(other, LEFT), count(other, RIGHT)) == (1, 1)


def test_a_reader_sees_one_moment(path: Path) -> None:
    with closing(Desk.open(path, NEW)) as desk, closing(sqlite3.connect(path, timeout=0)) as raw:
        with desk.reading() as connection:
            assert connection.scalar(select(func.count()).select_from(LEFT)) == 0
            with pytest.raises(sqlite3.OperationalError, match="locked"), raw:
                raw.execute("INSERT INTO lefts (n) VALUES (1)")
        with raw:
            raw.execute("INSERT INTO lefts (n) VALUES (1)")
        assert count(desk, LEFT) == 1


def test_a_change_is_noticed_once(desk: Desk, path: Path) -> None:
    assert not desk.changed()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO lefts (n) VALUES (1)")
    assert [desk.changed(), desk.changed()] == [True, False]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no database" * 500, "file is not a database"), (None, "No such file or directory")],
)
def test_what_cannot_be_opened_is_named(path: Path, content: bytes | None, said: str) -> None:
    place = path if content else path.parent / "no folder" / "desk.db"
    if content:
        place.write_bytes(content)
    with pytest.raises(DeskError, match=rf"desk\.db: .*{said}"):
        Desk.open(place, NEW)


def test_a_file_that_breaks_later_is_an_error_of_ours(desk: Desk, path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TABLE lefts")
    with pytest.raises(DeskError, match="no such table"):
        count(desk, LEFT)
    path.write_bytes(b"no database" * 500)
    with pytest.raises(DeskError, match="not a database"):
        desk.changed()


PREAMBLE = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Column, Integer, MetaData, Table, Text, select
from server.desk import Desk, Part
data = MetaData()
LEFT = Table("lefts", data, Column("n", Integer, primary_key=True), Column("note", Text))
desk = Desk.open(Path(sys.argv[1]), Part("left", data, (lambda _: None,)))
"""

COUNT_UP = """
for _ in range(40):
    with desk.writing() as connection:
        n = connection.scalar(select(LEFT.c.n)) or 0
        connection.execute(LEFT.delete())
        connection.execute(LEFT.insert(), {"n": n + 1})
"""

DIE_INSIDE = """
with desk.writing() as connection:
    connection.exec_driver_sql("PRAGMA cache_size = 1")
    connection.execute(LEFT.delete())
    connection.execute(LEFT.insert(), [{"n": n, "note": "x" * 500} for n in range(2000)])
    os.kill(os.getpid(), signal.SIGKILL)
"""

PAIRS = """
from itertools import count
for n in count():
    with desk.writing() as connection:
        connection.execute(LEFT.insert(), {"n": 2 * n})
        connection.execute(LEFT.insert(), {"n": 2 * n + 1})
    print(n, flush=True)
"""


def started(program: str, path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PREAMBLE + program, str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own


def test_two_processes_that_open_a_new_file_and_write_at_once(path: Path) -> None:
    both = [started(COUNT_UP, path) for _ in range(2)]
    assert [process.communicate(timeout=60)[1] or process.returncode for process in both] == [0, 0]
    with closing(Desk.open(path, NEW)) as desk, desk.reading() as connection:
        assert connection.scalar(select(LEFT.c.n)) == 80, "no count is lost"


def test_killed_in_the_middle_of_a_transaction(path: Path) -> None:
    with closing(Desk.open(path, NEW)) as desk, desk.writing() as connection:
        connection.execute(LEFT.insert(), {"n": 1, "note": "before"})
    process = started(DIE_INSIDE, path)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert path.with_name("desk.db-journal").stat().st_size, "it had written into the file already"
    with closing(Desk.open(path, NEW)) as desk, desk.reading() as connection:
        assert connection.execute(select(LEFT)).all() == [(1, "before")]
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


@pytest.mark.parametrize("after", [1, 4, 9])
def test_killed_at_any_time(path: Path, after: int) -> None:
    with started(PAIRS, path) as process:
        assert process.stdout is not None
        assert str(after) in map(str.strip, iter(process.stdout.readline, ""))
        process.kill()
    with closing(Desk.open(path, NEW)) as desk, desk.reading() as connection:
        kept = list(connection.scalars(select(LEFT.c.n).order_by(LEFT.c.n)))
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert kept == list(range(len(kept))), "both of a pair or none"
    assert len(kept) >= 2 * (after + 1), "what was said to be written is there"
