"""A city with readings in the store, and a server that its settings name or do not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.influx import Influx
from tests.support.influx_city import City
from tests.support.influx_typed import BEFORE, BOOKMARK, MIDNIGHT_MS, SNAPSHOTS, name
from tests.support.mosquitto import free_port


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(tmp_path_factory.mktemp("city"), MIDNIGHT_MS - BEFORE * 30_000, SNAPSHOTS)


@pytest.fixture
def here(city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, in which nothing is said of InfluxDB yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    for each in (BOOKMARK, "influx.db"):
        (city.folder / each).unlink(missing_ok=True)
    (tmp_path / "waystation.toml").write_text(f'data_dir = "{city.folder}"\nport = {free_port()}\n')
    return tmp_path


@pytest.fixture
def server(here: Path, influx_server: Influx) -> Iterator[Influx]:
    """The settings name a bucket of its own."""
    bucket = influx_server.create("typed")
    name(here, influx_server, bucket, influx_server.token)
    yield influx_server
    influx_server.instead.clear()
    influx_server.drop(bucket)
