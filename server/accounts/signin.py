"""The way in, and changing one's own password: what strangers may try, in the order that tells them nothing.

An attempt is counted, then the password compared, then the session opened. A name that does not exist, one
that is disabled and a wrong password are answered alike, at the same cost.
"""

import logging
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import RowMapping, select, update

from server.accounts import audit, lockout, passwords
from server.accounts.passwords import BusyError, Passwords
from server.accounts.roles import User
from server.accounts.sessions import open_session
from server.accounts.tables import USERS, user_of
from server.accounts.users import canonical, row_of, set_password
from server.desk import Desk

log = logging.getLogger(__name__)

BUSY_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Entered:
    """Signed in; ``token`` is for the cookie and nothing else."""

    user: User
    token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not signed in: wrong name or password, too often, or too many at once. ``wait_ms``: not before then."""

    reason: Literal["wrong", "locked", "busy"]
    wait_ms: int = 0


class SignIn:
    """Lets people in. Safe to use from several threads; each call hashes, so never on the event loop."""

    def __init__(self, desk: Desk, hashing: Passwords) -> None:
        self._desk, self._hashing = desk, hashing

    def enter(self, typed: str, password: str, address: str, now_ms: int) -> Entered | Refused:
        """Sign in. ``address`` is the client's.

        Raises:
            DeskError: it cannot be read or written; nobody is signed in.
        """
        found = self._compared(canonical(typed), password, address, now_ms)
        if isinstance(found, Refused):
            return found
        outdated = self._hashing.is_outdated(found["password"])
        fresh = self._hashing.hash(password) if outdated else found["password"]
        with self._desk.writing() as connection:
            # Disabled or given another password while this one was compared: no longer right.
            same = (USERS.c.password == found["password"]) & USERS.c.disabled_ms.is_(None)
            mine = update(USERS).where(USERS.c.id == found["id"], same).values(password=fresh)
            if not connection.execute(mine).rowcount:
                return Refused("wrong")
            user = user_of(found)
            lockout.forgive(connection, user.name)
            return Entered(user, open_session(connection, user, now_ms))

    def change_password(self, user: User, old: str, new: str, address: str, now_ms: int) -> Entered | Refused:
        """Change one's own password; every session ends and a new one begins for who has changed it.

        Raises:
            PasswordError: the new one is not taken.
            DeskError: it cannot be read or written; nothing is changed.
        """
        passwords.check(new, user.name)
        if old == new:
            raise passwords.PasswordError("same", "the new password is the old one")
        found = self._compared(user.name, old, address, now_ms)
        if isinstance(found, Refused):
            return found
        hashed = self._hashing.hash(new)
        with self._desk.writing() as connection:
            now = connection.execute(select(USERS).where(USERS.c.id == found["id"])).mappings().one()
            if now["password"] != found["password"] or now["disabled_ms"] is not None:
                return Refused("wrong")
            ended = set_password(connection, user, hashed)
            what = "user.password_changed"
            audit.record(connection, now_ms, user.name, what, user.name, sessions_ended=ended)
            return Entered(user_of(now), open_session(connection, user_of(now), now_ms))

    def _compared(self, name: str, password: str, address: str, now_ms: int) -> RowMapping | Refused:
        """The row of the user if the password is right."""
        try:
            with self._hashing.seat():
                return self._counted(name, password, address, now_ms)
        except BusyError:
            log.warning("sign_in_refused reason=busy address=%s", address)
            return Refused("busy", BUSY_MS)

    def _counted(self, name: str, password: str, address: str, now_ms: int) -> RowMapping | Refused:
        with self._desk.writing() as connection:
            wait_ms = lockout.take(connection, name, address, now_ms)
            row = row_of(connection, name)
        known = name if row else "(unknown)"
        if wait_ms:
            log.warning("sign_in_refused reason=locked user=%s address=%s", known, address)
            return Refused("locked", wait_ms)
        right = self._hashing.matches(password, row["password"] if row else None)
        if row is None or row["disabled_ms"] is not None or not right:
            log.warning("sign_in_refused reason=wrong user=%s address=%s", known, address)
            return Refused("wrong")
        return row
