"""``waystation store backup`` and ``restore`` as they are typed."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.model import Station
from server.registry import Registry
from server.store import backup, lock, manifest, restore
from server.store.lock import Lock
from server.store.sqlite import Store
from tests.support.damage import overwrite_first
from tests.support.databases import HOUR_MS, NOW_MS, count, made, reading, said, shape, typed


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
