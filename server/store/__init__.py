"""readings.db: every committed snapshot, exactly once and exactly as it was sent.

    sqlite      Store: the one writing connection
    reader      Reader: what the rest of the server asks of it, from any thread
    schema      tables, migrations by user_version, opening and checking a file
    identity    which (stream, seq) are committed, as ranges; outlives pruned rows
    chains      each snapshot's units as a delta against the one before it in time
    damage      rows that cannot be unpacked: counted, said, passed over
    pruning     taking old rows out, a station's hour at a time
    pruner      what is pruned when, a little at a time, never before followers have it
    people      what pruned hours saw of people, kept while readings may come late
    packing     doors, sockets, cabinets as a flat list of values, and its compact bytes
    history     reading back: whole snapshots, and what they saw
    counting    people by the totals of doors, from the last kept count on
    quantities  reading back: quantities in buckets of time
    raw         reading back: hours whole, for roll-ups
    lately      the last hours of a station, thinned, for rules over time
    healths     reading back how the agents were

Failure policy: a transaction is answered for only after COMMIT returned. A file that SQLite calls
corrupt is moved aside at the start and said so; nothing is ever repaired in place. A single row that
cannot be unpacked is passed over.
"""

from dataclasses import dataclass
from typing import Literal

from contract.messages import Snapshot

Dating = Literal["measured", "estimated", "received"]
"""Where a stored ``at_ms`` comes from: the station's synced clock; the server, counted back from the
moment of sending; or the moment of receiving (history only, never live and never in sums)."""

Verdict = Literal["committed", "repeated", "conflict"]
"""What became of an accepted snapshot: new; the same again; another body under a known identity."""

Quantity = Literal[
    "temperature_c",
    "humidity_pct",
    "co2_ppm",
    "occupancy",
    "visits",
    "exits",
    "sockets_free",
    "batteries_charged",
    "power_w",
]
"""What :meth:`server.store.sqlite.Store.history` can answer. ``occupancy`` in people, ``visits`` and
``exits`` since the snapshot before (their ``total`` is asked for), ``power_w`` summed over the sockets."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid snapshot of a known station, dated and ready to commit.

    ``snapshot.at_ms`` is already the date of :data:`Dating`; ``digest`` is the CRC-32 of its bytes as
    they came, to tell a repeat from another body.
    """

    station_id: str
    snapshot: Snapshot
    received_ms: int
    dating: Dating
    digest: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A committed snapshot; ``id`` counts up in the order of commits and is a cursor for followers."""

    id: int
    station_id: str
    snapshot: Snapshot
    received_ms: int
    dating: Dating


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message, or one snapshot of it, that was refused; kept to look at.

    Attributes:
        reason: short code, as in the ack.
        detail: the contract's sentence: field, value, what was expected.
        stream, seq: the identity, where one could be read.
        payload: its first 4 KiB.
    """

    received_ms: int
    topic: str
    reason: str
    detail: str
    stream: str | None = None
    seq: int | None = None
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Counted:
    """What somebody of the staff, by login, has counted inside a station."""

    at_ms: int
    people: int
    login: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What was pruned before a follower had taken it, measured from ``first_ms`` to ``last_ms``.

    Attributes:
        newest_ms: when that last happened.
    """

    snapshots: int
    first_ms: int
    last_ms: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """One step of a history, from ``at_ms`` (included) on; only steps that hold a value exist.

    Attributes:
        count, total: number of values and their sum; the total is what is asked of ``visits`` and ``exits``.
        last: the newest value of the step.
    """

    at_ms: int
    count: int
    total: float
    minimum: float
    maximum: float
    last: float

    @property
    def mean(self) -> float:
        """The mean of the values, each counting the same."""
        return self.total / self.count
