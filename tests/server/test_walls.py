"""Links to walls: made, listed, revoked, and what is kept of them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.accounts.tables import PART as ACCOUNTS
from server.desk import Desk
from server.walls import MOST_LINKS, MOST_NAME, PART, WallError, Walls

NOW_MS = 1_800_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    with closing(Desk.open(path, ACCOUNTS, PART)) as opened:
        yield opened


def test_a_link_opens_its_network_and_no_other(desk: Desk) -> None:
    walls = Walls(desk)
    secret = walls.make("city", "大厅", "ada", NOW_MS)
    other = walls.make("town", "大厅", "ada", NOW_MS)
    assert len({secret, other}) == 2
    assert len(secret) == 43
    assert walls.opens("city", secret)
    assert not walls.opens("town", secret)
    assert not walls.opens("city", other)


@pytest.mark.parametrize(
    "wrong", ["", "A" * 43, "A" * 44, "é" * 43, "' OR 1=1 --", "\x00" * 43, "A" * 100_000]
)
def test_whatever_else_opens_nothing(desk: Desk, wrong: str) -> None:
    Walls(desk).make("city", "大厅", "ada", NOW_MS)
    assert not Walls(desk).opens("city", wrong)


def test_a_revoked_link_opens_nothing_and_the_others_still_do(desk: Desk) -> None:
    walls = Walls(desk)
    first, second = (walls.make("city", name, "ada", NOW_MS) for name in ("一楼", "二楼"))
    link = next(each for each in walls.links("city") if each.name == "一楼")
    assert walls.revoke(link, "max", NOW_MS + 1)
    assert not walls.revoke(link, "max", NOW_MS + 2), "it is revoked once"
    assert (walls.opens("city", first), walls.opens("city", second)) == (False, True)
    assert [(each.name, each.revoked_ms) for each in walls.links()] == [("二楼", None), ("一楼", NOW_MS + 1)]


def test_nothing_in_the_file_is_the_secret(desk: Desk, path: Path) -> None:
    secret = Walls(desk).make("city", "大厅", "ada", NOW_MS)
    assert secret.encode() not in path.read_bytes()
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute('SELECT by, what, whom, "values" FROM audit').fetchall()
    assert [row[:3] for row in rows] == [("ada", "wall.linked", "city")]
    assert secret not in str(rows)


def test_every_hash_is_compared_in_constant_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    walls = Walls(desk)
    secrets = [walls.make("city", f"{floor}", "ada", NOW_MS) for floor in range(4)]
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr("server.walls.hmac.compare_digest", compare)
    for secret in (*secrets, "A" * 43):
        compared.clear()
        walls.opens("city", secret)
        assert len(compared) == len(secrets), "also after the one that fits"


@pytest.mark.parametrize("name", ["", "  ", "\u202e\u200b", "大" * (MOST_NAME + 1)])
def test_a_link_needs_a_name_that_can_be_read(desk: Desk, name: str) -> None:
    with pytest.raises(WallError, match="where its wall hangs"):
        Walls(desk).make("city", name, "ada", NOW_MS)
    assert Walls(desk).links() == []


def test_there_are_not_endlessly_many(desk: Desk) -> None:
    walls = Walls(desk)
    for number in range(MOST_LINKS):
        walls.make("city", f"{number}", "ada", NOW_MS)
    with pytest.raises(WallError, match="at most"):
        walls.make("city", "one more", "ada", NOW_MS)
    walls.revoke(walls.links()[0], "ada", NOW_MS)
    assert walls.make("city", "instead", "ada", NOW_MS)
