"""Pruning as the running server does it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import Snapshot
from server.influx.ledger import Ledger
from server.pipeline import Pipeline
from server.rollups.writing import Writer
from server.settings import Settings
from server.store import Accepted, DeadLetter, lock, schema
from server.store.lock import InUseError, Lock
from server.store.sqlite import Store
from server.upkeep import Upkeep
from server.web.health import notices

DAY_MS = 86_400_000
NOW_MS = 1_790_000_000_000 // DAY_MS * DAY_MS


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path)
    roll_up_to(settings, 40)
    return settings


def roll_up_to(settings: Settings, commits: int) -> None:
    with closing(Writer.open(settings.rollups_db)) as rollups:
        rollups.follow(commits, 0)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A reading a day for forty days."""
    with closing(Store.open(settings.readings_db)) as opened:
        opened.commit([reading(n + 1, NOW_MS - (39 - n) * DAY_MS) for n in range(40)])
        yield opened


def reading(seq: int, at_ms: int) -> Accepted:
    boot = "6fd1c0de-1111-2222-3333-444455556666"
    return Accepted("canteen", Snapshot("a" * 16, seq, at_ms, seq, boot, "synced"), at_ms, "measured", seq)


def steps(upkeep: Upkeep, now_ms: int = NOW_MS) -> None:
    for second in range(60):
        upkeep.step(now_ms + second * 1000)


def test_it_prunes_by_the_settings(settings: Settings, store: Store) -> None:
    pipeline = Pipeline()
    steps(Upkeep(settings, store, pipeline))
    assert store.counts().snapshots == 15
    assert pipeline.pruned_total == 25
    assert notices(pipeline) == []


def test_damaged_files_are_told_of_while_they_lie_there(settings: Settings, store: Store) -> None:
    asides = [
        settings.data_dir / f"{name}.corrupt-{n}" for name in ("readings.db", "rollups.db") for n in (9, 10)
    ]
    for aside in asides:
        aside.write_bytes(b"years")
        aside.with_name(f"{aside.name}-wal").write_bytes(b"its log")
    pipeline = Pipeline()
    upkeep = Upkeep(settings, store, pipeline)
    told = [
        "rollups.db was corrupt, see rollups.db.corrupt-10: older days than the readings are in backups only",
        "a corrupt store was moved aside as readings.db.corrupt-10; a new one was begun",
    ]
    assert notices(pipeline) == told, "from the start on"
    for aside in asides:
        aside.unlink()
    upkeep.step(NOW_MS)
    assert notices(pipeline) == []


def test_it_waits_while_a_backup_is_made(settings: Settings, store: Store) -> None:
    upkeep = Upkeep(settings, store, Pipeline())
    with closing(Lock(settings.data_dir, lock.BACKUP)):
        steps(upkeep)
        assert store.counts().snapshots == 40
    steps(upkeep)
    assert store.counts().snapshots == 15


def test_whom_it_leaves_behind_is_told_for_a_month(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_up_to(settings, 5)
    pipeline = Pipeline()
    upkeep = Upkeep(settings, store, pipeline)
    steps(upkeep)
    assert store.counts().snapshots == 35, "it may just have begun"
    now_ms = NOW_MS + 15 * DAY_MS
    store.commit([reading(41, now_ms)])
    steps(upkeep, now_ms)
    assert store.counts().snapshots == 15, "one is new"
    assert pipeline.given_up == {"roll-ups": 21}
    assert "21 readings were pruned before roll-ups had them" in notices(pipeline)[0]
    monkeypatch.setattr("server.store.pruner.Pruner.waits", lambda *_: True)
    for days, told in ((29, {"roll-ups": 21}), (31, {})):
        later = Pipeline()
        Upkeep(settings, store, later).step(now_ms + days * DAY_MS)
        assert later.given_up == told, "after a start"
        upkeep.step(now_ms + days * DAY_MS)
        assert pipeline.given_up == told, "nor does it need one"


def test_what_an_upgrade_finds_is_rolled_up_before_it_goes(settings: Settings, store: Store) -> None:
    """Forty days were kept, and there are no roll-ups yet."""
    settings.rollups_db.unlink()
    pipeline = Pipeline()
    upkeep = Upkeep(settings, store, pipeline)
    steps(upkeep)
    assert store.counts().snapshots == 40
    roll_up_to(settings, 40)
    store.commit([reading(41, NOW_MS + DAY_MS)])
    steps(upkeep, NOW_MS + DAY_MS)
    assert store.counts().snapshots == 15
    assert pipeline.given_up == {}


def test_it_waits_for_influxdb_where_that_is_set_up(settings: Settings, store: Store) -> None:
    named = replace(settings, influx_url="http://127.0.0.1:8086")
    pipeline = Pipeline()
    with closing(Ledger.open(named.influx_db)) as ledger:
        ledger.begin(12, NOW_MS)
        steps(Upkeep(named, store, pipeline))
        assert (store.counts().snapshots, pipeline.given_up) == (28, {}), "what InfluxDB has not got is there"
        ledger.begin(40, NOW_MS)
        steps(Upkeep(named, store, pipeline))
        assert (store.counts().snapshots, pipeline.given_up) == (15, {})


def test_one_holds_a_lock_and_its_end_frees_it(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path, lock.SERVING), "nobody ever has"
    with closing(Lock(tmp_path, lock.SERVING)):
        assert lock.is_held(tmp_path, lock.SERVING)
        with pytest.raises(InUseError, match=r"serve\.lock is held by process \d+"):
            Lock(tmp_path, lock.SERVING)
        assert not lock.is_held(tmp_path, lock.BACKUP)
    assert not lock.is_held(tmp_path, lock.SERVING)
    with closing(Lock(tmp_path, lock.SERVING)):
        assert lock.is_held(tmp_path, lock.SERVING)


def test_the_log_that_a_long_reader_made_grow_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup, a check of a whole file: nothing can be taken over from the log meanwhile."""
    monkeypatch.setattr(schema, "LOG_LEFT", 1_000_000)
    letters = [DeadLetter(NOW_MS, "t", "malformed", "", payload=b"x" * 4096) for _ in range(1_000)]
    log = tmp_path / "readings.db-wal"
    with closing(Store.open(tmp_path / "readings.db")) as store:
        store.commit((), letters[:1])
        with closing(schema.open_reader(store.path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM station").fetchone()
            for _ in range(6):
                store.commit((), letters)
            assert log.stat().st_size > 20_000_000
        store.commit((), letters[:1])
        store.commit((), letters[:1])
        assert log.stat().st_size <= 1_000_000
