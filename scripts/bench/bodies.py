"""Telemetry as bytes with true identities, cheap to make: everything but a few numbers is fixed.

``seq`` counts from :data:`FIRST_SEQ`, so that it always has the same number of digits.
"""

import secrets
from typing import Final, Literal

from contract.codec import encode
from contract.messages import (
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Info,
    Presence,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
    Telemetry,
)

Size = Literal["small", "large"]

FIRST_SEQ: Final = 1_000_000_001
CHANGES_EVERY: Final = 8
"""Messages of a station between two changes that riders see: 4 minutes at a heartbeat of 30 s."""
_AT_MS: Final = 1_700_000_000_000
_MONO_MS: Final = 3_000_000_000
_BOOT_ID: Final = "6f1c2f0e"


class Body:
    """The telemetry of one station."""

    def __init__(self, kind: Size) -> None:
        whole = encode(Telemetry(_BOOT_ID, _MONO_MS, (_snapshot(kind, secrets.token_hex(8)),)))
        head, found, row = whole.partition(b'"snapshots":[')
        self._head = head + found
        row = row.removesuffix(b"]}").replace(b"21.5", b"%(degrees)d.5")
        row = row.replace(str(FIRST_SEQ).encode(), b"%(seq)d")
        self._row = row.replace(str(_AT_MS).encode(), b"%(at)d")

    def make(self, seq: int, rows: int, at_ms: int, step_ms: int = 0) -> bytes:
        """A message of ``rows`` snapshots, the first being ``seq``, each next one ``step_ms`` later."""
        each = (
            self._row
            % {b"seq": seq + n, b"at": at_ms + n * step_ms, b"degrees": 20 + (seq + n) // CHANGES_EVERY % 10}
            for n in range(rows)
        )
        return self._head + b",".join(each) + b"]}"

    def size(self, rows: int) -> int:
        """Bytes of a message of ``rows`` snapshots; always the same."""
        return len(self.make(FIRST_SEQ, rows, _AT_MS))


def info(kind: Size) -> bytes:
    """What such a station says of itself when it connects."""
    sockets = tuple(SocketInfo(f"s{n}", "ac", f"A{n}") for n in range(1, 13))
    large = kind == "large"
    return encode(
        Info(
            "bench",
            sample_s=1.0,
            heartbeat_s=30.0,
            doors=("main",),
            sockets=sockets if large else (),
            cabinets=(CabinetInfo("c1", 12),) if large else (),
        )
    )


def _snapshot(kind: Size, stream: str) -> Snapshot:
    """The small one is about 365 bytes in its message; the large one, of a station with 12 sockets and
    a cabinet of 12 slots, about 3 kB."""
    large = kind == "large"
    since = _AT_MS - 3_600_000
    sockets = tuple(Socket(f"s{n}", "ac", "charging", since + n, 41.5) for n in range(1, 13))
    slots = tuple(
        Slot(n, "present", "charging", "closed", enabled=True, soc_pct=57.0, temperature_c=31.0)
        for n in range(1, 13)
    )
    return Snapshot(
        stream=stream,
        seq=FIRST_SEQ,
        at_ms=_AT_MS,
        mono_ms=_MONO_MS,
        boot_id=_BOOT_ID,
        clock="synced",
        climate=Climate(at_ms=_AT_MS, temperature_c=21.5, humidity_pct=48.0),
        doors=(Door("main", in_total=1204, out_total=1198),),
        presence=Presence(motion_at_ms=_AT_MS if large else None),
        sockets=sockets if large else (),
        cabinets=(Cabinet("c1", True, slots, mains_ok=True, temperature_c=33.0, smoke=False),)
        if large
        else (),
    )
