"""Fixtures for all tests: a broker of one's own, the real recordings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.influx import Influx, influx
from tests.support.mosquitto import Broker
from tests.support.recordings import recordings_dir
from tests.support.victoria import Victoria, victoria

for name in ("COLUMNS", "LINES"):  # which readline sets for the workers: the width of every table, for good
    os.environ.pop(name, None)
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")  # how long an example takes tells of the machine, not of the code


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A real Mosquitto with the shipped settings, for this test alone."""
    with Broker(tmp_path / "mosquitto") as running:
        yield running


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings; without one the test is skipped with that reason."""
    return recordings_dir()


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    """A real InfluxDB for all tests that do not stop it; each makes a bucket of its own."""
    with influx(tmp_path_factory.mktemp("influx")) as server:
        yield server


@pytest.fixture(scope="session")
def victoria_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victoria]:
    """A real VictoriaMetrics for all tests; each tells its own series by a tag."""
    with victoria(tmp_path_factory.mktemp("victoria")) as server:
        yield server
