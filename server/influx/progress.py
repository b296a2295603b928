"""How far InfluxDB is behind, read from the files of a server that runs or does not."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.influx.ledger import put_aside
from server.store import schema

MOST_REFUSED: Final = 5

_FOLLOWED: Final = (
    "SELECT *, (SELECT count(*) FROM late) AS late, (SELECT count(*) FROM waiting) AS waiting FROM followed"
)
_REFUSED: Final = "SELECT refused_ms, why, line FROM refused ORDER BY id DESC LIMIT ?"
_BEHIND: Final = (
    "SELECT (SELECT count(*) FROM snapshot WHERE id > ?), (SELECT at_ms + received_after_ms FROM snapshot"
    " WHERE id > ? ORDER BY id LIMIT 1)"
)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is written, and what is not.

    Attributes:
        commits: everything up to this commit is; -1 before the first start.
        behind_rows: so many snapshots came after it; behind_since_ms: when the first of them did, if any.
        late: so many stations are written anew because something came late, or because of ``damaged``.
        waiting: so many lines of networks wait; dropped: so many could not wait so long, ever.
        refused: so many lines InfluxDB has refused for good; newest: when, why, and the line, newest first.
        damaged: the name of an influx.db that was damaged and lies beside the new one, "" where none does.
    """

    commits: int
    behind_rows: int
    behind_since_ms: int | None
    late: int
    waiting: int
    refused: int
    newest: list[tuple[int, str, str]]
    dropped: int
    damaged: str


def read(influx_db: Path, readings_db: Path) -> Progress | None:
    """What the files say; None where nothing was ever written to InfluxDB. Changes nothing.

    Raises:
        sqlite3.Error: a file cannot be read.
    """
    if not influx_db.exists():
        return None
    with closing(sqlite3.connect(f"{influx_db.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        asked = connection.execute(_FOLLOWED)
        followed = {
            column[0]: value for column, value in zip(asked.description, asked.fetchone(), strict=True)
        }
        newest = connection.execute(_REFUSED, (MOST_REFUSED,)).fetchall()
    commits = followed["commits"]
    with closing(schema.open_reader(readings_db)) as connection:
        rows, since_ms = connection.execute(_BEHIND, (commits, commits)).fetchone()
    return Progress(
        commits,
        rows,
        since_ms,
        followed["late"],
        followed["waiting"],
        followed["refused"],
        newest,
        followed.get("dropped", 0),  # not there before the server of this version has opened the file
        put_aside(influx_db),
    )
