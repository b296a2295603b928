"""The people of the staff, and every change of them, each with its line in the audit log."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select, update

from server.accounts import audit, lockout, passwords
from server.accounts.passwords import Passwords
from server.accounts.roles import ROLES, Place, Role, User
from server.accounts.sessions import end_all
from server.accounts.tables import USERS, user_of
from server.desk import Desk

NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")
MOST_DISPLAY: Final = 64
"""Characters of what others see."""
MOST_PLACES: Final = 100
_MOST_MARKS: Final = 2
"""Marks on top of one letter; Vietnamese needs two, a pile of them covers the lines around it."""


class AccountError(Exception):
    """A change that is refused: ``reason`` names why, the message says it. Nothing is changed."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Profile:
    """What an admin decides about a person; see :class:`~server.accounts.roles.User`."""

    display: str
    role: Role
    everywhere: bool = False
    places: tuple[Place, ...] = ()


class Users:
    """All people of ``desk.db``. Safe to use from several threads.

    ``by`` is the name of the admin who makes a change, or :func:`server.accounts.audit.terminal`. Whoever
    is no admin any more at the moment of writing changes nothing, so the first admin is made at the terminal.
    """

    def __init__(self, desk: Desk, hashing: Passwords) -> None:
        self._desk, self._hashing = desk, hashing

    def all(self) -> list[User]:
        """Everybody, disabled ones too, by name.

        Raises:
            DeskError: they cannot be read.
        """
        with self._desk.reading() as connection:
            return [
                user_of(row) for row in connection.execute(select(USERS).order_by(USERS.c.name)).mappings()
            ]

    def add(self, name: str, profile: Profile, password: str, by: str, now_ms: int) -> User:
        """A new person.

        Raises:
            AccountError: a name, role or place that cannot be, or somebody has the name.
            PasswordError: the password is not taken.
            DeskError: it cannot be written.
        """
        check_name(name)
        check_profile(profile)
        passwords.check(password, name)
        row = _columns(profile) | {"name": name, "password": self._hashing.hash(password)}
        with self._desk.writing() as connection:
            _check_actor(connection, by)
            if connection.scalar(select(USERS.c.id).where(USERS.c.name == name)) is not None:
                raise AccountError("exists", f"there is a user {name!r} already")
            connection.execute(USERS.insert(), row | {"created_ms": now_ms})
            audit.record(connection, now_ms, by, "user.added", name, **_columns(profile))
            return _known(connection, name)

    def change(self, name: str, profile: Profile, by: str, now_ms: int) -> bool:
        """Another role, other places, or another display; holds from the next request. False: it was so.

        Raises:
            AccountError: it cannot be, there is no such user, or no admin would be left.
            DeskError: it cannot be written.
        """
        check_profile(profile)
        with self._desk.writing() as connection:
            _check_actor(connection, by)
            user = _known(connection, name)
            before, after = _columns(_profile(user)), _columns(profile)
            changed = {key: value for key, value in after.items() if before[key] != value}
            if changed:
                _update(connection, user, after)
                _check_admin_left(connection, user)
                audit.record(connection, now_ms, by, "user.changed", name, **changed)
            return bool(changed)

    def disable(self, name: str, by: str, now_ms: int) -> bool:
        """Sign a person out everywhere and in no more; what they did keeps their name. False: it was so.

        Raises:
            AccountError: there is no such user, or no admin would be left.
            DeskError: it cannot be written.
        """
        with self._desk.writing() as connection:
            _check_actor(connection, by)
            user = _known(connection, name)
            if user.disabled_ms is not None:
                return False
            _update(connection, user, {"disabled_ms": now_ms})
            _check_admin_left(connection, user)
            ended = end_all(connection, user.id)
            audit.record(connection, now_ms, by, "user.disabled", name, sessions_ended=ended)
            return True

    def enable(self, name: str, by: str, now_ms: int) -> bool:
        """Let a person in again, with the password they had. False: it was so.

        Raises:
            AccountError: there is no such user.
            DeskError: it cannot be written.
        """
        with self._desk.writing() as connection:
            _check_actor(connection, by)
            user = _known(connection, name)
            if user.disabled_ms is None:
                return False
            _update(connection, user, {"disabled_ms": None})
            lockout.forgive(connection, name)
            audit.record(connection, now_ms, by, "user.enabled", name)
            return True

    def reset(self, name: str, password: str, by: str, now_ms: int) -> None:
        """Another password, given by an admin: signs out everywhere, and ends a lock-out.

        Raises:
            AccountError: there is no such user.
            PasswordError: the password is not taken.
            DeskError: it cannot be written.
        """
        passwords.check(password, name)
        hashed = self._hashing.hash(password)
        with self._desk.writing() as connection:
            _check_actor(connection, by)
            user = _known(connection, name)
            ended = set_password(connection, user, hashed)
            audit.record(connection, now_ms, by, "user.password_reset", name, sessions_ended=ended)


def set_password(connection: Connection, user: User, hashed: str) -> int:
    """Another hash, no sessions, no lock-out, in the caller's transaction; how many sessions have ended."""
    _update(connection, user, {"password": hashed})
    lockout.forgive(connection, user.name)
    return end_all(connection, user.id)


def row_of(connection: Connection, name: str) -> RowMapping | None:
    """The row of whoever has a name; of what can be no name it is nobody's, at the same cost."""
    wanted = select(USERS).where(USERS.c.name == (name if NAME.fullmatch(name) else ""))
    return connection.execute(wanted).mappings().one_or_none()


def canonical(typed: str) -> str:
    """The name that somebody means who types it on a phone: full-width letters, capitals, blanks around."""
    return unicodedata.normalize("NFKC", typed[: 4 * MOST_DISPLAY]).strip().lower()


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a user.

    Raises:
        AccountError: with what is allowed.
    """
    if not NAME.fullmatch(name):
        raise AccountError(
            "name",
            f"{_shown(name)} cannot be a user's name: 2 to 32 characters a-z, 0-9, '.', '_' and '-', "
            "a letter first",
        )


def check_profile(profile: Profile) -> None:
    """Refuse a profile that cannot be; whether its networks exist is for the caller to see.

    Raises:
        AccountError: with the reason.
    """
    _check_text("display", profile.display)
    if profile.role not in ROLES:
        raise AccountError("role", f"{_shown(profile.role)} is no role: one of {', '.join(ROLES)}")
    if profile.role == "admin" and not profile.everywhere:
        raise AccountError("place", "an admin is not limited to places")
    if profile.everywhere == bool(profile.places):
        raise AccountError("place", "either everywhere, or the networks and districts that it is limited to")
    if len(profile.places) > MOST_PLACES:
        raise AccountError("place", f"{len(profile.places)} places: at most {MOST_PLACES}")
    for place in profile.places:
        _check_text("place", place.network)
        if place.district:
            _check_text("place", place.district)


def _check_text(reason: str, text: str) -> None:
    """One line that shows as what it is: on a page, in a chat, in a cell of a spreadsheet."""
    if not 1 <= len(text) <= MOST_DISPLAY:
        raise AccountError(
            reason, f"{_shown(text)} has {len(text)} characters: 1 to {MOST_DISPLAY} are taken"
        )
    unseen = [char for char in text if unicodedata.category(char)[0] in "CZ" and char != " "]
    if unseen:
        codes = ", ".join(f"U+{ord(char):04X}" for char in dict.fromkeys(unseen[:5]))
        raise AccountError(reason, f"{_shown(text)} has characters that cannot be seen: {codes}")
    if text != text.strip() or unicodedata.category(text[0])[0] not in "LN":
        raise AccountError(reason, f"{_shown(text)} must begin with a letter or a digit, and end in no blank")
    marks = "".join("m" if unicodedata.category(char)[0] == "M" else "." for char in text)
    if "m" * (_MOST_MARKS + 1) in marks:
        raise AccountError(reason, f"{_shown(text)} has more than {_MOST_MARKS} marks on one letter")


def _shown(text: str) -> str:
    """Anything, quoted, short, in ASCII where it is not plain text."""
    cut = text[:32] + ("…" if len(text) > 32 else "")
    return repr(cut) if cut.isprintable() else ascii(cut)


def _columns(profile: Profile) -> dict[str, Any]:
    places = [[place.network, place.district] for place in profile.places]
    return asdict(profile) | {"places": places}


def _profile(user: User) -> Profile:
    return Profile(user.display, user.role, user.everywhere, user.places)


def _known(connection: Connection, name: str) -> User:
    row = row_of(connection, name)
    if row is None:
        raise AccountError("unknown", f"there is no user {_shown(name)}")
    return user_of(row)


def _update(connection: Connection, user: User, values: Mapping[str, object]) -> None:
    connection.execute(update(USERS).where(USERS.c.id == user.id).values(**values))


def _is_admin() -> tuple[ColumnElement[bool], ...]:
    return USERS.c.role == "admin", USERS.c.disabled_ms.is_(None)


def _check_actor(connection: Connection, by: str) -> None:
    if by.startswith(audit.TERMINAL):
        return
    if connection.scalar(select(USERS.c.id).where(USERS.c.name == by, *_is_admin())) is None:
        raise AccountError("forbidden", "only an admin changes people")


def _check_admin_left(connection: Connection, changed: User) -> None:
    """``changed`` is as they were before."""
    was = changed.role == "admin" and changed.disabled_ms is None
    if was and not connection.scalar(select(func.count()).select_from(USERS).where(*_is_admin())):
        raise AccountError("last_admin", "this is the only admin: add another one first")
