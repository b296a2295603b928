"""A console with a page and a form of the tests' own behind its gate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.web.staff import console as parts
from tests.support.console import Console, console
from tests.support.probe import add_probe, written


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, add_probe))
    written.clear()
    with console(tmp_path) as running:
        yield running
