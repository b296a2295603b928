"""Fixtures for tests of the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.known_networks import World, brought_in, imported


@pytest.fixture(scope="session")
def known_networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which real networks and stations were imported."""
    return imported(tmp_path_factory.mktemp("known"))


@pytest.fixture
def world(known_networks: Path, tmp_path: Path) -> Iterator[World]:
    """They, on a day in July, without any reading."""
    with brought_in(known_networks, tmp_path) as world:
        yield world
