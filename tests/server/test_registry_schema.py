"""registry.db as older programs left it: ``registry_1.sql`` is what one of schema 1 wrote."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from server import registry_schema
from server.model import Network, Standard, Station, Thresholds
from server.registry import Registry, RegistryError

OLD = Path(__file__).parents[1] / "registry_1.sql"

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
)
PLAIN = Station("plain", "taiyuan", "<script>alert(1)</script>")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "registry.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(OLD.read_text(encoding="utf-8"))
    return path


def shape(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Columns by table: name, type, whether it must be there, key."""
    with closing(sqlite3.connect(path)) as raw:
        return {
            table: [row[1:4] + row[5:] for row in raw.execute(f"PRAGMA table_info({table})")]
            for table in ("networks", "stations")
        }


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        return int(raw.execute("PRAGMA user_version").fetchone()[0])


def test_an_older_file_is_brought_up_and_loses_nothing(old: Path, tmp_path: Path) -> None:
    assert version(old) == 1
    with closing(Registry.open(old)) as registry:
        assert list(registry.networks().values()) == [CITY, PART]
        assert list(registry.stations().values()) == [ROOM, PLAIN]
        registry.set_alert_limits(PLAIN, {"too_hot_c": 31})
        assert registry.stations()["plain"].alert_limits == {"too_hot_c": 31}
        with pytest.raises(RegistryError, match="still has stations"):
            registry.remove_network("taiyuan")
    Registry.open(tmp_path / "fresh.db").close()
    assert shape(old) == shape(tmp_path / "fresh.db"), "made new or brought up, it is the same"
    assert version(old) == registry_schema.SCHEMA_VERSION
    Registry.open(old).close()
    assert version(old) == registry_schema.SCHEMA_VERSION, "opened again, nothing is done twice"


def test_commands_that_read_an_older_file_leave_it_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with closing(Registry.open(old, read_only=True)) as registry:
        assert list(registry.networks().values()) == [CITY, PART]
        assert list(registry.stations().values()) == [ROOM, PLAIN]
        assert old.read_bytes() == before
        Registry.open(old).close()
        assert list(registry.stations().values()) == [ROOM, PLAIN], "brought up meanwhile by another"


def test_a_change_that_fails_leaves_the_older_file(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shape(old)
    half = (("ALTER TABLE networks ADD COLUMN alert_limits JSON", "ALTER TABLE nowhere ADD COLUMN x"),)
    monkeypatch.setattr(registry_schema, "_CHANGES", half)
    with pytest.raises(RegistryError, match="nowhere"):
        Registry.open(old)
    assert (version(old), shape(old)) == (1, before)


def test_two_that_open_an_older_file_at_once(old: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        opened = [threads.submit(Registry.open, old) for _ in range(4)]
        for each in opened:
            with closing(each.result(30)) as registry:
                assert list(registry.stations().values()) == [ROOM, PLAIN]
    assert version(old) == registry_schema.SCHEMA_VERSION
