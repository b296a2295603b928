"""rollups.db as a file: what a station's past takes."""

from os import urandom
from pathlib import Path

from server.rollups.tables import PER_STATION
from server.rollups.writing import Writer

STATIONS, DAYS = 20, 60
BODY = 2_300
"""Bytes of a day of 12 sockets and a cabinet."""


def test_days_of_quarters_share_their_pages(tmp_path: Path) -> None:
    """Day by day, station by station, as a server writes them."""
    writer = Writer.open(tmp_path / "rollups.db")
    for day in range(DAYS):
        rows = [(no * PER_STATION + day, urandom(BODY)) for no in range(1, STATIONS + 1)]
        with writer.transaction():
            writer.connection.executemany("INSERT INTO quarters VALUES (?, ?)", rows)
    writer.close()
    taken = (tmp_path / "rollups.db").stat().st_size / STATIONS / DAYS
    assert taken < 1.3 * BODY
