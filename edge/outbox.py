"""Where snapshots wait for the server's commit ack.

One SQLite file, one connection, one transaction for each snapshot with its door totals, synced to the
disk before :meth:`Outbox.append` returns. A file that cannot be used is moved aside and a new one is
begun: what waited in it is then lost to the server, what comes after is not.
"""

import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

from contract.messages import CommittedRange, Refusal
from edge import outbox_file, outbox_rows
from edge.clock import Instant
from edge.config import WEEK_ROWS
from edge.outbox_file import OutboxError
from edge.outbox_rows import ASIDE_ROWS, CORRECT_ROWS, FRAME_BYTES, Database, Row
from edge.sampler import Sample

__all__ = ["ASIDE_ROWS", "CORRECT_ROWS", "FRAME_BYTES", "Counts", "FaultCode", "Outbox", "OutboxError", "Row"]

log = logging.getLogger(__name__)

MEMORY_BYTES: Final = 16 * 1024 * 1024
"""What may wait where there is no disk: most of a day, and far below what systemd lets the agent have."""

FaultCode = Literal["outbox_replaced", "outbox_in_memory", "disk_full"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """How the outbox is: rows and bytes that wait, snapshots ever dropped, ever refused."""

    rows: int
    bytes: int
    dropped: int
    refused: int


class Outbox:
    """The waiting snapshots of one station. Every method may be called from any thread."""

    def __init__(self, path: Path | None, max_rows: int, max_bytes: int) -> None:
        """Use :meth:`open`."""
        self._path = path
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._fault: FaultCode | None = None
        self._lost = 0
        self._rows = 0
        self._bytes = 0
        self._newest: Row | None = None
        self._db: Database
        self._watch: outbox_file.Watch | None = None
        self._open_file = ExitStack()
        try:
            self._begin(path)
        except sqlite3.Error as error:
            if outbox_file.is_broken(error):
                self._replace(error)
            else:
                # A full disk: the file is good, and its rows go out after the next start.
                self._go_on_in_memory(error)
        except OSError as error:
            self._replace(error)

    @classmethod
    def open(
        cls, path: Path | None, max_rows: int = 5 * WEEK_ROWS, max_bytes: int = 400 * 1024 * 1024
    ) -> "Outbox":
        """Open or make the outbox.

        Args:
            path: its file; None keeps the outbox in memory, where a restart loses it.
            max_rows, max_bytes: how much may wait. Beyond it the oldest heartbeats are dropped, then the
                oldest events, and counted.

        Raises:
            OutboxError: another agent has it open.
        """
        return cls(path, max_rows, max_bytes)

    @property
    def stream(self) -> str:
        """Names this run of the agent: drawn at each start and whenever the file is replaced, so that an
        old identity never gets a new reading."""
        return self._stream

    @property
    def next_seq(self) -> int:
        """The ``seq`` that the next sample gets."""
        return self._next_seq

    @property
    def fault(self) -> FaultCode | None:
        """What is wrong with the outbox itself, for the snapshot's faults."""
        return self._fault

    def append(self, sample: Sample) -> None:
        """Keep a sample under the outbox's stream and next seq.

        When this returns, the snapshot and its door totals are on the disk. On a full disk it is lost,
        counted and reported as a fault; a snapshot too big for a message is set aside.
        """
        with self._lock:
            try:
                self._transact(lambda db: self._append(db, sample))
            except sqlite3.Error as error:
                self._lost += 1
                self._report("disk_full", error)
            else:
                self._lost = 0
                self._well_again()

    def newest(self) -> Row | None:
        """The waiting snapshot that was appended last."""
        with self._lock:
            if self._newest is None and self._rows:
                self._newest = self._read(lambda db: next(outbox_rows.rows_by_age(db, "DESC"), None), None)
            return self._newest

    def backlog(self, skip: Collection[int], rows: int, size: int) -> list[Row]:
        """The oldest waiting snapshots, without those whose id is in ``skip``.

        Args:
            skip: ids that are on their way already.
            rows: at most so many.
            size: at most so many bytes, with one for the comma behind each; a first row always fits.
        """
        with self._lock:
            return self._read(lambda db: outbox_rows.batch(db, skip, rows, size), [])

    def confirm(self, ranges: Iterable[CommittedRange]) -> list[int]:
        """Forget what the server has committed; returns the ids of the rows that went."""
        with self._lock:
            return self._change(lambda db: [id_ for each in ranges for id_ in self._delete(db, *each)], [])

    def set_aside(self, refusals: Iterable[Refusal]) -> list[int]:
        """Take refused snapshots out of the way, counted and kept; returns the ids of the rows."""
        with self._lock:
            return self._change(lambda db: [id_ for each in refusals for id_ in self._refuse(db, *each)], [])

    def door_totals(self) -> dict[str, tuple[int, int]]:
        """In and out of every door, as the last snapshot that had the door said."""
        with self._lock:
            return self._read(outbox_rows.door_totals, {})

    def seal(self, ids: Collection[int]) -> None:
        """Keep these rows as they are from now on, over restarts too: they are about to be sent, and an
        identity that the server may have must keep its body."""
        with self._lock:
            self._change(lambda db: outbox_rows.seal(db, ids), None)
            self._newest = None

    def correct_times(self, boot_id: str, now: Instant) -> int:
        """Date one boot's unsealed snapshots by the boot clock.

        Returns how many, at most :data:`CORRECT_ROWS`: to be called again until there are none.

        Args:
            boot_id: of the boot that ``now`` belongs to; rows of others stay as they are.
            now: a moment with a synced clock.
        """
        with self._lock:
            return self._change(lambda db: self._correct(db, boot_id, now), 0)

    def counts(self) -> Counts:
        """What waits, and what was ever lost."""
        with self._lock:
            totals: dict[str, int] = self._read(outbox_rows.totals, {})
            dropped, refused = totals.get("dropped", 0) + self._lost, totals.get("refused", 0)
            return Counts(self._rows, self._bytes, dropped, refused)

    def __len__(self) -> int:
        """Rows that wait."""
        return self._rows

    def check_file(self) -> None:
        """Notice that somebody deleted, emptied or overwrote the open file, and begin a new one."""
        with self._lock:
            if self._watch and not self._watch.is_sound():
                self._replace(sqlite3.DatabaseError("somebody else changed the file"))

    def close(self) -> None:
        """Give the file back; rows stay in it."""
        with self._lock:
            self._open_file.close()

    def _begin(self, path: Path | None) -> None:
        """Open ``path`` as a new stream."""
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = outbox_file.connect(path)
        self._watch = outbox_file.Watch(path) if path else None
        if self._watch:
            self._open_file.callback(self._watch.close)
        self._open_file.callback(self._db.close)
        self._rows, self._bytes = self._db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM rows"
        ).fetchone()
        self._newest = None
        self._stream = secrets.token_hex(8)
        self._next_seq = 1

    def _reopen(self, error: Exception) -> None:
        """Go on with the same file and all that waits in it, if it is good again; else replace it."""
        if not outbox_file.may_pass(error):
            self._replace(error)
            return
        log.warning("outbox=reopened path=%s error=%r", self._path, str(error))
        self._let_go()
        try:
            self._begin(self._path)
        except (sqlite3.Error, OSError) as worse:
            self._replace(worse)

    def _replace(self, error: Exception) -> None:
        """Begin a new file, or go on in memory where even that is impossible."""
        self._let_go()
        self._lost += self._rows
        try:
            if self._path is None:
                raise error
            outbox_file.move_aside(self._path)
            self._begin(self._path)
            self._report("outbox_replaced", error)
        except (sqlite3.Error, OSError) as worse:
            self._go_on_in_memory(worse)

    def _let_go(self) -> None:
        with suppress(sqlite3.Error):
            self._open_file.close()

    def _go_on_in_memory(self, error: Exception) -> None:
        self._max_bytes = min(self._max_bytes, MEMORY_BYTES)
        self._begin(None)
        self._report("outbox_in_memory", error)

    def _report(self, fault: FaultCode, error: Exception) -> None:
        if self._fault != fault:
            log.error("outbox=%s path=%s error=%r", fault, self._path, str(error))
        self._fault = fault

    def _well_again(self) -> None:
        if self._fault == "disk_full":
            log.info("outbox=well path=%s", self._path)
            self._fault = None

    def _transact(self, work: Callable[[Database], T]) -> T:
        """Run ``work`` as one transaction; if the file fails, again when it is mended."""
        for mend in (self._reopen, self._replace):
            try:
                return self._once(work)
            except sqlite3.Error as error:
                if not outbox_file.is_broken(error):
                    raise
                mend(error)
        return self._once(work)

    def _once(self, work: Callable[[Database], T]) -> T:
        before = self._rows, self._bytes, self._newest, self._next_seq
        try:
            self._db.execute("BEGIN IMMEDIATE")
            result = work(self._db)
            self._db.execute("COMMIT")
        except BaseException:
            self._rows, self._bytes, self._newest, self._next_seq = before
            if self._db.in_transaction:
                self._db.rollback()
            raise
        return result

    def _change(self, work: Callable[[Database], T], otherwise: T) -> T:
        try:
            return self._transact(work)
        except sqlite3.Error as error:
            self._report("disk_full", error)
            return otherwise

    def _read(self, work: Callable[[Database], T], otherwise: T) -> T:
        try:
            return work(self._db)
        except sqlite3.Error as error:
            if outbox_file.is_broken(error):
                self._reopen(error)
            return otherwise

    def _append(self, db: Database, sample: Sample) -> None:
        snapshot = replace(sample.snapshot, stream=self._stream, seq=self._next_seq)
        self._next_seq += 1
        outbox_rows.store_doors(db, snapshot.doors)
        outbox_rows.count(db, "dropped", self._lost)
        body = outbox_rows.fitting(snapshot)
        if body is None:
            log.error("snapshot=%d too_big=yes", snapshot.seq)
            outbox_rows.keep_aside(db, snapshot.stream, snapshot.seq, "too_big", b"")
            return
        self._make_room(db, len(body))
        added = outbox_rows.insert(db, snapshot, body, event=sample.event)
        self._rows, self._bytes = self._rows + 1, self._bytes + len(body)
        self._newest = added

    def _make_room(self, db: Database, size: int) -> None:
        """Drop the oldest heartbeats, then the oldest events, until one more row of ``size`` fits."""
        while self._rows and (self._rows >= self._max_rows or self._bytes + size > self._max_bytes):
            found = db.execute("SELECT min(id) FROM rows WHERE event = 0").fetchone()[0]
            oldest = found or db.execute("SELECT min(id) FROM rows").fetchone()[0]
            self._gone(db.execute("DELETE FROM rows WHERE id = ? RETURNING id, length(body)", (oldest,)))
            outbox_rows.count(db, "dropped", 1)

    def _delete(self, db: Database, stream: str, first: int, last: int) -> list[int]:
        sql = "DELETE FROM rows WHERE stream = ? AND seq BETWEEN ? AND ? RETURNING id, length(body)"
        return self._gone(db.execute(sql, (stream, first, last)))

    def _refuse(self, db: Database, stream: str, seq: int, reason: str) -> list[int]:
        found = db.execute("SELECT body FROM rows WHERE stream = ? AND seq = ?", (stream, seq)).fetchone()
        if found is None:
            return []
        log.warning("snapshot=%s/%d refused=%s", stream, seq, reason)
        outbox_rows.keep_aside(db, stream, seq, reason, found[0])
        return self._delete(db, stream, seq, seq)

    def _gone(self, deleted: sqlite3.Cursor) -> list[int]:
        rows = deleted.fetchall()
        self._rows -= len(rows)
        self._bytes -= sum(size for _, size in rows)
        if self._newest and self._newest.id in [id_ for id_, _ in rows]:
            self._newest = None
        return [id_ for id_, _ in rows]

    def _correct(self, db: Database, boot_id: str, now: Instant) -> int:
        dated, grown = outbox_rows.correct(db, boot_id, now)
        self._bytes += grown
        self._newest = None
        return dated
