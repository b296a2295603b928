"""Links to walls, kept in ``desk.db``: who may see a network on a screen that nobody signs in at.

A link is a secret of 256 bits in an address. Only its hash is kept, as of a session: a screen is given its
address once, and who can read the file, or a copy of it, learns none. It holds until it is revoked. Every
change leaves a row in the audit log in the same transaction.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, func, select, update

from server.accounts import audit
from server.desk import Desk, Part
from server.notes import plain

MOST_NAME: Final = 40
"""Characters of what a link is called."""
MOST_LINKS: Final = 50
"""Links of one network that hold; more than a city has walls."""
_SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")

_METADATA: Final = MetaData()
_WALLS: Final = Table(
    "walls",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("network", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("by", Text, nullable=False),
    Column("made_ms", Integer, nullable=False),
    Column("revoked_ms", Integer),
    sqlite_autoincrement=True,
)
PART: Final = Part("walls", _METADATA)


class WallError(ValueError):
    """A link that cannot be made; ``reason`` is one by which a page says why."""

    def __init__(self, reason: Literal["name", "many"]) -> None:
        self.reason = reason
        super().__init__({
            "name": f"a link has a name of 1 to {MOST_NAME} characters: where its wall hangs",
            "many": f"a network has at most {MOST_LINKS} links: revoke those of walls that are gone",
        }[reason])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is listed; nobody can learn its address any more.

    Attributes:
        name: where its wall hangs.
        by: who made it.
    """

    id: int
    network: str
    name: str
    by: str
    made_ms: int
    revoked_ms: int | None = None


class Walls:
    """The walls' part of the desk. Safe to use from several threads.

    All raise DeskError when the file cannot be read or written.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def make(self, network: str, name: str, by: str, now_ms: int) -> str:
        """Make a link; its secret, which is told this once.

        Raises:
            WallError: the name is none, or there are too many.
        """
        name = plain(name).strip()
        if not 0 < len(name) <= MOST_NAME:
            raise WallError("name")
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._desk.writing() as connection:
            held = select(func.count()).where(_WALLS.c.network == network, _WALLS.c.revoked_ms.is_(None))
            if (connection.scalar(held) or 0) >= MOST_LINKS:
                raise WallError("many")
            row = {"network": network, "name": name, "secret_hash": _hashed(secret)}
            connection.execute(_WALLS.insert().values(**row, by=by, made_ms=now_ms))
            audit.record(connection, now_ms, by, "wall.linked", network, name=name)
        return secret

    def links(self, network: str | None = None) -> list[Link]:
        """The links of a network, or of all, the newest first; those that are revoked stand last."""
        columns = [column for column in _WALLS.c if column.name != "secret_hash"]
        wanted = select(*columns).order_by(_WALLS.c.revoked_ms.is_not(None), _WALLS.c.id.desc())
        if network is not None:
            wanted = wanted.where(_WALLS.c.network == network)
        with self._desk.reading() as connection:
            return [Link(**row) for row in connection.execute(wanted).mappings()]

    def revoke(self, link: Link, by: str, now_ms: int) -> bool:
        """Let a link open nothing any more, from its wall's next question on; False: it did not before."""
        held = (_WALLS.c.id == link.id) & _WALLS.c.revoked_ms.is_(None)
        with self._desk.writing() as connection:
            done = connection.execute(update(_WALLS).where(held).values(revoked_ms=now_ms)).rowcount > 0
            if done:
                audit.record(connection, now_ms, by, "wall.revoked", link.network, name=link.name)
        return done

    def opens(self, network: str, secret: str) -> bool:
        """Whether a link of that network with this secret holds; compared in constant time."""
        if not _SECRET.fullmatch(secret):
            return False
        held = select(_WALLS.c.secret_hash)
        held = held.where(_WALLS.c.network == network, _WALLS.c.revoked_ms.is_(None))
        with self._desk.reading() as connection:
            hashes = connection.scalars(held).all()
        given = _hashed(secret)
        # All of them: how long it takes tells neither which one it is nor how much of it was right.
        return sum(hmac.compare_digest(each, given) for each in hashes) > 0


def _hashed(secret: str) -> bytes:
    """Of a secret of 256 random bits a fast hash is enough: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()
