"""Notices in the desk: kept with their audit rows and silences, or not at all; read without waiting."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.accounts.audit import entries
from server.accounts.tables import PART as ACCOUNTS
from server.alerts.ledger import PART as ALERTS
from server.alerts.ledger import Ledger
from server.alerts.silences import Maintenance
from server.board import Posting
from server.desk import Desk
from server.notices import LONGEST_MS, MOST_STANDING, PART, Draft, NoticeError, Notices, check

NOW = 1_800_000_000_000
HOUR = 3_600_000
DRAFT = Draft("city", access="closed", from_ms=NOW, until_ms=NOW + HOUR, zh="停电", en="Power cut")
WORKS = replace(DRAFT, station="city-0001", works=True)


class Wall:
    """What riders would be shown."""

    def __init__(self) -> None:
        self.postings: list[Posting] = []
        self.times = 0

    def set_notices(self, postings: Sequence[Posting]) -> None:
        self.postings, self.times = list(postings), self.times + 1


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk.open(tmp_path / "desk.db", ACCOUNTS, ALERTS, PART)
    yield opened
    opened.close()


@pytest.fixture
def notices(desk: Desk) -> Iterator[Notices]:
    made = Notices(desk)
    yield made
    made.close()


def audited(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.reading() as connection:
        return [(entry.by, entry.what, entry.whom) for entry in entries(connection, 100)[::-1]]


def test_a_notice_runs_and_ends_by_itself(notices: Notices) -> None:
    posting = notices.add(DRAFT, "max", NOW)
    assert notices.find(posting.id) == posting
    assert notices.standing(NOW) == [posting]
    assert notices.standing(posting.until_ms - 1) == [posting]
    assert notices.standing(posting.until_ms) == []
    assert notices.past(posting.until_ms) == [posting]
    assert notices.past(posting.until_ms - 1) == []


def test_it_survives_a_restart(tmp_path: Path, notices: Notices) -> None:
    posting = notices.add(DRAFT, "max", NOW)
    again = Desk.open(tmp_path / "desk.db", ACCOUNTS, ALERTS, PART)
    assert Notices(again).standing(NOW) == [posting]
    again.close()


@pytest.mark.parametrize(
    ("changes", "expected", "why"),
    [
        ({"zh": " \u200b\n"}, ("zh", "empty"), "nothing that can be seen"),
        ({"zh": "长" * 121}, ("zh", "long"), "one too many"),
        ({"en": "x" * 121}, ("en", "long"), "one too many in English"),
        ({"access": "unknown"}, ("access", "access"), "no word for staff"),
        ({"works": True, "access": "open"}, ("works", "works"), "works in an open house"),
        ({"until_ms": -1}, ("until", "unread"), "no end"),
        ({"from_ms": -1}, ("from", "unread"), "a beginning that is none"),
        ({"until_ms": NOW}, ("until", "past"), "it ends now"),
        ({"from_ms": NOW + HOUR}, ("until", "order"), "it ends as it begins"),
        (
            {"from_ms": NOW + LONGEST_MS + 1, "until_ms": NOW + LONGEST_MS + HOUR},
            ("from", "far"),
            "next year",
        ),
        ({"until_ms": NOW + LONGEST_MS + 1}, ("until", "far"), "for more than a year"),
    ],
)
def test_what_cannot_be(
    notices: Notices, desk: Desk, changes: dict[str, Any], expected: tuple[str, str], why: str
) -> None:
    with pytest.raises(NoticeError) as refused:
        notices.add(replace(DRAFT, **changes), "max", NOW)
    assert (refused.value.field, refused.value.reason) == expected, why
    assert notices.standing(NOW) == []
    assert audited(desk) == []


@pytest.mark.parametrize(
    ("changes", "expected", "why"),
    [
        ({"from_ms": 0}, {"from_ms": NOW}, "no beginning is now"),
        ({"from_ms": NOW - HOUR}, {"from_ms": NOW}, "nobody was told an hour ago"),
        ({"zh": " 停\n\u202e电 "}, {"zh": "停 电"}, "one plain line"),
        ({"zh": "长" * 120, "until_ms": NOW + LONGEST_MS}, {}, "just so long"),
    ],
)
def test_what_is_made_of_it(changes: dict[str, Any], expected: dict[str, Any], why: str) -> None:
    wanted = replace(DRAFT, **changes)
    assert check(wanted, NOW) == replace(wanted, **expected), why


def test_there_is_an_end_to_how_many(notices: Notices) -> None:
    for _ in range(MOST_STANDING):
        notices.add(DRAFT, "max", NOW)
    with pytest.raises(NoticeError, match="form: many"):
        notices.add(DRAFT, "max", NOW)
    notices.add(replace(DRAFT, until_ms=NOW + 3 * HOUR), "max", NOW + HOUR)


def test_a_change_keeps_the_place_and_the_beginning_and_needs_the_newest_version(notices: Notices) -> None:
    posting = notices.add(DRAFT, "max", NOW)
    elsewhere = replace(DRAFT, network="town", station="x", until_ms=NOW + 2 * HOUR)
    changed = notices.change(posting.id, 1, elsewhere, "ada", NOW + 60_000)
    assert changed == replace(posting, until_ms=NOW + 2 * HOUR, version=2, by="ada")
    with pytest.raises(NoticeError, match="form: changed"):
        notices.change(posting.id, 1, DRAFT, "max", NOW + 60_000)
    with pytest.raises(NoticeError, match="form: over"):
        notices.change(posting.id, 2, DRAFT, "max", NOW + 2 * HOUR)
    with pytest.raises(NoticeError, match="form: over"):
        notices.change(99, 1, DRAFT, "max", NOW)


def test_works_are_silenced_until_they_end(notices: Notices, desk: Desk) -> None:
    ledger = Ledger(desk)
    posting = notices.add(WORKS, "max", NOW)
    (wish,) = ledger.silences(NOW)
    assert isinstance(wish, Maintenance)
    assert (wish.access, wish.silence.matcher.stations) == ("closed", ("city-0001",))
    assert (wish.silence.from_ms, wish.silence.until_ms) == (posting.from_ms, posting.until_ms)
    assert notices.of_silence(wish.silence.id) == posting
    notices.change(posting.id, 1, replace(WORKS, until_ms=NOW + 2 * HOUR), "max", NOW)
    (longer,) = ledger.silences(NOW)
    assert isinstance(longer, Maintenance)
    assert longer.silence.until_ms == NOW + 2 * HOUR
    notices.change(posting.id, 2, replace(WORKS, works=False), "max", NOW)
    assert ledger.silences(NOW) == [], "no works any more, and it is heard of again"
    assert notices.end(posting.id, "max", NOW)
    assert not notices.end(posting.id, "max", NOW), "over is over"
    assert [what for by, what, _ in audited(desk) if what.startswith("notice")] == [
        "notice.added",
        "notice.changed",
        "notice.changed",
        "notice.ended",
    ]


def test_the_silence_and_the_notice_are_one(desk: Desk, notices: Notices) -> None:
    with desk.writing() as connection:
        connection.exec_driver_sql("DROP TABLE silences")
    with pytest.raises(Exception, match="silences"):
        notices.add(WORKS, "max", NOW)
    assert notices.standing(NOW) == []
    assert audited(desk) == []


def test_what_is_shown_follows_the_file_and_reads_it_only_when_it_has_changed(
    tmp_path: Path, notices: Notices
) -> None:
    wall = Wall()
    notices.show(wall, NOW)
    assert (wall.postings, wall.times) == ([], 1)
    notices.show(wall, NOW)
    assert wall.times == 1, "nothing has changed"
    posting = notices.add(DRAFT, "max", NOW)
    notices.show(wall, NOW)
    assert (wall.postings, wall.times) == ([posting], 2)
    other = Desk.open(tmp_path / "desk.db", ACCOUNTS, ALERTS, PART)
    Notices(other).end(posting.id, "ada", NOW)
    other.close()
    notices.show(wall, NOW)
    assert wall.postings == [], "another process has written"


def test_who_writes_first_of_all_is_not_waited_for_either(tmp_path: Path, notices: Notices) -> None:
    wall = Wall()
    writer = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    notices.show(wall, NOW)  # an exception would end the thread that takes readings, and with it the server
    assert wall.times == 0
    writer.execute("ROLLBACK")
    writer.close()
    notices.show(wall, NOW)
    assert wall.times == 1


def test_who_writes_is_not_waited_for(
    tmp_path: Path, notices: Notices, caplog: pytest.LogCaptureFixture
) -> None:
    wall = Wall()
    posting = notices.add(DRAFT, "max", NOW)
    notices.show(wall, NOW)
    writer = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    for _ in range(3):
        notices.show(wall, NOW)  # would take 10 s each
    assert wall.postings == [posting], "what was read before stays"
    assert [record.message for record in caplog.records if "notices_unread" in record.message] != []
    assert sum("notices_unread" in record.message for record in caplog.records) == 1, "told once"
    writer.execute("UPDATE notices SET zh = '来电了'")
    writer.execute("COMMIT")
    writer.close()
    notices.show(wall, NOW)
    assert [each.zh for each in wall.postings] == ["来电了"]
