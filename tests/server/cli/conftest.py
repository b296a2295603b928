"""Fixtures for tests of the commands."""

from pathlib import Path

import pytest

from tests.support.databases import NOW_MS, fill


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
