"""People, changed by several processes at once, and by one that is killed."""

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from server.accounts.audit import entries
from server.accounts.tables import PART
from server.desk import Desk

ROOT = Path(__file__).parents[3]


# Two processes at once, killed in the middle

PREAMBLE = """
import sys
from itertools import count
from pathlib import Path
from server.accounts.users import AccountError
from tests.support.staff import NOW_MS, PASSWORD, PROFILES, TERMINAL, Staff
from server.accounts.tables import PART
from server.desk import Desk
users = Staff.users_of(Desk.open(Path(sys.argv[1]), PART))
"""

SAME_NAMES = """
won = 0
for n in range(40):
    try:
        users.add(f"user{n}", PROFILES["vi"], PASSWORD, TERMINAL, NOW_MS)
        won += 1
    except AccountError as error:
        assert error.reason == "exists", error
print(won)
"""

FOREVER = """
for n in count():
    users.add(f"user{n}", PROFILES["vi"], PASSWORD, TERMINAL, NOW_MS)
    users.disable(f"user{n}", TERMINAL, NOW_MS)
    print(n, flush=True)
"""


def started(program: str, path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PREAMBLE + program, str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 # our own


def test_two_processes_that_add_the_same_people_at_once(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    both = [started(SAME_NAMES, path) for _ in range(2)]
    won = [int(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(won) == 40, "each name is one's"
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM users").fetchone() == (40,)
        assert raw.execute("SELECT count(*), count(DISTINCT whom) FROM audit").fetchone() == (40, 40)


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_time_there_is_no_change_without_its_audit_row(tmp_path: Path, seed: int) -> None:
    path, enough = tmp_path / "desk.db", random.Random(seed).randrange(20)  # noqa: S311  (no secret)
    with started(FOREVER, path) as process:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        assert str(enough) in map(str.strip, said)
        process.send_signal(signal.SIGKILL)
    with closing(Desk.open(path, PART)) as desk, desk.reading() as connection:
        told = [(each.what, each.whom) for each in entries(connection, 100_000)]
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    with closing(sqlite3.connect(path)) as raw:
        users = raw.execute("SELECT name, disabled_ms FROM users").fetchall()
    assert {name for name, _ in users} == {whom for what, whom in told if what == "user.added"}
    off = {name for name, disabled in users if disabled is not None}
    assert off == {whom for what, whom in told if what == "user.disabled"}
    assert len(told) == len(users) + len(off)
    assert len(off) > enough, "what was said to be written is there"
