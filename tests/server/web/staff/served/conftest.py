"""A console in whose December visits were counted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.console import Console, browsing, console
from tests.support.served import a_day
from tests.support.served_pages import FIRST, Signed


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    """Of three stations, 111 visits on each day of December."""
    with console(tmp_path) as running:
        for id_, visits in (("city-0001", 100), ("city-0002", 10), ("town-0001", 1)):
            running.rollups.rows += [a_day(id_, FIRST + timedelta(days=n), visits) for n in range(31)]
        yield running


@pytest.fixture
def signed(made: Console) -> Iterator[Signed]:
    """A browser in which that person has signed in."""
    with browsing(made) as browser:
        yield browser
