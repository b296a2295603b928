"""An outbox's rows, made and looked at."""

from contract.codec import decode
from contract.messages import Door, Snapshot
from edge.outbox import Outbox
from edge.sampler import Sample

BOOT = "0f5b4c2e-b001"


def sample(at_ms: int = 1_700_000_000_000, *, event: bool = False, doors: tuple[Door, ...] = ()) -> Sample:
    """A snapshot without readings, as a heartbeat or as an event."""
    return Sample(Snapshot("0" * 16, 1, at_ms, 1000, BOOT, "synced", doors=doors), event)


def waiting(outbox: Outbox) -> list[tuple[str, int]]:
    """Stream and number of each row that waits, oldest first."""
    return [(row.stream, row.seq) for row in outbox.backlog((), 10**6, 10**9)]


def snapshots(outbox: Outbox) -> list[Snapshot]:
    """The bodies of all rows that wait."""
    return [decode(Snapshot, row.body) for row in outbox.backlog((), 10**6, 10**9)]
