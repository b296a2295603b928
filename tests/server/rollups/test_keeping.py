"""How rollups.db is kept: ended in the middle, damaged, behind a replaced store, in portions, forgotten."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from server.rollups.calendar import DAY_MS
from server.rollups.keeper import COMMITS_AT_ONCE, PUT_OFF_MS, SETTLED_MS
from server.rollups.writing import Writer
from server.store.schema import NewerStoreError
from tests.support.rollups import DAY, HOUR_MS, KEPT, LATER, MIDNIGHT, NEXT, Rig

EIGHT = MIDNIGHT + 8 * HOUR_MS
MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("INSERT ON quarters", "while quarters are written"),
        ("INSERT ON days", "when the quarters are written, and the days not yet"),
        ("DELETE ON touched", "while its note is taken away"),
        ("INSERT ON touched", "while it is noted what was touched"),
        ("UPDATE ON followed", "when that is noted and the cursor not yet moved"),
    ],
)
def test_an_end_in_the_middle_costs_the_repetition_of_one_step(rig: Rig, moment: str, reason: str) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    with closing(sqlite3.connect(rig.path)) as file:
        file.execute(f"CREATE TRIGGER ends BEFORE {moment} BEGIN SELECT RAISE(ROLLBACK, 'ended'); END")
    with pytest.raises(sqlite3.IntegrityError, match="ended"):
        rig.work(LATER)
    assert rig.quarters() == [], "half of it is never seen"
    with closing(sqlite3.connect(rig.path)) as file:
        file.execute("DROP TRIGGER ends")
    rig.reopen()
    rig.work(LATER + PUT_OFF_MS)
    assert (rig.day().visits, len(rig.quarters())) == (4, 8), reason


def test_what_is_reached_may_be_pruned(rig: Rig) -> None:
    assert rig.rollups.reached() == 0
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4)
    now_ms = EIGHT + HOUR_MS + MINUTE_MS
    rig.come(now_ms, 4)
    rig.keeper.follow(now_ms)
    assert rig.rollups.reached() == 0, "noted, not made"
    assert rig.rollups.settled(now_ms)
    assert not rig.rollups.settled(now_ms + SETTLED_MS)
    rig.make(now_ms + SETTLED_MS)
    assert rig.rollups.reached() == 0, "they were looked at together, and the fifth waits for its hour"
    rig.make(EIGHT + 2 * HOUR_MS + SETTLED_MS)
    assert rig.rollups.reached() == 5


def test_a_store_that_was_replaced_is_followed_from_its_beginning(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    rig.work(LATER)
    rig.store.replace(sqlite3.DatabaseError("malformed"))
    rig.come(EIGHT + MINUTE_MS, 4)
    rig.come(MIDNIGHT + 12 * HOUR_MS, 2, station="library")
    rig.work(LATER)
    assert [each.of["occupancy"].count for each in rig.quarters()] == [2, 1, 1, 1, 1, 1, 1, 1], (
        "what was lost stays"
    )
    assert len(rig.quarters(station="library")) == 1
    assert rig.rollups.reached() == 10, "its ids go on behind those of the lost file"


def test_a_long_history_is_followed_in_portions(rig: Rig) -> None:
    """From nothing it takes one step, as it only asks from when to when each station has readings."""
    rig.come(MIDNIGHT)
    assert not rig.keeper.follow(MIDNIGHT)
    with closing(sqlite3.connect(rig.store.path, isolation_level=None)) as file:
        rows = file.execute("SELECT * FROM snapshot").fetchone()[1:]
        file.executemany(
            f"INSERT INTO snapshot VALUES ({','.join('?' * (len(rows) + 1))})",  # noqa: S608 # question marks
            ((number, *rows) for number in range(2, COMMITS_AT_ONCE + 12)),
        )
    assert rig.keeper.follow(MIDNIGHT), "there may be more"
    assert rig.writer.followed() == (COMMITS_AT_ONCE + 1, 0)
    assert not rig.keeper.follow(MIDNIGHT)
    assert rig.writer.followed() == (COMMITS_AT_ONCE + 11, 0)


def test_weeks_are_made_in_days_and_the_same(rig: Rig) -> None:
    for ago in range(12):
        rig.fill(MIDNIGHT - ago * DAY_MS, MIDNIGHT - ago * DAY_MS + HOUR_MS, 3, station="library")
    rig.keeper.catch_up(NEXT)
    assert len(rig.days("library")) == 12
    assert rig.rollups.settled(NEXT + DAY_MS)


def test_what_is_old_is_forgotten_but_for_its_days(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4)
    rig.work(LATER)
    for days in (KEPT, KEPT + 1):
        rig.come(EIGHT + days * DAY_MS, 4)
        rig.work(LATER + days * DAY_MS)
    assert rig.quarters() == []
    assert rig.day().visits == 4


@pytest.mark.parametrize("damage", [b"not a database at all" * 300, b""])
def test_a_damaged_file_is_put_aside_and_made_again(rig: Rig, damage: bytes) -> None:
    rig.fill(EIGHT, EIGHT + 2 * HOUR_MS, 4)
    rig.work(LATER)
    rig.writer.close()
    rig.path.write_bytes(damage)
    rig.writer = Writer.open(rig.path)
    rig.work(LATER)
    assert rig.day().visits == 4


def test_a_damaged_row_costs_its_day_alone(rig: Rig) -> None:
    rig.fill(EIGHT, EIGHT + HOUR_MS, 4)
    rig.fill(EIGHT + DAY_MS, EIGHT + DAY_MS + HOUR_MS, 4)
    rig.work(NEXT + DAY_MS)
    with closing(sqlite3.connect(rig.path, isolation_level=None)) as file:
        file.execute("UPDATE quarters SET body = x'00' WHERE key = (SELECT min(key) FROM quarters)")
        file.execute("UPDATE days SET body = x'00' WHERE key = (SELECT min(key) FROM days)")
    assert list(rig.days()) == [DAY + timedelta(days=1)]
    assert [each.day for each in rig.rollups.visits(DAY, DAY + timedelta(days=1))] == list(rig.days())
    assert len(rig.quarters(EIGHT, NEXT + DAY_MS)) == 4
    assert rig.rollups.span(["canteen"]) == (DAY + timedelta(days=1),) * 2


def test_a_newer_file_is_not_touched(rig: Rig) -> None:
    rig.writer.close()
    with closing(sqlite3.connect(rig.path, isolation_level=None)) as file:
        file.execute("PRAGMA user_version = 7")
    with pytest.raises(NewerStoreError):
        Writer.open(rig.path)
