"""Browsers for the console that a file's own ``made`` has made."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.console import Browser, Console, browsing


@pytest.fixture
def browse(made: Console) -> Iterator[Callable[[str], Browser]]:
    """``browse("ada")`` is signed in, ``browse("")`` is nobody."""
    with browsing(made) as opened:
        yield opened
