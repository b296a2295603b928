"""What the rest of the server reads of the store; each call on a read-only connection of its own."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from contract import ContractError, codec
from contract.messages import Health, Info
from server.model import Thresholds
from server.occupancy import Correction, Occupancy
from server.store import (
    Bucket,
    Counted,
    DeadLetter,
    GivenUp,
    Quantity,
    Stored,
    counting,
    healths,
    history,
    lately,
    quantities,
    raw,
    schema,
)
from server.store.chains import HOUR_MS
from server.store.damage import DAMAGE
from server.store.history import RECEIVED, Seen
from server.store.lately import Lately, Spans
from server.store.raw import Raw


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is in the store."""

    snapshots: int
    stations: int
    dead_letters: int
    bytes: int


class Reader:
    """Reads ``path``, from any thread; every call sees one state of the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        with closing(schema.open_reader(self.path)) as connection:
            connection.execute("BEGIN")  # one state of the file for all that is read
            yield connection

    def newest(self) -> dict[str, Stored]:
        """The newest snapshot of each station that has one with a date of its own."""
        with self._reader() as connection:
            return {stored.station_id: stored for stored in history.newest(connection)}

    def snapshots(self, station_id: str, from_ms: int, to_ms: int) -> Iterator[Stored]:
        """Whole snapshots of ``from_ms <= at_ms < to_ms``, oldest first."""
        with self._reader() as connection:
            yield from history.snapshots(connection, station_id, from_ms, to_ms)

    def seen(self, station_id: str, from_ms: int, to_ms: int) -> Iterator[Seen]:
        """Doors and presence of ``from_ms <= at_ms < to_ms``, oldest first."""
        with self._reader() as connection:
            yield from history.seen(connection, station_id, from_ms, to_ms)

    def checkpoint(self, station_id: str, before_ms: int) -> Occupancy | None:
        """The kept occupancy of the newest hour that ended before ``before_ms``."""
        with self._reader() as connection:
            return counting.checkpoint(connection, station_id, before_ms)

    def checkpoints(self, station_id: str, from_ms: int) -> dict[int, Occupancy]:
        """The kept occupancies of the hour of ``from_ms`` and of those after it, by hour since 1970."""
        with self._reader() as connection:
            return counting.checkpoints(connection, station_id, from_ms)

    def last_commit(self) -> int:
        """The newest number that was ever given, its row pruned or not; 0 before the first."""
        with self._reader() as connection:
            return history.last_id(connection)

    def newest_times(self, limit: int) -> list[tuple[str, int]]:
        """Station and time of the last commits, the newest first; those dated on receiving are left out."""
        with self._reader() as connection:
            rows: list[tuple[str, int]] = connection.execute(
                "SELECT station.id, at_ms FROM (SELECT * FROM snapshot ORDER BY id DESC LIMIT ?)"
                " JOIN station ON no = station WHERE flags & ? = 0",
                (limit, RECEIVED),
            ).fetchall()
        return rows

    def committed(self, after_id: int, limit: int) -> tuple[int, list[tuple[str, int, int]]]:
        """For followers: what the next ``limit`` commits behind ``after_id`` brought.

        From 0 on, and when the store holds less than the cursor says because its file was replaced, that is
        all there is, whatever the limit.

        Returns:
            the cursor for the next time, the same when there is nothing new; and for each station that sent
            something the oldest and the newest time of it, by hours where it is not all there is; those dated
            on receiving are left out.
        """
        with self._reader() as connection:
            return history.committed(connection, after_id, limit)

    @contextmanager
    def raw(self) -> Iterator[Callable[[str, int, int, Thresholds], Raw]]:
        """All that roll-ups are made of in hours of stations, of one state of the file.

        Yields:
            what reads a station's hours, ``from_ms <= at_ms < to_ms``, in one go.
        """
        with self._reader() as connection:
            yield partial(raw.raw, connection)

    def history(
        self,
        station_id: str,
        quantity: Quantity,
        from_ms: int,
        to_ms: int,
        step_ms: int,
        *,
        thresholds: Thresholds = Thresholds(),  # noqa: B008 # frozen
    ) -> list[Bucket]:
        """A quantity in steps counted from ``from_ms``; empty for a station never heard of.

        ``thresholds`` say which batteries count as charged.
        """
        with self._reader() as connection:
            return quantities.history(
                connection,
                station_id,
                quantity,
                from_ms=from_ms,
                to_ms=to_ms,
                step_ms=step_ms,
                thresholds=thresholds,
            )

    def lately(self, station_id: str, now_ms: int, spans: Spans) -> Lately:
        """The last hours of a station, thinned."""
        with self._reader() as connection:
            return lately.lately(connection, station_id, now_ms, spans)

    def crossed_before(self, station_id: str, quantity: Quantity, before_ms: int) -> int:
        """``visits`` or ``exits`` since the station's first snapshot, up to ``before_ms``."""
        with self._reader() as connection:
            return quantities.crossed_before(connection, station_id, quantity, before_ms)

    def infos(self) -> dict[str, Info]:
        """What each station last said it has."""
        with self._reader() as connection:
            rows = connection.execute(
                "SELECT id, CAST(body AS BLOB) FROM info JOIN station ON no = station"
            ).fetchall()
        infos = {}
        for name, body in rows:
            try:
                infos[name] = codec.decode(Info, body)
            except ContractError as error:  # the station says it again at its next start
                DAMAGE.note(name, "info", error)
        return infos

    def corrections(self, station_id: str, from_ms: int, to_ms: int) -> list[Correction]:
        """The occupancy's corrections of ``from_ms <= at_ms < to_ms``, oldest first."""
        with self._reader() as connection:
            rows = connection.execute(
                "SELECT at_ms, reason, before, after FROM correction JOIN station ON no = station"
                " WHERE id = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms",
                (station_id, from_ms, to_ms),
            ).fetchall()
        return [Correction(*row) for row in rows]

    def staff_counts(self, station_id: str, from_ms: int, to_ms: int) -> list[Counted]:
        """What staff counted inside with ``from_ms <= at_ms < to_ms``, oldest first."""
        with self._reader() as connection:
            rows = connection.execute(
                "SELECT at_ms, people, login FROM staff_count JOIN station ON no = station"
                " WHERE id = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms",
                (station_id, from_ms, to_ms),
            ).fetchall()
        return [Counted(*row) for row in rows]

    def healths(self, station_id: str, from_ms: int, to_ms: int) -> list[tuple[int, Health]]:
        """How the agent was with ``from_ms <= at_ms < to_ms``, oldest first."""
        with self._reader() as connection:
            return list(healths.healths(connection, station_id, from_ms, to_ms))

    def newest_healths(self) -> dict[str, tuple[int, Health]]:
        """How each station's agent was when it last said so, and when that was."""
        with self._reader() as connection:
            return dict(healths.newest(connection))

    def given_up(self) -> dict[str, GivenUp]:
        """By follower, what was pruned before it had taken it; empty when all is well."""
        with self._reader() as connection:
            rows = connection.execute(
                "SELECT follower, snapshots, first_ms, last_ms, newest_ms FROM given_up"
            ).fetchall()
        return {name: GivenUp(*lost) for name, *lost in rows}

    def pruned_hours(self, station_id: str, from_ms: int, to_ms: int) -> set[int]:
        """Hours (since 1970) of ``from_ms <= at_ms < to_ms`` whose rows are pruned, all but late ones."""
        with self._reader() as connection:
            return history.pruned_hours(connection, station_id, from_ms, to_ms)

    def people_from_ms(self) -> int:
        """From when on people can be counted from the rows, or from what pruned ones saw."""
        with self._reader() as connection:
            return history.pruned_hour(connection) * HOUR_MS

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """The newest refused messages, newest first."""
        with self._reader() as connection:
            rows = connection.execute(
                "SELECT received_ms, topic, reason, detail, stream, seq, payload FROM dead_letter"
                " ORDER BY id DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [DeadLetter(*row) for row in rows]

    def counts(self) -> Counts:
        """How much there is."""
        with self._reader() as connection:
            snapshots, stations, dead_letters = connection.execute(
                "SELECT (SELECT count(*) FROM snapshot), (SELECT count(*) FROM station),"
                " (SELECT count(*) FROM dead_letter)"
            ).fetchone()
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        size = sum(file.stat().st_size for file in files if file.exists())
        return Counts(snapshots, stations, dead_letters, size)

    def check_integrity(self) -> list[str]:
        """What SQLite finds wrong with the whole file; reads all of it. Empty when it is well."""
        with self._reader() as connection:
            words = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        return [] if words == ["ok"] else words
