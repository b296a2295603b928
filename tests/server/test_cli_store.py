"""``waystation store`` as it is typed."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contract.messages import Climate, Door, Snapshot
from server.__main__ import app
from server.desk import Desk
from server.influx.ledger import Ledger
from server.model import Network, Station
from server.office import PARTS
from server.registry import Registry
from server.rollups import Rollups
from server.rollups.writing import Note, Writer
from server.store import Accepted, backup, lock, manifest, restore
from server.store.lock import Lock
from server.store.sqlite import Store
from tests.support.damage import overwrite_first

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
STREAM = "00000000000000aa"


def reading(seq: int, at_ms: int) -> Accepted:
    snapshot = Snapshot(
        STREAM, seq, at_ms, seq, "6fd1c0de-1111-2222-3333-444455556666", "synced",
        Climate(at_ms, 21.5), (Door("front", seq, 0),),
    )  # fmt: skip
    return Accepted("canteen", snapshot, at_ms + 100, "measured", seq)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with readings of 20 days, one an hour, and a registry; the terminal is wide."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    monkeypatch.setattr("server.cli.store.time.time_ns", lambda: NOW_MS * 1_000_000)
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(Registry.open(folder / "registry.db")) as registry:
        registry.put_networks([Network("city", "城", "")])
        registry.put_stations([Station("canteen", "city", "食堂")])
    with closing(Store.open(folder / "readings.db")) as store:
        store.commit([reading(n + 1, NOW_MS - (480 - n) * HOUR_MS) for n in range(480)])
    roll_up_to(folder, 480)
    Desk.open(folder / "desk.db", *PARTS).close()
    Ledger.open(folder / "influx.db").close()
    return folder


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


# --- size, prune, check ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("data")
def test_size_says_what_takes_what() -> None:
    result = typed("size")
    assert result.exit_code == 0, said(result)
    assert "480 whole readings of 1 stations" in said(result)
    assert "20.0 days; raw_days is 14" in said(result)
    assert "roll-ups: have every hour that is over; the present one follows" in said(result)
    assert {"snapshot", "committed", "readings.db", "registry.db"} <= set(result.stdout.split())


def test_prune_takes_what_is_old(data: Path) -> None:
    result = typed("prune", "--shrink")
    assert result.exit_code == 0, said(result)
    assert "143 readings pruned, 337 kept" in said(result), "14 days, and the hour that is half so old"
    assert count(data) == 337
    assert "nothing is wrong" in said(typed("check"))


def test_prune_waits_for_followers_and_says_whom_it_left_behind(data: Path) -> None:
    roll_up_to(data, 10)
    assert "10 readings pruned" in said(typed("prune"))
    assert "roll-ups: 470 readings are not looked at yet, 0 hours of stations are due" in said(typed("size"))


def test_the_present_hour_is_not_late(data: Path) -> None:
    """What was looked at together waits together: a whole import for the hour that is not over."""
    hour = NOW_MS // HOUR_MS
    for first, last, due_ms, words in (
        (hour, hour, NOW_MS + 1, "roll-ups: have every hour that is over"),
        (
            hour - 5,
            hour - 2,
            NOW_MS,
            "roll-ups: 0 readings are not looked at yet, 4 hours of stations are due",
        ),
    ):
        with closing(Writer.open(data / "rollups.db")) as rollups:
            no, _ = rollups.station("canteen", "UTC")
            rollups.touch(no, Note("canteen", first, last, due_ms, 1))
        assert Rollups.open_reader(data / "rollups.db").reached() == 0
        assert words in said(typed("size"))


def test_how_far_influxdb_is(data: Path) -> None:
    with closing(Ledger.open(data / "influx.db")) as ledger:
        ledger.begin(12, NOW_MS)
    (data.parent / "waystation.toml").write_text('data_dir = "data"\ninflux_url = "http://127.0.0.1:8086"\n')
    assert "InfluxDB: has not taken 468 of them yet" in said(typed("size"))
    (data / "influx.db").write_bytes(b"overwritten" * 1000)
    assert "file is not a database" in said(typed("size"))


def test_prune_says_where_it_could_not(data: Path) -> None:
    with closing(Store.open(data / "readings.db")) as store:
        store.commit([reading(n, NOW_MS - n) for n in range(481, 1_500)])
    overwrite_first(data / "readings.db", "snapshot")
    result = typed("prune")
    assert result.exit_code == 1
    assert "0 readings pruned, 1,499 kept" in said(result)
    assert "old readings of 1 stations are not pruned, as readings.db is damaged there" in said(result)


def test_prune_and_restore_refuse_while_a_server_runs(data: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "backups")
    before = shape(data)
    with closing(Lock(data, lock.SERVING)):
        for words in (("prune",), ("restore", str(folder))):
            result = typed(*words)
            assert result.exit_code == 1
            assert "server runs" in said(result)
            assert "process" in said(result)
    assert shape(data) == before


def test_check_finds_what_is_wrong(data: Path) -> None:
    with closing(sqlite3.connect(data / "readings.db", isolation_level=None)) as file:
        file.execute("UPDATE snapshot SET units = x'c1' WHERE id = 7")
        file.execute("UPDATE committed SET last = 470")
        file.execute("INSERT INTO people VALUES (1, 5, x'00')")
        file.execute("INSERT INTO occupancy VALUES (1, 5, '{')")
    roll_up_to(data, 481)
    result = typed("check")
    assert result.exit_code == 1
    for found in (
        "canteen: 1 rows cannot be unpacked",
        "canteen: 10 rows are not among the committed numbers",
        "canteen: 1 pruned hours cannot be unpacked",
        "canteen: 1 kept counts of people cannot be read",
        "roll-ups: is at reading 481, the newest is 480",
    ):
        assert found in said(result)


def test_check_finds_a_broken_page(data: Path) -> None:
    path = data / "registry.db"
    raw = bytearray(path.read_bytes())
    raw[4096:4196] = b"\xff" * 100
    path.write_bytes(raw)
    result = typed("check")
    assert result.exit_code == 1
    assert "registry.db: " in said(result)


def test_check_tells_numbers_that_never_came(data: Path) -> None:
    with closing(Store.open(data / "readings.db")) as store:
        store.commit([reading(484, NOW_MS), reading(490, NOW_MS + 1)])
    result = typed("check")
    assert result.exit_code == 0
    assert "8 readings that stations have numbered are not known here, in 2 places" in said(result)


@pytest.mark.parametrize("command", ["size", "prune", "check", "backup", "restore"])
@pytest.mark.usefixtures("data")
def test_each_draws_how_far_it_is_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    into = {"backup": [str(tmp_path / "more")], "restore": [str(made(tmp_path / "backups"))]}
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    result = typed(command, *into.get(command, []))
    assert result.exit_code == 0, said(result)
    assert "100%" in result.stderr
    assert "━" in result.stderr


# --- backup and restore ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("data")
def test_a_backup_is_whole_and_says_of_what(tmp_path: Path) -> None:
    folder = made(tmp_path / "backups")
    found = json.loads((folder / manifest.NAME).read_text())
    assert [part["name"] for part in found["parts"]] == [
        "desk.db", "influx.db", "registry.db", "rollups.db", "readings.db"
    ]  # fmt: skip
    assert (found["newest_id"], found["newest_ms"]) == (480, NOW_MS - HOUR_MS + 100)
    assert folder.stat().st_mode & 0o077 == 0, "passwords are in it"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["manifest.json", *(part["name"] for part in found["parts"])]
    )
    assert "exists" in said(typed("backup", str(tmp_path / "backups"))), "of the same second"


def test_restore_puts_everything_back_and_says_what_is_lost(data: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "backups")
    with closing(Store.open(data / "readings.db")) as store:
        store.commit([reading(481, NOW_MS), reading(482, NOW_MS + 5000)])
    with closing(Registry.open(data / "registry.db")) as registry:
        registry.put_stations([Station("canteen", "city", "改名")])
    (data / "later.db").write_bytes((data / "rollups.db").read_bytes())
    result = typed("restore", str(folder))
    assert result.exit_code == 0, said(result)
    assert "restored: desk.db, influx.db, registry.db, rollups.db, readings.db" in said(result)
    assert "2 readings of 1 stations" in said(result)
    assert count(data) == 480
    with closing(Registry.open(data / "registry.db")) as registry:
        assert registry.stations()["canteen"].name_zh == "食堂"
    [aside] = data.glob("before-restore-*")
    assert {"readings.db", "registry.db", "rollups.db", "later.db"} <= {each.name for each in aside.iterdir()}
    assert count(aside) == 482, "nothing is thrown away"
    assert not (data / "later.db").exists(), "it would not fit to the others"


def test_restore_onto_an_empty_machine(data: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "backups")
    for path in data.iterdir():
        path.unlink()
    data.rmdir()
    assert typed("restore", str(folder)).exit_code == 0
    assert count(data) == 480


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda folder: (folder / "registry.db").unlink(), "missing"),
        (lambda folder: (folder / "readings.db").write_bytes(b"x"), "not what the manifest says"),
        (lambda folder: (folder / manifest.NAME).unlink(), "no backup"),
        (lambda folder: (folder / manifest.NAME).write_text("{"), "cannot be read"),
        (lambda folder: _change(folder, "readings.db", "PRAGMA user_version = 99"), "use Waystation"),
        (lambda folder: _change(folder, "influx.db", "PRAGMA user_version = 99"), "use Waystation"),
        (
            lambda folder: _change(folder, "desk.db", "UPDATE parts SET version = 99"),
            "in desk.db has schema 99",
        ),
        (lambda folder: _change(folder, "desk.db", "INSERT INTO parts VALUES ('new', 1)"), "knows none"),
        (lambda folder: _change(folder, "desk.db", "DROP TABLE parts"), "desk.db cannot be read"),
        (lambda folder: _overwrite(folder, "desk.db"), "desk.db is damaged"),
        (lambda folder: _edit(folder, "name", "../x.db"), "another program"),
    ],
    ids=[
        "a file is missing",
        "one is damaged",
        "no manifest",
        "half a manifest",
        "too new",
        "InfluxDB's is too new",
        "a part is too new",
        "a part is unknown",
        "no parts",
        "a page is damaged",
        "a path",
    ],
)
def test_a_bad_backup_changes_nothing(data: Path, tmp_path: Path, damage: object, word: str) -> None:
    folder = made(tmp_path / "backups")
    damage(folder)  # type: ignore[operator] # one of the above
    before = shape(data)
    result = typed("restore", str(folder))
    assert result.exit_code == 1
    assert word in said(result)
    assert shape(data) == before
    assert not (data / "restoring").exists()


def _change(folder: Path, name: str, statement: str) -> None:
    """As if another version of the program had made it."""
    with closing(sqlite3.connect(folder / name, isolation_level=None)) as file:
        file.execute(statement)
    _sign(folder, name)


def _overwrite(folder: Path, name: str) -> None:
    overwrite_first(folder / name, "outbox")
    _sign(folder, name)


def _sign(folder: Path, name: str) -> None:
    found = json.loads((folder / manifest.NAME).read_text())
    [part] = [each for each in found["parts"] if each["name"] == name]
    with closing(sqlite3.connect(folder / name)) as file:
        part["schema"] = file.execute("PRAGMA user_version").fetchone()[0]
    part["bytes"] = (folder / name).stat().st_size
    part["sha256"] = manifest.digest(folder / name, lambda *_: None, "")
    (folder / manifest.NAME).write_text(json.dumps(found))


def _edit(folder: Path, key: str, value: object) -> None:
    found = json.loads((folder / manifest.NAME).read_text())
    found["parts"][-1][key] = value
    (folder / manifest.NAME).write_text(json.dumps(found))


@pytest.mark.usefixtures("data")
def test_the_folder_of_backups_is_told_from_a_backup(tmp_path: Path) -> None:
    folder = made(tmp_path / "backups")
    assert f"backups in it: {folder.name}" in said(typed("restore", str(tmp_path / "backups")))


def test_a_damaged_database_makes_no_backup(data: Path, tmp_path: Path) -> None:
    (data / "registry.db").write_bytes(b"overwritten" * 1000)
    result = typed("backup", str(tmp_path / "backups"))
    assert result.exit_code == 1
    assert "registry.db" in said(result)
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.usefixtures("data")
def test_what_a_killed_backup_has_left_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "backups" / ".waystation-20200101T000000Z.partial"
    running = tmp_path / "backups" / ".waystation-20200102T000000Z.partial"
    for each in (left, running):
        each.mkdir(parents=True)
        (each / "readings.db").write_bytes(b"half")
    with closing(Lock(running, lock.BACKUP)):
        typed("backup", str(tmp_path / "backups"))
    assert not left.exists()
    assert running.exists()


@pytest.mark.parametrize("renames", range(1, 8))
def test_a_restore_that_is_cut_short_is_gone_on_with(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """The power goes after each of its renames; the next start, or the next restore, finishes it."""
    folder = made(tmp_path / "backups")
    with closing(Store.open(data / "readings.db")) as store:
        store.commit([reading(481, NOW_MS)])
    left, rename = [renames], Path.rename

    def until_the_power_goes(path: Path, target: Path) -> Path:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(path, target)

    with monkeypatch.context() as power:
        power.setattr(Path, "rename", until_the_power_goes)
        with pytest.raises(KeyboardInterrupt):
            restore.restore(folder, data, NOW_MS, lambda *_: None, {})
    for words in (("check",), ("size",), ("backup", str(tmp_path / "more"))):
        assert "start the server, which finishes it" in said(typed(*words))
    restore.complete(data)
    assert count(data) == 480
    assert not (data / "restoring").exists()
    [aside] = data.glob("before-restore-*")
    assert count(aside) == 481
    restore.complete(data)
    assert count(data) == 480, "once is enough"


def test_it_is_known_that_a_backup_is_being_made(data: Path) -> None:
    seen = []

    def look(_what: str, _done: int, _total: int) -> None:
        seen.append(lock.is_held(data, lock.BACKUP))

    backup.make(data, data / "backups", NOW_MS, look)
    assert seen
    assert all(seen)
    assert not lock.is_held(data, lock.BACKUP)
