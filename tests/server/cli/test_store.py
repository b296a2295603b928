"""``waystation store size``, ``prune`` and ``check`` as they are typed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.influx.ledger import Ledger
from server.rollups import Rollups
from server.rollups.writing import Note, Writer
from server.store import lock
from server.store.lock import Lock
from server.store.sqlite import Store
from tests.support.damage import overwrite_first
from tests.support.databases import HOUR_MS, NOW_MS, count, made, reading, roll_up_to, said, shape, typed


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
        file.execute("CREATE TEMP TABLE again AS SELECT * FROM snapshot WHERE id IN (8, 9)")
        file.execute("UPDATE again SET id = NULL, at_ms = at_ms + 1")
        file.execute("INSERT INTO snapshot SELECT * FROM again")
        file.execute("INSERT INTO people VALUES (1, 5, x'00')")
        file.execute("INSERT INTO occupancy VALUES (1, 5, '{')")
    roll_up_to(data, 483)
    result = typed("check")
    assert result.exit_code == 1
    for found in (
        "canteen: 1 rows cannot be unpacked",
        "canteen: 10 rows are not among the committed numbers",
        "canteen: 1 pruned hours cannot be unpacked",
        "canteen: 1 kept counts of people cannot be read",
        "canteen: 2 numbers are there twice",
        "roll-ups: is at reading 483, the newest is 482",
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
