"""Fixtures for tests of the server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.known_networks import World, brought_in, imported
from tests.support.staff import Staff


@pytest.fixture
def staff(tmp_path: Path) -> Iterator[Staff]:
    """A desk with people of every role."""
    staff = Staff(tmp_path / "desk.db")
    with closing(staff.desk):
        yield staff


@pytest.fixture(scope="session")
def known_networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which real networks and stations were imported."""
    return imported(tmp_path_factory.mktemp("known"))


@pytest.fixture
def world(known_networks: Path, tmp_path: Path) -> Iterator[World]:
    """They, on a day in July, without any reading."""
    with brought_in(known_networks, tmp_path) as world:
        yield world
