"""Fixtures for tests of the server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.databases import NOW_MS, fill
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


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of databases, and the settings that name it where commands look; the terminal is wide."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    monkeypatch.setattr("server.cli.store.time.time_ns", lambda: NOW_MS * 1_000_000)
    folder = tmp_path / "data"
    folder.mkdir()
    fill(folder)
    return folder
