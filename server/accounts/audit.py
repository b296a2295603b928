"""The audit log: who did what to whom, and when. Rows are added, never changed or removed.

A row is written in the transaction of the change that it tells, so that there is neither without the other.
No passwords, hashes or tokens go into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

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


def terminal(system_user: str) -> str:
    """Who typed a command on the server."""
    return TERMINAL + system_user


def record(connection: Connection, at_ms: int, by: str, what: str, whom: str, **values: object) -> None:
    """Add an entry in the caller's transaction; ``values`` as JSON takes them."""
    row = {"at_ms": at_ms, "by": by, "what": what, "whom": whom, "values": values}
    connection.execute(AUDIT.insert(), row)


def entries(connection: Connection, most: int, before_id: int | None = None) -> list[Entry]:
    """The newest entries, newest first; with ``before_id`` those that are older than it."""
    wanted = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(most)
    if before_id is not None:
        wanted = wanted.where(AUDIT.c.id < before_id)
    return [Entry(**row) for row in connection.execute(wanted).mappings()]
