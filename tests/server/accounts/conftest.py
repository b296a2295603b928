"""Fixtures for tests of accounts."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.staff import Staff


@pytest.fixture
def staff(tmp_path: Path) -> Iterator[Staff]:
    """A desk with people of every role."""
    staff = Staff(tmp_path / "desk.db")
    with closing(staff.desk):
        yield staff
