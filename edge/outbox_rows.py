"""The outbox's statements: rows and totals. Each runs in the transaction of whoever calls it."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from contract import ContractError
from contract.codec import MAX_PAYLOAD, decode, encode
from contract.messages import Door, Snapshot
from edge.clock import Instant
from edge.timesync import corrected

FRAME_BYTES: Final = 256
"""Room that the telemetry message needs around its snapshots."""

ASIDE_ROWS: Final = 1000
"""Refused snapshots that are kept for a technician; the oldest go first."""

CORRECT_ROWS: Final = 200
"""Dated at a time: a Pi Zero takes half a second, for which the sampling waits."""

Database = sqlite3.Connection


@dataclass(frozen=True, slots=True)
class Row:
    """A waiting snapshot; ``body`` is its JSON, ``id`` grows in the order of appending.

    ``sealed`` says that the body stays as it is: its clock was right, or the server may have it already.
    """

    id: int
    stream: str
    seq: int
    body: bytes
    sealed: bool = True


def insert(db: Database, snapshot: Snapshot, body: bytes, *, event: bool) -> Row:
    """Let a snapshot wait; one whose clock was right stays as it is."""
    sealed = snapshot.clock == "synced"
    sql = "INSERT INTO rows (stream, seq, boot_id, sealed, event, body) VALUES (?, ?, ?, ?, ?, ?)"
    row = (snapshot.stream, snapshot.seq, snapshot.boot_id, sealed, event, body)
    return Row(db.execute(sql, row).lastrowid or 0, snapshot.stream, snapshot.seq, body, sealed)


_BY_AGE: Final = {
    "ASC": "SELECT id, stream, seq, body, sealed FROM rows ORDER BY id ASC",
    "DESC": "SELECT id, stream, seq, body, sealed FROM rows ORDER BY id DESC",
}


def rows_by_age(db: Database, order: Literal["ASC", "DESC"]) -> Iterator[Row]:
    """Every waiting snapshot, from the oldest or from the newest."""
    rows = db.execute(_BY_AGE[order])
    return (Row(id_, stream, seq, body, bool(sealed)) for id_, stream, seq, body, sealed in rows)


def batch(db: Database, skip: Collection[int], rows: int, size: int) -> list[Row]:
    """The oldest rows that fit, without those in ``skip``; see :meth:`edge.outbox.Outbox.backlog`."""
    taken: list[Row] = []
    left = size
    for row in rows_by_age(db, "ASC"):
        if row.id in skip:
            continue
        left -= len(row.body) + 1
        if taken and (left < 0 or len(taken) == rows):
            break
        taken.append(row)
    return taken


def seal(db: Database, ids: Iterable[int]) -> None:
    """Let nobody change these bodies any more."""
    db.executemany("UPDATE rows SET sealed = 1 WHERE id = ?", [(id_,) for id_ in ids])


def fitting(snapshot: Snapshot) -> bytes | None:
    """The snapshot as JSON, or None if no message could carry it."""
    try:
        body = encode(snapshot)
    except ContractError:
        return None
    return body if len(body) <= MAX_PAYLOAD - FRAME_BYTES else None


def store_doors(db: Database, doors: Iterable[Door]) -> None:
    """Remember what each door has counted."""
    rows = [(door.id, door.in_total, door.out_total) for door in doors]
    db.executemany("INSERT OR REPLACE INTO doors VALUES (?, ?, ?)", rows)


def door_totals(db: Database) -> dict[str, tuple[int, int]]:
    """In and out of every door."""
    return {door: (into, out) for door, into, out in db.execute("SELECT id, in_total, out_total FROM doors")}


def totals(db: Database) -> dict[str, int]:
    """Snapshots dropped and refused, ever."""
    return dict(db.execute("SELECT name, value FROM totals").fetchall())


def count(db: Database, name: str, more: int) -> None:
    """Add to a total."""
    if more:
        db.execute("UPDATE totals SET value = value + ? WHERE name = ?", (more, name))


def keep_aside(db: Database, stream: str, seq: int, reason: str, body: bytes) -> None:
    """Put a refused snapshot where a technician finds it, and count it."""
    db.execute(
        "INSERT INTO aside (stream, seq, reason, body) VALUES (?, ?, ?, ?)", (stream, seq, reason, body)
    )
    db.execute("DELETE FROM aside WHERE id <= (SELECT max(id) FROM aside) - ?", (ASIDE_ROWS,))
    count(db, "refused", 1)


def correct(db: Database, boot_id: str, now: Instant) -> tuple[int, int]:
    """Date up to :data:`CORRECT_ROWS` snapshots of this boot anew by the synced clock.

    Returns how many, and by how many bytes they have grown.
    """
    sql = "SELECT id, body FROM rows WHERE sealed = 0 AND boot_id = ? LIMIT ?"
    waiting = db.execute(sql, (boot_id, CORRECT_ROWS)).fetchall()
    grown = 0
    for id_, old in waiting:
        # One that no longer fits stays unsynced, and the server dates it.
        body = fitting(corrected(decode(Snapshot, old), now)) or old
        db.execute("UPDATE rows SET body = ?, sealed = 1 WHERE id = ?", (body, id_))
        grown += len(body) - len(old)
    return len(waiting), grown
