"""Who may sign in to the demo's console: one admin, with another random password at each start."""

import time
from contextlib import closing
from typing import Final

from server.accounts import audit, passwords
from server.accounts.passwords import Passwords
from server.accounts.tables import PART
from server.accounts.users import AccountError, Profile, Users
from server.demo.folder import DemoError, Folder
from server.desk import Desk, DeskError

NAME: Final = "demo"
_PROFILE: Final = Profile("Demo", "admin", everywhere=True)
_BY: Final = audit.terminal("demo")


def make(folder: Folder) -> str:
    """The admin's new password. It is kept nowhere but as a hash; whoever was signed in as this one is out.

    Raises:
        DemoError: the demo's desk cannot be used.
    """
    password, now_ms = passwords.generated(), time.time_ns() // 1_000_000
    try:
        with closing(Desk.open(folder.desk, PART)) as desk:
            users = Users(desk, Passwords())
            if any(user.name == NAME for user in users.all()):
                users.change(NAME, _PROFILE, _BY, now_ms)
                users.enable(NAME, _BY, now_ms)
                users.reset(NAME, password, _BY, now_ms)
            else:
                users.add(NAME, _PROFILE, password, _BY, now_ms)
    except (DeskError, AccountError) as error:
        raise DemoError(f"nobody can be let in to the console: {error}") from error
    return password
