"""Links to walls in the console: made, told once, listed, revoked, by those who have the network."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import Settings
from server.walls import Walls
from tests.support.console import Browser, Console, browsing, console

SECRET = re.compile(r"/wall/(\w+)/([A-Za-z0-9_-]{43})")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path, Settings(data_dir=tmp_path, public_url="https://example.org")) as opened:
        yield opened


@pytest.fixture
def max_(made: Console) -> Iterator[Browser]:
    """The manager of one network."""
    with browsing(made) as browse:
        yield browse("max")


def test_an_address_is_told_once_and_opens_the_wall(made: Console, max_: Browser) -> None:
    answer = max_.post("/staff/walls", network="city", name="一楼大厅")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = SECRET.search(answer.text)
    assert found
    assert f"https://example.org{found[0]}" in answer.text
    assert Walls(made.staff.desk).opens(*found.groups())
    assert max_.client.ask(found[0]).status_code == 200
    listed = max_.get("/staff/walls")
    assert "一楼大厅" in listed.text
    assert found[2] not in listed.text


def test_a_manager_sees_and_makes_links_of_their_own_network_only(made: Console, max_: Browser) -> None:
    walls = Walls(made.staff.desk)
    walls.make("town", "镇政府", "ada", made.now_ms)
    listed = max_.get("/staff/walls").text
    assert "镇政府" not in listed
    assert 'value="town"' not in listed
    assert max_.post("/staff/walls", network="town", name="x").status_code == 404
    (link,) = walls.links("town")
    assert max_.post(f"/staff/walls/{link.id}/revoke").status_code == 404
    assert walls.links("town") == [link]


def test_a_revoked_link_is_listed_as_such_and_opens_nothing(made: Console, max_: Browser) -> None:
    secret = Walls(made.staff.desk).make("city", "大厅", "ada", made.now_ms)
    (link,) = Walls(made.staff.desk).links()
    answer = max_.post(f"/staff/walls/{link.id}/revoke")
    assert answer.status_code == 303
    assert "链接已作废" in max_.get(answer.headers["location"]).text
    assert not Walls(made.staff.desk).opens("city", secret)
    assert f"/staff/walls/{link.id}/revoke" not in max_.get("/staff/walls").text
    assert [(entry.by, entry.what) for entry in made.staff.audit()[-1:]] == [("max", "wall.revoked")]


@pytest.mark.parametrize("name", ["", " ", "大" * 41])
def test_a_link_without_a_usable_name_is_not_made(made: Console, max_: Browser, name: str) -> None:
    answer = max_.post("/staff/walls", network="city", name=name)
    assert answer.status_code == 400
    assert "最多 40 个字" in answer.text
    assert 'aria-describedby="wrong-name about-name"' in answer.text
    assert Walls(made.staff.desk).links() == []


def test_hostile_names_are_text(max_: Browser) -> None:
    answer = max_.post("/staff/walls", network="city", name="<script>alert(1)</script>")
    for text in (answer.text, max_.get("/staff/walls").text):
        assert "<script>alert" not in text
