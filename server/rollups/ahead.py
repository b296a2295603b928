"""Roll-ups that are ahead of readings.db: it was begun anew, or somebody has put an older copy in its place.

By the number of its commit roll-ups know a row that is in them already. Were numbers given again that they
have seen, rows would be added to what was made of others, or of themselves. So the readings go on behind
them; what roll-ups have of rows that are lost stays. That holds for a copy of the same readings. Those of
another server have the same numbers and other rows, and are refused.
"""

import logging
import sqlite3
from typing import Final

from server.rollups.file import Rollups
from server.store.schema import is_corrupt
from server.store.sqlite import Store

log = logging.getLogger(__name__)

LOOKED_AT: Final = 200
"""Newest readings of which one has to be in the roll-ups."""


class AnotherStoreError(RuntimeError):
    """readings.db is not the file that rollups.db was made from; the message says what to type."""


def go_on_behind(store: Store, rollups: Rollups) -> str:
    """Let a store that ends before the roll-ups go on behind them; before its first commit.

    Returns:
        what staff should know of it, "" where nothing had to be done or no reading is in the store.

    Raises:
        AnotherStoreError: its readings are others; nothing was changed.
        sqlite3.Error: one of the two cannot be read or written.
    """
    try:
        return _go_on_behind(store, rollups)
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        log.error("rollups_not_compared error=%s", error)  # they are about to be put aside
        return ""


def _go_on_behind(store: Store, rollups: Rollups) -> str:
    ends, ahead = store.last_commit(), rollups.looked_at()
    if ends >= ahead:
        return ""
    rows = store.newest_times(LOOKED_AT)
    if rows and not any(rollups.knows(station_id, at_ms) for station_id, at_ms in rows):
        away = rollups.path.with_name("rollups-before")
        raise AnotherStoreError(
            f"{store.path} ends at reading {ends:,} and {rollups.path} was made from {ahead:,} others. "
            "Put both back from one backup: waystation store restore FOLDER. Or go on with these readings, "
            f"and begin roll-ups anew from them: mkdir {away} && mv {rollups.path}* {away}"
        )
    store.go_on_behind(ahead)
    log.warning("readings_older ended=%d go_on_behind=%d", ends, ahead)
    if not rows:
        return ""
    return (
        f"an older readings.db was put back: it ended at reading {ends:,}, roll-ups have {ahead:,}; they "
        "keep what they have, and nothing counts twice. All files of one time: waystation store restore"
    )
