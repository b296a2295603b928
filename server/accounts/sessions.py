"""Who is signed in: random tokens in a cookie, of which only hashes are kept.

A session ends when it is left alone, when it is old, when its user signs out, is disabled or gets another
password. What its user may do is read anew for every request.
"""

import base64
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, or_, select, update

from server.accounts import audit
from server.accounts.roles import User
from server.accounts.tables import SESSIONS, USERS, user_of
from server.desk import Desk, DeskError

log = logging.getLogger(__name__)

IDLE_MS: Final = 12 * 3_600_000
"""A shift: who has gone home is signed out by the next one."""
ABSOLUTE_MS: Final = 7 * 86_400_000
"""A week; NIST SP 800-63B (AAL1) allows up to 30 days."""
SEEN_EVERY_MS: Final = 60_000
"""Being used is written this often, not with every request."""
AHEAD_MS: Final = 300_000
"""A session opened further in the future was opened by a wrong clock, and would never end."""
MOST_PER_USER: Final = 10
"""Browsers that one person is signed in with; beyond it the one unused for longest is signed out."""

COOKIE: Final = "__Host-waystation"
"""Browsers take a cookie of this prefix over HTTPS only, for this host only and for all of its paths."""
COOKIE_ATTRIBUTES: Final[Mapping[str, object]] = {
    "path": "/",
    "secure": True,
    "httponly": True,
    "samesite": "lax",
    "max_age": ABSOLUTE_MS // 1000,
}
"""As ``Response.set_cookie`` takes them. Lax: a link in a chat opens the alert for who is signed in."""

_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. ``csrf`` goes into every form and must come back with it."""

    user: User
    csrf: str
    opened_ms: int
    ends_ms: int


class Sessions:
    """All sessions of ``desk.db``. Safe to use from several threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def find(self, token: str | None, now_ms: int, *, used: bool = True) -> Session | None:
        """The session of a cookie, None when there is none or it has ended.

        Not ``used`` by a person but by a page that keeps itself fresh, it ends as if it had been left alone.

        Raises:
            DeskError: it cannot be read.
        """
        if token is None or not _TOKEN.fullmatch(token):
            return None
        joined = select(USERS, SESSIONS.c.opened_ms, SESSIONS.c.seen_ms).join(SESSIONS)
        with self._desk.reading() as connection:
            found = connection.execute(joined.where(SESSIONS.c.token_hash == _hashed(token)))
            row = found.mappings().one_or_none()
        if row is None or not _is_open(row, now_ms):
            return None
        seen_ms = now_ms if used else row["seen_ms"]
        if used and not 0 <= now_ms - row["seen_ms"] < SEEN_EVERY_MS:
            self._touch(token, now_ms)
        ends_ms = min(seen_ms + IDLE_MS, row["opened_ms"] + ABSOLUTE_MS)
        return Session(user_of(row), csrf_of(token), row["opened_ms"], ends_ms)

    def close(self, token: str | None, now_ms: int) -> None:
        """Sign out: the token opens nothing from now on. Does nothing for one that is not known.

        Raises:
            DeskError: it cannot be written; the session goes on.
        """
        if token is None or not _TOKEN.fullmatch(token):
            return
        whose = select(USERS.c.name).join(SESSIONS).where(SESSIONS.c.token_hash == _hashed(token))
        with self._desk.writing() as connection:
            name = connection.scalar(whose)
            if name is not None:
                connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == _hashed(token)))
                audit.record(connection, now_ms, name, "session.closed", name)

    def _touch(self, token: str, now_ms: int) -> None:
        mine = update(SESSIONS).where(SESSIONS.c.token_hash == _hashed(token))
        try:
            with self._desk.writing() as connection:
                connection.execute(mine.values(seen_ms=now_ms))
        except DeskError as error:  # a full disk must not sign out whoever is there to make room
            log.warning("session_not_touched error=%s", error)


def open_session(connection: Connection, user: User, now_ms: int) -> str:
    """Sign ``user`` in, in the caller's transaction; the token for the cookie, which is nowhere else."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    connection.execute(delete(SESSIONS).where(_ended(now_ms)))
    theirs = select(SESSIONS.c.token_hash).where(SESSIONS.c.user == user.id)
    excess = theirs.order_by(SESSIONS.c.seen_ms.desc()).offset(MOST_PER_USER - 1)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash.in_(excess)))
    row = {"token_hash": _hashed(token), "user": user.id, "opened_ms": now_ms, "seen_ms": now_ms}
    connection.execute(SESSIONS.insert(), row)
    audit.record(connection, now_ms, user.name, "session.opened", user.name)
    return token


def end_all(connection: Connection, user_id: int) -> int:
    """Sign a user out everywhere, in the caller's transaction; how many sessions that were."""
    return connection.execute(delete(SESSIONS).where(SESSIONS.c.user == user_id)).rowcount


def csrf_of(token: str) -> str:
    """The CSRF token of a session; nobody makes the one out of the other but who has the cookie."""
    digest = hashlib.blake2b(token.encode(), digest_size=_TOKEN_BYTES, person=b"waystation csrf").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_csrf(session: Session, given: str | None) -> bool:
    """Whether a form came from a page of this session; what is missing or cannot be one is not."""
    return given is not None and hmac.compare_digest(
        session.csrf.encode(), given.encode("utf-8", "surrogatepass")
    )


def _is_open(row: RowMapping, now_ms: int) -> bool:
    opened_ms, seen_ms = row["opened_ms"], row["seen_ms"]
    in_time = opened_ms - AHEAD_MS <= now_ms < opened_ms + ABSOLUTE_MS and now_ms < seen_ms + IDLE_MS
    return in_time and row["disabled_ms"] is None


def _ended(now_ms: int) -> ColumnElement[bool]:
    """The same in SQL, but for whose user is disabled: those have no sessions."""
    return or_(
        SESSIONS.c.seen_ms <= now_ms - IDLE_MS,
        SESSIONS.c.opened_ms <= now_ms - ABSOLUTE_MS,
        SESSIONS.c.opened_ms > now_ms + AHEAD_MS,
    )


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
