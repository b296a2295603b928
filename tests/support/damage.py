"""A disk that has lost something, for tests."""

import sqlite3
from contextlib import closing
from pathlib import Path


def overwrite_first(path: Path, table: str) -> None:
    """Overwrite the page with the first rows of a table; no connection may be open on the file."""
    with closing(sqlite3.connect(path)) as file:
        page, size = file.execute(
            "SELECT pageno, pgsize FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path LIMIT 1",
            (table,),
        ).fetchone()
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(raw)
