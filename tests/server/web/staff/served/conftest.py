"""A console in whose December visits were counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.console import Console, browsing, console
from tests.support.served import a_day
from tests.support.served_pages import FIRST, Signed


@contextmanager
def counted(folder: Path) -> Iterator[Console]:
    with console(folder) as running:
        for id_, visits in (("city-0001", 100), ("city-0002", 10), ("town-0001", 1)):
            running.rollups.rows += [a_day(id_, FIRST + timedelta(days=n), visits) for n in range(31)]
        yield running


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    """Of three stations, 111 visits on each day of December."""
    with counted(tmp_path) as running:
        yield running


@pytest.fixture
def signed(made: Console) -> Iterator[Signed]:
    """A browser in which that person has signed in."""
    with browsing(made) as browser:
        yield browser


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    """The same, of one console for all tests that only look."""
    with counted(tmp_path_factory.mktemp("looking")) as running, browsing(running) as browser:
        yield browser
