"""Networks and stations in registry.db, written by commands while the server reads."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from server.model import Network, Standard, Station, Thresholds
from server.registry import Changes, Registry, RegistryError

CITY = Network(
    "taiyuan",
    "太原市",
    "Taiyuan",
    declared=2080,
    declared_qualifier="超",
    declared_as_of="2025-03",
    summer=(6, 8),
    winter=(11, 3),
    standards=(Standard("十有", ("空调", "饮水机")), Standard("八可", ("热可纳凉",))),
    thresholds=Thresholds(busy_pct=40, fresh_ms=240_000),
    simulated=True,
    alert_limits={"too_hot_c": 31.5, "jumps": 6},
)
PART = Network("xiaodian", "小店区", "Xiaodian", parent="taiyuan")
ROOM = Station(
    "jiajie-1",
    "xiaodian",
    "锦小牛·同心小站",
    "Jiajie",
    aliases=("“奔跑者”驿站", "=HYPERLINK(1)"),
    region=("山西", "太原", "小店区"),
    lat=37.7363,
    lon=112.5656,
    places=16,
    area_m2=27,
    area_qualifier="约",
    hours="Mo-Su 06:00-22:00",
    host_kind="党群服务中心",
    amenities=("空调", "wifi"),
    instrumented=True,
    thresholds=Thresholds(crowded_pct=70),
    alert_limits={"too_hot_c": 33},
)
PLAIN = Station("plain", "taiyuan", "<script>alert(1)</script>")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registry.db"


@pytest.fixture
def registry(path: Path) -> Iterator[Registry]:
    with closing(Registry.open(path)) as opened:
        yield opened


def test_what_is_put_comes_back_equal(registry: Registry, path: Path) -> None:
    registry.put_networks([CITY, PART])
    registry.put_stations([ROOM, PLAIN])
    with closing(Registry.open(path)) as again:
        assert list(again.networks().values()) == [CITY, PART]
        assert list(again.stations().values()) == [ROOM, PLAIN]


def test_children_may_come_before_their_parents(registry: Registry) -> None:
    registry.put_networks([PART, CITY])
    assert list(registry.networks()) == ["xiaodian", "taiyuan"]


def test_putting_again_changes_by_id_and_keeps_the_order(registry: Registry) -> None:
    assert registry.put_networks([CITY, PART]) == Changes(new=2)
    assert registry.put_stations([ROOM, PLAIN]) == Changes(new=2)
    renamed = replace(ROOM, name_zh="新名", thresholds=None)
    added = replace(PLAIN, id="another")
    assert registry.put_stations([added, renamed, PLAIN]) == Changes(new=1, changed=1, unchanged=1)
    assert list(registry.stations().values()) == [renamed, PLAIN, added]


def test_all_or_nothing(registry: Registry) -> None:
    registry.put_networks([CITY])
    with pytest.raises(RegistryError, match="FOREIGN KEY"):
        registry.put_stations([PLAIN, replace(ROOM, network="nowhere")])
    assert registry.stations() == {}


def test_a_parent_must_exist(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="FOREIGN KEY"):
        registry.put_networks([PART])
    assert registry.networks() == {}


def test_the_server_notices_what_a_command_writes(registry: Registry, path: Path) -> None:
    assert not registry.changed(), "nothing since it was opened"
    with closing(Registry.open(path)) as command:
        command.put_networks([CITY])
        assert registry.changed()
        assert not registry.changed(), "told once"
        command.put_networks([CITY])
        assert not registry.changed(), "nothing was different, nothing was written"


def test_it_keeps_a_rollback_journal(registry: Registry, path: Path) -> None:
    registry.put_networks([CITY])
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert plain.execute("PRAGMA user_version").fetchone() == (2,)
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_two_commands_at_once_wait_for_each_other(registry: Registry, path: Path) -> None:
    registry.put_networks([CITY])
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor() as threads:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE networks SET name_en = 'other'")
        waiting = threads.submit(registry.put_networks, [replace(CITY, name_zh="新名")])
        assert registry.networks()["taiyuan"] == CITY, "readers see the old until the new is complete"
        other.execute("COMMIT")
        assert waiting.result(30) == Changes(changed=1)
    assert registry.networks()["taiyuan"].name_zh == "新名"


def test_a_newer_registry_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 3")
    with pytest.raises(RegistryError, match="schema 3, this program knows 2"):
        Registry.open(path)


def test_a_file_that_is_no_registry_is_named(path: Path) -> None:
    path.write_bytes(b"id,network\n" * 1000)
    with pytest.raises(RegistryError, match=r"registry\.db: file is not a database"):
        Registry.open(path)


@pytest.mark.parametrize("folder", ["plain", "with space", "a%20b", "驿站#1?x=1&y"])
def test_any_folder_will_do(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "registry.db"
    path.parent.mkdir()
    with closing(Registry.open(path)) as opened:
        opened.put_networks([CITY])
    assert [file.name for file in path.parent.iterdir()] == ["registry.db"]
    with closing(Registry.open(path, read_only=True)) as opened:
        assert list(opened.networks()) == ["taiyuan"]
        with pytest.raises(RegistryError, match="readonly"):
            opened.remove_network("taiyuan")


def test_what_is_only_read_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(RegistryError):
        Registry.open(tmp_path / "registry.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_removed_is_gone_and_the_server_notices(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    with closing(Registry.open(path)) as server, closing(Registry.open(path)) as command:
        command.put_networks([CITY, PART])
        command.put_stations([ROOM, PLAIN])
        server.changed()
        for full in ("taiyuan", "xiaodian"):
            with pytest.raises(
                RegistryError, match=f"network '{full}' still has stations or networks inside it"
            ):
                command.remove_network(full)
        assert not server.changed()
        for station in (ROOM.id, PLAIN.id):
            command.remove_station(station)
        for network in ("xiaodian", "taiyuan"):
            command.remove_network(network)
        assert server.changed()
        assert (server.networks(), server.stations()) == ({}, {})
        with pytest.raises(RegistryError, match="no station 'jiajie-1' is registered"):
            command.remove_station(ROOM.id)


def test_numbers_of_alerts_are_set_alone(registry: Registry, path: Path) -> None:
    registry.put_networks([CITY, PART])
    registry.put_stations([ROOM])
    registry.changed()
    with closing(Registry.open(path)) as command:
        command.put_stations([replace(ROOM, name_zh="新名")])
        assert command.set_alert_limits(ROOM, {"pi_hot_c": 75}) == {"too_hot_c": 33}, "what it had"
        assert command.set_alert_limits(PART, {"too_cold_c": 10}) == {}
    assert registry.changed()
    assert registry.stations()[ROOM.id] == replace(ROOM, name_zh="新名", alert_limits={"pi_hot_c": 75})
    assert registry.networks()["xiaodian"] == replace(PART, alert_limits={"too_cold_c": 10})
    assert registry.networks()["taiyuan"] == CITY
    with closing(Registry.open(path)) as command:
        registry.changed()
        assert command.set_alert_limits(ROOM, {"pi_hot_c": 75}) == {"pi_hot_c": 75}
        assert not registry.changed(), "the same again is not written"
        with pytest.raises(RegistryError, match="no station 'plain' is registered"):
            command.set_alert_limits(PLAIN, {})
