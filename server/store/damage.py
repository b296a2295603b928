"""Rows that cannot be unpacked any more: counted, said once for each station, and passed over.

SQLite tells of a damaged page, not of a bit that has fallen over within a row. Such a row is no reason to
stop: the rest of the file is as good as it was. (Text is read as bytes where it may be long: SQLite's
driver would raise for text that is no UTF-8, and no row behind it could be had.)
"""

import logging
from typing import Final

import msgspec

log = logging.getLogger(__name__)

UNREADABLE: Final = (LookupError, TypeError, ValueError, msgspec.MsgspecError)
"""What unpacking damaged bytes may raise; the contract's error is a ``ValueError``."""
_MOST: Final = 100_000
"""Rows remembered; more are not counted."""


class Damage:
    """What was passed over since the start of the process; any thread may note and read it."""

    def __init__(self) -> None:
        self._rows: set[tuple[str, str]] = set()
        self._stations: set[str] = set()

    @property
    def total(self) -> int:
        """Rows passed over, each counted once."""
        return len(self._rows)

    def note(self, station_id: str, row: str, error: Exception) -> None:
        """Count ``row`` of a station (what and which), and log it when it is the station's first."""
        if len(self._rows) < _MOST:
            self._rows.add((station_id, row))
        if station_id not in self._stations:
            self._stations.add(station_id)
            log.error("row_damaged station=%s row=%r error=%r", station_id, row, error)


DAMAGE: Final = Damage()
"""Of this process."""
