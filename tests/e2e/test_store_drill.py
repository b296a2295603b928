"""Backup, the loss of the server, restore: with real processes. And what a kill or a full disk leaves."""

import json
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import Door
from edge.sampler import Sample
from server.rollups.writing import Writer
from server.store import Accepted
from server.store.chains import HOUR_MS
from server.store.sqlite import Store
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess, register, settings_for
from tests.support.station import STATION, Station, sample
from tests.support.wait import until

SOON_S = 60.0


@pytest.fixture
def server(broker: Broker, tmp_path: Path) -> Iterator[ServerProcess]:
    register(tmp_path / "data", [STATION])
    process = ServerProcess(settings_for(broker, tmp_path / "data"))
    process.start()
    yield process
    process.stop()


class Loaded:
    """A station that measures as fast as it can, with one more visitor each time."""

    def __init__(self, broker: Broker) -> None:
        self.station = Station(broker.port, broker.add_user(STATION))
        self.made = 0

    def add(self) -> None:
        """One reading of now."""
        self.made += 1
        one = replace(sample().snapshot, at_ms=_now_ms(), doors=(Door("front", self.made, 0),))
        self.station.outbox.append(Sample(one, event=False))
        self.station.network.wake(self.station.publisher)

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """All the while."""
        over = threading.Event()

        def measure() -> None:
            while not over.wait(0.005):
                self.add()

        thread = threading.Thread(target=measure)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @property
    def unconfirmed(self) -> int:
        """Readings that still wait."""
        return self.station.outbox.counts().rows


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _stored(folder: Path) -> set[tuple[str, int]]:
    with closing(sqlite3.connect(folder / "readings.db")) as file:
        return set(file.execute("SELECT name, seq FROM snapshot JOIN stream ON stream.no = stream"))


def test_a_restore_drill(server: ServerProcess, broker: Broker, tmp_path: Path) -> None:
    """Backup under load, more readings, the server is gone, restore, start; nothing is lost in silence."""
    data, loaded = server.settings.data_dir, Loaded(broker)
    loaded.station.start()
    try:
        with loaded.measuring():
            until(lambda: len(_stored(data)) > 300, SOON_S, "readings come in")
            result = server.typed("store", "backup", str(tmp_path / "backups"))
            assert result.returncode == 0, result.stderr
            refused = server.typed("store", "restore", str(tmp_path / "backups"))
            assert refused.returncode == 1
            enough = loaded.made + 300
            until(lambda: loaded.made > enough, SOON_S, "more readings come in")
        until(lambda: loaded.unconfirmed == 0, SOON_S, "all are confirmed")
        server.kill()
        for _ in range(50):
            loaded.add()
        [backup] = (tmp_path / "backups").iterdir()
        saved, all_confirmed = _stored(backup), _stored(data)
        assert 300 < len(saved) < len(all_confirmed) - 200

        result = server.typed("store", "restore", str(backup))
        assert result.returncode == 0, result.stderr
        lost = len(all_confirmed) - len(saved)
        assert f"{lost:,} readings of 1 stations" in " ".join(result.stdout.split())
        assert _stored(data) == saved, "everything up to the backup"

        server.start()
        until(lambda: loaded.unconfirmed == 0, SOON_S, "what was not confirmed comes again")
        after = _stored(data)
        assert saved < after
        assert len(after) == len(saved) + 50
        assert loaded.made == len(after) + lost, "nothing is lost that is not told"
        checked = server.typed("store", "check")
        assert checked.returncode == 0, checked.stderr
        assert f"{lost:,} readings that stations have numbered are not known here" in checked.stdout
        assert "nothing is wrong" in checked.stdout
    finally:
        loaded.station.stop()


def _may_grow(server: ServerProcess, size: str) -> None:
    """No file of the running server grows beyond so many bytes, as on a disk that is full."""
    subprocess.run(["prlimit", f"--pid={server.pid}", f"--fsize={size}:"], check=True)  # noqa: S603, S607


def test_on_a_full_disk_nothing_is_confirmed_and_with_room_it_goes_on(
    server: ServerProcess, broker: Broker
) -> None:
    data, loaded = server.settings.data_dir, Loaded(broker)
    loaded.station.start()
    try:
        with loaded.measuring():
            until(lambda: len(_stored(data)) > 100, SOON_S, "readings come in")
            _may_grow(server, str((data / "readings.db-wal").stat().st_size))
            until(lambda: not server.ready(), SOON_S, "it says that it can commit nothing")
            more = loaded.made + 100
            until(lambda: loaded.made > more, SOON_S, "readings are made all the same")
        assert not server.ready()
        assert loaded.unconfirmed >= 100
        assert loaded.made - loaded.unconfirmed <= len(_stored(data)), "what is confirmed is committed"
        _may_grow(server, "unlimited")
        until(lambda: loaded.unconfirmed == 0, SOON_S, "it resumes by itself")
        assert len(_stored(data)) == loaded.made
        until(server.ready, SOON_S, "it is ready again")
    finally:
        loaded.station.stop()


def test_a_second_server_does_not_start(server: ServerProcess) -> None:
    other = server.typed("serve")
    assert other.returncode == 1
    assert f"is held by process {server.pid}" in other.stderr
    assert server.ready()


# --- without a server -----------------------------------------------------------------------------------

DAYS = 20
EVERY_MS = HOUR_MS // 12


@pytest.fixture
def stopped(broker: Broker, tmp_path: Path) -> ServerProcess:
    """The settings of a server that is stopped; its store has 20 days of six stations."""
    data = tmp_path / "data"
    data.mkdir()
    first_ms = _now_ms() - DAYS * 24 * HOUR_MS
    with closing(Store.open(data / "readings.db")) as store:
        for number in range(6):
            times = range(first_ms, first_ms + DAYS * 24 * HOUR_MS, EVERY_MS)
            store.commit([_reading(number, seq, at_ms) for seq, at_ms in enumerate(times, 1)])
    with closing(Writer.open(data / "rollups.db")) as rollups:
        rollups.follow(6 * DAYS * 24 * 12, 0)
    return ServerProcess(settings_for(broker, data))


def _reading(number: int, seq: int, at_ms: int) -> Accepted:
    one = replace(
        sample().snapshot, stream=f"{number:016x}", seq=seq, at_ms=at_ms, doors=(Door("front", seq, 0),)
    )
    return Accepted(f"canteen-{number}", one, at_ms, "measured", 0)


def _oldest_days(data: Path) -> float:
    with closing(sqlite3.connect(data / "readings.db")) as file:
        (oldest_ms,) = file.execute("SELECT min(at_ms) FROM snapshot").fetchone()
    return float(_now_ms() - oldest_ms) / HOUR_MS / 24


def _whole(data: Path) -> bool:
    """SQLite and our own rules find nothing wrong: no hour is half gone."""
    with closing(sqlite3.connect(data / "readings.db")) as file:
        well = file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        halves = file.execute(
            "SELECT count(*) FROM (SELECT count(*) AS n FROM snapshot GROUP BY station, at_ms / 3600000"
            " HAVING n NOT IN (1, 12) AND min(at_ms) > (SELECT min(at_ms) + 3600000 FROM snapshot))"
        ).fetchone()[0]
    return bool(well and halves <= 6)


def test_pruning_is_killed_anywhere(stopped: ServerProcess) -> None:
    data = stopped.settings.data_dir
    assert _oldest_days(data) > 19
    for _ in range(3):
        before = (data / "readings.db-wal").stat().st_size if (data / "readings.db-wal").exists() else 0
        process = stopped.typing("store", "prune")
        until(
            lambda: process.poll() is not None or _grown(data / "readings.db-wal", before),  # noqa: B023 # at once
            SOON_S, "it prunes",
        )  # fmt: skip
        process.kill()
        process.communicate()
        assert _whole(data)
    assert stopped.typed("store", "prune").returncode == 0
    assert 14 <= _oldest_days(data) < 14.1
    assert stopped.typed("store", "check").returncode == 0


def _grown(path: Path, before: int) -> bool:
    return path.exists() and path.stat().st_size > before


def test_pruning_on_a_full_disk_loses_nothing(stopped: ServerProcess) -> None:
    data = stopped.settings.data_dir
    (data / "readings.db-wal").unlink(missing_ok=True)
    full = stopped.typed("store", "prune", file_bytes=100_000)
    assert full.returncode == 1
    assert "disk" in full.stderr
    assert _whole(data)
    assert stopped.typed("store", "prune").returncode == 0
    assert 14 <= _oldest_days(data) < 14.1


def test_a_backup_on_a_full_disk_is_none(stopped: ServerProcess, tmp_path: Path) -> None:
    into = tmp_path / "backups"
    full = stopped.typed("store", "backup", str(into), file_bytes=100_000)
    assert full.returncode == 1
    assert "no backup was made" in full.stderr
    assert list(into.iterdir()) == []


def test_a_restore_on_a_full_disk_changes_nothing(stopped: ServerProcess, tmp_path: Path) -> None:
    data, into = stopped.settings.data_dir, tmp_path / "backups"
    assert stopped.typed("store", "backup", str(into)).returncode == 0
    [backup] = into.iterdir()
    before = _stored(data)
    full = stopped.typed("store", "restore", str(backup), file_bytes=100_000)
    assert full.returncode == 1
    assert "nothing was changed" in full.stderr
    assert _stored(data) == before
    assert not (data / "restoring").exists()


def test_a_backup_and_a_restore_are_killed(stopped: ServerProcess, tmp_path: Path) -> None:
    data, into = stopped.settings.data_dir, tmp_path / "backups"
    process = stopped.typing("store", "backup", str(into))
    until(lambda: process.poll() is not None or bool(list(into.glob(".*"))), SOON_S, "it has begun")
    process.kill()
    process.communicate()
    for folder in into.glob("waystation-*"):
        assert json.loads((folder / "manifest.json").read_text()), "it was whole before it had its name"
    assert stopped.typed("store", "backup", str(into)).returncode == 0
    assert not list(into.glob(".*")), "what was left is cleared away"

    backup, before = max(into.iterdir()), _stored(data)
    process = stopped.typing("store", "restore", str(backup))
    until(lambda: process.poll() is not None or (data / "restoring").exists(), SOON_S, "it has begun")
    process.kill()
    process.communicate()
    checked = stopped.typed("store", "check")
    assert checked.returncode == 0 or "a restore was cut short" in checked.stderr, "as far as it had come"
    assert stopped.typed("store", "restore", str(backup)).returncode == 0
    assert _stored(data) == before
    assert not (data / "restoring").exists()
