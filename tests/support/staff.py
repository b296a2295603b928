"""A desk with people of every role, their passwords hashed cheaply."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pwdlib.hashers.argon2 import Argon2Hasher

from server.accounts.audit import Entry, entries, terminal
from server.accounts.passwords import Passwords
from server.accounts.roles import Place, User
from server.accounts.signin import Entered, SignIn
from server.accounts.tables import PART
from server.accounts.users import Profile, Users
from server.desk import Desk, Part

CHEAP: Final = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2id that costs next to nothing: for tests only."""
PASSWORD: Final = "correct horse 电池"  # noqa: S105  (of everybody in the tests)
OTHER: Final = "another pass 电池"
NOW_MS: Final = 1_800_000_000_000
MINUTE_MS: Final = 60_000
TERMINAL: Final = terminal("root")
ADDRESS: Final = "192.0.2.1"

PROFILES: Final = {
    "ada": Profile("Ada", "admin", everywhere=True),
    "max": Profile("马经理", "manager", places=(Place("city"),)),
    "tian": Profile("田师傅", "technician", places=(Place("city", "小店区"),)),
    "vi": Profile("Vi", "viewer", everywhere=True),
}


class Staff:
    """An open desk with :data:`PROFILES` in it, and all that accounts are made of."""

    def __init__(self, path: Path, hasher: Argon2Hasher = CHEAP, parts: Iterable[Part] = (PART,)) -> None:
        self.path, self.hashing = path, Passwords(hasher)
        self.desk = Desk.open(path, *parts)
        self.users, self.sign_in = Users(self.desk, self.hashing), SignIn(self.desk, self.hashing)
        for name, profile in PROFILES.items():
            self.users.add(name, profile, PASSWORD, TERMINAL, NOW_MS)

    @staticmethod
    def users_of(desk: Desk) -> Users:
        """The people of a desk that has none yet."""
        return Users(desk, Passwords(CHEAP))

    def user(self, name: str) -> User:
        """One of the people as they are now."""
        return next(user for user in self.users.all() if user.name == name)

    def enter(self, name: str, password: str = PASSWORD, now_ms: int = NOW_MS) -> Entered:
        """Sign in; it must work."""
        entered = self.sign_in.enter(name, password, ADDRESS, now_ms)
        assert isinstance(entered, Entered), entered
        return entered

    def audit(self) -> list[Entry]:
        """All of the audit log after the people were added, oldest first."""
        with self.desk.reading() as connection:
            return entries(connection, 1000)[::-1][len(PROFILES) :]
