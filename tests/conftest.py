"""Fixtures for all tests: a broker of one's own, the real recordings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.mosquitto import Broker
from tests.support.recordings import recordings_dir

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
