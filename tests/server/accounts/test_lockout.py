"""How many wrong passwords are taken, by name and by address."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.accounts import lockout
from server.accounts.lockout import MOST_FOR_NAME, MOST_FROM_ADDRESS, WINDOW_MS
from server.accounts.tables import ATTEMPTS, PART
from server.desk import Desk
from tests.support.staff import ADDRESS, NOW_MS


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(Desk.open(tmp_path / "desk.db", PART)) as opened:
        yield opened


def take(desk: Desk, name: str, address: str = ADDRESS, now_ms: int = NOW_MS) -> int:
    with desk.writing() as connection:
        return lockout.take(connection, name, address, now_ms)


def kept(desk: Desk) -> int:
    with desk.reading() as connection:
        return connection.scalar(select(func.count()).select_from(ATTEMPTS)) or 0


def test_five_in_a_quarter_of_an_hour() -> None:
    assert (MOST_FOR_NAME, WINDOW_MS) == (5, 15 * 60_000)


def test_the_sixth_waits_until_the_first_is_old(desk: Desk) -> None:
    took = [take(desk, "ada", f"192.0.2.{n}", NOW_MS + n * 1000) for n in range(7)]
    assert took == [0, 0, 0, 0, 0, WINDOW_MS - 5000, WINDOW_MS - 6000], (
        "wherever from; refused ones not counted"
    )
    assert take(desk, "max", now_ms=NOW_MS + 6000) == 0, "another name"
    assert take(desk, "ada", now_ms=NOW_MS + WINDOW_MS - 1) == 1
    assert take(desk, "ada", now_ms=NOW_MS + WINDOW_MS) == 0
    assert take(desk, "ada", now_ms=NOW_MS + WINDOW_MS) == 1000, "and waits for the second"


@pytest.mark.parametrize(
    ("first", "second", "same", "why"),
    [
        ("192.0.2.1", "192.0.2.1", True, "one address"),
        ("192.0.2.1", "192.0.2.2", False, "two addresses"),
        ("192.0.2.1", "::ffff:192.0.2.1", True, "IPv4 inside IPv6"),
        ("2001:db8::1", "2001:db8::2:3", True, "one household chooses among 2^64"),
        ("2001:db8::1", "2001:db8:0:1::1", False, "two households"),
        ("", "", True, "no address is told"),
        ("unix:", "192.0.2.1", False, "no address at all"),
    ],
)
def test_many_names_from_one_address(desk: Desk, first: str, second: str, same: bool, why: str) -> None:
    assert {take(desk, f"user{n}", first) for n in range(MOST_FROM_ADDRESS)} == {0}
    assert (take(desk, "one-more", second) > 0) == same, why


def test_forgiven_is_the_name_alone(desk: Desk) -> None:
    for name in ("ada", "max"):
        for _ in range(MOST_FOR_NAME):
            take(desk, name)
    with desk.writing() as connection:
        lockout.forgive(connection, "ada")
    assert (take(desk, "ada"), take(desk, "max")) == (0, WINDOW_MS)


def test_what_is_old_is_gone_from_the_file(desk: Desk, tmp_path: Path) -> None:
    for n in range(20):
        take(desk, f"user{n}")
    take(desk, "ada", now_ms=NOW_MS + WINDOW_MS)
    assert kept(desk) == 1
    take(desk, "Correct-Horse-in-the-name-field")
    assert b"Correct-Horse" not in (tmp_path / "desk.db").read_bytes()


@pytest.mark.parametrize(
    ("ahead_ms", "wait_ms", "why"),
    [
        (50 * 365 * 86_400_000, 0, "the clock was 50 years ahead: nobody waits for that"),
        (2000, WINDOW_MS + 2000, "two threads read the clock in another order"),
    ],
)
def test_attempts_in_the_future(desk: Desk, ahead_ms: int, wait_ms: int, why: str) -> None:
    for _ in range(MOST_FOR_NAME):
        take(desk, "ada", now_ms=NOW_MS + ahead_ms)
    assert take(desk, "ada") == wait_ms, why


def test_at_the_same_time_no_more_than_five_pass(desk: Desk, tmp_path: Path) -> None:
    with closing(Desk.open(tmp_path / "desk.db", PART)) as other:
        waits: list[int] = []
        threads = [
            threading.Thread(target=lambda on=on: waits.append(take(on, "ada"))) for on in [desk, other] * 10
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(waits) == [0] * 5 + [WINDOW_MS] * 15


@pytest.mark.parametrize("name", ["\ud800", "\x00", "x" * 70_000, "'; DROP TABLE users --", "\u202eada"])
def test_any_text_is_a_name_here(desk: Desk, name: str) -> None:
    assert [take(desk, name) for _ in range(6)] == [0] * 5 + [WINDOW_MS]
