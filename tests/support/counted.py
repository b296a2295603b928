"""Stations that count at their doors, from snapshots through the real store and its roll-ups to reports."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from contract.messages import Door, Presence, Snapshot
from server.live import Live
from server.model import Network, Station
from server.rollups import Rollups
from server.rollups.keeper import Keeper
from server.rollups.writing import Writer
from server.served.gather import Sources, gather
from server.served.model import Report, Scope
from server.served.periods import Period
from server.store import Accepted
from server.store.sqlite import Store

_BOOT: Final = "6fd1c0de-1111-2222-3333-444455556666"
_BATCH: Final = 2_000
_KEEP_DAYS: Final = 1_096
_HOUR_MS: Final = 3_600_000
Said = tuple[int, int, int]
"""When (UTC ms), and how many have come in and gone out until then."""


class Counted:
    """A network's server without its web; used by one thread."""

    def __init__(self, folder: Path, network: Network, stations: Sequence[Station]) -> None:
        self.network, self.stations = network, {each.id: each for each in stations}
        self.store = Store.open(folder / "readings.db")
        self.live = Live(self.store)
        self.live.refresh_registry({network.id: network}, self.stations, 0)
        self._writer = Writer.open(folder / "rollups.db")
        self.rollups = Rollups.open_reader(folder / "rollups.db")
        self._seq = 0

    def hear(self, station_id: str, said: Iterable[Said], now_ms: int | None = None) -> None:
        """Commit and count what a station says, when it says it or all at ``now_ms``."""
        snapshots = [self._snapshot(*each) for each in said]
        for at in range(0, len(snapshots), _BATCH):
            batch = snapshots[at : at + _BATCH]
            received = [(each, each.at_ms if now_ms is None else now_ms) for each in batch]
            self.store.commit([Accepted(station_id, each, ms, "measured", each.seq) for each, ms in received])
            for each, ms in received:
                self.live.apply(station_id, each, ms)

    def work(self, now_ms: int) -> None:
        """Count what came late, and make all roll-ups of hours that are over."""
        for later in range(2):
            self.live.settle(now_ms + later * _HOUR_MS)
        Keeper(self.store, self._writer, self.live, _KEEP_DAYS).catch_up(now_ms)

    def report(self, period: Period, now_ms: int, **scope: str) -> Report:
        """As of then."""
        sources = Sources({self.network.id: self.network}, self.stations, self.rollups, None)
        return gather(Scope(self.network.id, **scope), period, sources, now_ms)

    def close(self) -> None:
        """Close the files."""
        self._writer.close()
        self.store.close()

    def _snapshot(self, at_ms: int, came: int, left: int) -> Snapshot:
        self._seq += 1
        return Snapshot(
            "00c0ffee00c0ffee", self._seq, at_ms, 0, _BOOT, "synced",
            doors=(Door("main", came, left),), presence=Presence(None),
        )  # fmt: skip
