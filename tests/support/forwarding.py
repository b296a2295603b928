"""A store, what is live of it, and a forwarder whose clock a test turns; where it writes is the test's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contract.messages import Cabinet, Climate, Door, Health, Info, Presence, Slot, Snapshot, Socket
from server.influx.answers import TAKEN, Answer
from server.influx.build import forwarder_to
from server.influx.writer import Write
from server.live import Live
from server.model import Network, Station
from server.pipeline import Pipeline
from server.store import Accepted, Dating
from server.store.sqlite import Store

NOON_MS = 1_753_416_000_000  # 2025-07-25 12:00 in Beijing
MIN = 60_000
NET = Network("net", "网", "Net")


def station(id_: str, **fields: Any) -> Station:
    """An instrumented station of ten places."""
    known: dict[str, Any] = {"region": ("东区",), "places": 10, "instrumented": True} | fields
    return Station(id_, "net", f"站 {id_}", **known)


def snapshot(seq: int, at_ms: int, *, stream: str = "0123456789abcdef", **parts: Any) -> Snapshot:
    """A snapshot with these parts."""
    return Snapshot(stream, seq, at_ms, 1000 + seq, "0f8b2c1d", "synced", **parts)


def day(seq: int, at_ms: int, *, people_in: int, people_out: int, **parts: Any) -> Snapshot:
    """What a station with everything says: some of it changes with ``seq``."""
    return snapshot(
        seq,
        at_ms,
        climate=Climate(at_ms - 500, 24 + seq % 50 / 10, 50.0 + seq % 9),
        doors=(Door("main", people_in, people_out),),
        presence=Presence(at_ms - 2_000),
        sockets=tuple(
            Socket(f"a{n}", "ac", "charging" if (seq // (n + 2)) % 2 else "free", at_ms - 60_000, 40.0 * n)
            for n in range(3)
        ),
        cabinets=(
            Cabinet(
                "swap",
                seq % 40 != 7,
                tuple(Slot(n, "present", "full" if seq // 3 % 3 == n else "charging") for n in (1, 2)),
                True,
                31.5,
            ),
        ),
        health=Health(0, 0, seq * 30) if seq % 20 == 0 else None,
        **parts,
    )


class Bucket:
    """What a bucket keeps of lines: a point is its measurement, tags and time; a newer field wins."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, str], dict[str, str]] = {}
        self.requests = 0

    def take(self, lines: Sequence[str]) -> Answer:
        """Take lines as a server that is always well."""
        self.requests += 1
        for line in lines:
            series, fields, at_ms = split(line)
            self.points.setdefault((series, at_ms), {}).update(fields)
        return TAKEN

    def of(self, measurement: str) -> dict[tuple[str, str], dict[str, str]]:
        """The points of one measurement."""
        return {key: fields for key, fields in self.points.items() if key[0].startswith(f"{measurement},")}


def split(line: str) -> tuple[str, dict[str, str], str]:
    """Series, fields and time of a line whose texts hold no comma and no space."""
    series, rest = line.split(" ", 1)
    fields, at_ms = rest.rsplit(" ", 1)
    return series, dict(field.split("=", 1) for field in fields.split(",")), at_ms


class Forwarding:
    """The parts, with ``now_ms`` as their clock."""

    def __init__(self, folder: Path, write: Write, stations: Sequence[Station]) -> None:
        self.now_ms = NOON_MS
        self.folder, self.write = folder, write
        self.stations: Mapping[str, Station] = {each.id: each for each in stations}
        self.store = Store.open(folder / "readings.db")
        self.pipeline = Pipeline(connected=True, alive=True)
        self.live = Live(self.store)
        self.live.refresh_registry({NET.id: NET}, self.stations, self.now_ms)
        self.live.rebuild(self.now_ms)
        self.forwarder = self._made()

    def restart(self) -> None:
        """The forwarder as after a kill: all that it knows is what its file says."""
        self.forwarder.close()
        self.live = Live(self.store)
        self.live.refresh_registry({NET.id: NET}, self.stations, self.now_ms)
        self.live.rebuild(self.now_ms)
        self.forwarder = self._made()

    def _made(self) -> Any:
        return forwarder_to(
            self.write,
            self.folder / "influx.db",
            self.live,
            self.store,
            pipeline=self.pipeline,
            engine=None,
            now_ms=lambda: self.now_ms,
        )

    def commit(self, id_: str, *snapshots: Snapshot, dating: Dating = "measured") -> None:
        """Commit and show, as ingest does."""
        accepted = [Accepted(id_, each, self.now_ms, dating, each.seq) for each in snapshots]
        self.store.commit(accepted)
        for each in snapshots:
            self.live.apply(id_, each, self.now_ms, dating)
        self.live.show(self.now_ms)

    def say(self, id_: str, info: Info) -> None:
        """What a station has."""
        self.store.commit([], infos={id_: info})
        self.live.set_info(id_, info)
        self.live.show(self.now_ms)

    def steps(self, most: int = 10_000) -> int:
        """Step until there is nothing to do now; how many steps wrote something."""
        for count in range(most):
            if self.forwarder.step(self.now_ms) > 0:
                return count
        raise AssertionError("it never rests")

    def turn(self, ms: int) -> None:
        """Let time go by, and the forwarder do what has become due."""
        self.now_ms += ms
        self.live.settle(self.now_ms)
        self.steps()

    def rest(self) -> None:
        """Until everything is written, also what came late."""
        for _ in range(20):
            self.turn(7_000)
            if self.forwarder.standing.since_ms is None:
                return
        raise AssertionError(f"it is behind: {self.forwarder.standing}")

    def close(self) -> None:
        self.forwarder.close()
        self.store.close()
