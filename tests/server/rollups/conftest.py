"""Fixtures for tests of the roll-ups."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rollups import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A store without readings, and its roll-ups."""
    made = Rig(tmp_path)
    yield made
    made.close()
