"""The audit log: who did what to whom, and when. Rows are added, never changed or removed.

A row is written in the transaction of the change that it tells, so that there is neither without the other.
No passwords, hashes or tokens go into it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, or_, select

from server.accounts.tables import AUDIT

TERMINAL: Final = "terminal:"
"""What stands before the name of the system's user for what is done by commands; no user is called so."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing done.

    Attributes:
        by: name of the user who did it, or :func:`terminal`.
        whom: the user, alert or station that it was done to.
        values: what there is to say of it, by name; of a change what it is now.
    """

    id: int
    at_ms: int
    by: str
    what: str
    whom: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is not given leaves out none.

    Attributes:
        person: who did it, or whom it was done to.
        what: a code, or the beginning of codes up to a point: ``user`` for ``user.added``.
        from_ms, until_ms: done at or after the one and before the other.
    """

    person: str = ""
    what: str = ""
    from_ms: int | None = None
    until_ms: int | None = None


_ALL: Final = Wanted()


def terminal(system_user: str) -> str:
    """Who typed a command on the server."""
    return TERMINAL + system_user


def record(connection: Connection, at_ms: int, by: str, what: str, whom: str, **values: object) -> None:
    """Add an entry in the caller's transaction; ``values`` as JSON takes them."""
    row = {"at_ms": at_ms, "by": by, "what": what, "whom": whom, "values": values}
    connection.execute(AUDIT.insert(), row)


def entries(
    connection: Connection, most: int, before_id: int | None = None, wanted: Wanted = _ALL
) -> list[Entry]:
    """The newest entries, newest first; with ``before_id`` those that are older than it."""
    found = select(AUDIT).where(*_conditions(wanted)).order_by(AUDIT.c.id.desc()).limit(most)
    if before_id is not None:
        found = found.where(AUDIT.c.id < before_id)
    return [Entry(**row) for row in connection.execute(found).mappings()]


def doers(connection: Connection) -> list[str]:
    """All who ever did something, by name."""
    return list(connection.scalars(select(AUDIT.c.by).distinct().order_by(AUDIT.c.by)))


def deeds(connection: Connection) -> list[str]:
    """All that was ever done, as codes."""
    return list(connection.scalars(select(AUDIT.c.what).distinct().order_by(AUDIT.c.what)))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.person:
        yield or_(AUDIT.c.by == wanted.person, AUDIT.c.whom == wanted.person)
    if wanted.what:
        below = AUDIT.c.what.startswith(f"{wanted.what}.", autoescape=True)
        yield or_(AUDIT.c.what == wanted.what, below)
    if wanted.from_ms is not None:
        yield AUDIT.c.at_ms >= wanted.from_ms
    if wanted.until_ms is not None:
        yield AUDIT.c.at_ms < wanted.until_ms
