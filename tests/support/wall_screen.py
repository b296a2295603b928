"""A wall on the screen of a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

from server.settings import Settings
from server.state import StationState
from tests.support.browser import phone
from tests.support.serving import serving
from tests.support.wall import WallSite, real_ms, wall_site
from tests.support.web import open_state, station

HD: Final = (1920, 1080)


@contextmanager
def served(
    folder: Path, *states: StationState, settings: Settings | None = None
) -> Iterator[tuple[WallSite, str]]:
    """A wall of these stations, and the address it is served at."""
    with wall_site(folder, *states, settings=settings) as site, serving(site.front) as port:
        yield site, f"http://127.0.0.1:{port}"


@contextmanager
def screen(browser: Browser, size: tuple[int, int] = HD, **options: Any) -> Iterator[Page]:
    """A page on a screen of so many pixels; no script may fail on it."""
    desk = {"device_scale_factor": 1, "is_mobile": False, "has_touch": False}
    with phone(browser, viewport={"width": size[0], "height": size[1]}, **desk | options) as context:
        page, errors = context.new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert errors == []


def few(count: int = 3) -> list[StationState]:
    """Open stations, heard just now."""
    return [open_state(station(number), real_ms()) for number in range(1, count + 1)]
