"""What was made against what is stored. Pure but for reading the files it is given."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from contract.codec import encode
from server.store import Stored
from server.store.sqlite import Store

Identity = tuple[str, str, int]
"""Station, stream, seq."""


def digest(body: bytes) -> str:
    """Tells two bodies apart."""
    return hashlib.sha256(body).hexdigest()[:16]


@dataclass(slots=True)
class Notes:
    """What the stations wrote beside their outboxes.

    Attributes:
        tried: digest of each body that an outbox was given.
        made: identities that an outbox has committed.
        newest_ms: time of the newest reading of each station.
    """

    tried: dict[Identity, str] = field(default_factory=dict)
    made: set[Identity] = field(default_factory=set)
    newest_ms: dict[str, int] = field(default_factory=dict)

    def read(self, station: str, lines: Iterable[str]) -> None:
        """Take in one station's side file; a line that a kill has cut short does not count."""
        for line in lines:
            match line.split(" ") if line.endswith("\n") else ():
                case ["try", stream, seq, at_ms, body]:
                    self.tried[station, stream, int(seq)] = body.rstrip("\n")
                    self.newest_ms[station] = max(self.newest_ms.get(station, 0), int(at_ms))
                case ["made", stream, seq]:
                    self.made.add((station, stream, int(seq)))


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything but ``made`` and ``stored`` should be nothing.

    Attributes:
        lost: committed by an outbox, not in the store, and not declared as dropped.
        phantoms: in the store, given to no outbox.
        changed: in the store with another body.
        doubled: more than once in the store.
        behind: stations whose live state is not their newest reading.
        damage: what SQLite finds wrong with the store.
    """

    made: int
    stored: int
    lost: frozenset[Identity]
    phantoms: frozenset[Identity]
    changed: frozenset[Identity]
    doubled: frozenset[Identity]
    behind: tuple[str, ...]
    damage: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.phantoms or self.changed or self.doubled or self.behind or self.damage)


def judge(
    notes: Notes, stored: Iterable[Stored], live_s: Mapping[str, int | None], damage: Iterable[str]
) -> Findings:
    """Compare; ``live_s`` is the time that riders were shown at the end, by station, in whole seconds."""
    bodies: dict[Identity, str] = {}
    times: Counter[Identity] = Counter()
    for row in stored:
        snapshot = row.snapshot
        identity = (row.station_id, snapshot.stream, snapshot.seq)
        bodies[identity] = digest(encode(snapshot))
        times[identity] += 1
    known = notes.tried.keys() & bodies.keys()
    return Findings(
        made=len(notes.made),
        stored=times.total(),
        lost=frozenset(notes.made - bodies.keys()),
        phantoms=frozenset(bodies.keys() - notes.tried.keys()),
        changed=frozenset(identity for identity in known if bodies[identity] != notes.tried[identity]),
        doubled=frozenset(identity for identity, count in times.items() if count > 1),
        behind=tuple(
            station for station, at_ms in notes.newest_ms.items() if live_s.get(station) != at_ms // 1000
        ),
        damage=tuple(damage),
    )


def examine(store: Path, folder: Path, stations: Iterable[str], live_s: Mapping[str, int | None]) -> Findings:
    """Judge a finished run by its files."""
    notes = Notes()
    rows: list[Stored] = []
    with closing(Store.open(store)) as opened:
        damage = opened.check_integrity()
        for station in stations:
            with (folder / f"{station}.notes").open(encoding="ascii") as lines:
                notes.read(station, lines)
            rows += opened.snapshots(station, 0, 2**53)
    return judge(notes, rows, live_s, damage)
