"""Who may sign in to the demo's console: nobody by default, and one admin by a password of this start."""

import stat
from contextlib import closing
from pathlib import Path

import pytest

from server.accounts import audit
from server.accounts.passwords import Passwords
from server.accounts.signin import Entered, Refused, SignIn
from server.accounts.tables import PART
from server.accounts.users import Profile, Users
from server.demo import admin
from server.demo.folder import DemoError, Folder
from server.desk import Desk
from tests.support.staff import CHEAP, NOW_MS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(admin, "Passwords", lambda: Passwords(CHEAP))
    return Folder(tmp_path)


def entered(folder: Folder, password: str, name: str = admin.NAME) -> Entered | Refused:
    with closing(Desk.open(folder.desk, PART)) as desk:
        return SignIn(desk, Passwords(CHEAP)).enter(name, password, "127.0.0.1", NOW_MS)


def test_each_start_has_a_password_of_its_own(folder: Folder) -> None:
    first = admin.make(folder)
    come = entered(folder, first)
    assert isinstance(come, Entered)
    assert (come.user.role, come.user.everywhere) == ("admin", True)
    second = admin.make(folder)
    assert first != second
    assert isinstance(entered(folder, first), Refused)
    assert isinstance(entered(folder, second), Entered)


def test_what_somebody_tried_out_does_not_lock_the_next_start_out(folder: Folder) -> None:
    admin.make(folder)
    with closing(Desk.open(folder.desk, PART)) as desk:
        users = Users(desk, Passwords(CHEAP))
        by = audit.terminal("test")
        users.add("other", Profile("Other", "admin", everywhere=True), "correct horse 电池", by, NOW_MS)
        users.change(admin.NAME, Profile("Demo", "viewer", everywhere=True), by, NOW_MS)
        users.disable(admin.NAME, by, NOW_MS)
    come = entered(folder, admin.make(folder))
    assert isinstance(come, Entered)
    assert come.user.role == "admin"
    assert isinstance(entered(folder, "correct horse 电池", "other"), Entered), "others stay as they are"


def test_the_password_is_kept_nowhere(folder: Folder) -> None:
    password = admin.make(folder)
    files = [path for path in folder.root.rglob("*") if path.is_file()]
    assert folder.desk in files
    assert [path for path in files if password.encode() in path.read_bytes()] == []
    assert stat.S_IMODE(folder.desk.stat().st_mode) == 0o600


def test_a_desk_that_is_none_is_said_to(folder: Folder) -> None:
    folder.desk.write_text("no database")
    with pytest.raises(DemoError, match="nobody can be let in to the console"):
        admin.make(folder)
