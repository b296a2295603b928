"""The databases of a small server, and ``waystation store`` typed there, for tests."""

import sqlite3
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner, Result

from contract.messages import Climate, Door, Snapshot
from server.__main__ import app
from server.desk import Desk
from server.influx.ledger import Ledger
from server.model import Network, Station
from server.office import PARTS
from server.registry import Registry
from server.rollups.writing import Writer
from server.store import Accepted
from server.store.sqlite import Store

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
STREAM = "00000000000000aa"


def reading(seq: int, at_ms: int) -> Accepted:
    snapshot = Snapshot(
        STREAM, seq, at_ms, seq, "6fd1c0de-1111-2222-3333-444455556666", "synced",
        Climate(at_ms, 21.5), (Door("front", seq, 0),),
    )  # fmt: skip
    return Accepted("canteen", snapshot, at_ms + 100, "measured", seq)


def fill(folder: Path) -> None:
    """Readings of 20 days, one an hour, all in the roll-ups; a registry, a desk, an InfluxDB not begun."""
    with closing(Registry.open(folder / "registry.db")) as registry:
        registry.put_networks([Network("city", "城", "")])
        registry.put_stations([Station("canteen", "city", "食堂")])
    with closing(Store.open(folder / "readings.db")) as store:
        store.commit([reading(n + 1, NOW_MS - (480 - n) * HOUR_MS) for n in range(480)])
    roll_up_to(folder, 480)
    Desk.open(folder / "desk.db", *PARTS).close()
    Ledger.open(folder / "influx.db").close()


def roll_up_to(folder: Path, commits: int) -> None:
    with closing(Writer.open(folder / "rollups.db")) as rollups:
        rollups.follow(commits, 0)


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["store", *words])


def said(result: Result) -> str:
    return " ".join((result.stdout + result.stderr).split())


def made(into: Path) -> Path:
    result = typed("backup", str(into))
    assert result.exit_code == 0, said(result)
    [folder] = into.iterdir()
    return folder


def count(data: Path) -> int:
    with closing(sqlite3.connect(data / "readings.db")) as file:
        return int(file.execute("SELECT count(*) FROM snapshot").fetchone()[0])


def shape(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".db"}
