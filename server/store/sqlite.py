"""The writer: one connection that commits batches. What it inherits from the reader, any thread may call."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

import msgspec

from contract import codec
from contract.messages import Info
from server.occupancy import Correction, Occupancy
from server.store import Accepted, Counted, DeadLetter, Verdict, history, schema
from server.store.chains import HOUR_MS, WHOLE, Chains
from server.store.history import ESTIMATED, RECEIVED, UNSYNCED
from server.store.identity import Committed
from server.store.pruning import Pruning
from server.store.reader import Reader

_FLAGS: Final = {"measured": 0, "estimated": ESTIMATED, "received": RECEIVED}
_INSERT: Final = "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class OccupancyChange:
    """What became known of one station's occupancy.

    Attributes:
        from_ms: everything known from then on is replaced; None adds to it.
        to_ms: what is known from then on stays; the beginning of an hour.
        checkpoints: states after the last snapshot of an hour.
        counted: what staff have counted since the last time.
    """

    station_id: str
    from_ms: int | None
    checkpoints: Sequence[Occupancy]
    corrections: Sequence[Correction]
    counted: Sequence[Counted] = ()
    to_ms: int = HOUR_MS * 2**40


class Store(Reader):
    """readings.db. Writing methods belong to one thread; reading methods to any."""

    def __init__(self, path: Path, connection: sqlite3.Connection, dead_letters_max: int) -> None:
        super().__init__(path)
        self.dead_letters_max = dead_letters_max
        self._connection = connection
        self._begin_afresh()

    def _begin_afresh(self) -> None:
        """What is remembered of the file, as it is now: nothing yet."""
        self._committed = Committed(self._connection)
        self._chains = Chains(self._connection)
        self._stations: dict[str, int] = {}
        self._streams: dict[tuple[int, str], int] = {}
        self._next_id = self._last_id() + 1

    @classmethod
    def open(cls, path: Path, *, dead_letters_max: int = 10_000) -> Self:
        """Open for writing; put a corrupt file aside, and begin a new one.

        Raises:
            NewerStoreError: the file's schema is newer than this program.
            OSError, sqlite3.OperationalError: the folder or the file cannot be written.
        """
        return cls(path, schema.open_writer(path), dead_letters_max)

    def close(self) -> None:
        """Close the writer; what was committed is on the disk already."""
        self._connection.close()

    # --- writing ------------------------------------------------------------------------------------

    def replace(self, error: sqlite3.Error) -> str:
        """Move the file, found corrupt while running, aside and begin a new one; returns where it is."""
        given = self._next_id - 1
        self._connection.close()
        moved = schema.move_aside(self.path, error)
        self._connection = schema.open_writer(self.path)
        self.go_on_behind(given)
        return str(moved)

    def go_on_behind(self, commit: int) -> None:
        """Give no number again up to that one: followers go on behind what they have."""
        self._connection.execute("UPDATE pruned SET last_id = max(last_id, ?)", (commit,))
        self._begin_afresh()

    def commit(
        self,
        batch: Sequence[Accepted],
        letters: Sequence[DeadLetter] = (),
        infos: Mapping[str, Info] = MappingProxyType({}),
    ) -> list[Verdict]:
        """Commit a batch, its dead letters and infos in one transaction; on any error nothing of it is kept.

        Returns:
            one verdict for each of ``batch``, in order.

        Raises:
            sqlite3.Error: as SQLite said.
        """
        with self._transaction():
            verdicts = [self._put(accepted) for accepted in batch]
            self._put_letters(letters)
            self._put_infos(infos)
            self._committed.save()
        self._committed.trim()
        self._chains.trim()
        return verdicts

    def put_occupancy(self, changes: Iterable[OccupancyChange]) -> None:
        """Keep the checkpoints and corrections of several stations in one transaction."""
        with self._transaction():
            for change in changes:
                self._put_occupancy(self._station_no(change.station_id), change)

    def _put_occupancy(self, no: int, change: OccupancyChange) -> None:
        if change.from_ms is not None:
            span = (no, change.from_ms, change.to_ms)
            self._connection.execute(
                "DELETE FROM correction WHERE station = ? AND at_ms >= ? AND at_ms < ?", span
            )
            span = (no, change.from_ms // HOUR_MS, change.to_ms // HOUR_MS)
            self._connection.execute(
                "DELETE FROM occupancy WHERE station = ? AND hour >= ? AND hour < ?", span
            )
        states = [(no, state.at_ms // HOUR_MS, _encode(state)) for state in change.checkpoints]
        self._connection.executemany("INSERT OR REPLACE INTO occupancy VALUES (?, ?, ?)", states)
        rows = [(no, each.at_ms, each.reason, each.before, each.after) for each in change.corrections]
        self._connection.executemany("INSERT OR REPLACE INTO correction VALUES (?, ?, ?, ?, ?)", rows)
        counts = [(no, each.at_ms, each.people, each.login) for each in change.counted]
        self._connection.executemany("INSERT OR REPLACE INTO staff_count VALUES (?, ?, ?, ?)", counts)

    @contextmanager
    def pruning(self) -> Iterator[Pruning]:
        """A transaction in which old rows are taken out."""
        with self._transaction():
            yield Pruning(self._connection, self._chains)

    def shrink(self) -> None:
        """Give free pages back to the disk; takes as much space again meanwhile, and long."""
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._begin()
        try:
            yield
            self._finish()
        except BaseException:
            self._roll_back()
            raise

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def _finish(self) -> None:
        self._connection.execute("COMMIT")

    def _roll_back(self) -> None:
        # After some errors (a full disk) SQLite has rolled back by itself.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._begin_afresh()

    def _put(self, accepted: Accepted) -> Verdict:
        snapshot = accepted.snapshot
        station_no = self._station_no(accepted.station_id)
        stream_no = self._stream_no(station_no, snapshot.stream, snapshot.boot_id)
        if snapshot.seq in self._committed.of(stream_no):
            return self._compare(station_no, stream_no, accepted)
        self._insert(station_no, stream_no, accepted)
        self._committed.add(stream_no, snapshot.seq)
        return "committed"

    def _insert(self, station_no: int, stream_no: int, accepted: Accepted) -> None:
        snapshot, climate, row_id = accepted.snapshot, accepted.snapshot.climate, self._next_id
        packed = self._chains.add(station_no, row_id, snapshot)
        flags = _FLAGS[accepted.dating] | WHOLE * packed.whole | UNSYNCED * (snapshot.clock == "unsynced")
        measured = (
            (snapshot.at_ms - climate.at_ms, climate.temperature_c, climate.humidity_pct, climate.co2_ppm)
            if climate is not None
            else (None, None, None, None)
        )
        health = _encode(snapshot.health) if snapshot.health is not None else None
        received_after_ms = accepted.received_ms - snapshot.at_ms
        row = (
            row_id,
            station_no,
            snapshot.at_ms,
            received_after_ms,
            stream_no,
            snapshot.seq,
            accepted.digest,
        )
        self._connection.execute(_INSERT, (*row, flags, snapshot.mono_ms, *measured, packed.units, health))
        self._next_id = row_id + 1

    def _compare(self, station_no: int, stream_no: int, accepted: Accepted) -> Verdict:
        """Whether a known identity comes with the body it had.

        A row that the server dated may come again, corrected by the station since, so neither it nor a
        pruned one can contradict.
        """
        known = self._connection.execute(
            "SELECT digest, flags FROM snapshot WHERE station = ? AND at_ms = ? AND stream = ? AND seq = ?",
            (station_no, accepted.snapshot.at_ms, stream_no, accepted.snapshot.seq),
        ).fetchone() or self._search(station_no, stream_no, accepted.snapshot.seq)
        if known is None or known[0] == accepted.digest or known[1] & (UNSYNCED | ESTIMATED | RECEIVED):
            return "repeated"
        return "repeated" if accepted.dating != "measured" else "conflict"

    def _search(self, station_no: int, stream_no: int, seq: int) -> tuple[int, int] | None:
        row: tuple[int, int] | None = self._connection.execute(
            "SELECT digest, flags FROM (SELECT digest, flags, stream, seq FROM snapshot WHERE station = ?"
            " ORDER BY at_ms DESC LIMIT 3000) WHERE stream = ? AND seq = ?",
            (station_no, stream_no, seq),
        ).fetchone()
        return row

    def _put_infos(self, infos: Mapping[str, Info]) -> None:
        rows = [(self._station_no(name), codec.encode(info).decode()) for name, info in infos.items()]
        self._connection.executemany("INSERT OR REPLACE INTO info VALUES (?, ?)", rows)

    def _put_letters(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        rows = [(e.received_ms, e.topic, e.reason, e.detail, e.stream, e.seq, e.payload) for e in letters]
        self._connection.executemany(
            "INSERT INTO dead_letter (received_ms, topic, reason, detail, stream, seq, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        self._connection.execute(
            "DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?",
            (self.dead_letters_max,),
        )

    def _station_no(self, station_id: str) -> int:
        no = self._stations.get(station_id)
        if no is None:
            self._connection.execute("INSERT OR IGNORE INTO station (id) VALUES (?)", (station_id,))
            row = self._connection.execute("SELECT no FROM station WHERE id = ?", (station_id,)).fetchone()
            no = self._stations[station_id] = int(row[0])
        return no

    def _stream_no(self, station_no: int, name: str, boot_id: str) -> int:
        no = self._streams.get((station_no, name))
        if no is None:
            self._connection.execute(
                "INSERT OR IGNORE INTO stream (station, name, boot_id) VALUES (?, ?, ?)",
                (station_no, name, boot_id),
            )
            row = self._connection.execute(
                "SELECT no FROM stream WHERE station = ? AND name = ?", (station_no, name)
            ).fetchone()
            no = self._streams[station_no, name] = int(row[0])
        return no

    def _last_id(self) -> int:
        return history.last_id(self._connection)
