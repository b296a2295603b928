"""Whether this program knows the schema of a database that may be another version's."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple


class Known(NamedTuple):
    """The newest schema of a database that this program knows.

    Attributes:
        version: its ``user_version``.
        parts: of a database that is kept in parts (:mod:`server.desk`), the version of each by name.
    """

    version: int
    parts: Mapping[str, int] = {}


def unknown(path: Path, known: Known) -> list[str]:
    """What of a file nobody writes to is newer than what is known, a few words each.

    Raises:
        sqlite3.Error: it is no such database, or damaged where that is written.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as connection:
        return list(_unknown(path.name, connection, known))


def _unknown(name: str, connection: sqlite3.Connection, known: Known) -> Iterator[str]:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > known.version:
        yield f"{name} has schema {version}, this program knows {known.version}"
    if known.parts and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        for part, found in connection.execute("SELECT name, version FROM parts ORDER BY name"):
            if found > known.parts.get(part, 0):
                knows = known.parts.get(part, "none")
                yield f"{part} in {name} has schema {found}, this program knows {knows}"
